"""The arbitrate agent: facts and outcomes become verdicts, commands, occurrences and document versions."""

from __future__ import annotations

from collections.abc import AsyncIterator

from agents.delivery import deliver
from agents.steps.arbitrate import Arbitrate
from streams.app import app
from streams.engine import RecordBatch

step = Arbitrate(app.contract)


@app.agent(app.batches(app.names.facts), name="arbitrate")
async def arbitrate(batches: AsyncIterator[RecordBatch]) -> None:
    """Read, judge, write, commit."""
    async for batch in batches:
        # 1 read
        values = [record.value for record in batch]
        # 2 judge
        result = step(values, batch.table(app.records), batch.table(app.customers))
        # 3 write, 4 commit
        await deliver(batch, result)
