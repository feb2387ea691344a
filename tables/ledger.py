"""The ledger's rows and the steps between their states. Keyed by connection and command; the lane is the only writer.

claimed -> applied | refused | unknown | waiting | superseded;  unknown -> claimed | applied | refused | waiting, and
superseded once a look-up did not find it;  waiting -> claimed | superseded. A settled entry never changes again.
"""

from __future__ import annotations

from datetime import datetime

from schemas.command import Command
from schemas.errors import Stale
from schemas.fact import Outcome
from schemas.ledger import SETTLED, LedgerEntry, LedgerState
from schemas.names import digest
from schemas.wire import encode
from tables.view import View

STEPS: dict[LedgerState, frozenset[LedgerState]] = {
    "claimed": frozenset({"claimed", "applied", "refused", "unknown", "waiting", "superseded"}),
    "unknown": frozenset({"claimed", "applied", "refused", "unknown", "waiting", "superseded"}),
    "waiting": frozenset({"claimed", "waiting", "superseded", "applied", "refused", "unknown"}),
    "applied": frozenset(),
    "refused": frozenset(),
    "superseded": frozenset(),
}


def key(command: Command) -> str:
    """The row's key: under the connection, which is the partition key."""
    return f"{command.connection}|{command.id}"


def payload_hash(command: Command) -> str:
    """Names what the command writes."""
    return digest(command.kind, command.ref or "", encode(command.fields).decode(), encode(command.links).decode())


def entry(view: View, command: Command) -> LedgerEntry | None:
    """The command's entry."""
    row = view.get(key(command))
    return LedgerEntry.model_validate(row) if row else None


def unsent(known: LedgerEntry | None) -> bool:
    """Whether nothing was begun of a command of which the ledger knows this."""
    return known is None or known.state == "waiting"


def claim(view: View, command: Command, at: datetime) -> LedgerEntry:
    """Write down that the command is about to be called.

    Raises:
        Stale: it is settled; calling it again would be a second effect.
    """
    known = entry(view, command)
    if known is not None and known.state in SETTLED:
        raise Stale(f"command {command.id} is {known.state} already", code="settled")
    claimed = LedgerEntry(
        command=command,
        state="claimed",
        payload_hash=payload_hash(command),
        attempts=(known.attempts if known else 0) + 1,
        claimed_at=at,
    )
    _put(view, claimed)
    return claimed


def queue(view: View, command: Command, *, at: datetime, until: datetime | None, message: str) -> None:
    """Write down that a command nobody has heard of waits its turn; it has not been tried.

    One that is known stays as it is: it waits already, or it may have been tried and is looked up first.
    """
    if view.get(key(command)) is None:
        _put(view, _waiting(command, at, until=until, message=message))


def supersede(view: View, command: Command, *, at: datetime, message: str, outcome: Outcome) -> LedgerEntry:
    """Write down that the command is not to be called any more.

    Raises:
        Stale: it is settled already.
    """
    known = entry(view, command) or _waiting(command, at)
    return move(view, known, "superseded", at=at, message=message, outcome=outcome)


def move(
    view: View,
    known: LedgerEntry,
    state: LedgerState,
    *,
    at: datetime,
    code: str = "",
    message: str = "",
    until: datetime | None = None,
    outcome: Outcome | None = None,
    burn: bool = True,
) -> LedgerEntry:
    """Take the entry to another state; `burn=False` gives the attempt back (the platform never worked on it).

    Raises:
        Stale: the ledger knows no such step.
    """
    if state not in STEPS[known.state]:
        raise Stale(f"command {known.command.id}: no step from {known.state} to {state}", code="step")
    moved = known.model_copy(
        update={
            "state": state,
            "settled_at": at if state in SETTLED else None,
            "code": code,
            "message": message,
            "until": until,
            "outcome": outcome,
            "attempts": known.attempts if burn else max(0, known.attempts - 1),
        }
    )
    _put(view, moved)
    return moved


def _waiting(command: Command, at: datetime, *, until: datetime | None = None, message: str = "") -> LedgerEntry:
    return LedgerEntry(
        command=command,
        state="waiting",
        payload_hash=payload_hash(command),
        claimed_at=at,
        until=until,
        message=message,
    )


def _put(view: View, changed: LedgerEntry) -> None:
    view[key(changed.command)] = changed.model_dump(mode="json")
