"""The lane agents, one per platform: commands, reads and polls of the connections that live in a partition.

The numbered steps of a write (claim, call, outcome, ledger, produce) are in `streams.lanes.writing`.
The commit is here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator

from schemas.command import parse_work
from schemas.errors import Refused
from streams.app import app
from streams.engine import Record, RecordBatch
from streams.lanes.lane import Work
from streams.lanes.office import BatchDesk, Office

TICK = 0.5  # seconds between looks at the clock: what a due poll or a finished park is late by at most

office = Office(app)


async def work(batch: RecordBatch) -> None:
    """Do one partition's batch of lane work."""
    # 1 read, by connection, in order
    works: defaultdict[str, list[tuple[Record, Work]]] = defaultdict(list)
    for record in batch:
        try:
            found = parse_work(record.value)
            works[found.connection].append((record, found))
        except Refused as error:
            batch.quarantine(record, reason=error.message)
    # 2 claim, call, outcome, ledger, produce
    desk = BatchDesk(batch, app)
    for connection, pairs in works.items():
        lane = office.lane(connection, desk)
        if lane is not None:
            await lane.work(desk, [each for _, each in pairs])
            continue
        for record, _ in pairs:
            batch.quarantine(record, reason=office.unknown(connection))
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
