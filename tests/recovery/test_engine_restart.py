"""A worker that starts behind a backlog, stops, fails or is killed loses nothing (upstream #596, #606, #315)."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from tests.support.broker import committed, make_topics, read, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]
STORES = pytest.mark.parametrize("store", ["memory://", "rocksdb://"])


async def test_a_backlog_is_worked_off_after_each_restart(bench: Bench, start: Start):
    await write(bench.broker, bench.facts, records(0, 3000))
    first = start()
    await bench.all_committed()
    assert first.stop() == 0
    await write(bench.broker, bench.facts, records(3000, 6000))
    second = start("second")
    await bench.all_committed()
    assert second.stop() == 0
    assert await bench.assert_nothing_lost() == 0  # clean stops repeat nothing


@STORES
async def test_a_worker_killed_under_load_is_replaced_without_loss(
    bench: Bench, start: Start, tmp_path: Path, store: str
):
    shown = tmp_path / "state.json"
    first = start("first", STORE=store, DATADIR=str(tmp_path / "one"), SLOW="0.01").wait_ready()
    load = asyncio.create_task(write_steadily(bench, 6000))
    await bench.has(bench.out, 1500)
    first.kill()
    second = start("second", STORE=store, DATADIR=str(tmp_path / "two"), SHOW=str(shown))
    await load
    await bench.all_committed()
    await bench.assert_nothing_lost()
    table, _ = await bench.recount()
    until(lambda: shown.exists() and orjson.loads(shown.read_bytes()) == table)  # local state is right as well
    assert second.stop() == 0


async def write_steadily(bench: Bench, count: int) -> None:
    for first in range(0, count, 100):
        await write(bench.broker, bench.facts, records(first, first + 100))


@STORES
async def test_empty_local_state_is_rebuilt_from_the_changelog(bench: Bench, start: Start, tmp_path: Path, store: str):
    deletes = [(key, b"delete") for key, _ in records(0, 50)]
    await write(bench.broker, bench.facts, [*records(0, 2000), *deletes])
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    first = start("first", STORE=store, DATADIR=str(tmp_path / "1"), SHOW=str(one))
    await bench.all_committed()
    table, _ = await bench.recount()
    assert len(table) == 450
    until(lambda: one.exists() and orjson.loads(one.read_bytes()) == table)
    assert first.stop() == 0
    second = start("second", STORE=store, DATADIR=str(tmp_path / "2"), SHOW=str(two))
    until(lambda: two.exists() and orjson.loads(two.read_bytes()) == table)
    if store == "rocksdb://":  # and a folder that was left behind is caught up, not read anew or trusted
        await write(bench.broker, bench.facts, records(5000, 5300))
        await bench.all_committed()
        table, _ = await bench.recount()
        second.stop()
        one.unlink()
        start("third", STORE=store, DATADIR=str(tmp_path / "1"), SHOW=str(one))
        until(lambda: one.exists() and orjson.loads(one.read_bytes()) == table)


async def test_an_exception_ends_the_process_and_the_event_comes_again(bench: Bench, start: Start):
    await write(bench.broker, bench.facts, [(b"key-1", b"value-1"), (b"key-1", b"raise"), (b"key-1", b"value-2")])
    for name in ("first", "second"):  # the same event, each time
        worker = start(name)
        assert worker.wait() != 0
        log = worker.log.read_text()
        assert log.count("RuntimeError: asked for it") == 2, log  # once in words, once with its traceback
        assert "worker.count failed" in log
    assert not await committed(bench.broker, bench.group)
    assert not await read(bench.broker, bench.counts)


async def test_a_failed_delivery_ends_the_process_before_anything_is_committed(bench: Bench, start: Start, names: str):
    await make_topics(bench.broker, {f"{names}.small": 1}, **{"max.message.bytes": "100"})
    await write(bench.broker, bench.facts, [(b"key-1", b"v" * 500)])
    worker = start(OUT=f"{names}.small")
    assert worker.wait() != 0
    assert "DeliveryFailed" in worker.log.read_text()
    assert not await read(bench.broker, bench.counts)  # outputs come before changelogs
    assert not await committed(bench.broker, bench.group)
