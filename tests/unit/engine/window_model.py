"""What windows must hold, worked out the plain way, and a partition whose batches can be killed half written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import orjson

from streams.engine import Outcome, Record, Tumbling, View, Window, Windows
from streams.engine.store import MemoryStore
from streams.engine.view import decode_key
from streams.engine.window_table import WindowIndex
from streams.engine.windows import MARK, NO_MARK

__all__ = ["Event", "Expected", "Partition", "expected"]

Place = tuple[str, int]


class Event(NamedTuple):
    """A record with an event in it."""

    offset: int
    timestamp: int
    key: str
    at: int

    @property
    def record(self) -> Record:
        return Record(None, None, self.offset, self.timestamp)


@dataclass
class Expected:
    """What must be true after some events."""

    watermark: int = -(1 << 62)
    rows: dict[Place, Any] = field(default_factory=dict)  # also those expired since: what was said of them last
    outcomes: list[Outcome] = field(default_factory=list)
    tumbling: Tumbling = field(default_factory=lambda: Tumbling(1, retention=0))

    @property
    def kept(self) -> dict[Place, Any]:
        return {p: row for p, row in self.rows.items() if not self.tumbling.is_expired(p[1], self.watermark)}

    @property
    def closed(self) -> dict[Place, Any]:
        return {p: row for p, row in self.rows.items() if self.tumbling.is_closed(p[1], self.watermark)}


def expected(events: Iterable[Event], tumbling: Tumbling) -> Expected:
    """Work it out event by event; a window lists the offsets of its events."""
    so_far = Expected(tumbling=tumbling)
    for event in events:
        start = event.at // tumbling.size * tumbling.size
        age = so_far.watermark - (start + tumbling.size)
        if age >= tumbling.retention:
            so_far.outcomes.append(Outcome.EXPIRED)
        else:
            late = age >= tumbling.grace
            row = so_far.rows.setdefault((event.key, start), {"value": [], "offset": -1, "revision": 0})
            row["value"].append(event.offset)
            row["offset"] = event.offset
            row["revision"] += late
            so_far.outcomes.append(Outcome.RESTATED if late else Outcome.APPLIED)
        if event.timestamp >= 0:
            so_far.watermark = max(so_far.watermark, min(event.at, event.timestamp + tumbling.ahead))
    return so_far


class Partition:
    """The windows of one partition over a real store, with a list of what was said of them."""

    def __init__(self, tumbling: Tumbling) -> None:
        self.tumbling = tumbling
        self.store = MemoryStore()
        self.index = WindowIndex()
        self.said: list[Window[list[int]]] = []
        self._view = View(lambda key: self.store.get(0, key))

    def windows(self, topic: str = "facts") -> Windows[list[int], int]:
        self._view = View(lambda key: self.store.get(0, key))
        return Windows(self.tumbling, list, _append, view=self._view, index=self.index, topic=topic)

    def take(self, events: Iterable[Event], *, ask: int = 1_000_000) -> list[Outcome]:
        """Handle a batch up to its writing; ask for so many closed windows."""
        windows = self.windows()
        outcomes = [windows.apply(e.record, key=e.key, at=e.at, event=e.offset) for e in events]
        self.said += islice(windows.closed(), ask)
        windows.stage()
        return outcomes

    def write(self, survives: Callable[[int], bool] = lambda _: True) -> None:
        """Write what was staged, or as much as survives."""
        staged = [change for number, change in enumerate(self._view.staged.items()) if survives(number)]
        self.store.write(0, dict(staged), 0)
        self._view.forget(dict(self._view.staged))

    def restart(self) -> None:
        """Forget what is in memory."""
        mark = View(lambda key: self.store.get(0, key)).get(MARK, NO_MARK)
        self.index = WindowIndex((decode_key(name) for name, _ in self.store.items(0)), mark)

    @property
    def rows(self) -> dict[Place, Any]:
        found = {}
        for name, row in self.store.items(0):
            key, _, start = decode_key(name).rpartition("|")
            if key:
                found[key, int(start)] = orjson.loads(row)
        return found

    @property
    def heard(self) -> dict[Place, Any]:
        """What a listener holds that keeps, of each window, the statement with the highest offset."""
        newest: dict[Place, Window[list[int]]] = {}
        for window in self.said:
            place = window.key, window.start
            if place not in newest or window.offset >= newest[place].offset:
                newest[place] = window
        return {p: {"value": w.value, "offset": w.offset, "revision": w.revision} for p, w in newest.items()}


def _append(value: list[int], event: int) -> list[int]:
    value.append(event)
    return value
