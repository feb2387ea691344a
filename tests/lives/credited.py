"""What was called off, against what was credited of it: each posted bill once, and no further.

Flows in: lives that were lived, Xero's books. Flows out: every bill of an order that is called off which is owed still
and nobody is told of, and every credit note of ours that should not be, or is of another amount. Nothing of ours is
asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sandbox.xero.balances import amount_due
from tests.lives.living import Living
from tests.lives.recount import NOTHING, POSTED, deal_of
from tests.lives.sold import values
from tests.simulation.platforms import Record

CREDIT = "-CR"
CREDITING = {"credits", "drafts"}  # ways of trade
LOST = "closedlost"


def uncredited_differences(lived: Iterable[Living]) -> list[str]:
    """Bills that are not credited as their contract says."""
    return [f"{each}; {living.life}" for living in lived for each in _life(living)]


def _life(living: Living) -> Iterator[str]:
    ours = defaultdict[str, list[Record]](list)
    for row in living.both.organisation.shelves["CreditNotes"]:
        number = row["CreditNoteNumber"] or ""
        if number.endswith(CREDIT) and deal_of(number.removesuffix(CREDIT)) in living.deals:
            ours[number.removesuffix(CREDIT)].append(row)
    bills = {row["InvoiceNumber"]: row for row in living.invoices() if deal_of(row["InvoiceNumber"]) in living.deals}
    for number in ours.keys() - bills.keys():
        yield f"{number}{CREDIT} is the credit note of nothing"
    for number, bill in bills.items():
        if "call off" not in living.life.deeds or living.life.trade not in CREDITING:
            if ours[number]:
                yield f"{number} is credited, and its order was never called off"
            continue
        if len(ours[number]) > 1:
            yield f"{number} has {len(ours[number])} credit notes"
        for note in ours[number]:
            yield from _amount(living, bill, note)
        if living.stage(deal_of(number)) == LOST:
            yield from _owed(living, bill, ours[number])


def _amount(living: Living, bill: Record, note: Record) -> Iterator[str]:
    """A credit note is of all that people had not credited by then."""
    if note["Total"] > bill["Total"] or (note["Total"] != bill["Total"] and not _touched(living, bill)):
        yield f"{note['CreditNoteNumber']} is of {note['Total']}, its bill of {bill['Total']}"


def _owed(living: Living, bill: Record, notes: list[Record]) -> Iterator[str]:
    number, due = bill["InvoiceNumber"], amount_due(living.both.organisation, bill)
    if bill["Status"] not in POSTED or due <= NOTHING:
        return
    said = values(living, "deals", deal_of(number)).get("revmark_order_status", "")
    if number not in said or "is being credited" in said:
        yield f"{number}: {due} is owed, and its deal says: {said or 'nothing'}"
    elif not notes and not _touched(living, bill):
        yield f"{number}: {due} is owed, and it was never credited: {said}"


def _touched(living: Living, bill: Record) -> bool:
    """Whether finance had lines of its own put onto a bill, or has credited it, be that taken back by now."""
    shelves = living.both.organisation.shelves
    own = f"{bill['InvoiceNumber']}{CREDIT}"  # what is left of another bill's note is finance's to use
    ours = {row["CreditNoteID"] for row in shelves["CreditNotes"] if row["CreditNoteNumber"] == own}
    sides = {row["_credit"] for row in shelves["Allocations"] if row["_invoice"] == bill["InvoiceID"]}
    return bill["InvoiceID"] in living.amended or bool(sides - ours)
