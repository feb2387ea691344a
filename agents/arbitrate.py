"""The arbitrate agent: facts and outcomes become verdicts, commands, occurrences and document versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from agents.daybreak import LOOK, Daybreak
from agents.delivery import deliver
from agents.steps.arbitrate import Arbitrate
from streams.app import app
from streams.engine import RecordBatch
from tables.view import Drawer

step = Arbitrate(app.contract)
daybreak = Daybreak(app)


@app.agent(app.batches(app.names.facts), name="arbitrate")
async def arbitrate(batches: AsyncIterator[RecordBatch]) -> None:
    """Compare, decide, ask."""
    async for batch in batches:
        accounts = batch.table(app.accounts)
        judge = partial(step, records=Drawer(accounts, "r"), customer_view=Drawer(accounts, "c"))
        await deliver(batch, accounts, judge, prefix=app.names.prefix, tracer=app.traces, name="arbitrate")


@app.timer(interval=LOOK)  # type: ignore[untyped-decorator]  # faust types it so
async def dawn() -> None:
    """Tell customers that a day has begun on which something of theirs is due."""
    await daybreak.tick()
