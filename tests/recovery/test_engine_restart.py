"""A worker that starts behind a backlog, stops, and starts again loses nothing (upstream #596, #606)."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.broker import committed, make_topics, read, write
from tests.unit.engine.processes import WorkerProcess

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


@pytest.fixture
def start(broker: str, names: str, tmp_path: Path) -> Iterator[Start]:
    workers: list[WorkerProcess] = []

    def begin(name: str = "worker", **environment: str) -> WorkerProcess:
        workers.append(WorkerProcess(tmp_path, name, BROKER=broker, PREFIX=names, **environment))
        return workers[-1]

    yield begin
    for worker in workers:
        worker.kill()


async def topics(broker: str, names: str) -> None:
    await make_topics(broker, {f"{names}.facts": 4, f"{names}.out": 7, f"{names}.quarantine": 1})


def records(first: int, last: int, keys: int = 500) -> list[tuple[bytes, bytes]]:
    return [(b"key-%d" % (i % keys), b"value-%d" % i) for i in range(first, last)]


async def sources_done(broker: str, names: str, seconds: float = 30) -> None:
    """Wait until the group has committed everything the source topic holds."""
    held = Counter(record.partition for record in await read(broker, f"{names}.facts"))
    deadline = time.monotonic() + seconds
    while True:
        done = await committed(broker, f"{names}.app")
        if all(done.get((f"{names}.facts", partition), 0) >= count for partition, count in held.items()):
            return
        assert time.monotonic() < deadline, (done, held)
        await asyncio.sleep(0.05)


async def assert_nothing_lost(broker: str, names: str) -> None:
    """Recount from the source topic, independently of the engine, and compare with table and outputs."""
    expected: dict[str, dict[str, int]] = {}
    wanted = set()
    for record in await read(broker, f"{names}.facts"):
        key = record.key.decode()
        expected[key] = {"n": expected.get(key, {"n": 0})["n"] + 1, "offset": record.offset}
        wanted.add((record.partition, record.offset))
    table: dict[str, Any] = {}
    for record in await read(broker, f"{names}.counts"):
        table[orjson.loads(record.key)] = orjson.loads(record.value)
    assert table == expected
    outputs = {tuple(orjson.loads(record.value)[:2]) for record in await read(broker, f"{names}.out")}
    assert outputs == wanted


async def test_a_backlog_is_worked_off_after_each_restart(broker: str, names: str, start: Start):
    await topics(broker, names)
    await write(broker, f"{names}.facts", records(0, 3000))
    first = start().wait_ready()
    await sources_done(broker, names)
    assert first.stop() == 0
    await write(broker, f"{names}.facts", records(3000, 6000))
    second = start()
    await sources_done(broker, names)
    assert second.stop() == 0
    await assert_nothing_lost(broker, names)
    assert len(await read(broker, f"{names}.out")) == 6000  # clean stops repeat nothing
