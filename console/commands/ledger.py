"""`revmark ledger`: every write to a platform, with its attempts and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from console.listed import Wish, present
from console.options import DEFAULT_LIMIT, Customer, Day, Kind, Limit, Lines, Offline, Record, examples
from console.output import Cell, Sheet, moment
from console.projection.filters import Filters
from schemas.ledger import LedgerEntry, LedgerState

EXAMPLES = examples(
    "revmark ledger --state refused",
    "revmark ledger --record INV-0042",
    "revmark ledger --customer acme --day 2026-11 --json",
)
STYLES = {"applied": "green", "refused": "red", "unknown": "yellow", "waiting": "yellow"}


def command(
    context: typer.Context,
    *,
    record: Record = None,
    customer: Customer = None,
    state: Annotated[LedgerState | None, typer.Option(help="how far it is")] = None,
    kind: Kind = None,
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show commands to the platforms and what became of them."""
    wish = Wish(Filters(record=record, customer=customer, state=state, type=kind, day=day), limit, json, offline)
    shelves = ("ledger", "decisions", "revenue")  # the last two say what people call a record
    present(context, LedgerEntry, wish, _sheet, shelves=shelves, named=lambda entry: entry.command.record)


def _sheet(found: Sequence[LedgerEntry], names: Mapping[str, str]) -> Sheet:
    sheet = Sheet(
        ("time (UTC)", "platform", "write", "record", "state", "tries>", "answer*"), empty="no commands found"
    )
    for entry in found:
        wanted = entry.command
        sheet.add(
            moment(entry.settled_at or entry.claimed_at),
            wanted.platform,
            f"{wanted.kind} {wanted.entity.value.replace('_', ' ')}",
            names.get(wanted.record, wanted.record),
            Cell(entry.state, STYLES.get(entry.state, "")),
            str(entry.attempts),
            " ".join(part for part in (entry.code, entry.message or wanted.reason) if part),
        )
    return sheet
