"""Withdrawing: a bill, its credit or its deletion, that is asked for, waits still, and that nobody wants any more.

It may wait for hours: behind a brake, for a plan, for the platform's next day. Meanwhile the deal is called off, or won
again, or the customer comes on credit hold. The lane takes back what it has not begun to write; what it has is billed,
credited, or deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agents.rules import billing, crediting, endings
from agents.rules.case import Case
from agents.rules.numbering import invoice_id
from schemas.names import Entity, Side
from schemas.verdict import Ruling
from tables.entities import EntityState, Flight


def consider(case: Case, deal: EntityState, *, won: bool) -> None:
    """Take back what was asked for last, if it is on its way and should not be; once for each time it is asked for."""
    case.customer.wait_no_more(deal.id)  # whatever it waits for still, it says anew
    for invoice in _asked(case, deal):
        waiting = [each.command for each in invoice.flights["erp"] if each.kind == "create"]
        if not waiting:
            continue
        case.customer.wait(deal.id)  # for the customer to come on hold
        found = _against(case, deal, won=won)
        if found is None or invoice.marks.get("withdrawn") == waiting[-1]:
            continue
        invoice.marks["withdrawn"] = waiting[-1]
        rule, why = found
        case.withdraw(invoice, Side.ERP, waiting[-1], why)
        case.verdict(invoice, "", "hold", rule, f"its bill is taken back if it waits still: {why}", command=waiting[-1])
    if won:
        _take_back_credits(case, deal)
        _take_back_deletions(case, deal)


def taken_back(case: Case, document: EntityState, flight: Flight) -> None:
    """The lane had not begun to write it: what was on a bill is to be billed still, if at all; one to go stands."""
    deal = case.known(document.related["deal"])
    if _deletes(document, flight):
        if not any(_deletes(document, each) for each in document.flights["erp"]):  # asked for anew meanwhile
            document.marks.pop("deletion", None)
    elif document.entity is Entity.INVOICE:
        billing.unasked(deal, document, case.tenant, refused=False)
    case.touch(deal.id)


def stands(case: Case, document: EntityState, flight: Flight) -> None:
    """It was asked to be taken back, and had been begun."""
    if document.marks.get("withdrawn") == flight.command:
        reason = "it had been begun before it could be taken back: it stands"
        ruling: Ruling = "create" if flight.kind == "create" else "write_back"
        case.verdict(document, _whole(flight), ruling, "timing", reason, written_to=Side.ERP, command=flight.command)


def _whole(flight: Flight) -> str:
    """The field that is decided by a write; empty: all of the record."""
    return "" if flight.kind == "create" else ",".join(flight.fields)


def _take_back_credits(case: Case, deal: EntityState) -> None:
    """The deal is won: its bills are owed. A credit that was made already is a person's to undo."""
    for note in crediting.notes(case, deal):
        _take_back(case, deal, note, note.flights["erp"], "its bill's credit")


def _take_back_deletions(case: Case, deal: EntityState) -> None:
    """The deal is won: its draft bills are wanted. One that is deleted already is billed by hand."""
    if "subscription" in deal.marks["order"]:
        return  # its many bills are never deleted
    for record in deal.marks.get("bills", {}):
        bill = case.state(Entity.INVOICE, record)
        _take_back(case, deal, bill, [each for each in bill.flights["erp"] if _deletes(bill, each)], "its deletion")


def _deletes(document: EntityState, flight: Flight) -> bool:
    return document.entity is Entity.INVOICE and flight.kind == "update" and flight.fields == {"status": "deleted"}


def _take_back(case: Case, deal: EntityState, document: EntityState, asked: Sequence[Flight], what: str) -> None:
    """Take back what was asked for last, once, for the deal is won again."""
    if not asked or document.marks.get("withdrawn") == asked[-1].command:
        return
    last = asked[-1]
    document.marks["withdrawn"] = last.command
    why = f"deal {deal.label} was won again"
    case.withdraw(document, Side.ERP, last.command, why)
    reason = f"{what} is taken back if it waits still: {why}"
    case.verdict(document, _whole(last), "hold", "timing", reason, command=last.command)


def _asked(case: Case, deal: EntityState) -> Iterator[EntityState]:
    """The invoice that was asked for last, if any was; and what was added to it."""
    order = deal.marks["order"]
    period = order.get("subscription") or {}
    place = period["asked"] if period else len(billing.bills_of(deal)) or int(bool(order.get("billed")))
    if place:
        yield case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, place))
    if (rest := period.get("rest")) and rest["asked"]:
        yield case.state(Entity.INVOICE, invoice_id(case.tenant, deal.id, rest["period"], rest["more"]))


def _against(case: Case, deal: EntityState, *, won: bool) -> tuple[str, str] | None:
    """(rule, reason) why the bill should not be made. A period of a subscription has begun when it is asked for."""
    if not won and "subscription" not in deal.marks["order"]:
        became = "became another company's" if endings.left(deal) else "was called off"
        return "timing", f"deal {deal.label} {became}"
    return billing.guarded(case, deal)
