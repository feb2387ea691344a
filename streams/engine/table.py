"""A table written by batches: local state of our partitions, and a compacted changelog that rebuilds it.

Flows in: acknowledged changes of batches, and changelog records while recovering or standing by. Flows out: views.
Invariants: one writer per partition (the worker that owns it); the changelog is written before the local state; local
state and the changelog offset it reaches to move together.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, NoReturn

import orjson
from faust.tables.base import Collection
from faust.types import TP

from streams.engine.errors import EngineError
from streams.engine.record import Record
from streams.engine.store import Store
from streams.engine.view import View, decode_key

__all__ = ["BatchTable"]

WALK = 1_000  # entries between two turns of others: some 5 ms of reading


class BatchTable(Collection):
    """A key-value table; read and written through `batch.table(...)`, listed with `items`."""

    def __init__(self, *args: Any, store_of_table: Store, row_limit: int, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.local = store_of_table
        self._limit = row_limit
        self.locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._active: frozenset[int] = frozenset()
        self._held: frozenset[int] = frozenset()

    def view(self, partition: int) -> View:
        """Return a fresh view of one partition."""
        return View(self.local.reader(partition), limit=self._limit)

    def items(self, partition: int | None = None) -> Iterator[tuple[str, Any]]:
        """Iterate over the entries held here as the owner: of one partition, or of all that are ours."""
        for each in sorted(self._active) if partition is None else [partition]:
            if each in self._active:
                for key, value in self.local.items(each):
                    yield decode_key(key), orjson.loads(value)

    async def walk(self, prefix: str) -> AsyncIterator[tuple[str, Any]]:
        """Iterate over our own entries whose keys begin so; others have their turn every so often.

        A partition that is taken away meanwhile is left where it stands: its entries are another worker's to show.
        """
        head = b'"' + prefix.encode()  # a key is a JSON text: what is passed over is not even decoded
        for each in sorted(self._active):
            for place, (key, value) in enumerate(self.local.items(each), 1):
                if key.startswith(head):
                    yield decode_key(key), orjson.loads(value)
                if place % WALK == 0:
                    await asyncio.sleep(0)
                    if each not in self._active:
                        break

    def apply(self, partition: int, records: Sequence[Record]) -> None:
        """Take changelog records as they are; nothing is decoded before it is asked for."""
        if partition not in self._held:
            return
        changes = {record.key: record.value for record in records if record.key is not None}
        self.local.write(partition, changes, records[-1].offset, at=records[-1].timestamp)

    def drop(self, partition: int) -> None:
        """Remove the local state of a partition that is ours; it is rebuilt from the changelog."""
        if partition in self._held:
            self.local.drop(partition)

    def touch(self) -> None:
        """Note that our own partitions miss nothing now: we own them for certain, and they are recovered."""
        for partition in self._active:
            self.local.touch(partition)

    # what Faust's table manager and recovery ask of a table

    async def on_start(self) -> None:
        """Make sure the changelog exists."""
        await self.changelog_topic.maybe_declare()

    async def on_stop(self) -> None:
        """Close the local state."""
        self._active = frozenset()
        self.local.close()

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the changelog offset local state reaches to."""
        return self.local.offset(tp.partition)

    async def need_active_standby_for(self, tp: TP) -> bool:  # noqa: ARG002 - Faust's signature
        """Say that a standby is read by each worker itself: folders are not shared."""
        return True

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],  # noqa: ARG002 - Faust's signature
        newly_assigned: set[TP],  # noqa: ARG002 - same
        generation_id: int = 0,  # noqa: ARG002 - same
    ) -> None:
        """Keep the partitions that are ours, active or standby, and let go of the others."""
        self._active = frozenset()
        self._held = frozenset(self._partitions(assigned))
        self.local.retain(self._held)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:  # noqa: ARG002
        """Open the active partitions to `items`."""
        self._active = frozenset(self._partitions(active_tps))
        self.touch()
        await self.call_recover_callbacks()

    def reset_state(self) -> None:
        """Do nothing: the folder belongs to whoever started the worker."""

    def _partitions(self, tps: Iterable[TP]) -> set[int]:
        return {tp.partition for tp in tps if tp.topic == self.changelog_topic_name}

    def _no_access(self, *_: Any) -> NoReturn:
        raise EngineError(f"Table {self.name!r} is read and written within a batch: batch.table({self.name}).")

    def _has_key(self, key: Any) -> bool:
        self._no_access(key)

    def _get_key(self, key: Any) -> Any:
        self._no_access(key)

    def _set_key(self, key: Any, value: Any) -> None:
        self._no_access(key, value)

    def _del_key(self, key: Any) -> None:
        self._no_access(key)

    # stock tables have windows and can be drawn; ours are neither

    def using_window(self, window: Any, *, key_index: bool = False) -> Any:
        """Refuse."""
        self._no_access(window, key_index)

    def hopping(self, size: Any, step: Any, expires: Any = None, key_index: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Refuse."""
        self._no_access(size, step, expires, key_index)

    def tumbling(self, size: Any, expires: Any = None, key_index: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Refuse."""
        self._no_access(size, expires, key_index)

    def as_ansitable(self, **settings: Any) -> str:
        """Refuse."""
        self._no_access(settings)
