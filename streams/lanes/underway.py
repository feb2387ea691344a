"""Under way: on which record of the platform a write may still land that nobody has heard the end of.

Writes of one record of ours wait behind each other. After a merge two of ours may name one record of the platform,
until capture has told them apart: a write of the other must not overtake one that is on its way either. Kept beside the
cursors, so that whoever takes the connection over knows it. Only writes to a record that is there have a row; it counts
until the write is settled, or cannot land any more (`arrivals`).
"""

from __future__ import annotations

from datetime import datetime

from schemas.command import Command
from schemas.instants import instant_text, parse_instant
from tables.view import View


def note(view: View, command: Command, until: datetime) -> None:
    """A write may land until then."""
    if command.ref:
        view[_key(command)] = {"record": command.record, "command": command.id, "until": instant_text(until)}


def end(view: View, command: Command) -> None:
    """It is settled."""
    if command.ref and (view.get(_key(command)) or {}).get("command") == command.id:
        del view[_key(command)]


def waits(view: View, command: Command, now: datetime) -> datetime | None:
    """Until when a write has to wait for one of another record of ours; None: it may be sent."""
    row = view.get(_key(command)) if command.ref else None
    if row is None or row["record"] == command.record:
        return None
    until = parse_instant(row["until"])
    return until if now < until else None


def _key(command: Command) -> str:
    return f"{command.connection}|underway|{command.ref}"
