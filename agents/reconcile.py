"""The reconcile agent: document versions become window totals and variances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from agents.delivery import deliver
from agents.steps.reconcile import Reconcile
from streams.app import app
from streams.engine import RecordBatch
from tables.view import Drawer

step = Reconcile()


@app.agent(app.batches(app.names.documents), name="reconcile")
async def reconcile(batches: AsyncIterator[RecordBatch]) -> None:
    """Sum, and name what differs."""
    async for batch in batches:
        books = batch.table(app.books)
        add_up = partial(step, books=Drawer(books, "d"), sums=Drawer(books, "w"))
        await deliver(batch, books, add_up, prefix=app.names.prefix, tracer=app.traces, name="reconcile")
