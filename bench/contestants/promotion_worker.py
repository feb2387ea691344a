"""The engine as the worker that is left: from the assignment of what another had to the first batch of it."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any
from zlib import crc32

from bench.contestants.plan import Meter, Plan
from bench.job import PARTITIONS
from streams.engine import BatchStream, BatchTable, EngineApp

LOOK_EVERY = 0.05  # seconds between looks at whether all is caught up


class Heir:
    """A worker with half of the partitions, and what it notes of the other half."""

    def __init__(self, plan: Plan, app: EngineApp, table: BatchTable) -> None:
        """Measure the worker of `app`."""
        self.app = app
        self.table = table
        self.meter = Meter(plan)
        self.own: set[int] = set()  # partitions, once all is caught up
        self.stopped = 0.0  # when it read last
        self._plan = plan
        self._applied = 0

    @property
    def is_settled(self) -> bool:
        """Whether it has its half, recovered, and its standbys miss nothing."""
        recovery = self.app.batch_tables.recovery
        known = recovery.standby_tps <= recovery.standby_highwaters.keys()
        return (
            self.app.is_ready
            and len(self._sources()) == PARTITIONS // 2
            and known
            and not recovery.standby_remaining_total()
        )

    def settle(self) -> None:
        """Note that it is, and say so."""
        self.own = self._sources()
        Path(self._plan.folder, "settled").touch()

    def stop_reading(self) -> None:
        """Note that partitions are given up."""
        self.stopped, self._applied = time.perf_counter(), self.app.batch_tables.recovery.applied

    def answer(self) -> None:
        """Say what it took, and what is here now."""
        self.meter.stop()
        still, applied = time.perf_counter() - self.stopped, self.app.batch_tables.recovery.applied - self._applied
        rows = [value for place in range(PARTITIONS) for _, value in self.table.local.items(place)]
        self.meter.leave(still=still, applied=applied, keys=len(rows), content=sum(crc32(value) for value in rows))

    def _sources(self) -> set[int]:
        return {tp.partition for tp in self.app.consumer.assignment() if tp.topic == self._plan.source}


def make(plan: Plan) -> EngineApp:
    """An app with one table, which says when it has settled and answers when it has taken over."""
    app = EngineApp(
        plan.group, broker=plan.broker, store=plan.store, datadir=f"{plan.folder}/state", partitions=PARTITIONS,
        broker_session_timeout=plan.session, table_standby_replicas=plan.standbys,
    )  # fmt: skip
    entities = app.batch_table("entities", changelog=plan.entities)
    heir = Heir(plan, app, entities)

    @app.agent(app.batch_topic(plan.source))
    async def work(stream: BatchStream) -> None:
        async for batch in stream:
            if heir.own and batch.partition not in heir.own:
                heir.answer()
            batch.table(entities)
            await batch.flush()

    @app.on_partitions_revoked.connect
    async def revoked(*_: Any, **__: Any) -> None:
        heir.stop_reading()

    @app.on_partitions_assigned.connect
    async def assigned(*_: Any, **__: Any) -> None:
        if heir.own:
            heir.meter.start()

    @app.task  # type: ignore[untyped-decorator]  # faust types it so
    async def wait() -> None:
        while not heir.is_settled:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(LOOK_EVERY)
        heir.settle()

    return app


if __name__ == "__main__":
    logging.disable(logging.DEBUG)
    make(Plan.given()).Worker(loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()
