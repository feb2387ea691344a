"""Postponed: what one batch could not settle, and what stands still because of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from schemas.command import Command


@dataclass(slots=True)
class Postponed:
    """Commands to keep.

    `records` waits record by record (None: as long as the connection); `until` stops the whole connection, with `why`;
    `tiers` wait because a call brought them nothing but `again`.
    """

    commands: set[str] = field(default_factory=set)
    records: dict[str, datetime | None] = field(default_factory=dict)
    tiers: dict[int, datetime] = field(default_factory=dict)
    until: datetime | None = None
    why: str = ""

    def add(self, command: Command, until: datetime | None = None) -> None:
        """Keep a command for later; later ones of its record stay behind it."""
        self.commands.add(command.id)
        self.records.setdefault(command.record, until)

    def stop(self, stop: tuple[datetime, str] | None) -> None:
        """Let the whole connection wait; the later of two waits counts."""
        if stop is not None and (self.until is None or self.until < stop[0]):
            self.until, self.why = stop

    def holds(self, command: Command) -> bool:
        """Whether a command must not be called now."""
        tiers = any(command.tier >= tier for tier in self.tiers)
        return self.until is not None or tiers or command.record in self.records
