"""I18: what is credited of orders that are called off, counted in Xero's books and its log alone.

In: bills and credit notes by their numbers, the log of what was made when and by whom. Out: bills with a second credit
note or a second allocation of ours, bills of which more was credited than was left, bills that were forgotten.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tests.simulation.checks.billing import bills_of, ended
from tests.simulation.witness import Row, Witness

CREDIT = "-CR"
LONGEST = timedelta(seconds=120)  # between a reading and the write that it lets go: the slowest call, and a claim
UNFINISHED = ("is being credited", "taken back if it waits still")
HELD = ("was refused", "by hand in the ERP", "draft credit note")


def twice(witness: Witness) -> list[str]:
    """Bills that we have credited twice, and credit notes that we have allocated twice, whatever became of them."""
    made, set_against = Counter[str](), Counter[str]()
    for row in _log(witness, "api"):
        if row["action"] != "create":
            continue
        if row["resource"] == "CreditNotes":
            made[str(row["body"].get("CreditNoteNumber"))] += 1
        elif row["resource"] == "Allocations":
            set_against[str(row["body"]["Invoice"]["InvoiceID"])] += 1
    said = ((made, "credited"), (set_against, "allocated"))
    return [f"{name} is {word} {count} times" for some, word in said for name, count in some.items() if count > 1]


def overcredited(witness: Witness) -> list[str]:
    """Credit notes of ours of more than was left to credit when their bill was read for the last time before.

    What people credit between that reading and the write no platform could tell us.
    """
    bills = {row["InvoiceID"]: row for row in witness.finance.invoices()}
    numbers = {f"{row['InvoiceNumber']}{CREDIT}": name for name, row in bills.items()}
    notes = {row["CreditNoteID"]: row for row in witness.finance.shelf("CreditNotes")}
    credited: defaultdict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    shares: dict[str, tuple[str, Decimal]] = {}
    found = []
    for row in _log(witness):
        if row["action"] == "create" and row["resource"] == "Allocations":
            name, amount = row["body"]["Invoice"]["InvoiceID"], Decimal(str(row["body"]["Amount"]))
            credited[name].append((row["at"], amount))
            shares[row["id"]] = (name, amount)
        elif row["action"] == "delete" and row["id"] in shares:
            name, amount = shares[row["id"]]
            credited[name].append((row["at"], -amount))
        elif row["action"] == "create" and row["resource"] == "CreditNotes" and row["actor"] == "api":
            note = notes[row["id"]]
            bill = numbers.get(note["CreditNoteNumber"])
            if bill is None:
                found.append(f"{note['CreditNoteNumber']} credits no bill")
                continue
            read = _read(witness, bill, row["at"])
            if read is None:
                found.append(f"{note['CreditNoteNumber']} was made, and its bill not read before")
                continue
            before = sum((amount for at, amount in credited[bill] if at < read), Decimal(0))
            if note["Total"] > bills[bill]["Total"] - before:
                found.append(f"{note['CreditNoteNumber']} of {note['Total']}: {bills[bill]['Total']}, less {before}")
    return found


def forgotten(witness: Witness) -> list[str]:
    """Bills of orders that are called off, on which something is due, and no person is told; what never ends."""
    if witness.contract.timing.called_off_posted == "ask":
        return []
    found = []
    bills = bills_of(witness)
    numbers = {row["CreditNoteNumber"] for row in witness.finance.shelf("CreditNotes")}
    for row in witness.sales.records("deals"):
        status = str(row["properties"].get("revmark_order_status") or "")
        lost = row["properties"].get("dealstage") == "closedlost" and row["id"] not in witness.ended_ids
        if row["id"] not in witness.ended_ids and any(each in status for each in UNFINISHED):
            found.append(f"deal {row['id']} says at rest: {status}")
        if not lost or ended(witness, row["id"]) or not status.startswith("called off"):
            continue
        for bill in bills.get(row["id"], {}).values():
            told = any(word in status for word in HELD) or f"{bill['InvoiceNumber']}{CREDIT}" in numbers
            if bill["Status"] == "AUTHORISED" and bill["AmountDue"] > 0 and not told:
                found.append(f"{bill['InvoiceNumber']}: {bill['AmountDue']} is due, and its deal says: {status}")
    return found


def _read(witness: Witness, bill: str, before: datetime) -> datetime | None:
    """When a bill was read by its id for the last time before then, by Xero's own log."""
    calls = witness.world.platforms.calls()["xero"]
    times = (call.at for call in calls if call.method == "GET" and bill in call.query and call.status is not None)
    return max((at for at in times if before - LONGEST <= at <= before), default=None)


def _log(witness: Witness, actor: str | None = None) -> Iterator[Row]:
    """What Xero has written, in order."""
    for write in witness.world.platforms.xero.state.writes.writes:
        if actor in {None, write.actor}:
            row = {name: getattr(write, name) for name in ("at", "actor", "action", "resource", "id")}
            yield row | {"body": write.body if isinstance(write.body, dict) else {}}
