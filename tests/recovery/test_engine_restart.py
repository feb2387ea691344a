"""A worker that starts behind a backlog, stops, fails or is killed loses nothing (upstream #596, #606, #315)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.broker import committed, make_topics, read, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


def shown(file: Path) -> Any:
    return orjson.loads(file.read_bytes()) if file.exists() else None


async def both_stores(bench: Bench, story: Callable[[Bench, str], Any]) -> None:
    """Play a story with each store at the same time, on topics of its own: the waits are the same."""
    benches = {store: Bench(bench.broker, f"{bench.names}.{store[:5]}") for store in ("memory://", "rocksdb://")}
    for each in benches.values():
        await each.make_topics()
    await asyncio.gather(*(story(each, store) for store, each in benches.items()))


async def test_a_backlog_is_worked_off_after_each_restart(bench: Bench, start: Start):
    await write(bench.broker, bench.facts, records(0, 3000))
    first = start()
    await bench.all_committed()
    assert await first.stop() == 0
    await write(bench.broker, bench.facts, records(3000, 6000))
    second = start("second")
    await bench.all_committed()
    assert await second.stop() == 0
    assert await bench.assert_nothing_lost() == 0  # clean stops repeat nothing


async def test_a_worker_killed_under_load_is_replaced_without_loss(bench: Bench, start: Start, tmp_path: Path):
    async def story(bench: Bench, store: str) -> None:
        file = tmp_path / f"{bench.names}.json"

        def begin(name: str, **more: str) -> WorkerProcess:
            name = f"{store[:5]}-{name}"
            return start(name, PREFIX=bench.names, STORE=store, DATADIR=str(tmp_path / name), **more)

        first = await begin("first", SLOW="0.01").ready()
        load = asyncio.create_task(write_steadily(bench, 5000))
        await bench.has(bench.out, 1000)
        first.kill()
        begin("second", SHOW=str(file))
        await load
        await bench.all_committed()
        await bench.assert_nothing_lost()
        table, _ = await bench.recount()
        await until(lambda: shown(file) == table)  # what it holds itself is right as well

    await both_stores(bench, story)


async def write_steadily(bench: Bench, count: int) -> None:
    for first in range(0, count, 100):
        await write(bench.broker, bench.facts, records(first, first + 100))


async def test_local_state_is_rebuilt_or_caught_up_from_the_changelog(bench: Bench, start: Start, tmp_path: Path):
    async def story(bench: Bench, store: str) -> None:
        def begin(folder: str, file: Path) -> WorkerProcess:
            name = f"{store[:5]}-{file.stem}"
            return start(name, PREFIX=bench.names, STORE=store, DATADIR=str(tmp_path / folder), SHOW=str(file))

        files = [tmp_path / store[:5] / f"{n}.json" for n in range(3)]
        files[0].parent.mkdir()
        deletes = [(key, b"delete") for key, _ in records(0, 50)]
        await write(bench.broker, bench.facts, [*records(0, 2000), *deletes])
        first = begin("old", files[0])
        await bench.all_committed()
        table, _ = await bench.recount()
        assert len(table) == 450
        await until(lambda: shown(files[0]) == table)
        assert await first.stop() == 0
        second = begin("new", files[1])  # nothing there: all is read from the changelog
        await until(lambda: shown(files[1]) == table)
        await write(bench.broker, bench.facts, records(5000, 5300))
        await bench.all_committed()
        assert await second.stop() == 0
        table, _ = await bench.recount()
        begin("old", files[2])  # on disk, something older is there: it is caught up, neither trusted nor thrown away
        await until(lambda: shown(files[2]) == table)

    await both_stores(bench, story)


async def test_an_exception_ends_the_process_and_the_event_comes_again(bench: Bench, start: Start):
    await write(bench.broker, bench.facts, [(b"key-1", b"value-1"), (b"key-1", b"raise"), (b"key-1", b"value-2")])
    for name in ("first", "second"):  # the same event, each time
        worker = start(name)
        assert await worker.ended() != 0
        log = worker.log.read_text()
        assert log.count("RuntimeError: asked for it") == 2, log  # once in words, once with its traceback
        assert "worker.count failed" in log
    assert not await committed(bench.broker, bench.group)
    assert not await read(bench.broker, bench.counts)


async def test_a_failed_delivery_ends_the_process_before_anything_is_committed(bench: Bench, start: Start, names: str):
    await make_topics(bench.broker, {f"{names}.small": 1}, **{"max.message.bytes": "100"})
    await write(bench.broker, bench.facts, [(b"key-1", b"v" * 500)])
    worker = start(OUT=f"{names}.small")
    assert await worker.ended() != 0
    assert f"Topic {names}.small refused records as too large; the largest is 5" in worker.log.read_text()
    assert not await read(bench.broker, bench.counts)  # outputs come before changelogs
    assert not await committed(bench.broker, bench.group)
