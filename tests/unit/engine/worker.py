"""A worker for the engine's tests, run as a process: `python worker.py`, set up by the environment.

It counts records per key in a table, remembering the last offset applied, and answers each with an output keyed by
the record's value. A record's value may ask for trouble: see `handle`. `MUTE` names a file: while it is there, the
broker does not answer what it says, "fetch", "all" or "ends" (see `mute`). `CUT` names another: while
that is there, nothing reaches the broker from the first write to the changelog on. With `LAPSE` the lease runs out
once, when the first changes are acknowledged and not in local state yet. `FILES` is how many bytes each file may have:
what the disk says to more is, but for the word, what it says when it is full. `FAIL` names a file: once it is there, a
timer fails. `HOLD` names another: while it is there, no batch gets further than having been handled.
"""

import asyncio
import logging
import os
import resource
from pathlib import Path
from typing import Any

import orjson

from streams.engine import BatchStream, DeliveryFailed, EngineApp, RecordBatch, Revoked, consumer
from streams.engine.consumer import BatchConsumer
from streams.engine.producer import BatchProducer
from tests.unit.engine.network import cut, mute

log = logging.getLogger("tests.engine")
PREFIX = os.environ["PREFIX"]
SLOW = float(os.environ.get("SLOW", "0"))  # seconds to linger within each batch
HOLD = Path(os.environ.get("HOLD", "none"))
SHOW = os.environ.get("SHOW")  # file to write the local state to
OUT = os.environ.get("OUT", f"{PREFIX}.out")
consumer.FETCH_WAIT = float(os.environ.get("FETCH_WAIT", consumer.FETCH_WAIT))
MORE = {"consumer_max_fetch_size": int(os.environ["FETCH"])} if "FETCH" in os.environ else {}

app = EngineApp(
    f"{PREFIX}.app",
    broker=os.environ["BROKER"],
    store=os.environ.get("STORE", "memory://"),
    datadir=os.environ.get("DATADIR", "unused"),
    partitions=int(os.environ.get("PARTITIONS", "4")),
    quarantine_topic=os.environ.get("QUARANTINE", f"{PREFIX}.quarantine") or None,
    max_record=int(os.environ.get("MAX_RECORD", "4000000")),
    max_waiting=int(os.environ.get("MAX_WAITING", "64000000")),
    broker_session_timeout=float(os.environ.get("SESSION", "6")),
    broker_heartbeat_interval=float(os.environ.get("HEARTBEAT", "2")),
    broker_commit_interval=float(os.environ.get("COMMIT", "0.2")),
    consumer_group_instance_id=os.environ.get("INSTANCE"),
    consumer_metadata_max_age_ms=int(os.environ.get("METADATA_AGE", "300000")),
    metrics_port=int(os.environ["METRICS"]) if "METRICS" in os.environ else None,
    start_timeout=float(os.environ.get("START_TIMEOUT", "12")),
    drain_timeout=float(os.environ.get("DRAIN", "5")),
    recovery_patience=float(os.environ.get("PATIENCE", "30")),
    producer_request_timeout=float(os.environ.get("PRODUCER_TIMEOUT", "60")),
    **MORE,
)
facts = app.batch_topic(f"{PREFIX}.facts")
counts = app.batch_table("counts", changelog=f"{PREFIX}.counts")


@app.agent(facts)
async def count(stream: BatchStream) -> None:
    async for batch in stream:
        handle(batch)
        if SLOW or "HOLD" in os.environ:
            log.info("handling")
            await asyncio.sleep(SLOW)
        while is_held():  # noqa: ASYNC110 - what it waits for is done by another process
            await asyncio.sleep(0.02)
        try:
            await batch.flush()
        except Revoked:
            log.info("revoked")
            raise


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


@app.timer(0.1)
async def show_state() -> None:
    """Write what is held locally to a file, for the tests to look at."""
    if SHOW and app.is_ready:
        show(Path(SHOW))


@app.timer(0.1)
async def fail_when_told() -> None:
    """Fail as a timer of an app's own may."""
    if os.path.exists(os.environ.get("FAIL", "")):  # noqa: ASYNC240, PTH110 - a look that takes no time
        raise DeliveryFailed("The broker is away.")


def show(file: Path) -> None:
    draft = file.with_suffix(".new")
    for told, content in ((file.with_suffix(".epoch"), b"%d" % app.epoch), (file, orjson.dumps(dict(counts.items())))):
        draft.write_bytes(content)
        draft.replace(told)  # whole, whenever it is read


def is_held() -> bool:
    return HOLD.exists()


def tell_drains() -> None:
    drain = BatchConsumer.drain

    async def told(self: BatchConsumer, seconds: float) -> None:
        log.info("draining")
        await drain(self, seconds)

    BatchConsumer.drain = told  # type: ignore[method-assign]


def lapse() -> None:
    deliver = BatchProducer.deliver
    lapsed: list[bool] = []

    async def deliver_and_lapse(self: BatchProducer, loads: Any, *more: Any) -> list[int]:
        ends = await deliver(self, loads, *more)
        if not lapsed and loads[0][0] == f"{PREFIX}.counts":
            lapsed.append(True)
            app.reading.lease._since -= 3600  # type: ignore[union-attr] # noqa: SLF001 - as if an hour ago
        return ends

    BatchProducer.deliver = deliver_and_lapse  # type: ignore[method-assign]


if __name__ == "__main__":
    if "FILES" in os.environ:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["FILES"]),) * 2)
    if "CUT" in os.environ:
        cut(Path(os.environ["CUT"]), f"{PREFIX}.counts")
    if "HOLD" in os.environ:
        tell_drains()
    if "LAPSE" in os.environ:
        lapse()
    if "MUTE" in os.environ:
        mute(Path(os.environ["MUTE"]))
    app.Worker(loglevel="INFO").execute_from_commandline()
