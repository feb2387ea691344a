"""Postponed: what one batch could not settle, and what stands still because of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from schemas.command import Command
from schemas.errors import Parked, Throttled


class Stop(NamedTuple):
    """Until when the connection stands still, and why; `person`: somebody has to act before it can go on."""

    until: datetime
    why: str
    person: bool = False


def stop_of(error: Throttled | Parked) -> Stop:
    """How the connection stands still for an error that says so; a quota passes by itself."""
    return Stop(error.until, error.message, isinstance(error, Parked) and not error.passes)


@dataclass(slots=True)
class Postponed:
    """Commands to keep.

    `records` waits record by record (None: as long as the connection); `stopped` stops the whole connection; `tiers`
    wait because a call brought them nothing but `again`.
    """

    commands: set[str] = field(default_factory=set)
    records: dict[str, datetime | None] = field(default_factory=dict)
    tiers: dict[int, datetime] = field(default_factory=dict)
    stopped: Stop | None = None

    @property
    def until(self) -> datetime | None:
        """Until when the whole connection stands still; None: it goes on."""
        return self.stopped.until if self.stopped else None

    def add(self, command: Command, until: datetime | None = None) -> None:
        """Keep a command for later; later ones of its record stay behind it."""
        self.commands.add(command.id)
        self.records.setdefault(command.record, until)

    def stop(self, stop: Stop | None) -> None:
        """Let the whole connection wait; the later of two waits counts."""
        if stop is not None and (self.stopped is None or self.stopped.until < stop.until):
            self.stopped = stop

    def holds(self, command: Command) -> bool:
        """Whether a command must not be called now."""
        tiers = any(command.tier >= tier for tier in self.tiers)
        return self.stopped is not None or tiers or command.record in self.records
