"""A worker for the engine's tests, run as a process: `python worker.py`, set up by the environment.

It counts records per key in a table, remembering the last offset applied, and answers each with an output keyed by
the record's value. A record's value may ask for trouble: see `_trouble`.
"""

import asyncio
import os

import orjson

from streams.engine import EngineApp, RecordBatch
from streams.engine.stream import BatchStream

PREFIX = os.environ["PREFIX"]
SLOW = float(os.environ.get("SLOW", "0"))  # seconds to linger within each batch
OUT = os.environ.get("OUT", f"{PREFIX}.out")

app = EngineApp(
    f"{PREFIX}.app",
    broker=os.environ["BROKER"],
    store=os.environ.get("STORE", "memory://"),
    datadir=os.environ.get("DATADIR", "unused"),
    partitions=int(os.environ.get("PARTITIONS", "4")),
    quarantine_topic=f"{PREFIX}.quarantine",
    broker_session_timeout=float(os.environ.get("SESSION", "6")),
    producer_request_timeout=float(os.environ.get("PRODUCER_TIMEOUT", "60")),
)
facts = app.batch_topic(f"{PREFIX}.facts")
counts = app.batch_table("counts", changelog=f"{PREFIX}.counts")


@app.agent(facts)
async def count(stream: BatchStream) -> None:
    async for batch in stream:
        handle(batch)
        if SLOW:
            await asyncio.sleep(SLOW)
        await batch.flush()


def handle(batch: RecordBatch) -> None:
    view = batch.table(counts)
    for record in batch:
        key, value = (record.key or b"").decode(), record.value or b""
        if value.startswith(b"bad"):
            batch.quarantine(record, reason="asked for it")
            continue
        if value.startswith(b"raise"):
            raise RuntimeError("asked for it")
        if value.startswith(b"delete"):
            if key in view:
                del view[key]
            continue
        known = view.get(key, {"n": 0, "offset": -1})
        if record.offset > known["offset"]:
            view[key] = {"n": known["n"] + 1, "offset": record.offset}
        batch.send(OUT, key=value, value=orjson.dumps([batch.partition, record.offset, key]))


if __name__ == "__main__":
    app.Worker(loglevel="INFO").execute_from_commandline()
