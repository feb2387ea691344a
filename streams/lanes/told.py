"""What a lane has told, so that it tells nothing twice and reads nothing twice for one event.

In: records as seen, the events that hinted at them. Out: whether there is anything to tell, or to read. Invariants:
told is what the broker has acknowledged, and within a batch what is acknowledged with it or not at all; a record that
is gone was never told. Nothing here must survive: what is forgotten is read and told again, which changes nothing.

No clock is asked. A record is told again unless its version and all that it shows are what was told of it last. An
event is answered when the record was read after that very event had been heard, or when it is an echo: it says that a
record was made that was told, or what a field has in a version that is as new. Any other event is another reading,
even one of the same instant.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from schemas.command import Event
from schemas.errors import Refused
from schemas.wire import fingerprint, value_hash
from streams.platforms.interface import Seen

REMEMBERED = 5_000  # records, about 20 MB: what is shown again was modified, or hinted at, within minutes
EVENTS = 32  # kept of one record, the newest, 100 bytes each: one that had more in a breath is read again

Name = tuple[str, str]  # kind and id
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Showing:
    """What a record shows; without content it is like no other."""

    version: int
    content: str
    fields: Mapping[str, Any] = field(default_factory=dict, compare=False)


def showing(seen: Seen) -> Showing:
    """What a record shows, as it is compared."""
    try:
        return Showing(seen.version, fingerprint(seen.raw), seen.fields)
    except Refused:
        return Showing(seen.version, "")  # it holds what we cannot write, as a number of forty digits


def same(told: Showing | None, now: Showing) -> bool:
    """Whether a record shows what was told of it last; a higher or lower version, or other content, does not."""
    return bool(now.content) and told == now


def echoes(told: Showing | None, event: Event) -> bool:
    """Whether an event says nothing that was not told: that a record is there, or of one field what it has.

    The field was told in a version that is not older than the event. Whatever else was changed, later or in the same
    instant, has an event of its own.
    """
    if told is not None and event.made:
        return True
    if told is None or event.field is None or event.field not in told.fields or told.version < event.occurred:
        return False
    try:
        return value_hash(told.fields[event.field]) == event.value
    except Refused:
        return False


def answered(told: Showing | None, heard: Collection[str], events: Collection[Event]) -> bool:
    """Whether every one of these events was heard before the record was read, or says what was told; not for none."""
    return bool(events) and all(event.name in heard or echoes(told, event) for event in events)


@dataclass(slots=True)
class Told:
    """One lane's memory of what it has told.

    `spared` counts, by kind, the records that were not told again (`told`) or not even read (`answered`).
    """

    spared: Counter[tuple[str, str]] = field(default_factory=Counter)
    _shown: OrderedDict[Name, Showing] = field(default_factory=OrderedDict)
    _heard: OrderedDict[Name, tuple[str, ...]] = field(default_factory=OrderedDict)
    _showing: dict[Name, Showing | None] = field(default_factory=dict)  # of this batch; None: to be forgotten
    _hearing: dict[Name, tuple[str, ...] | None] = field(default_factory=dict)

    def begin(self) -> None:
        """A batch begins; what one before it had not made durable was not told."""
        self._showing.clear()
        self._hearing.clear()

    def forget(self) -> None:
        """Know nothing: somebody else may have told more since, or a reading that was asked for has failed."""
        for memory in (self._shown, self._heard, self._showing, self._hearing):
            memory.clear()

    def tell(self, seen: Seen, *, again: bool = True) -> bool:
        """Note that a record is told; False: it is not `again`, for it shows what was told of it last."""
        name = (seen.kind, seen.record_id)
        if seen.deleted:
            self._showing[name] = self._hearing[name] = None
            return True
        now = showing(seen)
        if not again and same(self._last(name), now):
            self.spared[seen.kind, "told"] += 1
            return False
        self._showing[name] = now
        return True

    def answer(self, kind: str, record_id: str, events: Iterable[str]) -> None:
        """These events of a record were heard before it was read, in this batch."""
        name = (kind, record_id)
        if (kept := tuple(dict.fromkeys((*self._events(name), *events)))[-EVENTS:]) or name in self._hearing:
            self._hearing[name] = kept

    def answers(self, kind: str, record_id: str, events: Collection[Event]) -> bool:
        """Whether what was told of a record answers these events already."""
        name = (kind, record_id)
        if not answered(self._last(name), self._events(name), events):
            return False
        self.spared[kind, "answered"] += 1
        return True

    def wrote(self) -> None:
        """What was told in this batch is durable."""
        _settle(self._shown, self._showing)
        _settle(self._heard, self._hearing)

    def _last(self, name: Name) -> Showing | None:
        return self._showing[name] if name in self._showing else self._shown.get(name)

    def _events(self, name: Name) -> tuple[str, ...]:
        return (self._hearing[name] if name in self._hearing else self._heard.get(name)) or ()


def _settle(known: OrderedDict[Name, Value], staged: dict[Name, Value | None]) -> None:
    """Keep what is new; what has been left alone longest is forgotten first."""
    for name, value in staged.items():
        known.pop(name, None)
        if value is not None:
            known[name] = value
    staged.clear()
    while len(known) > REMEMBERED:
        known.popitem(last=False)
