"""Quotes that are accepted, or not; parents who pay; and who is told of late money and of credit holds."""

from __future__ import annotations

from functools import partial

from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, holds
from tests.scenarios.playbill import scenario as any_scenario

scenario = partial(any_scenario, contract="quotes")
SENT, ACCEPTED, RECALLED = "APPROVAL_NOT_NEEDED", "ACCEPTED", "DRAFT"
OPEN_UNTIL = "2099-12-31"  # for longer than anybody plays
LATE = 20  # days, of which the agreement allows 14


def offers(customer: Customer, deal: str, *lines: tuple[str, str], **more: str) -> str:
    """Sales writes a quote of a deal, with lines of its own, and sends it out."""
    sales = customer.desks.sales
    quote = sales.create(
        "quotes", {"deals": deal},
        hs_title=f"Offer to {customer.name}", hs_expiration_date=OPEN_UNTIL, hs_currency=customer.currency,
    )  # fmt: skip
    for place, (quantity, price) in enumerate(lines):
        sales.create("line_items", {"quotes": quote}, name=f"Offered {place + 1}", quantity=quantity, price=price)
    turns(customer, quote, SENT, **more)
    return quote


def turns(customer: Customer, quote: str, status: str, **more: str) -> None:
    """A quote is accepted, or taken back."""
    customer.desks.sales.edit("quotes", quote, hs_status=status, **more)


def agreed(customer: Customer, *lines: tuple[str, str], company: str = "", **more: str) -> str:
    """A deal whose quote has been accepted."""
    deal = customer.quotes(("1", "999.00"), company=company, **more)
    turns(customer, offers(customer, deal, *lines), ACCEPTED)
    return deal


def billed(customer: Customer, deal: str, total: str = "115.00") -> Then:
    """It has one posted bill."""
    return Then("billed once", [("", "AUTHORISED", total)], lambda: customer.bills(deal))


def waits(customer: Customer, deal: str) -> Then:
    """Revmark has looked at it, and nothing is ordered or billed."""
    return Then("waits for a quote", ([("timing", "wait")], [], []), lambda: (
        customer.decided_on(deal, "order_status")[-1:], customer.bills(deal), customer.events(deal),
    ))  # fmt: skip


@scenario("A quote that is accepted is ordered and billed as it was offered, whatever else stands on its deal")
def quote_accepted(customer: Customer) -> Play:
    deal = customer.quotes(("1", "999.00"))
    quote = offers(customer, deal, ("2", "50.00"), ("3", "9.99"))
    yield waits(customer, deal)
    turns(customer, quote, ACCEPTED)
    yield billed(customer, deal, "149.47")
    lines = customer.invoice(deal)["LineItems"]
    yield Then("the offered lines", ["Offered 1", "Offered 2"], lambda: [line["Description"] for line in lines])
    yield Then("told", ["order_created", "invoice_posted"], lambda: customer.events(deal))
    yield Then("the bill in HubSpot", [("", "posted", "149.47", "149.47", "1")], lambda: customer.mirrors(deal))


@scenario("A quote that nobody accepts bills nothing, though it was sent, has expired and its deal was won")
def quote_not_accepted(customer: Customer) -> Play:
    deal = customer.quotes(("1", "999.00"))
    offers(customer, deal, ("2", "50.00"))
    offers(customer, deal, ("1", "50.00"), hs_quote_status="EXPIRED")
    yield waits(customer, deal)
    customer.moves(deal, "closedwon")
    other = agreed(customer, ("2", "50.00"), dealname=f"Another order of {customer.name}")
    yield billed(customer, other)
    yield waits(customer, deal)
    yield Then("only the other is owed", "115.00", customer.balance)


@scenario("Two quotes of a deal are accepted: nothing is ordered until sales takes one of them back")
def two_quotes_accepted(customer: Customer) -> Play:
    deal = customer.quotes()
    first, second = offers(customer, deal, ("2", "50.00")), offers(customer, deal, ("9", "50.00"))
    for quote in (first, second):
        turns(customer, quote, ACCEPTED, hs_accepted_date=f"{customer.ago(1)}T00:00:00Z")
    yield Then("held, and why", ([f"held: quotes {first}, {second} are accepted: recall those that do not count"], []),
               lambda: ([*customer.shown(deal, "order_status")], customer.bills(deal)))  # fmt: skip
    turns(customer, second, RECALLED, hs_accepted_date="")
    yield billed(customer, deal)
    yield Then("told", ["order_created", "invoice_posted"], lambda: customer.events(deal))


@scenario("A second quote is accepted after the order: a person is asked, and nothing more is billed")
def another_quote_accepted(customer: Customer) -> Play:
    deal = agreed(customer, ("2", "50.00"))
    yield billed(customer, deal)
    second = offers(customer, deal, ("9", "50.00"))
    turns(customer, second, ACCEPTED)
    yield holds("asked", lambda: f"quote {second} was accepted as well" in customer.shown(deal, "order_status")[0])
    yield billed(customer, deal)
    turns(customer, second, RECALLED)
    yield Then("no question any more", ("created",), lambda: customer.shown(deal, "order_status"))
    yield billed(customer, deal)


@scenario("A quote that is taken back while its customer is on credit hold is not billed when the hold is lifted")
def quote_taken_back_on_hold(customer: Customer) -> Play:
    customer.held(on=True)
    yield Then("HubSpot shows the hold", ("true",), lambda: customer.in_hubspot("revmark_credit_hold"))
    deal = customer.quotes()
    quote = offers(customer, deal, ("2", "50.00"))
    yield waits(customer, deal)
    turns(customer, quote, ACCEPTED)
    held = f"held: {customer.name} is on credit hold in the ERP"
    yield Then("it waits", ((held,), []), lambda: (customer.shown(deal, "order_status"), customer.bills(deal)))
    turns(customer, quote, RECALLED)
    yield waits(customer, deal)
    yield Then("held no more", ("",), lambda: customer.shown(deal, "order_status"))
    customer.held(on=False)
    yield Then("lifted", ("false",), lambda: customer.in_hubspot("revmark_credit_hold"))
    yield waits(customer, deal)
    turns(customer, quote, ACCEPTED)
    yield billed(customer, deal)


@scenario("A quote that is taken back after its bill was posted: what is billed stands")
def quote_taken_back_after_posting(customer: Customer) -> Play:
    deal = customer.quotes()
    quote = offers(customer, deal, ("2", "50.00"))
    turns(customer, quote, ACCEPTED)
    yield billed(customer, deal)
    turns(customer, quote, RECALLED)
    customer.pays(deal, "115.00")
    yield Then("paid", ("paid", "0.00"), lambda: customer.shown(deal, "invoice_status", "amount_due"))
    yield Then("one bill", [("", "PAID", "115.00")], lambda: customer.bills(deal))


@scenario("What a child company buys is billed to its parent, who owes it; Xero never hears of the child")
def billed_to_the_parent(customer: Customer) -> Play:
    child = customer.meets(f"Child of {customer.name}")
    customer.desks.sales.adopt(child, customer.company)
    deal = agreed(customer, ("2", "50.00"), company=child)
    yield billed(customer, deal)
    yield Then("to the parent", customer.name, lambda: customer.billed_to(deal))
    yield Then("the parent owes it", "115.00", customer.balance)
    yield holds("the child is nobody's customer", lambda: not customer.linked(child))


@scenario("A child company that leaves its parent is billed itself from then on; what the parent owes stays its own")
def child_leaves_its_parent(customer: Customer) -> Play:
    child = customer.meets(f"Child of {customer.name}")
    customer.desks.sales.adopt(child, customer.company)
    first = agreed(customer, ("2", "50.00"), company=child)
    yield billed(customer, first)
    customer.desks.sales.release(child, customer.company)
    second = agreed(customer, ("1", "20.00"), company=child)
    yield billed(customer, second, "23.00")
    whom = (customer.name, f"Child of {customer.name}")
    yield Then("to whom", whom, lambda: (customer.billed_to(first), customer.billed_to(second)))
    yield Then("the parent owes the first", "115.00", customer.balance)


@scenario("An invoice that is two weeks late: whoever collects is told once, though a payment comes and bounces")
def collected_once(customer: Customer) -> Play:
    deal = agreed(customer, ("2", "50.00"))
    yield billed(customer, deal)
    yield Then("nobody is told yet", ([], ("posted",)), lambda: (
        customer.tasks(), customer.shown(deal, "invoice_status"),
    ))  # fmt: skip
    customer.agrees_on(deal, customer.ago(LATE).isoformat())
    told = [f"call about RM-{deal}, 115.00 NZD"]
    yield Then("told", told, customer.tasks)
    payment = customer.pays(deal, "115.00")
    yield Then("paid", ("paid",), lambda: customer.shown(deal, "invoice_status"))
    customer.takes_back(payment)
    yield Then("owed again", ("posted",), lambda: customer.shown(deal, "invoice_status"))
    yield Then("told once", told, customer.tasks)


@scenario("A customer comes on credit hold and off it, and on it again: sales is told of each, once")
def told_of_credit_holds(customer: Customer) -> Play:
    on, off = "on credit hold", "may order again"
    for held, told in ((True, [on]), (False, [off, on]), (True, [off, on, on])):
        customer.held(on=held)
        shown = str(held).lower()
        yield Then("told", (sorted(told), (shown,)), lambda: (
            customer.tasks(), customer.in_hubspot("revmark_credit_hold"),
        ))  # fmt: skip
