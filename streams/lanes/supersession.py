"""Supersession: which writes are not worth making any more.

Pure. In: the commands of one record, in order; records as the platform shows them now. Out: the needless ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.command import Command
from schemas.fact import GONE, WITHDRAWN
from streams.lanes.patience import FRESH
from streams.platforms.interface import Seen


@dataclass(frozen=True, slots=True)
class Superseded:
    """A command that is not to be written, with the reason and, where that is it, the newer version seen."""

    command: Command
    why: str
    version: int | None = None
    code: str = ""


def covered(commands: Sequence[Command], unsent: Callable[[Command], bool]) -> list[Superseded]:
    """The unsent updates of one record whose fields a later update of it writes anyway."""
    found: list[Superseded] = []
    for place, earlier in enumerate(commands):
        if earlier.kind != "update" or not unsent(earlier):
            continue
        later = next((each for each in commands[place + 1 :] if _covers(each, earlier)), None)
        if later is not None:
            found.append(Superseded(earlier, f"command {later.id} writes the same fields with later values"))
    return found


def withdrawn(command: Command, why: str) -> Superseded:
    """The command, of which nothing was begun, as one that nobody wants any more."""
    return Superseded(command, f"it was taken back before it was written: {why}", code=WITHDRAWN)


def _covers(later: Command, earlier: Command) -> bool:
    return (
        (later.kind, later.ref) == ("update", earlier.ref)
        and earlier.fields.keys() <= later.fields.keys()
        and earlier.links.keys() <= later.links.keys()
    )


def doubtful(command: Command, now: datetime) -> bool:
    """Whether the record may have moved on since the write was judged on it, and that would matter."""
    waited = command.compare or now - command.at > FRESH
    return command.judged is not None and command.version is not None and waited


def outdated(command: Command, seen: Seen, ours: int | None) -> Superseded | None:
    """The write, if the record that it was judged on has moved on; `ours` is our own last write's version."""
    judged = max(command.version or 0, ours if ours is not None else 0)
    if seen.deleted:
        return Superseded(command, "the record is gone; it is judged anew", seen.version, GONE)
    if seen.version <= judged:
        return None
    said = f"the record was modified since it was judged (version {seen.version} after {command.version})"
    return Superseded(command, f"{said}; it is judged anew", seen.version)


def end_of(seen: Seen, commands: Sequence[Command]) -> Seen:
    """The end of a record on which writes have come: no older than what they were judged on, so that it is believed.

    A platform that forgets a record does not say when it went, and a new worker has not seen it before.
    """
    return replace(seen, version=max([seen.version, *(command.version or 0 for command in commands)]))
