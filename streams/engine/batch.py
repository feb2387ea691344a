"""The unit of work, of state change and of commit: what arrived for one partition in one fetch.

Flows in: records. Flows out: staged outputs and table writes, made durable by `write`, in this order:

1. outputs (and quarantined records) acknowledged by the broker
2. changelogs acknowledged by the broker
3. local state
4. `done`: only now may the batch's offsets be committed

Invariant: a crash after any number leaves the offsets before the batch, so it is read again; nothing is skipped.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from faust.types import TP

from streams.engine.errors import EngineError, Revoked, TooLarge
from streams.engine.quarantine import quarantined
from streams.engine.record import OVERHEAD, Headers, Outgoing, Record, contents, weigh
from streams.engine.view import exact

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.table import BatchTable
    from streams.engine.view import View
    from streams.engine.window_table import WindowTable
    from streams.engine.windows import E, V, Windows

__all__ = ["RecordBatch"]

ROOM = 8 * 1024 * 1024  # bytes of memory a batch grows to while it waits: two fetches
NEVER = -1  # an epoch there never is


class RecordBatch:
    """Records of one partition, in order, with everything their handling causes."""

    __slots__ = (
        "_app",
        "_done",
        "_largest",
        "_open",
        "_outputs",
        "_views",
        "_windows",
        "epoch",
        "first_offset",
        "next_offset",
        "records",
        "size",
        "tp",
    )

    def __init__(self, app: "EngineApp", tp: TP, records: list[Record], epoch: int) -> None:
        self.tp = tp
        self.records = records
        self.first_offset = records[0].offset
        self.next_offset = records[-1].offset + 1
        self.size, self._largest = weigh(records)
        self._app = app
        self.epoch = epoch
        self._outputs: defaultdict[str, list[Outgoing]] = defaultdict(list)
        self._views: dict[BatchTable, View] = {}
        self._windows: dict[WindowTable[Any, Any], Windows[Any, Any]] = {}
        self._done = False
        self._open = False

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        return f"<RecordBatch {self.tp.topic}[{self.tp.partition}] {self.first_offset}..{self.next_offset - 1}>"

    def extend(self, records: Sequence[Record], *, limit: int) -> bool:
        """Take the records that follow, unless an agent has seen the batch or it would pass the limit or `ROOM`."""
        weight = weigh(records)
        if self._open or len(self.records) + len(records) > limit or self.size + weight.heap > ROOM:
            return False
        self.records += records
        self.size += weight.heap
        self._largest = max(self._largest, weight.largest)
        self.next_offset = records[-1].offset + 1
        return True

    def refuse_oversized(self) -> None:
        """Put the records aside that are larger than the app's limit: the agent never sees them.

        Raises:
            TooLarge: there is one, and the app has no quarantine topic to name it in.
        """
        limit = self._app.max_record
        if self._largest <= limit:
            return
        for record in self.records:
            size = contents(record)
            if size <= limit:
                continue
            reason = f"The record is {size:,} bytes; this worker takes {limit:,} at most (max_record). It was not read"
            if self._app.quarantine_topic is None:
                raise TooLarge(
                    f"Offset {record.offset} of {self.topic}[{self.partition}] cannot be read: {reason}, nor was what "
                    "follows it. Raise max_record, or give the app a quarantine_topic, which such records are named in."
                )
            self.quarantine(record, reason=reason)
        self.records = [record for record in self.records if contents(record) <= limit]

    def revoke(self) -> None:
        """Drop the batch before an agent has seen it."""
        self.epoch = NEVER

    @property
    def is_open(self) -> bool:
        """Whether an agent has it."""
        return self._open

    def open(self) -> None:
        """Close the batch to further records: an agent has it now."""
        self._open = True

    @property
    def topic(self) -> str:
        """The topic the records came from."""
        return self.tp.topic

    @property
    def partition(self) -> int:
        """The partition the records came from."""
        return self.tp.partition

    @property
    def log(self) -> str:
        """The id of the topic: one that was made anew, or copied, has another. Empty where the broker tells none."""
        return self._app.log_of(self.topic)

    @property
    def is_done(self) -> bool:
        """Whether its offsets may be committed."""
        return self._done

    @property
    def is_revoked(self) -> bool:
        """Whether the partition was taken away since the batch was read."""
        return self.epoch != self._app.epoch

    def table(self, table: "BatchTable") -> "View":
        """Return the batch's view of a table: the same one each time."""
        view = self._views.get(table)
        if view is None:
            self._app.check_table(self, table)
            view = self._views[table] = table.view(self.partition)
        return view

    def windows(self, table: "WindowTable[V, E]") -> "Windows[V, E]":
        """Return the batch's view of event-time windows: the same one each time."""
        windows = self._windows.get(table)
        if windows is None:
            windows = self._windows[table] = table.windows(self)
        return windows

    def send(self, topic: str, *, key: bytes | None, value: bytes | None, headers: Headers = ()) -> None:
        """Stage an output; its partition is decided by its own key.

        Raises:
            TooLarge: no topic would take it; nothing was staged.
        """
        size = OVERHEAD + len(key or b"") + len(value or b"")
        for name, content in headers:
            size += len(name) + len(content)
        if size > self._app.max_record:
            raise TooLarge(
                f"A record of {size:,} bytes for {topic} is over the limit of {self._app.max_record:,}. "
                "Nothing was staged; send less, or quarantine the record that caused it."
            )
        self._outputs[topic].append((key, None if value is None else exact(value), headers))

    def quarantine(self, record: Record, *, reason: str) -> None:
        """Stage a record that cannot go on for the quarantine topic; its neighbours go on."""
        topic = self._app.quarantine_topic
        if topic is None:
            raise EngineError(f"{self} has a record to quarantine ({reason}), but the app has no quarantine_topic.")
        key = f"{self.topic}|{self.partition}|{record.offset}".encode()
        value = quarantined(self.tp, record, reason, limit=self._app.quarantine_limit - len(key) - OVERHEAD)
        self._outputs[topic].append((key, value, ()))

    async def write(self) -> None:
        """Make everything staged so far durable, in order. May be called several times within a batch.

        Raises:
            Revoked: the partition was taken away; leave the body with it and the next batch follows.
            DeliveryFailed: the broker did not acknowledge; leave the body with it and the process ends.
        """
        self.check()
        for windows in self._windows.values():
            windows.stage()
        outputs, self._outputs = self._outputs, defaultdict(list)
        if outputs:
            await self._app.delivery.outputs(outputs, self.check)  # 1
            self.check()
        views = {table: view for table, view in self._views.items() if view.staged}
        if views:
            await self._app.delivery.changes(self, views)  # 2 and 3

    def done(self) -> None:
        """Let the batch's offsets be committed.

        Raises:
            EngineError: something staged has not been written.
        """
        changed = any(view.staged for view in self._views.values())
        if self._outputs or changed or any(windows.is_pending for windows in self._windows.values()):
            raise EngineError(f"{self} is done with something staged but not written; call write() before done().")
        if not self._done and not self.is_revoked:
            self._done = True  # 4
            self._app.settle(self)

    async def flush(self) -> None:
        """Write, then be done."""
        await self.write()
        self.done()

    def check(self) -> None:
        """Raise `Revoked` when the partition was taken away, or may have been."""
        if not self._app.still_owns(self):
            raise Revoked(f"{self} was revoked: its new owner reads it again.")
