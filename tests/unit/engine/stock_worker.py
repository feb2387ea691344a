"""A worker whose agents are ordinary ones, on stock Faust or on the engine: what LIBRARY in the environment says.

Each agent meets one of the faults of docs/engine.md; what it sees is written to its log.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from typing import Any

import faust

from streams.engine import EngineApp, consumer

log = logging.getLogger("tests.stock")
PREFIX, BROKER = os.environ["PREFIX"], os.environ["BROKER"]
consumer.FETCH_WAIT = float(os.environ.get("FETCH_WAIT", consumer.FETCH_WAIT))
SETTINGS: dict[str, Any] = {"broker_commit_interval": 0.2, "topic_partitions": 1}


def make() -> faust.App:
    if os.environ["LIBRARY"] == "engine":
        return EngineApp(f"{PREFIX}.app", broker=BROKER, partitions=1, **SETTINGS)
    return faust.App(
        f"{PREFIX}.app", broker=f"kafka://{BROKER}", store="memory://", datadir=f"{PREFIX}-data", web_enabled=False,
        topic_disable_leader=True, consumer_auto_offset_reset="earliest", **SETTINGS,
    )  # fmt: skip


app = make()
raised, held, taken, everywhere = (
    app.topic(f"{PREFIX}.{name}", key_serializer="raw", value_serializer="raw")
    for name in ("raised", "held", "taken", "everywhere")
)
counts = app.Table("counts", default=int)
shared = app.GlobalTable("shared", default=int)


@app.agent(raised)
async def raises(stream: AsyncIterator[bytes]) -> None:
    async for value in stream:
        log.warning("raised saw %s", value.decode())
        if value == b"raise":
            raise RuntimeError("asked for it")


@app.agent(held, concurrency=2)
async def holds(stream: AsyncIterator[bytes]) -> None:
    async for value in stream:
        log.warning("held saw %s", value.decode())
        if value == b"hold":
            await asyncio.Event().wait()


@app.agent(taken)
async def takes(stream: Any) -> None:
    async for values in stream.take(3, within=0.2):
        for value in values:
            counts[value.decode()] += 1


@app.agent(everywhere)
async def shares(stream: AsyncIterator[bytes]) -> None:
    async for value in stream:
        shared[value.decode()] += 1


@app.timer(0.2)
async def show() -> None:
    log.warning("shared has %s", sorted(shared.items()))


if __name__ == "__main__":
    app.Worker(loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()
