"""What batches have staged, made durable: outputs by their own keys, changes by their table's partition.

Flows in: staged records. Flows out: acknowledged records, then local state.
Invariant: whatever returns here is acknowledged by the broker; whatever raises ends the process before a commit.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count, repeat
from typing import TYPE_CHECKING

from faust.types import TP

from streams.engine.errors import EngineError
from streams.engine.failure import log
from streams.engine.partitioner import partitions_for
from streams.engine.producer import Check, Load
from streams.engine.record import Outgoing

if TYPE_CHECKING:
    from streams.engine.application import EngineApp
    from streams.engine.batch import RecordBatch
    from streams.engine.table import BatchTable
    from streams.engine.view import View

__all__ = ["Delivery"]


class Delivery:
    """Writes for the batches of one app."""

    def __init__(self, app: "EngineApp") -> None:
        self._app = app
        self._keyless = count()

    async def outputs(self, outputs: Mapping[str, Sequence[Outgoing]], check: Check | None = None) -> None:
        """Write records, by topic, to the partitions of their own keys; return when all are acknowledged."""
        app = self._app
        loads: list[Load] = []
        for topic, records in outputs.items():
            partitions = await app.writer.partitions(topic)
            spread = partitions_for({record[0] for record in records if record[0] is not None}, partitions)
            places: defaultdict[int, list[Outgoing]] = defaultdict(list)
            for record in records:
                key = record[0]
                places[next(self._keyless) % partitions if key is None else spread[key]].append(record)
            loads += [(topic, place, load) for place, load in places.items()]
        with app.metrics.outputs.time():
            await app.writer.deliver(loads, check)
        if aside := outputs.get(app.quarantine_topic or ""):
            app.metrics.quarantined(len(aside))

    async def changes(self, batch: "RecordBatch", views: "Mapping[BatchTable, View]") -> None:
        """Write what was staged to the changelogs, and once acknowledged to the local stores.

        Locked per table and partition from before the send to after the local write: the offset a store reaches to
        must never pass a change it does not have, also when agents of two topics write to one table.
        """
        app = self._app
        tables = sorted(views, key=lambda table: table.name)
        held: list[asyncio.Lock] = []
        try:
            for table in tables:
                lock = table.locks[batch.partition]
                await lock.acquire()
                held.append(lock)
            batch.check()
            changes = {table: dict(views[table].staged) for table in tables}
            loads = [(table.changelog_topic_name, batch.partition, _records(changes[table])) for table in tables]
            with app.metrics.changelogs.time():
                ends = await app.writer.deliver(loads, batch.check)
            batch.check()  # acknowledged, but whoever recovers now reads it from the changelog
            for table, end in zip(tables, ends, strict=True):
                self._check_end(batch, table, end, len(changes[table]))
            with app.metrics.local.time():
                for table, end in zip(tables, ends, strict=True):
                    table.local.write(batch.partition, changes[table], end)
                    views[table].forget(changes[table])
        finally:
            for lock in held:
                lock.release()

    def _check_end(self, batch: "RecordBatch", table: "BatchTable", end: int, written: int) -> None:
        """Refuse to go on from a changelog that does not end with what was written to it, at an offset, just now.

        Its new owner, or a worker that was it, wrote to it as well; or it took a batch twice from a retry. Local state
        has not got that, and must not say it reaches behind it.

        Raises:
            Revoked: the tables are recovered before anything else is written.
        """
        changelog = TP(table.changelog_topic_name, batch.partition)
        recovery, consumer = self._app.recovering, self._app.reading
        if recovery is None or consumer is None:
            raise EngineError(f"{batch} is written by an app that has not started.")
        known = recovery.reaches_to(changelog, table)
        if end == known + written:
            return
        log.warning(
            "%s[%d] ends at %d and not at %d: something is in it that this worker has not read. Its tables recover.",
            *changelog, end, known + written,
        )  # fmt: skip
        consumer.recover()
        batch.check()


def _records(changes: Mapping[bytes, bytes | None]) -> list[Outgoing]:
    return list(zip(changes, changes.values(), repeat(()), strict=False))
