"""A worker that keeps windows, run as a process: `python window_worker.py`, set up by the environment.

A record's value is an event time in milliseconds; windows list the offsets of their records. `tick <ms>` moves the
watermark. What is too late is quarantined, what closed or was restated goes to the output topic.
"""

import asyncio
import os
from pathlib import Path

import orjson

from streams.engine import BatchStream, EngineApp, Outcome, RecordBatch, Tumbling

PREFIX = os.environ["PREFIX"]
SLOW = float(os.environ.get("SLOW", "0"))  # seconds to linger within each batch
SHOW = os.environ.get("SHOW")  # file to write the local state to

app = EngineApp(
    f"{PREFIX}.app",
    broker=os.environ["BROKER"],
    store=os.environ.get("STORE", "memory://"),
    datadir=os.environ.get("DATADIR", "unused"),
    quarantine_topic=f"{PREFIX}.quarantine",
    broker_session_timeout=6,
    broker_commit_interval=float(os.environ.get("COMMIT", "0.2")),
)
facts = app.batch_topic(f"{PREFIX}.facts")
sums = app.window_table(
    "sums",
    Tumbling(1000, grace=200, retention=5000),
    initial=list,
    fold=lambda value, offset: [*value, offset],
    changelog=f"{PREFIX}.counts",
)


@app.agent(facts)
async def collect(stream: BatchStream) -> None:
    async for batch in stream:
        handle(batch)
        await asyncio.sleep(SLOW)
        await batch.flush()


def handle(batch: RecordBatch) -> None:
    windows = batch.windows(sums)
    for record in batch:
        key, text = (record.key or b"").decode(), (record.value or b"").decode()
        if text.startswith("tick "):
            windows.advance(int(text.removeprefix("tick ")))
        elif windows.apply(record, key=key, at=int(text), event=record.offset) is Outcome.EXPIRED:
            batch.quarantine(record, reason="too late")
    for window in windows.closed():
        batch.send(f"{PREFIX}.out", key=window.key.encode(), value=orjson.dumps([batch.partition, *window]))


@app.timer(0.1)
async def show_state() -> None:
    """Write what is held locally to a file, for the tests to look at."""
    if SHOW and app.is_ready:
        show(Path(SHOW))


def show(file: Path) -> None:
    held = [[window.key, window.start, window.value, window.revision] for window in sums.items()]
    draft = file.with_suffix(".new")
    draft.write_bytes(orjson.dumps(sorted(held)))
    draft.replace(file)


if __name__ == "__main__":
    app.Worker(loglevel="INFO").execute_from_commandline()
