"""Stock Faust doing the job, as its documentation writes it: an event, a table, a send."""

from __future__ import annotations

import logging
from typing import Any

import faust
import orjson

from bench.contestants.plan import Meter, Plan
from bench.job import PARTITIONS, add, judge, output, window_key


def make(plan: Plan) -> faust.App:
    """An app with the job's agent."""
    meter = Meter(plan)
    app = faust.App(
        plan.group, broker=f"kafka://{plan.broker}", store="memory://", datadir=f"{plan.folder}/state",
        topic_partitions=PARTITIONS, consumer_auto_offset_reset="earliest", producer_acks=-1, web_enabled=False,
        topic_disable_leader=True,
    )  # fmt: skip
    source = app.topic(plan.source, key_serializer="raw", value_serializer="raw")
    out = app.topic(plan.out, key_serializer="raw", value_serializer="raw")
    entities = app.Table("entities", changelog_topic=app.topic(plan.entities, compacting=True, acks=False))
    windows = app.Table("windows", changelog_topic=app.topic(plan.windows, compacting=True, acks=False))
    done = 0

    @app.agent(source)
    async def work(stream: Any) -> None:
        nonlocal done
        async for event in stream.events():
            meter.start()
            seen, offset = orjson.loads(event.value), event.message.offset
            row, ruling = judge(entities.get(seen["entity"]), seen, offset)
            entities[seen["entity"]] = row
            name = window_key(seen)
            windows[name] = window = add(windows.get(name), seen, offset)
            await out.send(key=event.key, value=output(seen, ruling, row, window))
            done += 1
            if done >= plan.events:
                await app.producer.flush()
                meter.leave()

    return app


if __name__ == "__main__":
    logging.disable(logging.DEBUG)
    faust.Worker(make(Plan.given()), loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()
