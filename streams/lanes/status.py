"""A connection's standing: until when and why it is parked, and how far each kind has been read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, TypeVar

from schemas.instants import parse_instant
from streams.lanes.pace import Pace
from streams.lanes.postponed import Stop
from tables.view import View

Row = TypeVar("Row", "Standing", "Cursor", "Filling", "Following")


@dataclass(slots=True)
class Standing:
    """One connection's row. `person`: the park does not end by itself, somebody has to act.

    `again` is when reads may go on: reads that were throttled do not hold writes up, for platforms count them apart
    (HubSpot's search has a quota of its own). `failures` are the calls in a row that nobody answered. `approved` is the
    contract under which a person has let a gated lane write. `newest` is the highest version shown of each kind,
    `spent` the calls that the platform still counts, for a worker that takes the connection over. `objects` are those
    of the CRM that records have been shown on, by kind, which no later contract may change.
    """

    until: str | None = None
    why: str = ""
    person: bool = False
    again: str | None = None
    failures: int = 0
    approved: str = ""
    newest: dict[str, int] = field(default_factory=dict)
    spent: list[int] = field(default_factory=list)
    objects: dict[str, str] = field(default_factory=dict)

    def may_read(self, now: datetime) -> bool:
        """Whether reads are not being waited for."""
        return self.again is None or now >= parse_instant(self.again)

    def parked_until(self) -> datetime | None:
        """When the park ends; None: there is none."""
        return parse_instant(self.until) if self.until else None

    def parked_at(self, now: datetime) -> bool:
        """Whether the connection may not be called yet."""
        return self.until is not None and now < parse_instant(self.until)

    def stands_still(self, now: datetime) -> bool:
        """Whether it is parked to those who look on: what needs a person stands until a worker has called again."""
        return self.parked_at(now) or (self.person and self.until is not None)

    def park(self, stop: Stop) -> None:
        """Stand still until then; the later of two parks counts."""
        if self.until is None or parse_instant(self.until) < stop.until:
            self.until, self.why, self.person = stop.until.isoformat(), stop.why, stop.person

    def showed(self, newest: Mapping[str, int]) -> None:
        """Note the highest versions of the kinds that were shown."""
        moved = {kind: version for kind, version in newest.items() if version > self.newest.get(kind, 0)}
        self.newest = {**self.newest, **moved} if moved else self.newest

    def resume(self) -> None:
        """Go on."""
        self.until, self.why, self.person = None, "", False


@dataclass(slots=True)
class Cursor:
    """How far one kind has been read, and what is asked of it.

    `complete`: its first reading has ended. `open`: a poll was asked for or is under way. `sweep`: whether that one
    reads everything; it is `running` once its first page is covered by `text`, and then goes on from there like any.
    `failures` in a row put the next attempt off until `again`. `polled` and `swept` say when the last one ended.
    `missed`: what webhooks would have told of may have been missed since the platform was last asked.
    `seen` counts the records of a full reading under way, `population` is what the last whole one came to. Of a first
    reading, `began` says when it did and `left` what is still to come, as far as the platform says.
    """

    text: str | None = None
    complete: bool = False
    open: bool = False
    sweep: Literal["", "wanted", "running"] = ""
    missed: bool = False
    failures: int = 0
    again: str | None = None
    polled: str | None = None
    swept: str | None = None
    seen: int = 0
    population: int | None = None
    began: str | None = None
    left: int | None = None

    def rests_at(self, now: datetime) -> bool:
        """Whether the kind failed a moment ago and is not tried yet."""
        return self.again is not None and now < parse_instant(self.again)


@dataclass(slots=True)
class Filling:
    """How far the backfill of one kind has come. `text` is its own cursor; None: it has not begun, or has ended.

    `heard` is the time of the last word that counted; the other names are those of `schemas.reading`.
    """

    heard: str = ""
    asked_at: str = ""
    from_at: str = ""
    state: Literal["running", "stopped", "dropped", "done"] = "running"
    text: str | None = None
    since: str | None = None
    anew: bool = False
    read: int = 0
    left: int | None = None
    from_read: int = 0
    failures: int = 0
    again: str | None = None
    why: str = ""


@dataclass(slots=True)
class Following:
    """How far a platform's feed has been told. `again` is when it is asked next, after `failures` in a row or none."""

    text: str | None = None
    failures: int = 0
    again: str | None = None
    why: str = ""

    def rests_at(self, now: datetime) -> bool:
        """Whether it is not asked yet."""
        return self.again is not None and now < parse_instant(self.again)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A connection as it stood after its last batch, for whoever measures.

    `backfills` are those that have not ended, by kind.
    `calls` counts since the lane was made, as does `spared`: by kind, what was read and not told again, or not even
    read. `stopped` are the rules that brakes have stopped, with what they hold. `heard` counts the entries of a feed by
    what became of them. `pace` is of the writes.
    """

    parked_until: datetime | None = None
    why: str = ""
    waiting: int = 0
    polled: dict[str, datetime | None] = field(default_factory=dict)
    swept: dict[str, datetime | None] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    reads_again: datetime | None = None
    stopped: dict[tuple[str, str], int] = field(default_factory=dict)
    spared: Mapping[tuple[str, str], int] = field(default_factory=dict)
    heard: Mapping[str, int] = field(default_factory=dict)
    backfills: Mapping[str, Filling] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)


def load(view: View, connection: str) -> Standing:
    """Read the standing, or begin it."""
    return _made(Standing, view.get(f"{connection}|standing"))


def save(view: View, connection: str, standing: Standing) -> None:
    """Write the standing when it changed."""
    _save(view, f"{connection}|standing", standing)


def cursor(view: View, connection: str, kind: str) -> Cursor:
    """Read a cursor, or begin it."""
    return _made(Cursor, view.get(f"{connection}|cursor|{kind}"))


def save_cursor(view: View, connection: str, kind: str, moved: Cursor) -> None:
    """Write a cursor when it changed."""
    _save(view, f"{connection}|cursor|{kind}", moved)


def filling(view: View, connection: str, kind: str) -> Filling | None:
    """The backfill of a kind, if one was ever asked for."""
    row = view.get(f"{connection}|backfill|{kind}")
    return _made(Filling, row) if row else None


def save_filling(view: View, connection: str, kind: str, moved: Filling) -> None:
    """Write a backfill's row when it changed."""
    _save(view, f"{connection}|backfill|{kind}", moved)


def following(view: View, connection: str) -> Following:
    """Read how far the feed has been told, or begin it."""
    return _made(Following, view.get(f"{connection}|feed"))


def save_following(view: View, connection: str, moved: Following) -> None:
    """Write it when it changed."""
    _save(view, f"{connection}|feed", moved)


def _made(kind: type[Row], row: dict[str, Any] | None) -> Row:
    """A row without the fields that another release has written."""
    if row and not row.keys() <= _FIELDS[kind]:
        row = {name: row[name] for name in _NAMES[kind] if name in row}
    return kind(**row) if row else kind()


def _save(view: View, key: str, value: Standing | Cursor | Filling | Following) -> None:
    row = {name: getattr(value, name) for name in _NAMES[type(value)]}
    if view.get(key) != row:
        view[key] = row


_NAMES = {kind: tuple(each.name for each in fields(kind)) for kind in (Standing, Cursor, Filling, Following)}
_FIELDS = {kind: frozenset(names) for kind, names in _NAMES.items()}
