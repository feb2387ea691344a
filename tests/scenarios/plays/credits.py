"""What was billed and is called off: credited once, as the contract says, and never undone by itself."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from tests.scenarios.agreements import LOST, WON
from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Play, Then, holds, scenario

DRAFT = "called off: the draft credit note {0}-CR of {0} waits in the ERP: approve it there and allocate it"
TOLD = ["order_created", "invoice_posted", "credit_memo_issued", "credit_allocated"]
credited = partial(scenario, contract="parts", billing_entity="NZ")


def bills(customer: Customer, deal: str, *rows: tuple[str, str, str]) -> Then:
    """These bills are there."""
    return Then("billed", list(rows), lambda: customer.bills(deal))


def posted(customer: Customer, deal: str) -> Then:
    """Finance posts the bill."""
    customer.sets_status(deal, "AUTHORISED")
    return Then("posted", ("posted",), lambda: customer.shown(deal, "invoice_status"))


def shipped_and_posted(customer: Customer) -> Generator[Then, None, str]:
    """A deal is won and shipped, and finance posts its bill."""
    deal = customer.wins(("2", "50.00"))
    customer.ships(deal, "2")
    yield bills(customer, deal, ("", "DRAFT", "115.00"))
    yield posted(customer, deal)
    return deal


@credited("A bill that finance posted before its order was called off is credited in full, once, and nothing is owed")
def posted_then_called_off(customer: Customer) -> Play:
    deal = yield from shipped_and_posted(customer)
    customer.moves(deal, LOST)
    yield Then("credited", [("", "PAID", "115.00", "0.00")], lambda: customer.credit_notes(deal))
    says = f"called off: RM-{deal} is credited by RM-{deal}-CR"
    yield Then("it says so", (says,), lambda: customer.shown(deal, "order_status"))
    yield Then("nothing is owed", "0.00", customer.balance)
    yield Then("told", TOLD, lambda: customer.events(deal))
    yield Then("in HubSpot", [("", "paid", "115.00", "0.00", "1")], lambda: customer.mirrors(deal))
    yield Then("still one", [("", "PAID", "115.00", "0.00")], lambda: customer.credit_notes(deal))


@credited("Of a bill that was paid in part what is due is credited, and what was paid is left for people to refund")
def paid_in_part_then_called_off(customer: Customer) -> Play:
    deal = yield from shipped_and_posted(customer)
    customer.pays(deal, "40.00")
    yield Then("paid in part", ("40.00", "75.00"), lambda: customer.shown(deal, "amount_paid", "amount_due"))
    customer.moves(deal, LOST)
    yield Then("credited", [("", "AUTHORISED", "115.00", "40.00")], lambda: customer.credit_notes(deal))
    says = f"called off: RM-{deal} is credited by RM-{deal}-CR; 40.00 NZD of it was paid: refund that in the ERP"
    yield Then("a refund is for people", (says,), lambda: customer.shown(deal, "order_status"))
    customer.refunds("CreditNote", customer.credit_note(deal), "40.00")
    says = f"called off: RM-{deal} is credited by RM-{deal}-CR"
    yield Then("refunded", (says,), lambda: customer.shown(deal, "order_status"))
    yield Then("told", ["40.00"], lambda: customer.amounts("refund_made"))
    yield Then("nothing is owed", "0.00", customer.balance)


@credited("An order that is wanted again after its bill was credited is held, and nobody bills it twice")
def wanted_again_after_credit(customer: Customer) -> Play:
    deal = yield from shipped_and_posted(customer)
    customer.moves(deal, LOST)
    yield Then("credited", [("", "PAID", "115.00", "0.00")], lambda: customer.credit_notes(deal))
    customer.moves(deal, WON)
    yield holds("held, and why", lambda: customer.shown(deal, "order_status")[0].startswith("held: it was called off"))
    yield bills(customer, deal, ("", "PAID", "115.00"))
    customer.moves(deal, LOST)
    says = f"called off: RM-{deal} is credited by RM-{deal}-CR"
    yield Then("called off again", (says,), lambda: customer.shown(deal, "order_status"))
    yield Then("still one", [("", "PAID", "115.00", "0.00")], lambda: customer.credit_notes(deal))


def drafted(customer: Customer, deal: str) -> Then:
    """A draft credit note of all of it is there."""
    return Then("a draft", [("", "DRAFT", "115.00", "115.00")], lambda: customer.credit_notes(deal))


@scenario("A bill whose deal is called off gets a draft credit note, which finance approves and allocates")
def credited_by_a_draft(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield Then("billed", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    customer.moves(deal, LOST)
    yield drafted(customer, deal)
    yield Then("a person is asked", (DRAFT.format(f"RM-{deal}"),), lambda: customer.shown(deal, "order_status"))
    yield Then("all is owed still", "115.00", customer.balance)
    customer.sets_credit_note(deal, "AUTHORISED")
    customer.allocates("CreditNotes", customer.credit_note(deal), deal, "115.00")
    says = f"called off: RM-{deal} is credited by RM-{deal}-CR"
    yield Then("credited", (says,), lambda: customer.shown(deal, "order_status"))
    yield Then("nothing is owed", "0.00", customer.balance)
    yield Then("told", TOLD, lambda: customer.events(deal))


@scenario("An order that is wanted again holds until finance deletes the draft credit note, and is billed as before")
def wanted_again_before_approval(customer: Customer) -> Play:
    deal = customer.wins(("2", "50.00"))
    yield Then("billed", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    customer.moves(deal, LOST)
    yield drafted(customer, deal)
    customer.moves(deal, WON)
    says = f"held: the draft credit note RM-{deal}-CR of RM-{deal} waits in the ERP: delete it there"
    yield Then("held, and why", (says,), lambda: customer.shown(deal, "order_status"))
    customer.sets_credit_note(deal, "DELETED")
    yield Then("an order", ("created",), lambda: customer.shown(deal, "order_status"))
    yield Then("billed once", [("", "AUTHORISED", "115.00")], lambda: customer.bills(deal))
    yield Then("owed", "115.00", customer.balance)
