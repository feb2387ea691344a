"""`revmark ledger`: every write to a platform, with its attempts and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from console.options import DEFAULT_LIMIT, Customer, Day, Limit, Lines, Offline, Record, examples
from console.output import Cell, Sheet, moment, show, show_lines
from console.projection.filters import Filters
from console.projection.listing import find, labels
from console.session import session_of
from schemas.ledger import LedgerEntry, LedgerState
from schemas.names import Entity

EXAMPLES = examples(
    "revmark ledger --state refused",
    "revmark ledger --record INV-0042",
    "revmark ledger --customer acme --day 2026-11 --json",
)
_STYLES = {"applied": "green", "refused": "red", "unknown": "yellow", "waiting": "yellow"}


def command(
    context: typer.Context,
    *,
    record: Record = None,
    customer: Customer = None,
    state: Annotated[LedgerState | None, typer.Option(help="how far it is")] = None,
    type: Annotated[Entity | None, typer.Option(help="kind of record")] = None,  # noqa: A002 - the option's name
    day: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show commands to the platforms and what became of them."""
    filters = Filters(record=record, customer=customer, state=state, type=type, day=day)
    with session_of(context).projection("ledger", "decisions", "revenue", offline=offline) as store:
        found = find(store, LedgerEntry, filters, limit)
        names = labels(store, (entry.command.record for entry in found))
    if json:
        show_lines(found)
        return
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
            Cell(entry.state, _STYLES.get(entry.state, "")),
            str(entry.attempts),
            " ".join(part for part in (entry.code, entry.message or wanted.reason) if part),
        )
    show(sheet)
