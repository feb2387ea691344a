"""Faults of stock Faust that no other test of the engine meets, and those it shows soon itself (docs/engine.md)."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from tests.recovery.test_engine_restart import shown
from tests.support.broker import committed, make_topics, write
from tests.unit.engine.harness import Bench
from tests.unit.engine.processes import PATIENCE, WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]
MENDED = "stock Faust is mended: drop this row of docs/engine.md and this part of the test"


@pytest.fixture
async def topics(broker: str, names: str) -> str:
    """The prefix of the ordinary agents' topics, which are made."""
    await make_topics(broker, dict.fromkeys((f"{names}.{n}" for n in ("raised", "held", "taken", "everywhere")), 1))
    return names


async def reaches(broker: str, group: str, offsets: dict[tuple[str, int], int], explain: Callable[[], str]) -> None:
    """Wait until these offsets are committed, or later ones."""
    deadline = time.monotonic() + PATIENCE
    done: dict[tuple[str, int], int] = {}
    while any(done.get(place, 0) < offset for place, offset in offsets.items()):
        assert time.monotonic() < deadline, f"{done} instead of {offsets}: {explain()}"
        await asyncio.sleep(0.05)
        done = await committed(broker, group)


async def test_stock_faust_is_guilty(broker: str, topics: str, start: Start):
    values = {"raised": [b"one", b"raise", b"three"], "held": [b"hold", b"2", b"3", b"4"], "taken": [b"x", b"y"]}
    for name, each in values.items():
        await write(broker, f"{topics}.{name}", [(b"key", value) for value in each])
    worker = start(SCRIPT="stock_worker.py", LIBRARY="stock")
    await until(lambda: worker.says("raised saw three"), explain=lambda: MENDED)
    # An event whose agent raised, one that another actor still works on, those taken in vain: nobody reads them again.
    vain = {(f"{topics}.raised", 0): 2, (f"{topics}.held", 0): 1, (f"{topics}.taken", 0): 1}
    await reaches(broker, f"{topics}.app", vain, lambda: MENDED)
    assert worker.says("held saw hold")
    assert worker.says("Cannot modify table key from outside of stream iteration"), MENDED


async def test_an_ordinary_agent_that_raises_ends_the_process_and_commits_nothing(
    broker: str, topics: str, start: Start
):
    await write(broker, f"{topics}.raised", [(b"key", b"one"), (b"key", b"raise"), (b"key", b"three")])
    worker = start(SCRIPT="stock_worker.py", LIBRARY="engine")
    assert await worker.ended(60) != 0
    assert worker.says("raised saw raise")
    assert not worker.says("raised saw three")
    assert (await committed(broker, f"{topics}.app")).get((f"{topics}.raised", 0), 0) <= 1  # it is read again


async def test_a_global_table_is_held_by_all_and_recovered(broker: str, topics: str, start: Start):
    await write(broker, f"{topics}.everywhere", [(b"key", b"x"), (b"key", b"y"), (b"key", b"x")])
    settings = {"SCRIPT": "stock_worker.py", "LIBRARY": "engine"}
    first = start("first", **settings)
    await until(lambda: first.says("shared has [('x', 2), ('y', 1)]"), explain=first.words)
    second = start("second", **settings)
    await until(lambda: second.says("shared has [('x', 2), ('y', 1)]"), explain=second.words)
    assert await first.stop() == 0
    await write(broker, f"{topics}.everywhere", [(b"key", b"x")])
    await until(lambda: second.says("shared has [('x', 3), ('y', 1)]"), explain=second.words)


async def test_offsets_without_records_hold_up_neither_recovery_nor_commits(bench: Bench, start: Start, tmp_path: Path):
    # A transaction leaves an offset that no consumer is ever given: between events, and at the end of a changelog.
    file = tmp_path / "state.json"
    await make_topics(bench.broker, {bench.counts: 4})
    producer = AIOKafkaProducer(bootstrap_servers=bench.broker, transactional_id=bench.names)
    await producer.start()
    async with producer.transaction():
        known = {f"key-{number}": {"n": 7, "offset": -1} for number in range(4)}
        for number, (key, row) in enumerate(known.items()):
            await producer.send(bench.counts, orjson.dumps(row), key=orjson.dumps(key), partition=number)
    for number in range(40):
        async with producer.transaction():
            place = number % 4
            await producer.send(bench.facts, b"value-%d" % number, key=b"key-%d" % place, partition=place)
    await producer.stop()
    worker = start(SHOW=str(file))
    # ten events in each partition, each followed by a marker: the last is at offset 18
    ends = {(bench.facts, place): 19 for place in range(4)}
    expected = {f"key-{place}": {"n": 17, "offset": 18} for place in range(4)}
    await until(lambda: shown(file) == expected, explain=lambda: f"{shown(file)} {worker.log.read_text()}")
    await reaches(bench.broker, bench.group, ends, worker.log.read_text)
