"""A worker under chaos: the job of `bench.job`, run as a process that is killed at any moment.

Each output says in a header which source record caused it, so that the checker can tell a repetition from a loss.
When the file in SHOW exists, what is held locally is written beside it once.
"""

import logging
import os
from pathlib import Path

import orjson

from bench.job import PARTITIONS, add, judge, output, window_key
from streams.engine import BatchStream, EngineApp, RecordBatch, View

PREFIX = os.environ["PREFIX"]
SHOW = Path(os.environ["SHOW"])
HELD = Path(os.environ["HELD"])

app = EngineApp(
    f"{PREFIX}.app",
    broker=os.environ["BROKER"],
    store=os.environ["STORE"],
    datadir=os.environ["DATADIR"],
    partitions=PARTITIONS,
    broker_session_timeout=6.0,  # seconds: the least Kafka takes, so that rounds are short
)
entities = app.batch_table("entities", changelog=f"{PREFIX}.entities")
windows = app.batch_table("windows", changelog=f"{PREFIX}.windows")


@app.agent(app.batch_topic(f"{PREFIX}.source"))
async def work(stream: BatchStream) -> None:
    async for batch in stream:
        handle(batch, batch.table(entities), batch.table(windows))
        await batch.flush()


def handle(batch: RecordBatch, rows: View, sums: View) -> None:
    for record in batch:
        seen = orjson.loads(record.value or b"null")
        name, window = seen["entity"], window_key(seen)
        row, ruling = judge(rows.get(name), seen, record.offset)
        rows[name] = row
        sums[window] = total = add(sums.get(window), seen, record.offset)
        place = b"%d:%d" % (batch.partition, record.offset)
        said = output(seen, ruling, row, total)
        batch.send(f"{PREFIX}.out", key=record.key, value=said, headers=[("place", place)])


@app.timer(0.1)
async def show_when_asked() -> None:
    if app.is_ready:
        show()


def show() -> None:
    if SHOW.exists() and not HELD.exists():
        draft = HELD.with_suffix(".new")
        draft.write_bytes(orjson.dumps({"rows": dict(entities.items()), "windows": dict(windows.items())}))
        draft.replace(HELD)


if __name__ == "__main__":
    logging.disable(logging.DEBUG)
    app.Worker(loglevel="INFO").execute_from_commandline()
