"""The engine with no local state: from the assignment of its partitions until it is ready to read on."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from zlib import crc32

from bench.contestants.plan import Meter, Plan
from bench.job import PARTITIONS
from streams.engine import BatchStream, EngineApp

LOOK_EVERY = 0.005  # seconds between looks at whether it is ready


def make(plan: Plan) -> EngineApp:
    """An app with one table and nothing to do."""
    meter = Meter(plan)
    app = EngineApp(
        plan.group, broker=plan.broker, store=plan.store, datadir=f"{plan.folder}/state", partitions=PARTITIONS
    )
    entities = app.batch_table("entities", changelog=plan.entities)

    @app.agent(app.batch_topic(plan.source))
    async def work(stream: BatchStream) -> None:
        async for batch in stream:
            await batch.flush()

    @app.on_partitions_assigned.connect
    async def assigned(*_: Any, **__: Any) -> None:
        meter.start()

    @app.task  # type: ignore[untyped-decorator]  # faust types it so
    async def wait() -> None:
        while not (meter.started and app.is_ready):  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(LOOK_EVERY)
        meter.stop()
        meter.leave(**held())

    def held() -> dict[str, int]:
        raw = [value for place in range(PARTITIONS) for _, value in entities.local.items(place)]
        return {"keys": len(raw), "content": sum(crc32(value) for value in raw)}

    return app


if __name__ == "__main__":
    logging.disable(logging.DEBUG)
    make(Plan.given()).Worker(loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()
