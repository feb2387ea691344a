"""The publish agent: occurrences become public revenue events, each once and numbered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from agents.delivery import deliver
from agents.steps.publish import Publish
from streams.app import app
from streams.engine import RecordBatch

step = Publish()


@app.agent(app.batches(app.names.occurrences), name="publish")
async def publish(batches: AsyncIterator[RecordBatch]) -> None:
    """Number, and let out once."""
    async for batch in batches:
        published = batch.table(app.published)
        number = partial(step, published=published)
        # each event has a row
        await deliver(batch, published, number, prefix=app.names.prefix, once=False, tracer=app.traces, name="publish")
