"""A batch table whose rows are event-time windows, and the index by time that lets them close and expire.

Flows in: batches. Flows out: their windows. The rows live in an ordinary batch table, so changelog, recovery and the
order of writing are those of any table.
Invariant: the index holds each window of a partition once, whatever is written how often. It is made anew from the
local store in each epoch: what an earlier owner, process or unwritten batch left has no part in it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic

from streams.engine.errors import EngineError
from streams.engine.table import BatchTable
from streams.engine.tumbling import Tumbling
from streams.engine.view import decode_key
from streams.engine.windows import MARK, NO_MARK, E, V, Window, Windows

if TYPE_CHECKING:
    from streams.engine.batch import RecordBatch

__all__ = ["WindowIndex", "WindowTable"]


class ByStart:
    """Keys of windows by where those begin, the earliest first at hand."""

    __slots__ = ("_keys", "_starts")

    def __init__(self) -> None:
        self._keys: dict[int, set[str]] = {}
        self._starts: list[int] = []  # sorted; one entry per start, however many keys

    def __len__(self) -> int:
        return sum(len(keys) for keys in self._keys.values())

    @property
    def first(self) -> int | None:
        """The earliest start."""
        return self._starts[0] if self._starts else None

    def add(self, start: int, key: str) -> None:
        """Take a window, once."""
        keys = self._keys.get(start)
        if keys is None:
            keys = self._keys[start] = set()
            self._starts.insert(bisect_left(self._starts, start), start)
        keys.add(key)

    def discard(self, start: int, key: str) -> None:
        """Take out a window, if it is here."""
        keys = self._keys.get(start)
        if keys is not None:
            keys.discard(key)
            self._drop_empty(start, keys)

    def pop(self, start: int) -> str:
        """Take out one of the windows that begin there; return its key."""
        keys = self._keys[start]
        key = keys.pop()
        self._drop_empty(start, keys)
        return key

    def _drop_empty(self, start: int, keys: set[str]) -> None:
        if not keys:
            del self._keys[start]
            del self._starts[bisect_left(self._starts, start)]


class WindowIndex:
    """The windows of one partition, by time: those `closed` has still to yield, and those it has yielded."""

    __slots__ = ("_writer", "said", "unsaid")

    def __init__(self, names: Iterable[str] = (), mark: Mapping[str, Any] = NO_MARK) -> None:
        """Make the index from a partition's table keys and what its own row holds."""
        self.unsaid = ByStart()
        self.said = ByStart()
        self._writer: Windows[Any, Any] | None = None
        said = mark["said"]
        for name in names:
            if name != MARK:
                key, _, at = name.rpartition("|")
                start = int(at)
                (self.unsaid if said is None or start >= said else self.said).add(start, key)
        for start, key in mark["restated"]:
            self.said.discard(start, key)
            self.unsaid.add(start, key)

    def claim(self, writer: Windows[Any, Any]) -> None:
        """Make way for the next batch.

        Raises:
            EngineError: the one before it has not written its windows.
        """
        if self._writer is not None and self._writer.is_pending:
            raise EngineError(
                "A batch began with windows of a partition while the batch before it has not written them: its events "
                "would be lost. Write a batch before you take the windows of the next."
            )
        self._writer = writer


class WindowTable(Generic[V, E]):
    """Windows of one size, fed from one topic; used through `batch.windows(...)`."""

    def __init__(
        self, table: BatchTable, tumbling: Tumbling, *, initial: Callable[[], V], fold: Callable[[V, E], V]
    ) -> None:
        self.table = table
        self.tumbling = tumbling
        self._initial = initial
        self._fold = fold
        self._indexes: dict[int, WindowIndex] = {}
        self._epoch: int | None = None

    def windows(self, batch: "RecordBatch") -> Windows[V, E]:
        """Return the windows of a batch's partition, with an index of this epoch.

        Raises:
            Revoked: the batch is of an earlier one; what later batches have of the index stays theirs.
        """
        batch.check()
        view = batch.table(self.table)
        if self._epoch != batch.epoch:
            self._epoch = batch.epoch
            self._indexes.clear()
        index = self._indexes.get(batch.partition)
        if index is None:
            names = (decode_key(name) for name, _ in self.table.local.items(batch.partition))
            index = self._indexes[batch.partition] = WindowIndex(names, view.get(MARK, NO_MARK))
        return Windows(self.tumbling, self._initial, self._fold, view=view, index=index, topic=batch.topic)

    def items(self, partition: int | None = None) -> Iterator[Window[V]]:
        """Iterate over the windows held here as the owner, as they were last written."""
        for name, row in self.table.items(partition):
            if name != MARK:
                key, _, at = name.rpartition("|")
                start = int(at)
                yield Window(key, start, start + self.tumbling.size, row["value"], row["offset"], row["revision"])
