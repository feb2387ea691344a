"""The capture agent: changes become facts. One partition holds whole tenants, so identity has one writer."""

from __future__ import annotations

from collections.abc import AsyncIterator

from agents.delivery import deliver
from agents.steps.capture import Capture
from streams.app import app
from streams.engine import RecordBatch
from streams.platforms.registry import translators

step = Capture(app.contract, translators(app.contract))


@app.agent(app.batches(app.names.changes), name="capture")
async def capture(batches: AsyncIterator[RecordBatch]) -> None:
    """Read, judge, write, commit."""
    async for batch in batches:
        # 1 read
        values = [record.value for record in batch]
        # 2 judge
        result = step(values, batch.table(app.versions), batch.table(app.identity))
        # 3 write, 4 commit
        await deliver(batch, result)
