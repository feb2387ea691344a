"""The publish agent: occurrences become public revenue events, each once and numbered."""

from __future__ import annotations

from collections.abc import AsyncIterator

from agents.delivery import deliver
from agents.steps.publish import Publish
from streams.app import app
from streams.engine import RecordBatch

step = Publish()


@app.agent(app.batches(app.names.occurrences), name="publish")
async def publish(batches: AsyncIterator[RecordBatch]) -> None:
    """Read, number, write, commit."""
    async for batch in batches:
        # 1 read
        values = [record.value for record in batch]
        # 2 drop what has been published, number the rest
        result = step(values, batch.table(app.published))
        # 3 write, 4 commit
        await deliver(batch, result)
