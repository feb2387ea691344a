"""What batches write, and where: outputs by their own key, bad records aside, any number of workers."""

import asyncio
import base64
import signal
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from aiokafka.partitioner import DefaultPartitioner

from tests.support.broker import read, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


async def test_outputs_go_where_their_own_key_belongs_and_bad_records_aside(bench: Bench, start: Start):
    bad = [(b"key-7", b"bad-\xff\x00"), (None, b"bad")]
    await write(bench.broker, bench.facts, [*records(0, 300), *bad, *records(300, 600)])
    start()
    await bench.all_committed()
    await bench.assert_nothing_lost()
    partitions = list(range(7))
    for record in await read(bench.broker, bench.out):
        assert record.partition == DefaultPartitioner()(record.key, partitions, partitions)
    kept = [orjson.loads(record.value) for record in await read(bench.broker, bench.quarantine)]
    sources = {(r.partition, r.offset): r for r in await read(bench.broker, bench.facts)}
    assert len(kept) == 2
    for entry in kept:
        source = sources[entry["partition"], entry["offset"]]
        assert entry["topic"] == bench.facts
        assert entry["reason"] == "asked for it"
        assert base64.b64decode(entry["value"]) == source.value
        assert source.key == (entry["key"] and base64.b64decode(entry["key"]))


async def test_workers_join_and_leave_under_load_without_loss_or_repetition(bench: Bench, start: Start, tmp_path: Path):
    load = asyncio.create_task(steadily(bench, 4000))
    first = await start("first", STORE="rocksdb://", DATADIR=str(tmp_path / "1"), SLOW="0.01").ready()
    await bench.has(bench.out, 500)
    second = await start("second", STORE="rocksdb://", DATADIR=str(tmp_path / "2"), SLOW="0.01").ready()
    await bench.has(bench.out, 1500)
    assert await first.stop() == 0
    await bench.has(bench.out, 2500)
    third = await start("third", STORE="rocksdb://", DATADIR=str(tmp_path / "1"), SLOW="0.01").ready()
    await load
    await bench.all_committed()
    assert await bench.assert_nothing_lost() == 0
    assert (second.process.poll(), third.process.poll()) == (None, None)


async def steadily(bench: Bench, count: int) -> None:
    for first in range(0, count, 50):
        await write(bench.broker, bench.facts, records(first, first + 50))


async def test_a_batch_revoked_while_worked_on_is_dropped_and_read_again(bench: Bench, start: Start):
    # Batches take longer than the worker gives them when another one joins: the write of one is refused.
    first = await start("first", SLOW="1.5", DRAIN="0.1").ready()
    second = start("second")
    for number in range(0, 100_000, 50):
        if first.says("revoked"):
            break
        await write(bench.broker, bench.facts, records(number, number + 50))
    assert first.says("revoked"), first.log.read_text()
    await bench.all_committed()
    await bench.assert_nothing_lost()
    for worker in (first, second):
        assert worker.process.poll() is None, worker.log.read_text()


async def test_a_frozen_worker_writes_nothing_when_it_wakes_up_replaced(bench: Bench, start: Start):
    await write(bench.broker, bench.facts, records(0, 400))
    frozen = await start("frozen", SLOW="1").ready()
    await until(lambda: frozen.says("handling"))
    frozen.process.send_signal(signal.SIGSTOP)
    start("second")
    await bench.all_committed()
    frozen.process.send_signal(signal.SIGCONT)
    await until(lambda: frozen.says("revoked"))
    await write(bench.broker, bench.facts, records(400, 600))
    await bench.all_committed()
    assert await bench.assert_nothing_lost() == 0
    assert frozen.process.poll() is None
