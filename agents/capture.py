"""The capture agent: changes become facts. One partition holds whole tenants, so identity has one writer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from agents.delivery import deliver
from agents.steps.capture import Capture
from streams.app import app
from streams.engine import RecordBatch
from streams.platforms.registry import translators
from tables.view import Drawer

step = Capture(app.contract, translators(app.contract))


@app.agent(app.batches(app.names.changes), name="capture")
async def capture(batches: AsyncIterator[RecordBatch]) -> None:
    """Admit, translate, identify."""
    async for batch in batches:
        known = batch.table(app.known)
        place = partial(step, rows=Drawer(known, "v"), names=Drawer(known, "i"))
        await deliver(batch, known, place, prefix=app.names.prefix, tracer=app.traces, name="capture")
