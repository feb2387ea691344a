"""Orders that are shipped and billed in parts, as drafts that finance posts, for one subsidiary of two."""

from __future__ import annotations

from functools import partial

from tests.scenarios.agreements import LOST
from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, holds
from tests.scenarios.playbill import scenario as any_scenario

scenario = partial(any_scenario, contract="parts")
STANDING = ("invoice_status", "amount_due", "amount_paid")


def bills(customer: Customer, deal: str, *expected: tuple[str, str, str]) -> Then:
    """The deal's invoices in Xero."""
    return Then(f"{len(expected)} bills", list(expected), lambda: customer.bills(deal))


@scenario("Two partial shipments and the rest make three bills, which are the order to the cent",
          billing_entity="NZ")  # fmt: skip
def partial_shipments(customer: Customer) -> Play:
    deal = customer.wins(("10", "50.00"), ("3", "9.99"))
    customer.ships(deal, "4")
    yield bills(customer, deal, ("", "DRAFT", "230.00"))
    customer.sets_status(deal, "AUTHORISED")
    customer.ships(deal, "4", "3")
    yield bills(customer, deal, ("", "AUTHORISED", "230.00"), ("-2", "DRAFT", "34.47"))
    customer.ships(deal, "10")
    three = [("", "AUTHORISED", "230.00"), ("-2", "DRAFT", "34.47"), ("-3", "DRAFT", "345.00")]
    yield bills(customer, deal, *three)
    for part in ("-2", "-3"):
        customer.sets_status(f"{deal}{part}", "AUTHORISED")
    yield Then("all in HubSpot", ["", "-2", "-3"], lambda: [row[0] for row in customer.mirrors(deal)])
    customer.pays(deal, "230.00")
    yield Then("one is paid", ("230.00", "379.47"), lambda: customer.shown(deal, "amount_paid", "amount_due"))


@scenario("Sales follows an order in HubSpot: what of it is billed, paid and due, until it is paid or called off",
          billing_entity="NZ")  # fmt: skip
def order_followed(customer: Customer) -> Play:
    deal, other = customer.wins(("10", "50.00")), customer.wins(("2", "50.00"))
    nothing = [("ordered", "0", "0.00", "0.00", "0.00")]
    yield Then("two orders", [nothing, nothing], lambda: [customer.order(each) for each in (deal, other)])
    customer.ships(deal, "4")
    yield bills(customer, deal, ("", "DRAFT", "230.00"))
    customer.sets_status(deal, "AUTHORISED")
    customer.pays(deal, "230.00")
    yield Then("a part is paid", [("part_billed", "1", "230.00", "230.00", "0.00")], lambda: customer.order(deal))
    customer.ships(deal, "10")
    yield Then("the rest", [("billed", "2", "575.00", "230.00", "345.00")], lambda: customer.order(deal))
    customer.sets_status(f"{deal}-2", "AUTHORISED")
    customer.pays(f"{deal}-2", "345.00")
    customer.moves(other, LOST)
    yield Then("one is paid, one cancelled", [
        [("paid", "2", "575.00", "575.00", "0.00")], [("cancelled", *nothing[0][1:])],
    ], lambda: [customer.order(each) for each in (deal, other)])  # fmt: skip


@scenario("Nothing is billed before anything was shipped, and the deal says how much was", billing_entity="NZ")
def nothing_shipped_yet(customer: Customer) -> Play:
    deal = customer.wins(("10", "50.00"))
    says = "created: 0 of 1 lines shipped"
    yield Then("it waits", ((says,), []), lambda: (customer.shown(deal, "order_status"), customer.bills(deal)))
    customer.ships(deal, "10")
    yield bills(customer, deal, ("", "DRAFT", "575.00"))
    yield Then("all shipped", ("created",), lambda: customer.shown(deal, "order_status"))


@scenario("More was shipped than was ordered: what was ordered is billed", billing_entity="NZ")
def more_shipped_than_ordered(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "5")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))


@scenario("Less is said to be shipped than was billed: a person is asked, nothing is credited", billing_entity="NZ")
def less_shipped_than_billed(customer: Customer) -> Play:
    deal = customer.wins(("10", "50.00"))
    customer.ships(deal, "6")
    yield bills(customer, deal, ("", "DRAFT", "345.00"))
    customer.ships(deal, "5")
    says = "held: more of Line 1 is billed than was shipped: mend the shipped quantity, or credit it in the ERP"
    yield Then("held", (says,), lambda: customer.shown(deal, "order_status"))
    customer.ships(deal, "10")
    yield bills(customer, deal, ("", "DRAFT", "345.00"), ("-2", "DRAFT", "230.00"))


@scenario("A discount over three shipments comes to the order to the cent", billing_entity="NZ")
def discount_over_shipments(customer: Customer) -> Play:
    deal = customer.wins(("3", "99.99", "12.5"))
    for shipped, count in (("1", 1), ("2", 2), ("3", 3)):
        customer.ships(deal, shipped)
        yield Then(f"bill {count}", count, lambda: len(customer.bills(deal)))
    yield Then("the order to the cent", "301.84", lambda: customer.billed(deal))


@scenario("Three shipments of a third of a dinar's worth come to the order, to the fils that Xero keeps",
          billing_entity="NZ", currency="KWD")  # fmt: skip
def dinars_in_parts(customer: Customer) -> Play:
    deal = customer.wins(("3", "33.335"))
    for shipped, count in (("1", 1), ("2", 2), ("3", 3)):
        customer.ships(deal, shipped)
        yield Then(f"bill {count}", count, lambda: len(customer.bills(deal)))
    yield Then("the order", "115.01", lambda: customer.billed(deal))


@scenario("A part that finance voids is not billed again; the other parts stand", billing_entity="NZ")
def part_voided(customer: Customer) -> Play:
    deal = customer.wins(("10", "50.00"))
    customer.ships(deal, "4")
    yield bills(customer, deal, ("", "DRAFT", "230.00"))
    customer.sets_status(deal, "AUTHORISED")
    yield Then("posted", ("posted",), lambda: customer.shown(deal, "invoice_status"))
    customer.sets_status(deal, "VOIDED")
    yield Then("voided", ("voided",), lambda: customer.shown(deal, "invoice_status"))
    customer.ships(deal, "10")
    yield bills(customer, deal, ("", "VOIDED", "230.00"), ("-2", "DRAFT", "345.00"))


@scenario("Finance edits a draft and posts it: the bill is what finance has made of it", billing_entity="NZ")
def draft_edited_by_finance(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "2")
    yield Then("the deal says so", ("draft",), lambda: customer.shown(deal, "invoice_status"))
    yield Then("no revenue yet", ["order_created"], lambda: customer.events(deal))
    customer.adds_freight(deal, "20.00")
    customer.sets_status(deal, "AUTHORISED")
    yield Then("posted as edited", [("", "posted", "138.00", "138.00", "1")], lambda: customer.mirrors(deal))
    yield Then("told as edited", ["138.00"], lambda: customer.amounts("invoice_posted"))


@scenario("A draft whose order is called off is deleted before anybody posts it", billing_entity="NZ")
def draft_called_off(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "2")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))
    customer.moves(deal, LOST)
    yield bills(customer, deal, ("", "DELETED", "115.00"))
    yield Then("called off", ("called off",), lambda: customer.shown(deal, "order_status"))


@scenario("An order of another subsidiary is never billed from these books, until sales says that it is of this one",
          billing_entity="AU")  # fmt: skip
def other_subsidiary(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "2")
    yield holds("refused, and why", lambda: customer.shown(deal, "order_status")[0].startswith("held"))
    yield bills(customer, deal)
    customer.sales_edits(billing_entity="NZ")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))


@scenario("What a child company buys is not billed while its parent, who pays, is another subsidiary's",
          billing_entity="AU")  # fmt: skip
def parent_of_another_subsidiary(customer: Customer) -> Play:
    child = customer.meets(f"Child of {customer.name}", billing_entity="NZ")
    customer.desks.sales.adopt(child, customer.company)
    deal = customer.wins(("2", "50.00"), company=child)
    customer.ships(deal, "2")
    yield holds("refused, and why", lambda: customer.shown(deal, "order_status")[0].startswith("held"))
    yield bills(customer, deal)
    customer.sales_edits(billing_entity="NZ")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))
    yield Then("the parent pays", customer.name, lambda: customer.billed_to(deal))


@scenario("A company becomes a contact in Xero with its first order, and not before", known=False)
def contact_with_the_first_order(customer: Customer) -> Play:
    yield holds("nobody knows it", lambda: True)
    customer.meets("", billing_entity="NZ")
    deal = customer.wins(("2", "50.00"))
    yield Then("entered in Xero", 1, lambda: len(customer.contacts()))
    customer.ships(deal, "2")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))
    yield Then("one contact", 1, lambda: len(customer.contacts()))


@scenario("The name on an invoice that is not paid yet cannot be changed by sales", billing_entity="NZ")
def name_on_open_invoices(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "2")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))
    customer.sets_status(deal, "AUTHORISED")
    yield Then("it is owed", "115.00", customer.balance)
    customer.sales_edits(name="A Name Too Early")
    yield Then("taken back", (customer.name,), lambda: customer.in_hubspot("name"))
    taken = ("guard.open_invoices", "write_back")
    yield holds("and why", lambda: customer.in_doubt or taken in customer.decided("name", crm="A Name Too Early"))


@scenario("Two contacts are merged in Xero: the company follows to the one that is left, and is billed there",
          billing_entity="NZ")  # fmt: skip
def contacts_merged(customer: Customer) -> Play:
    goes, stays = customer.contact, customer.opens("The One That Is Left")
    customer.desks.finance.merge(stays, goes)
    customer.contact = stays
    yield Then("the company follows", (stays,), lambda: customer.in_hubspot("xero_contact_id"))
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "2")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))
    yield Then("billed there", stays, lambda: customer.invoice(deal)["_contact"])


@scenario("A payment on a draft's bill bounces: what was paid falls only with the payment that was taken back",
          billing_entity="NZ")  # fmt: skip
def paid_amount_falls(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "2")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))
    customer.sets_status(deal, "AUTHORISED")
    payment = customer.pays(deal, "100.00")
    yield Then("paid", ("part_paid", "15.00", "100.00"), lambda: customer.shown(deal, *STANDING))
    customer.takes_back(payment)
    yield Then("owed again", ("posted", "115.00", "0.00"), lambda: customer.shown(deal, *STANDING))
