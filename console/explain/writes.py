"""Writes: the commands of a record, what became of each, and which verdict each followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.explain.document import Became, Write
from schemas.ledger import LedgerEntry, LedgerState
from schemas.names import Side
from schemas.verdict import Verdict
from tables.entities import EntityState

BECAME: dict[LedgerState, Became] = {
    "applied": "written",
    "refused": "refused",
    "unknown": "unknown",
    "waiting": "parked",
    "superseded": "superseded",
    "claimed": "being sent",
}


def written(entry: LedgerEntry) -> Write:
    """A command as the ledger knows it."""
    command = entry.command
    return Write(
        command=command.id,
        platform=command.platform,
        side=command.side,
        kind=command.kind,
        fields=command.fields,
        reason=command.reason,
        became=BECAME[entry.state],
        at=entry.settled_at or entry.claimed_at,
        attempts=entry.attempts,
        code=entry.code,
        message=entry.message,
        until=entry.until,
        ref=(entry.outcome.ref if entry.outcome else None) or command.ref,
    )


def asked(state: EntityState, platforms: dict[Side, str], known: Iterable[str]) -> list[Write]:
    """Commands that were asked for and that no lane has taken up yet."""
    there = set(known)
    return [
        Write(
            command=flight.command,
            platform=platforms[Side(side)],
            side=Side(side),
            kind=flight.kind,
            fields=flight.fields,
            became="asked for",
            at=None,
            message="the lane has not taken it up yet",
        )
        for side, flights in state.flights.items()
        for flight in flights
        if flight.command not in there
    ]


def followed(verdict: Verdict, entries: Sequence[LedgerEntry], writes: dict[str, Write]) -> Write | None:
    """The write that a verdict led to: the one it names, or the one asked for at that moment with its field."""
    if verdict.command is not None:
        return writes.get(verdict.command)
    if verdict.written_to is None or not verdict.field:
        return None
    moments = {entry.command.id: entry.command.at for entry in entries}
    for write in writes.values():
        # What no lane has taken up has no moment yet; it is the last that was asked for.
        then = write.became == "asked for" or moments.get(write.command) == verdict.at
        holds = verdict.field in write.fields and write.fields[verdict.field] == verdict.chosen
        if then and holds and write.side is verdict.written_to:
            return write
    return None
