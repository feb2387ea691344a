"""Subscriptions: an order with recurring lines, which is billed period by period.

What has been billed, and whether it is paused or over, is kept on the deal's own row. A period's bill is known by the
deal and the place of the period, so that asking again never makes a second one. What is due follows from the day on
which a finding was seen: the clock is a finding like any other. See ADR 22.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from agents.rules import amendments, billing, calling_off, instead, parts, periods, renewals
from agents.rules.amendments import Kept, Step, heard
from agents.rules.case import Case
from agents.rules.numbering import bill_number, invoice_id
from agents.rules.periods import Line, Terms
from schemas.contract.model import Subscriptions
from schemas.money import amount_text, exact
from schemas.names import Entity, Side, record_id
from schemas.revenue import RevenueType
from schemas.wire import fingerprint
from tables.entities import EntityState

NOTHING = Decimal(0)
MOVES: dict[tuple[str, str], RevenueType] = {
    ("running", "paused"): "subscription_paused",
    ("ended", "paused"): "subscription_paused",
    ("paused", "running"): "subscription_resumed",
    ("ended", "running"): "subscription_resumed",
    ("running", "ended"): "subscription_churned",
    ("paused", "ended"): "subscription_churned",
}


def is_one(case: Case, deal: EntityState) -> bool:
    """Whether an order is billed period by period. One that was billed as a whole stays what it is."""
    order = deal.marks["order"]
    if "subscription" in order:
        return True
    fresh = case.contract.timing.subscriptions is not None and not order.get("billed") and not order.get("bills")
    return fresh and bool(periods.recurring(_lines(deal)))


def consider(case: Case, deal: EntityState, *, won: bool) -> None:
    """Follow what became of a subscription, and bill what is due."""
    order = deal.marks["order"]
    kept: Kept | None = order.get("subscription")
    try:
        terms = _terms(deal, kept) if won else None
    except ValueError as error:
        billing.hold(case, deal, "timing", str(error))
        return
    if kept is None and terms is not None:
        kept = order["subscription"] = _begun(case, deal, terms)
    if kept is None or not kept["billed"]:
        (calling_off.call_off if terms is None else calling_off.want_again)(case, deal)
    if kept is None:
        return
    if terms is not None:
        _amend(case, deal, kept, terms)
        amendments.follow(case, deal, kept, terms)
    else:
        amendments.forget(kept)
    _move(case, deal, kept, terms)
    step: Step = "on" if terms is None else _bill(case, deal, kept, terms)
    if terms is not None:
        renewals.tell(case, deal, kept, _term_over(case, deal, terms))
    _wind(case, deal, kept, terms)
    if step != "held" and (kept["billed"] or terms is not None):
        status = _status(case, deal, kept, terms)
        deal.derived["order_status"] = status
        case.verdict(deal, "order_status", "wait", "timing", status, chosen=status)


def _terms(deal: EntityState, kept: Kept | None) -> Terms | None:
    """What its lines say; None: it has no recurring lines any more.

    Raises:
        ValueError: they do not say it, or say something else than what was billed by; the message is for people.
    """
    lines = periods.recurring(_lines(deal))
    if not lines:
        return None
    found = periods.terms(lines, date.fromisoformat(deal.marks["order"]["day"]))
    if kept is not None and kept["billed"] and [found.every, found.start.isoformat()] != [kept["every"], kept["start"]]:
        raise ValueError(
            "its frequency or its first day was edited after a period was billed: put it back as it was, "
            "or call the deal off and sell it anew"
        )
    return found


def _begun(case: Case, deal: EntityState, terms: Terms) -> Kept:
    """A subscription begins with the period that its order falls into: what was before is none of ours.

    `next` is the period that is billed next, `asked` the last one that was asked for, `billed` how many were. `pauses`
    are days from which on, and before which, no period begins that is billed; `lines` and `once` are what was sold.
    """
    first = terms.under_way(date.fromisoformat(deal.marks["order"]["day"]))
    kept: Kept = {
        "every": terms.every, "start": terms.start.isoformat(), "count": terms.count, "next": first, "asked": 0,
        "billed": 0, "pauses": [], "state": "running", "over": "", "told": 0, "terms": 0,
        "currency": billing.currency_of(case, deal), "lines": _sold(deal), "once": "", "ends": "",
    }  # fmt: skip
    _tell(case, deal, kept, "subscription_started", terms.begins(first))
    return kept


def _amend(case: Case, deal: EntityState, kept: Kept, terms: Terms) -> None:
    """Its lines or its term were edited: from the next period on they hold. A longer term is another one."""
    if not kept["billed"] and [terms.every, terms.start.isoformat()] != [kept["every"], kept["start"]]:
        first = terms.under_way(date.fromisoformat(deal.marks["order"]["day"]))
        kept |= {"every": terms.every, "start": terms.start.isoformat(), "next": first, "lines": ""}
    longer = kept["count"] is not None and (terms.count is None or terms.count > kept["count"])
    if longer or [terms.count, _sold(deal)] != [kept["count"], kept["lines"]]:
        kept |= {"count": terms.count, "lines": _sold(deal)}
        _tell(case, deal, kept, "renewal_booked" if longer else "subscription_amended", heard(case, deal))
        if longer and kept["state"] == "ended":
            kept["state"] = "running"  # told by its renewal
    if kept["once"] and kept["once"] != _once(deal):
        case.verdict(
            deal, "lines", "hold", billing.POSTED,
            "lines that are billed once were edited after their bill: it changes through credit in the ERP only",
        )  # fmt: skip


def _move(case: Case, deal: EntityState, kept: Kept, terms: Terms | None) -> None:
    """It runs, is paused, or is over."""
    edited = heard(case, deal)
    over = edited if terms is None else _over(case, deal, terms)
    paused = case.contract.timing.paused(deal.crm.fields.get("stage"))
    state = "ended" if over is not None and over <= _today(case) else "paused" if paused else "running"
    gap = terms is None or state == "paused"
    pauses = kept["pauses"]
    if gap and not (pauses and not pauses[-1][1]):
        pauses.append([edited.isoformat(), ""])
    elif not gap and pauses and not pauses[-1][1]:
        pauses[-1][1] = edited.isoformat()
    before, kept["state"] = kept["state"], state
    if before == state:
        return
    if before == "ended":
        billing.reopen(case, deal)
    day = over if state == "ended" and over is not None else edited
    kept["over"] = day.isoformat() if state == "ended" else ""
    _tell(case, deal, kept, MOVES[before, state], day)


def _over(case: Case, deal: EntityState, terms: Terms) -> date | None:
    """The first day that it is over: its term has ended, or a day that people have named has come."""
    rules = _rules(case)
    days = [_named(deal, rules)]
    if terms.count is not None and rules.renewed == "by_hand":
        days.append(terms.begins(terms.count + 1))
    return min((day for day in days if day is not None), default=None)


def _term_over(case: Case, deal: EntityState, terms: Terms) -> date | None:
    """The first day after the term that is under way, whether it is renewed then or over."""
    days = (_over(case, deal, terms), terms.over(_today(case)) if _rules(case).renewed == "automatically" else None)
    return min((day for day in days if day is not None), default=None)


def _named(deal: EntityState, rules: Subscriptions) -> date | None:
    """The day that the deal's own field names."""
    stated = deal.crm.fields.get(rules.ends) if rules.ends else None
    try:
        return date.fromisoformat(stated) if stated else None
    except ValueError:
        return None


def _bill(case: Case, deal: EntityState, kept: Kept, terms: Terms) -> Step:
    """Ask for the bills of all periods that are due, each when the one before it is known to be in the ERP."""
    rules, today = _rules(case), _today(case)
    step = amendments.bill(case, deal, kept, terms, _over(case, deal, terms))
    while step == "on" and (day := _due(case, deal, kept, terms)) is not None and day <= today:
        period = kept["next"]
        if rules.bill != "never" and not _skipped(kept, terms.begins(period).isoformat()):
            step = _ask(case, deal, kept, terms, day)
            if step != "on":
                return step
        kept["next"] = period + 1
        term = (period - 1) // terms.count if terms.count else 0
        if term > kept["terms"]:
            kept["terms"] = term
            if rules.renewed == "automatically":
                _tell(case, deal, kept, "renewal_booked", terms.begins(period))
    return step


def _skipped(kept: Kept, begins: str) -> bool:
    """Whether a period begins while the subscription is paused, or called off for a while."""
    return any(since <= begins and (not to or begins < to) for since, to in kept["pauses"])


def _due(case: Case, deal: EntityState, kept: Kept, terms: Terms) -> date | None:
    """The day on which the next period is billed; None: there is none."""
    rules, period = _rules(case), kept["next"]
    ends, arrears = _over(case, deal, terms), rules.bill == "in_arrears"
    day = terms.begins(period + 1) if arrears else terms.begins(period)
    if ends is not None and (day > ends or (day == ends and not arrears)):
        return None
    return day


def _ask(case: Case, deal: EntityState, kept: Kept, terms: Terms, day: date) -> Step:
    """Ask for the bill of the next period."""
    if deal.crm.ref is None or _on_its_way(case, deal, kept):
        return "waits"
    if not billing.ready(case, deal):
        return "held"
    period = kept["next"]
    invoice = case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, period))
    invoice.related["deal"] = deal.id
    number = bill_number(case.contract.invoice_defaults.number_prefix, record_id(deal.crm.ref), period)
    span = f"{terms.begins(period)} to {terms.ends(period)}"
    if invoice.erp.ref:
        said = f"{number} is in the ERP already: it is taken as the bill of the period {span}"
        case.verdict(deal, "", "hold", billing.POSTED, said)
        _billed(case, deal, kept)
        return "on"
    lines = [_stated(line, span) for line in _lines(deal) if line.get("recurs") or not kept["once"]]
    if sum((_worth(line, kept["currency"]) for line in lines), NOTHING) <= 0:
        return "on"  # a free period
    fields = billing.stated(case, deal, lines, day.isoformat(), kept["currency"])
    fields, by = instead.applied(invoice, Side.ERP, {**fields, "number": number})
    if billing.unwanted(case, deal, invoice, fields):
        return "held"
    _billed(case, deal, kept)
    billing.send(case, invoice, fields, f"deal {deal.label}, period {period}: {span}", by)
    return "on"


def _billed(case: Case, deal: EntityState, kept: Kept) -> None:
    """Remember that the next period is billed, and by what."""
    kept |= {"asked": kept["next"], "billed": kept["billed"] + 1, "once": _once(deal)}
    amendments.begun(case, deal, kept, kept["next"])


def _on_its_way(case: Case, deal: EntityState, kept: Kept) -> bool:
    """Whether the last bill that was asked for is not known to be in the ERP yet."""
    asked = kept["asked"]
    return bool(asked) and case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, asked)).erp.ref is None


def _stated(line: Line, span: str) -> dict[str, Any]:
    """A line of a period's bill; its amount follows from the quantity."""
    said = str(line.get("description") or line.get("sku") or "")
    words = {"description": f"{said}, {span}", "amount": None} if line.get("recurs") else {}
    return parts.plainly(line) | words


def _wind(case: Case, deal: EntityState, kept: Kept, terms: Terms | None) -> None:
    """Set the alarm for the next day on which something is due by itself, or off."""
    over = [] if terms is None else [_over(case, deal, terms), renewals.next_day(case, kept)]
    days = [] if terms is None else [_due(case, deal, kept, terms), *over]
    later = [day.isoformat() for day in days if day is not None and day > _today(case)]
    if later:
        case.customer.alarms[deal.id] = min(later)
    else:
        case.customer.alarms.pop(deal.id, None)


def _status(case: Case, deal: EntityState, kept: Kept, terms: Terms | None) -> str:
    """What the deal says of itself."""
    rules = _rules(case)
    whole = f" of {kept['count']}" if kept["count"] and rules.renewed == "by_hand" else ""
    many = "periods" if whole or kept["billed"] != 1 else "period"
    said = f"{kept['state']}: {kept['every']}, {kept['billed']}{whole} {many} billed"
    if rules.bill == "never":
        said = f"{kept['state']}: {kept['every']}, billed by people"
    owed = amendments.owed(kept)
    if kept["state"] == "paused":
        return f"{said}, none that begins meanwhile{owed}"
    if kept["state"] == "ended":
        known = terms or Terms(kept["every"], date.fromisoformat(kept["start"]), kept["count"])
        begun = known.begins(kept["next"]).isoformat()
        left = f"; bill what is owed from {begun} on by hand" if begun < kept["over"] and rules.bill != "never" else ""
        return f"{said}, over since {kept['over']}{left}{owed}"
    due = None if terms is None else _due(case, deal, kept, terms)
    return f"{said}{owed}" if due is None else f"{said}, the next on {due}{owed}"


def _tell(case: Case, deal: EntityState, kept: Kept, kind: RevenueType, day: date) -> None:
    """Tell what became of it, with what a period is worth; each change is another."""
    kept["told"] += 1
    lines, currency = periods.recurring(_lines(deal)), kept["currency"]
    if lines:
        kept["worth"] = amount_text(sum((_worth(line, currency) for line in lines), NOTHING), currency)
    amendments.announce(case, deal, kept, kind, (str(kept["told"]),), kept["worth"], day.isoformat())


def outlook(case: Case, deal: EntityState, kept: Kept, terms: Terms) -> tuple[str | None, str | None]:
    """The first day of the period that is billed next, and the first day after the term; None: there is none."""
    if kept["state"] == "ended":
        return None, kept["over"]
    billed = kept["state"] == "running" and _rules(case).bill != "never"
    due, over = _due(case, deal, kept, terms) if billed else None, _term_over(case, deal, terms)
    return terms.begins(kept["next"]).isoformat() if due else None, over.isoformat() if over else None


def look(case: Case) -> None:
    """Look at the clock: which of the customer's subscriptions have something due by now."""
    for record in case.customer.due(Entity.DEAL, case.today):
        del case.customer.alarms[record]  # it is set anew where there is a next day
        case.touch(record)


def _lines(deal: EntityState) -> list[Line]:
    return deal.crm.fields.get("lines") or []


def _sold(deal: EntityState) -> str:
    """What is billed each period."""
    return parts.order_name(periods.recurring(_lines(deal)))


def _once(deal: EntityState) -> str:
    """What is billed with the first period alone."""
    return fingerprint(sorted(parts.line_name(line) for line in _lines(deal) if not line.get("recurs")))


def _worth(line: Line, currency: str) -> Decimal:
    return parts.worth(line, exact(line["quantity"]), currency)


def _rules(case: Case) -> Subscriptions:
    """What the contract says; taken out of it, nothing is billed any more."""
    return case.contract.timing.subscriptions or Subscriptions(bill="never")


def _today(case: Case) -> date:
    return date.fromisoformat(case.today)
