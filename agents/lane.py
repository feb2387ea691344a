"""The lane agents, one per platform: commands, reads and polls of the connections that live in a partition.

The numbered steps of a write (claim, call, outcome, ledger, produce) are in `streams.lanes.writing`.
The commit is here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from streams.app import app
from streams.engine import RecordBatch
from streams.lanes.measures import LaneMeasures
from streams.lanes.office import Office

TICK = 0.5  # seconds between looks at the clock: what a due poll or a finished park is late by at most

office = Office(app, tracer=app.traces)
app.metrics.registry.register(LaneMeasures(office))


async def work(batch: RecordBatch) -> None:
    """Do one partition's batch of lane work, all of it durable before the commit."""
    # 1 read, by connection, in order; 2 claim, call, outcome, ledger, produce
    await office.work(batch)
    # 3 write, 4 commit
    await batch.flush()


@app.agent(app.batches(app.names.lanes_hubspot), name="lane.hubspot")
async def hubspot(batches: AsyncIterator[RecordBatch]) -> None:
    """HubSpot's connections."""
    async for batch in batches:
        await work(batch)


@app.agent(app.batches(app.names.lanes_xero), name="lane.xero")
async def xero(batches: AsyncIterator[RecordBatch]) -> None:
    """Xero's connections."""
    async for batch in batches:
        await work(batch)


@app.timer(interval=TICK)  # type: ignore[untyped-decorator]  # faust types it so
async def tick() -> None:
    """Wake our connections when a poll is due or a park is over."""
    await office.tick()
