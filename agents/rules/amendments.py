"""Amendments: what a subscription's bill gets added to it when its lines are edited in the middle of the period.

Of the period that was billed last the deal's row keeps what it was billed by; more than that is billed once, for the
days that are left. Less is a person's to credit, and what is given back after that has been billed already. See ADR 27.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from agents.rules import billing, instead, parts, proration
from agents.rules.bills import ENDED
from agents.rules.calling_off import event_key
from agents.rules.case import Case
from agents.rules.numbering import bill_number, invoice_id
from agents.rules.periods import Line, Terms, recurring
from agents.rules.proration import Rest, Row
from schemas.instants import business_day
from schemas.money import Money, plain
from schemas.names import Entity, Side, digest, record_id
from schemas.revenue import RevenueEvent, RevenueType
from tables.entities import EntityState

Kept = dict[str, Any]  # of one subscription, on its deal's row
Step = Literal["on", "waits", "held"]  # all is billed; a bill is on its way; something has to be mended first


def wanted(case: Case) -> bool:
    """Whether the contract prorates."""
    rules = case.contract.timing.subscriptions
    return rules is not None and rules.amended == "prorated"


def begun(case: Case, deal: EntityState, kept: Kept, period: int) -> None:
    """A period is billed by what the lines say.

    Of `rest`, `lines` is what it is billed by, and `more` how many bills were added to that; `change` is the day and
    the lines of an amendment that is not billed, `then` are those that came on top of it before it was, `asked` is the
    one whose bill is on its way. `version`: of the deal when it was looked at last.
    """
    kept.pop("rest", None)
    if wanted(case):
        kept["rest"] = {
            "period": period, "lines": _plain(deal), "more": 0, "change": None, "then": [], "asked": None,
            "credit": "", "version": deal.crm.version,
        }  # fmt: skip


def follow(case: Case, deal: EntityState, kept: Kept, terms: Terms) -> None:
    """Note since when the lines are what they are now; as they were billed, there is nothing to note.

    What is edited while a period is not billed is on its own bill, and while it is paused, from its return on. More on
    top of what is not billed yet is a bill of its own; anything else takes its place.
    """
    rest, paused = kept.get("rest"), case.contract.timing.paused(deal.crm.fields.get("stage"))
    if rest is None:
        return
    day, rest["version"] = _since(case, deal, rest["version"]), deal.crm.version
    steps, now = billing.steps(rest), _plain(deal)
    lines = steps[-1][1] if steps else rest["lines"]
    if not paused and day <= terms.ends(rest["period"]) and parts.order_name(lines) != parts.order_name(now):
        back = parts.order_name(rest["lines"]) == parts.order_name(now)
        every = [rest["lines"], *(each for _, each in steps), now]
        more = all(proration.grows(*pair, kept["currency"]) for pair in pairwise(every))
        kept_steps = steps if more and not _refused(case, deal, rest) else []
        billing.put_steps(rest, [] if back else [*kept_steps, [day.isoformat(), now]])


def forget(kept: Kept) -> None:
    """It is over: what was amended and is not billed never is."""
    if kept.get("rest"):
        billing.put_steps(kept["rest"], [])


def owed(kept: Kept) -> str:
    """What a person may have to credit, for the deal's status."""
    rest = kept.get("rest")
    return f"; credit {rest['credit']} if that was agreed" if rest and rest["credit"] else ""


def bill(case: Case, deal: EntityState, kept: Kept, terms: Terms, over: date | None) -> Step:
    """Ask for what an amendment adds to the bill of its period, once that is known to be in the ERP."""
    rest = kept.get("rest")
    if rest is None or (rest["asked"] and not _arrived(case, deal, kept)):
        return "on" if rest is None else "waits"
    rest["credit"] = ""
    whole = case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, rest["period"]))
    if not wanted(case) or whole.erp.fields.get("status") in ENDED or whole.erp.deleted:
        billing.put_steps(rest, [])  # people bill what they have voided, and what is left of it
    if rest["change"] is None or whole.erp.ref is None:
        return "on" if rest["change"] is None else "waits"
    day, lines = rest["change"]
    begins, ends = terms.begins(rest["period"]), terms.ends(rest["period"])
    left = proration.rest(begins, ends, date.fromisoformat(day), over)
    changed = proration.differences(rest["lines"], lines, kept["currency"])
    found = proration.rows(changed, left, kept["currency"])
    if sum(difference for _, difference in changed) < 0:
        _note(case, deal, rest, left, f"{plain(-proration.total(found))} {kept['currency']}")
        return "on"
    if proration.total(found) <= 0 and rest.get("then"):
        billing.put_steps(rest, rest["then"])
        return bill(case, deal, kept, terms, over)
    if proration.total(found) <= 0:
        return "on"  # too little to be billed; with the next amendment it may be enough
    return _ask(case, deal, kept, left, found)


def announce(
    case: Case, deal: EntityState, kept: Kept, kind: RevenueType, name: Sequence[str], amount: str, day: str
) -> None:
    """Tell what became of a subscription; `name` tells this from others of its kind."""
    order = deal.marks["order"]
    case.event(
        RevenueEvent(
            id=digest(case.tenant, kind, *event_key(order), *name),
            type=kind,
            tenant=case.tenant,
            customer=case.customer.id,
            customer_name=case.customer.name,
            document=order["id"],
            number=deal.label,
            deal=deal.id,
            subsidiary=case.contract.books,
            money=Money(amount=amount, currency=kept["currency"]),
            every=kept["every"],
            day=day,
            occurred_at=case.seen_version(deal.crm.version),
            refs={"crm": deal.crm.ref or ""},
        ),
        news=True,  # whatever finding brought it on
    )


def heard(case: Case, deal: EntityState) -> date:
    """The day on which the CRM's record became what it is, as far as it says so."""
    today = date.fromisoformat(case.today)
    shown = business_day(case.seen_version(deal.crm.version), case.contract.timezone)
    return min(today, date.fromisoformat(shown)) if deal.crm.version > 0 else today


def _since(case: Case, deal: EntityState, before: int) -> date:
    """The day of an edit. That a line was taken off makes the deal no newer: then it is the day that it is heard of."""
    return heard(case, deal) if deal.crm.version > before else date.fromisoformat(case.today)


def _ask(case: Case, deal: EntityState, kept: Kept, left: Rest, found: Sequence[Row]) -> Step:
    rest = kept["rest"]
    if not billing.ready(case, deal):
        return "held"
    period, more = rest["period"], rest["more"] + 1
    invoice = case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, period, more))
    invoice.related["deal"] = deal.id
    number = bill_number(case.contract.invoice_defaults.number_prefix, record_id(deal.crm.ref or ""), period, more)
    day, lines = rest["change"]
    change, *then = rest.get("then") or [None]
    taken = {
        "lines": lines, "more": more, "change": change, "then": then,
        "asked": {"day": day, "lines": lines, "before": rest["lines"], "amount": plain(proration.total(found))},
    }  # fmt: skip
    said = f"{left.days} of {left.whole} days, {left.since} to {left.to}"
    if invoice.erp.ref:
        reason = f"{number} is in the ERP already: it is taken as the bill of the amendment, {said}"
        case.verdict(deal, "", "hold", billing.POSTED, reason)
        rest |= taken
        _arrived(case, deal, kept)
        return "waits" if change else "on"
    stated = [_stated(row, left) for row in found if row.amount]
    fields = billing.stated(case, deal, stated, left.since.isoformat(), kept["currency"])
    fields, by = instead.applied(invoice, Side.ERP, {**fields, "number": number})
    if billing.unwanted(case, deal, invoice, fields):
        return "held"
    rest |= taken
    billing.send(case, invoice, fields, f"deal {deal.label}, period {period} amended: {said}", by)
    return "waits"


def _arrived(case: Case, deal: EntityState, kept: Kept) -> bool:
    """Whether the bill that was asked for is in the ERP; then it is told."""
    rest = kept["rest"]
    asked = rest["asked"]
    if case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, rest["period"], rest["more"])).erp.ref is None:
        return False
    name = (str(rest["period"]), str(rest["more"]))
    announce(case, deal, kept, "subscription_prorated", name, asked["amount"], asked["day"])
    rest["asked"] = None
    return True


def _refused(case: Case, deal: EntityState, rest: Kept) -> bool:
    """Whether what is not billed is so because the ERP refused it: an edit mends that, and is billed in its place."""
    invoice = case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, rest["period"], rest["more"] + 1))
    return bool(invoice.blocked["erp"])


def _note(case: Case, deal: EntityState, rest: Kept, left: Rest, credit: str) -> None:
    """Less than was billed: a person agrees on a credit, or on none."""
    if not left.days:
        return
    rest["credit"] = f"{credit} before tax, {left.since} to {left.to}"
    said = (
        f"its lines were worth more when period {rest['period']} was billed: credit {credit} before tax in the ERP for "
        f"{left.days} of {left.whole} days, {left.since} to {left.to}, if that was agreed"
    )
    case.verdict(deal, "lines", "hold", billing.POSTED, said, note="amended")


def _stated(row: Row, left: Rest) -> dict[str, Any]:
    """A line of the bill: its words say what it was reckoned from."""
    said = str(row.line.get("description") or row.line.get("sku") or "")
    words = f"{said}, {left.since} to {left.to}: {left.days} of {left.whole} days of {plain(row.difference)}"
    none = dict.fromkeys(("discount_percent", "amount"))
    return parts.plainly(row.line) | none | {"description": words, "quantity": "1", "unit_price": plain(row.amount)}


def _plain(deal: EntityState) -> list[dict[str, Any]]:
    lines: list[Line] = deal.crm.fields.get("lines") or []
    return [parts.plainly(line) for line in recurring(lines)]
