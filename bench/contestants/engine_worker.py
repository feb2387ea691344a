"""The engine doing the job, as an agent would be written."""

from __future__ import annotations

import logging

import orjson

from bench.contestants.plan import Meter, Plan
from bench.job import add, judge, output, window_key
from streams.engine import BatchStream, EngineApp, RecordBatch, View


def handle(batch: RecordBatch, rows: View, windows: View, out: str) -> None:
    """Do the job for one batch."""
    for record in batch.records:
        seen = orjson.loads(record.value or b"null")
        name = seen["entity"]
        row, ruling = judge(rows.get(name), seen, record.offset)
        rows[name] = row
        window_name = window_key(seen)
        window = add(windows.get(window_name), seen, record.offset)
        windows[window_name] = window
        batch.send(out, key=record.key, value=output(seen, ruling, row, window))


def make(plan: Plan) -> EngineApp:
    """An app with the job's agent."""
    meter = Meter(plan)
    app = EngineApp(
        plan.group, broker=plan.broker, store=plan.store, datadir=f"{plan.folder}/state", partitions=plan.partitions,
        broker_session_timeout=plan.session,
    )  # fmt: skip
    entities = app.batch_table("entities", changelog=plan.entities)
    sums = app.batch_table("windows", changelog=plan.windows)
    done = 0

    @app.agent(app.batch_topic(plan.source))
    async def work(stream: BatchStream) -> None:
        nonlocal done
        async for batch in stream:
            meter.start()
            handle(batch, batch.table(entities), batch.table(sums), plan.out)
            await batch.flush()
            done += len(batch)
            if done >= plan.events:
                meter.leave()

    return app


if __name__ == "__main__":
    logging.disable(logging.DEBUG)
    make(Plan.given()).Worker(loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()
