"""Orders: when a deal becomes one.

One deal makes one order, whatever is redelivered: the order is marked on the deal's own row.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agents.rules import absorbed, billing, calling_off, crediting, endings, parts, quoting, subscriptions, withdrawing
from agents.rules.case import Case
from agents.rules.numbering import bill_number
from agents.rules.payers import BUYER
from schemas.instants import business_day, parse_instant, to_millis
from schemas.money import amount_text, exact
from schemas.names import Entity, canonical_id, record_id
from tables.entities import EntityState

# What each rule means, in a sentence for people.
SAYS = {
    "timing": "The contract says at which stage a deal becomes an order, and when the order is billed.",
    "required": "Something that is needed first is missing: the record waits until it is there.",
    "guard.posted_immutable": "What has been billed is never edited: it is corrected through credit in the ERP.",
}

CREDITED = "the contract has what is posted and not paid credited"


def consider(case: Case, deal: EntityState) -> None:
    """Make the deal an order when the contract's time has come, and bill it."""
    won = case.contract.timing.won(deal.crm.fields.get("stage"))
    if not deal.crm.present or deal.marks.get("historic"):
        case.customer.wait_no_more(deal.id)  # it has left, or is billed already
        if deal.crm.present and not won:
            _let_go(case, deal, won=False)
        if "order" in deal.marks:
            withdrawing.consider(case, deal, won=False)
            if not (endings.left(deal) and calling_off.asked(deal)):
                _called_off(case, deal)  # else it was billed before its company was another: what was billed stands
        return
    if buyer := deal.crm.fields.get(BUYER):
        reason = (
            f"{buyer['ref']} buys, and {case.customer.name or 'another company'} pays: its parent company in the CRM"
        )
        case.verdict(deal, BUYER, "take_crm", "bill_to", reason)
    if "order" not in deal.marks:
        if won and _accepted(case, deal):
            _place(case, deal)
        else:
            case.customer.wait_no_more(deal.id)
            _let_go(case, deal, won=won)
        return
    withdrawing.consider(case, deal, won=won)
    if subscriptions.is_one(case, deal):
        subscriptions.consider(case, deal, won=won)
        return
    if not (won and _held(case, deal)):
        _go_on(case, deal, won=won)


def _go_on(case: Case, deal: EntityState, *, won: bool) -> None:
    """What follows of an order, whether it was billed or not."""
    (calling_off.want_again if won else calling_off.call_off)(case, deal)
    if won and calling_off.credited(case, deal):
        return
    asks = crediting.wished(case, deal) == "ask"
    if not won and not deal.marks["order"].get("billed"):
        if billing.bills_of(deal):
            case.verdict(
                deal, "stage", "hold", billing.POSTED,
                "the deal was moved after a part of its order was billed: "
                f"{'that stands, credit it in the ERP' if asks else CREDITED}; the rest is not billed",
            )  # fmt: skip
        return
    if not won:
        case.verdict(
            deal, "stage", "hold", billing.POSTED,
            "the deal was moved after its order was placed: "
            f"{'the order stands, cancel it in the ERP' if asks else CREDITED}",
        )  # fmt: skip
    elif _edited(case, deal) and deal.marks["order"].get("billed"):
        case.verdict(
            deal, "lines", "hold", billing.POSTED,
            "the lines were edited after the bill: it changes through credit in the ERP only",
        )  # fmt: skip
    billing.bill(case, deal)


def _edited(case: Case, deal: EntityState) -> bool:
    """Whether its lines are others than were ordered; a quote that is gone has none."""
    return not quoting.gone(case, deal) and bool(deal.marks["order"]["lines"] != billing.lines_digest(deal))


def _let_go(case: Case, deal: EntityState, *, won: bool) -> None:
    """It was held, and is no order after all: then it does not say so any longer."""
    if not str(deal.derived.get("order_status") or "").startswith(billing.HELD):
        return
    deal.derived["order_status"] = None
    if not won:
        case.verdict(deal, "order_status", "wait", "timing", "it is won no more: nothing of it is held", chosen=None)


def _held(case: Case, deal: EntityState) -> bool:
    """Whether it is in doubt what was ordered; a doubt that is over is forgotten."""
    doubt, order = _doubt(case, deal), deal.marks["order"]
    if doubt is not None:
        order["doubt"] = True
        billing.hold(case, deal, "timing", doubt)
    elif order.pop("doubt", False):
        deal.derived["order_status"] = "created"
    return doubt is not None


def _doubt(case: Case, deal: EntityState) -> str | None:
    """Why nobody can say what is to be billed of it."""
    return absorbed.doubt(case, deal) or quoting.doubt(case, deal)


def _called_off(case: Case, deal: EntityState) -> None:
    if subscriptions.is_one(case, deal):
        subscriptions.consider(case, deal, won=False)
    else:
        calling_off.call_off(case, deal)


def first_seen(case: Case, deal: EntityState) -> None:
    """A deal that was won before Revmark's first reading is history: it is never billed."""
    if case.contract.timing.won(deal.crm.fields.get("stage")) and quoting.accepted(case, deal):
        deal.marks["historic"] = True
        case.verdict(deal, "", "hold", "timing", "won before the first reading: it is taken as billed already")


def moved_here(case: Case, deal: EntityState) -> None:
    """A deal that was won at another customer may have been billed there; one that is won still is not billed here."""
    won = case.contract.timing.won(deal.crm.fields.get("stage")) and quoting.accepted(case, deal)
    if "order" in deal.marks:
        return
    deal.marks["elsewhere"] = True  # it may have been an order there, and is none any more
    if won:
        deal.marks["historic"] = True
        number = bill_number(case.contract.invoice_defaults.number_prefix, record_id(deal.crm.ref or ""), 1)
        reason = (
            f"it was won for another company and then moved here: see whether {number} is in the ERP, "
            "which that company would get; it is not billed again, bill it by hand if due"
        )
        deal.derived["order_status"] = f"{billing.HELD}{reason}"  # not what it said of the other company's order
        case.verdict(deal, "order_status", "hold", "timing", reason)


def _accepted(case: Case, deal: EntityState) -> bool:
    """Whether nothing but the order itself is left; a deal that waits for its quote says so."""
    found = quoting.accepted(case, deal)
    if not found:
        case.verdict(deal, "order_status", "wait", "timing", "no quote of it is accepted yet", chosen=None)
    return found


def _place(case: Case, deal: EntityState) -> None:
    doubt = _doubt(case, deal)
    held = billing.guarded(case, deal) if doubt is None else ("timing", doubt)
    lacking = [name for name in case.contract.required.get(Entity.ORDER, ()) if not _has(case, deal, name)]
    if held is None and lacking:
        held = ("required", f"an order needs: {', '.join(lacking)}")
    if held is not None:
        billing.hold(case, deal, *held)
        deal.marks["held"] = True
        return
    currency = billing.currency_of(case, deal)
    stated = None if quoting.counts(case) else deal.crm.fields.get("amount")
    amount = stated or amount_text(_sum(deal, currency), currency) or "0"
    order = canonical_id(Entity.ORDER, case.tenant, deal.id)
    day = _day(case, deal)
    deal.marks["order"] = {"id": order, "day": day, "lines": billing.lines_digest(deal), **quoting.marked(case, deal)}
    if deal.marks.get("elsewhere"):
        deal.marks["order"]["customer"] = case.customer.id
    deal.derived |= {"order_status": "created", "amount": amount, "currency": currency}  # what was ordered
    case.ordered()
    calling_off.tell(case, deal, "order_created", day)
    why = quoting.reason(case, deal) or f"stage {deal.crm.fields['stage']}"
    case.verdict(deal, "order_status", "create", "timing", f"{why}: the deal becomes an order", chosen="created")
    case.touch(case.customer.id)
    if subscriptions.is_one(case, deal):
        subscriptions.consider(case, deal, won=True)
    else:
        billing.bill(case, deal)


def _has(case: Case, deal: EntityState, name: str) -> bool:
    if name == "currency":
        return bool(billing.currency_of(case, deal))
    return bool(deal.crm.fields.get(name))


def _sum(deal: EntityState, currency: str) -> Decimal:
    return sum((_line_amount(line, currency) for line in deal.crm.fields.get("lines") or ()), Decimal(0))


def _line_amount(line: dict[str, Any], currency: str) -> Decimal:
    return exact(line["amount"]) if line.get("amount") else parts.worth(line, exact(line["quantity"]), currency)


def _day(case: Case, deal: EntityState) -> str:
    """The order's business day: the deal's close in the tenant's zone, or the day of its quote.

    Without one, or when the order was held since then, the day on which it goes through.
    """
    said = quoting.accepted_at(case, deal) or deal.crm.fields.get("closed_at")
    closed = None if deal.marks.get("held") else said
    at = parse_instant(closed) if closed and to_millis(parse_instant(closed)) <= to_millis(case.at) else case.at
    return business_day(at, case.contract.timezone)
