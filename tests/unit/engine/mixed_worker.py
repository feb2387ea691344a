"""A worker with everything at once: two agents on batches of different partition counts, a stock agent with a stock
table, and a timer that produces.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import orjson

from streams.engine import BatchStream, EngineApp

PREFIX = os.environ["PREFIX"]

app = EngineApp(
    f"{PREFIX}.app", broker=os.environ["BROKER"], broker_commit_interval=0.2, store=os.environ.get("STORE", "memory://"),
    datadir=os.environ.get("DATADIR", "unused"),
)  # fmt: skip
facts = app.batch_topic(f"{PREFIX}.facts")
out = app.batch_topic(f"{PREFIX}.out")
plain = app.topic(f"{PREFIX}.plain", value_serializer="raw", key_serializer="raw", partitions=4)
by_key = app.batch_table("by-key", changelog=f"{PREFIX}.by-key")
by_value = app.batch_table("by-value", changelog=f"{PREFIX}.by-value", partitions=7)
seen = app.Table("seen", default=int, partitions=4)
ticks = 0


@app.agent(facts)
async def first(stream: BatchStream) -> None:
    async for batch in stream:
        view = batch.table(by_key)
        for record in batch:
            key = (record.key or b"").decode()
            view[key] = view.get(key, 0) + 1
            batch.send(f"{PREFIX}.out", key=record.value, value=record.key)
        await batch.flush()


@app.agent(out)
async def second(stream: BatchStream) -> None:
    async for batch in stream:
        view = batch.table(by_value)
        for record in batch:
            key = (record.key or b"").decode()
            view[key] = view.get(key, 0) + 1
            batch.send(f"{PREFIX}.plain", key=record.value, value=record.key)
            await batch.write()  # several writes within one batch
        batch.done()


@app.agent(plain)
async def third(stream: AsyncIterator[bytes]) -> None:
    async for _ in stream:
        event = app_event()
        seen[event] += 1


def app_event() -> str:
    import faust  # noqa: PLC0415 - only needed here

    event = faust.current_event()
    assert event is not None
    return bytes(event.key).decode()


@app.timer(0.1)
async def tick() -> None:
    global ticks  # noqa: PLW0603 - a script
    if app.is_ready and ticks < 3:
        ticks += 1
        await app.produce(f"{PREFIX}.ticks", b"tick", b"%d" % app.owns(f"{PREFIX}.facts", b"tick"))
    if app.is_ready:
        show(Path(os.environ["SHOW"]))


def show(file: Path) -> None:
    state = {"first": dict(by_key.items()), "second": dict(by_value.items()), "third": dict(seen.items())}
    draft = file.with_suffix(".new")
    draft.write_bytes(orjson.dumps(state))
    draft.replace(file)


if __name__ == "__main__":
    app.Worker(loglevel="INFO").execute_from_commandline()
