"""Event-time windows of one partition, as one batch sees them.

Flows in: events with a time of their own, in the order of their records. Flows out: rows of a table, what became of
each event, and the windows that closed.
Invariants:
- an event counts once, however often its record is read: a row keeps the last offset folded into it;
- rows follow from the records and their order alone, not from how those fell into batches: the watermark is the
  highest event time so far, and moves with each event;
- the watermark is a row of the same partition, written behind the rows it judged, and before what it lets expire.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import orjson

from streams.engine.errors import EngineError, Misconfigured
from streams.engine.record import Record
from streams.engine.tumbling import Tumbling
from streams.engine.view import View

if TYPE_CHECKING:
    from streams.engine.window_table import WindowIndex

__all__ = ["MARK", "Outcome", "Window", "Windows", "row_name"]

V = TypeVar("V")  # what a window holds: JSON
E = TypeVar("E")  # what is folded into it

MARK = "watermark"  # the key of a partition's own row; those of windows end in |start
NEVER = -(1 << 62)  # milliseconds: before any event
NO_MARK: Mapping[str, Any] = {"watermark": NEVER, "offset": -1, "said": None, "restated": ()}
EXPIRE_AT_ONCE = 10_000  # windows deleted per write: as many as a batch may have records


class Outcome(Enum):
    """What became of an event."""

    APPLIED = "applied"
    RESTATED = "restated"  # applied, late: its window had closed, and has a higher revision now
    SEEN = "seen"  # its record was read before: nothing changed
    EXPIRED = "expired"  # too late, its window is past the retention: nothing changed


class Window(NamedTuple, Generic[V]):
    """A window as it stands. Of two statements of one window, the one with the higher offset is newer."""

    key: str
    start: int  # milliseconds
    end: int  # milliseconds: the first that is not in it
    value: V
    offset: int  # of the last source record folded into it
    revision: int  # how many late events it took


def row_name(key: str, start: int) -> str:
    """Return the table key of a window's row."""
    return f"{key}|{start}"


class _Row:
    """A window's row while a batch works on it; encoded once, when the batch is written."""

    __slots__ = ("before", "dirty", "offset", "revision", "value")

    def __init__(self, value: Any, offset: int, revision: int) -> None:
        self.value = value
        self.offset = offset
        self.revision = revision
        self.before = offset  # as the batch found it: several events of one record all count, a replay's do not
        self.dirty = False


class Windows(Generic[V, E]):
    """The windows of one partition within one batch: `batch.windows(table)`."""

    __slots__ = (
        "_before", "_dirty", "_fold", "_index", "_initial", "_marked", "_offset", "_restated", "_rows", "_said",
        "_topic", "_tumbling", "_view", "_watermark",
    )  # fmt: skip

    def __init__(
        self,
        tumbling: Tumbling,
        initial: Callable[[], V],
        fold: Callable[[V, E], V],
        *,
        view: View,
        index: "WindowIndex",
        topic: str,
    ) -> None:
        self._tumbling = tumbling
        self._initial = initial
        self._fold = fold
        self._view = view
        self._index = index
        self._topic = topic
        self._rows: dict[tuple[int, str], _Row] = {}
        self._dirty: dict[tuple[int, str], _Row] = {}
        self._marked: dict[str, Any] | None = view.get(MARK)
        mark = self._marked or NO_MARK
        if mark.get("topic", topic) != topic:
            raise Misconfigured(
                f"These windows are fed from {mark['topic']} and got records of {topic}: offsets of two topics do not "
                "compare, so a replay could not be told. Nothing was written. Give each topic a window table."
            )
        self._watermark: int = mark["watermark"]
        self._offset = self._before = int(mark["offset"])
        self._said: int | None = mark["said"]  # windows before it were said to have closed; None: nobody asked yet
        self._restated = dict.fromkeys((start, key) for start, key in mark["restated"])  # closed ones, not said anew
        index.claim(self)

    @property
    def watermark(self) -> int | None:
        """The highest event time of this partition so far, in milliseconds."""
        return None if self._watermark == NEVER else self._watermark

    @property
    def is_pending(self) -> bool:
        """Whether something is still to be written."""
        return bool(self._dirty or self._view.staged) or self._mark() != self._marked

    def apply(self, record: Record, *, key: str, at: int, event: E) -> Outcome:
        """Fold an event into the window of its key and time, and let its time move the watermark.

        A record may carry several events, for one window or many: apply them all before the batch is written.
        """
        if type(at) is not int:
            raise TypeError(f"The event time {at!r} is not a whole number of milliseconds.")
        tumbling, watermark, offset = self._tumbling, self._watermark, record.offset
        if record.timestamp >= 0:  # else the record has none, and nothing to hold its event's time against
            self._watermark = max(watermark, min(at, record.timestamp + tumbling.ahead))
        self._offset = max(self._offset, offset)
        end = at - at % tumbling.size + tumbling.size
        if end + tumbling.retention <= watermark:
            return Outcome.SEEN if offset <= self._before else Outcome.EXPIRED
        place = (end - tumbling.size, key)
        row = self._rows.get(place) or self._load(place)
        late = end + tumbling.grace <= watermark
        if offset <= row.before:
            if late and offset > self._before:  # the row was written, what was still to be said of it was not
                self._restate(place)
            return Outcome.SEEN
        row.value = self._fold(row.value, event)
        row.offset = offset
        if late:
            row.revision += 1
            self._restate(place)
        if not row.dirty:
            row.dirty = True
            self._dirty[place] = row
            if not late:
                self._index.unsaid.add(*place)
        return Outcome.RESTATED if late else Outcome.APPLIED

    def advance(self, to: int) -> None:
        """Move the watermark to a time, without an event; it never falls.

        Take the time from a record (a tick someone writes into the topic), so that a replay says the same.
        """
        self._watermark = max(self._watermark, to)

    def get(self, key: str, at: int) -> Window[V] | None:
        """Return the window of a key that a time falls into, if it holds anything."""
        start = self._tumbling.start(at)
        return None if self._tumbling.is_expired(start, self._watermark) else self._window((start, key))

    def closed(self) -> Iterator[Window[V]]:
        """Yield the windows that closed, and those that had closed and were restated since; oldest first.

        Each is yielded once, and what the caller leaves, in a later batch. A crash before the batch is written repeats
        what was yielded: the offset tells. Once an agent asks, no window is deleted before it was yielded.
        """
        unsaid = self._index.unsaid
        while (start := unsaid.first) is not None and self._tumbling.is_closed(start, self._watermark):
            self._said = start if self._said is None else max(self._said, start)
            key = unsaid.pop(start)
            self._index.said.add(start, key)
            self._restated.pop((start, key), None)
            window = self._window((start, key))
            if window is not None:
                yield window
        first_open = self._tumbling.start(self._watermark - self._tumbling.grace)
        self._said = first_open if self._said is None else max(self._said, first_open)

    def stage(self) -> None:
        """Put what changed into the table's view: deletions, rows, and behind them the watermark."""
        self._expire()
        for (start, key), row in self._dirty.items():
            kept = {"value": row.value, "offset": row.offset, "revision": row.revision}
            try:
                self._view[row_name(key, start)] = kept
            except TypeError as error:
                raise EngineError(f"What window {key!r} at {start} holds is not JSON: {error}.") from error
            row.dirty = False
        self._dirty.clear()
        mark = self._mark()
        if mark is not None and mark != self._marked:
            self._marked = self._view[MARK] = mark

    def _load(self, place: tuple[int, str]) -> _Row:
        start, key = place
        kept = self._view.get(row_name(key, start))
        row = _Row(self._initial(), -1, 0) if kept is None else _Row(kept["value"], kept["offset"], kept["revision"])
        self._rows[place] = row
        return row

    def _window(self, place: tuple[int, str]) -> Window[V] | None:
        start, key = place
        end = start + self._tumbling.size
        row = self._rows.get(place)
        if row is not None and row.offset >= 0:
            value = orjson.loads(orjson.dumps(row.value))  # the caller's own
            return Window(key, start, end, value, row.offset, row.revision)
        kept = self._view.get(row_name(key, start))
        return None if kept is None else Window(key, start, end, kept["value"], kept["offset"], kept["revision"])

    def _restate(self, place: tuple[int, str]) -> None:
        """Note that a closed window is to be said, perhaps again."""
        self._index.said.discard(*place)
        self._index.unsaid.add(*place)
        if self._said is not None and place[0] < self._said:
            self._restated[place] = None

    def _expire(self) -> None:
        """Delete windows past their retention; what is over the bound waits for the next write.

        By the watermark as it was written before: a deletion that survived a crash without the watermark that caused
        it would let a replay begin the window anew, from the middle.
        """
        written = NEVER if self._marked is None else self._marked["watermark"]
        left = EXPIRE_AT_ONCE
        index = self._index
        for windows in (index.said,) if self._said is not None else (index.said, index.unsaid):
            while left and (start := windows.first) is not None and self._tumbling.is_expired(start, written):
                place = start, windows.pop(start)
                self._rows.pop(place, None)
                name = row_name(place[1], start)
                if name in self._view:
                    del self._view[name]
                left -= 1

    def _mark(self) -> dict[str, Any] | None:
        if self._watermark == NEVER and self._said is None:
            return None
        return {
            "topic": self._topic,
            "watermark": self._watermark,
            "offset": self._offset,
            "said": self._said,
            "restated": [list(place) for place in self._restated],
        }
