"""The reconcile agent: document versions become window totals and variances. And its clock: nights that are due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from agents.delivery import deliver
from agents.nightly import LOOK, Nightly
from agents.steps.reconcile import Reconcile
from streams.app import app
from streams.engine import RecordBatch
from tables.view import Drawer

step = Reconcile()
nightly = Nightly(app)


@app.agent(app.batches(app.names.documents), name="reconcile")
async def reconcile(batches: AsyncIterator[RecordBatch]) -> None:
    """Sum, and name what differs."""
    async for batch in batches:
        books = batch.table(app.books)
        add_up = partial(step, books=Drawer(books, "d"), sums=Drawer(books, "w"))
        await deliver(batch, books, add_up, prefix=app.names.prefix, tracer=app.traces, name="reconcile")


@app.timer(interval=LOOK)  # type: ignore[untyped-decorator]  # faust types it so
async def night() -> None:
    """Have a night reconciled from the platforms, once the hour that the settings name has come."""
    await nightly.tick()
