"""Money that comes in, goes out, comes before an invoice or beyond it."""

from __future__ import annotations

from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, scenario

STANDING = ("invoice_status", "amount_due", "amount_paid")


def billed(customer: Customer, deal: str, total: str = "115.00") -> Then:
    """Its invoice is in HubSpot."""
    return Then("billed", [("", "posted", total, total, "1")], lambda: customer.mirrors(deal))


def come(customer: Customer, kind: str) -> tuple[list[str], list[str]]:
    """What was told of money in advance, and what was told as a payment of an invoice."""
    return customer.amounts(kind), customer.amounts("payment_received")


@scenario("A customer pays in two parts: invoice, deal and company follow each")
def paid_in_parts(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    customer.pays(deal, "15.00")
    yield Then("a part is paid", ("part_paid", "100.00", "15.00"), lambda: customer.shown(deal, *STANDING))
    customer.pays(deal, "100.00")
    yield Then("all is paid", ("paid", "0.00", "115.00"), lambda: customer.shown(deal, *STANDING))
    yield Then("nothing is owed", "0.00", customer.balance)
    yield Then("told", ["15.00", "100.00"], lambda: customer.amounts("payment_received"))


@scenario("A payment that bounces is deleted, and the money is owed again")
def payment_bounces(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    payment = customer.pays(deal, "115.00")
    yield Then("paid", ("paid", "0.00", "115.00"), lambda: customer.shown(deal, *STANDING))
    customer.takes_back(payment)
    yield Then("owed again", ("posted", "115.00", "0.00"), lambda: customer.shown(deal, *STANDING))
    told = ["order_created", "invoice_posted", "payment_received", "payment_reversed"]
    yield Then("told", told, lambda: customer.events(deal))
    yield Then("the balance", "115.00", customer.balance)


@scenario("A customer pays too much: less is owed at once, a part is allocated, the rest is refunded")
def overpayment(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    money = customer.advances("OVERPAYMENT", "40.00")
    yield Then("less is owed", "75.00", customer.balance)
    yield Then("told", ["40.00"], lambda: customer.amounts("overpayment_received"))
    customer.allocates("Overpayments", money, deal, "30.00")
    yield Then("30 less is due", ("part_paid", "85.00", "0.00"), lambda: customer.shown(deal, *STANDING))
    yield Then("no less is owed by that", "75.00", customer.balance)
    customer.refunds("Overpayment", money, "10.00")
    yield Then("the rest went back", ["10.00"], lambda: customer.amounts("refund_made"))
    yield Then("of that money", [f"xero/overpayment/{money}"], lambda: customer.named("refund_made", "overpayment"))
    yield Then("the balance", "85.00", customer.balance)
    yield Then("for which bill", ["30.00"], lambda: customer.amounts("credit_allocated"))
    yield Then("told once", (["40.00"], []), lambda: come(customer, "overpayment_received"))


@scenario("A customer pays in advance: it counts as it comes, and finance allocates it to the invoice")
def prepayment(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    money = customer.advances("PREPAYMENT", "150.00")
    yield Then("more has come than is due", "-35.00", customer.balance)
    yield Then("told", ["150.00"], lambda: customer.amounts("prepayment_received"))
    customer.allocates("Prepayments", money, deal, "115.00")
    yield Then("settled", ("paid", "0.00", "0.00"), lambda: customer.shown(deal, *STANDING))
    yield Then("the rest is the customer's", "-35.00", customer.balance)
    yield Then("for which bill", ["115.00"], lambda: customer.amounts("credit_allocated"))
    yield Then("told once", (["150.00"], []), lambda: come(customer, "prepayment_received"))


@scenario("Goodwill: a part of an invoice is credited, and less is due")
def part_credited(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    customer.credits("15.00", {deal: "15.00"})
    yield Then("15 less is due", ("part_paid", "100.00", "0.00"), lambda: customer.shown(deal, *STANDING))
    yield Then("the balance", "100.00", customer.balance)
    yield Then("told", (["15.00"], ["15.00"]), lambda: (
        customer.amounts("credit_memo_issued"), customer.amounts("credit_allocated"),
    ))  # fmt: skip


@scenario("One credit note settles two invoices")
def credit_over_two_invoices(customer: Customer) -> Play:
    first, second = customer.wins(("2", "50.00")), customer.wins(("1", "20.00"))
    yield billed(customer, first)
    yield billed(customer, second, "23.00")
    customer.credits("138.00", {first: "115.00", second: "23.00"})
    for deal in (first, second):
        yield Then("settled", ("paid", "0.00", "0.00"), lambda deal=deal: customer.shown(deal, *STANDING))
    yield Then("nothing is owed", "0.00", customer.balance)
    yield Then("told once", ["138.00"], lambda: customer.amounts("credit_memo_issued"))
    yield Then("and for which", ["115.00", "23.00"], lambda: sorted(customer.amounts("credit_allocated")))


@scenario("A credit that is left over is the customer's until it is refunded, in two parts")
def partial_refunds(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    customer.pays(deal, "115.00")
    note = customer.credits("20.00")
    yield Then("the customer has 20 to come", "-20.00", customer.balance)
    customer.refunds("CreditNote", note, "12.34")
    yield Then("a part went back", "-7.66", customer.balance)
    customer.refunds("CreditNote", note, "7.66")
    yield Then("all went back", "0.00", customer.balance)
    yield Then("told", ["12.34", "7.66"], lambda: customer.amounts("refund_made"))


@scenario("An invoice that finance voids is void in HubSpot, and is not made again")
def voided(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield billed(customer, deal)
    customer.sets_status(deal, "VOIDED")
    yield Then("void in HubSpot", ("voided",), lambda: customer.shown(deal, "invoice_status"))
    yield Then("told", ["order_created", "invoice_posted", "invoice_voided"], lambda: customer.events(deal))
    yield Then("no second bill", [("", "VOIDED", "115.00")], lambda: customer.bills(deal))
    yield Then("nothing is owed", "0.00", customer.balance)


@scenario("An invoice that finance writes by hand is shown with its customer, and counts")
def billed_by_hand(customer: Customer) -> Play:
    number = customer.bills_by_hand("HAND-1", "40.00")
    yield Then("in HubSpot", [("46.00", "46.00")], lambda: customer.shown_by_hand(number))
    customer.pays(number, "46.00")
    yield Then("paid", [("46.00", "0.00")], lambda: customer.shown_by_hand(number))
    yield Then("the balance", "0.00", customer.balance)
    yield Then("told", ["46.00"], lambda: customer.amounts("payment_received"))
