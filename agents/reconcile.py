"""The reconcile agent: document versions become window totals and variances."""

from __future__ import annotations

from collections.abc import AsyncIterator

from agents.delivery import deliver
from agents.steps.reconcile import Reconcile
from streams.app import app
from streams.engine import RecordBatch

step = Reconcile()


@app.agent(app.batches(app.names.documents), name="reconcile")
async def reconcile(batches: AsyncIterator[RecordBatch]) -> None:
    """Read, sum, write, commit."""
    async for batch in batches:
        # 1 read
        values = [record.value for record in batch]
        # 2 sum and compare
        result = step(values, batch.table(app.books), batch.table(app.windows))
        # 3 write, 4 commit
        await deliver(batch, result)
