"""Orders that are delivered later, with a deposit or without, called off, and wanted again."""

from __future__ import annotations

from tests.scenarios.agreements import DELIVERED, LOST, ORDERED
from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, scenario


def waits(customer: Customer, deal: str) -> Then:
    """It is an order, and not billed."""
    return Then("ordered, not billed", (("created: 0 of 1 lines shipped",), []), lambda: (
        customer.shown(deal, "order_status"), customer.bills(deal),
    ))  # fmt: skip


@scenario("An order is billed when it is delivered, and not before")
def billed_on_delivery(customer: Customer) -> Play:
    deal = customer.quotes(("2", "50.00"))
    customer.moves(deal, ORDERED)
    yield waits(customer, deal)
    customer.moves(deal, DELIVERED)
    yield Then("billed", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    yield Then("told", ["order_created", "invoice_posted"], lambda: customer.events(deal))


@scenario("A deposit of 30 is billed with the order and taken off the balance")
def deposit_and_balance(customer: Customer) -> Play:
    deal = customer.quotes(("2", "50.00"), deposit_agreed="30.00")
    customer.moves(deal, ORDERED)
    yield Then("the deposit", [("", "AUTHORISED", "34.50")], lambda: customer.bills(deal))
    customer.pays(deal, "34.50")
    yield Then("the deposit is paid", ("34.50", "0.00"), lambda: customer.shown(deal, "amount_paid", "amount_due"))
    customer.ships(deal, "2")
    both = [("", "PAID", "34.50"), ("-2", "AUTHORISED", "80.50")]
    yield Then("the balance", both, lambda: customer.bills(deal))
    customer.pays(f"{deal}-2", "80.50")
    yield Then("all is paid", ("paid", "115.00"), lambda: customer.shown(deal, "invoice_status", "amount_paid"))
    yield Then("both in HubSpot", ["", "-2"], lambda: [row[0] for row in customer.mirrors(deal)])


@scenario("An order that is amended after its deposit is billed as it was amended, less the deposit")
def amended_after_deposit(customer: Customer) -> Play:
    deal = customer.quotes(("2", "50.00"), deposit_agreed="30.00")
    customer.moves(deal, ORDERED)
    yield Then("the deposit", [("", "AUTHORISED", "34.50")], lambda: customer.bills(deal))
    customer.adds(deal, "1", "10.00")
    customer.moves(deal, DELIVERED)
    both = [("", "AUTHORISED", "34.50"), ("-2", "AUTHORISED", "92.00")]
    yield Then("the balance of the amended order", both, lambda: customer.bills(deal))


@scenario("A deposit that is more than the order has become asks a person, and credits nothing by itself")
def deposit_beyond_the_order(customer: Customer) -> Play:
    deal = customer.quotes(("2", "50.00"), deposit_agreed="80.00")
    customer.moves(deal, ORDERED)
    yield Then("the deposit", [("", "AUTHORISED", "92.00")], lambda: customer.bills(deal))
    customer.amends(deal, quantity="1")
    customer.moves(deal, DELIVERED)
    says = "held: the deposit is more than the order comes to: mend the order, or credit it in the ERP"
    yield Then("held, and why", (says,), lambda: customer.shown(deal, "order_status"))
    yield Then("nothing was billed or credited", [("", "AUTHORISED", "92.00")], lambda: customer.bills(deal))


@scenario("An order that is called off before it is billed is never billed, and its amount is taken back")
def called_off_before_posting(customer: Customer) -> Play:
    deal = customer.quotes(("2", "50.00"))
    customer.moves(deal, ORDERED)
    yield waits(customer, deal)
    customer.moves(deal, LOST)
    yield Then("called off", ("called off",), lambda: customer.shown(deal, "order_status"))
    yield Then("taken back", ["order_created", "order_cancelled"], lambda: customer.events(deal))
    yield Then("no bill", [], lambda: customer.bills(deal))


@scenario("An order that is called off and wanted again is an order again, and billed once")
def wanted_again(customer: Customer) -> Play:
    deal = customer.quotes(("2", "50.00"))
    customer.moves(deal, ORDERED)
    yield waits(customer, deal)
    customer.moves(deal, LOST)
    yield Then("called off", ("called off",), lambda: customer.shown(deal, "order_status"))
    customer.moves(deal, DELIVERED)
    yield Then("billed", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    told = ["order_created", "order_cancelled", "order_created", "invoice_posted"]
    yield Then("told", told, lambda: customer.events(deal))


@scenario("An order whose deal is deleted is over; restored, it is an order again and can be billed")
def deleted_and_restored_deal(customer: Customer) -> Play:
    deal = customer.quotes(("2", "50.00"))
    customer.moves(deal, ORDERED)
    yield waits(customer, deal)
    customer.desks.sales.delete("deals", deal)
    yield Then("taken back", ["order_created", "order_cancelled"], lambda: customer.events(deal))
    customer.desks.sales.restore("deals", deal)
    yield Then("an order again", 3, lambda: len(customer.events(deal)))
    customer.moves(deal, DELIVERED)
    yield Then("billed once", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
