"""A connection's standing: what waits, until when and why it is parked, how far each kind has been read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime

from schemas.instants import parse_instant
from tables.view import View


@dataclass(slots=True)
class Standing:
    """One connection's row.

    `missed`: hints or polls could not be followed, so the next poll makes up for them, not before `again`. Reads that
    were throttled do not hold writes up: platforms count them apart (HubSpot's search has a quota of its own).
    """

    waiting: list[str] = field(default_factory=list)
    until: str | None = None
    why: str = ""
    missed: bool = False
    again: str | None = None

    def may_read(self, now: datetime) -> bool:
        """Whether reads are not being waited for."""
        return self.again is None or now >= parse_instant(self.again)

    def wakes_at(self) -> datetime | None:
        """When something that waits may go on; None while nothing has a time. A park holds reads up as well."""
        text = self.until or self.again
        return parse_instant(text) if text else None

    def parked_at(self, now: datetime) -> bool:
        """Whether the connection may not be called yet."""
        return self.until is not None and now < parse_instant(self.until)

    def park(self, until: datetime, why: str) -> None:
        """Stand still until then; the later of two parks counts."""
        if self.until is None or parse_instant(self.until) < until:
            self.until, self.why = until.isoformat(), why

    def resume(self) -> None:
        """Go on."""
        self.until, self.why = None, ""


def load(view: View, connection: str) -> Standing:
    """Read the standing, or begin it."""
    row = view.get(f"{connection}|standing")
    return Standing(**row) if row else Standing()


def save(view: View, connection: str, standing: Standing) -> None:
    """Write the standing when it changed."""
    key, row = f"{connection}|standing", asdict(standing)
    if view.get(key) != row:
        view[key] = row


@dataclass(slots=True)
class Cursor:
    """How far one kind has been read. `complete`: its first reading has ended."""

    text: str | None = None
    complete: bool = False


def cursor(view: View, connection: str, kind: str) -> Cursor:
    """Read a cursor, or begin it."""
    row = view.get(f"{connection}|cursor|{kind}")
    return Cursor(**row) if row else Cursor()


def save_cursor(view: View, connection: str, kind: str, moved: Cursor) -> None:
    """Write a cursor."""
    view[f"{connection}|cursor|{kind}"] = asdict(moved)
