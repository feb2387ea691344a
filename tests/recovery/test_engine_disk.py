"""A disk that takes no more while a worker runs: the worker says so in one line, and nothing is lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.broker import write
from tests.unit.engine.harness import Bench
from tests.unit.engine.processes import WorkerProcess

pytestmark = [pytest.mark.broker, pytest.mark.slow]

Start = Callable[..., WorkerProcess]
FILES = 100_000  # bytes: more than the diaries that RocksDB keeps, less than what the records below take
RECORDS = [(f"{number:04}{'k' * 1000}".encode(), b"v") for number in range(400)]


def said(worker: WorkerProcess) -> list[str]:
    """What a person is told of it."""
    log = worker.log.read_text()
    assert "Traceback" not in log, log
    return [line for line in log.splitlines() if "File too large" in line]


async def filled(worker: WorkerProcess, bench: Bench) -> int:
    """Feed it until it ends: what it keeps goes to disk every few seconds, with the next batch."""
    await write(bench.broker, bench.facts, RECORDS)
    while worker.process.poll() is None:
        await write(bench.broker, bench.facts, RECORDS[:40])
        await asyncio.sleep(0.2)
    return worker.process.wait()


async def test_a_disk_that_fills_is_said_once_and_in_words(bench: Bench, start: Start, tmp_path: Path):
    state = {"STORE": "rocksdb://", "DATADIR": str(tmp_path / "state")}
    worker = await start("first", FILES=str(FILES), **state).ready()
    code = await filled(worker, bench)
    assert code not in {None, 0}
    (line,) = said(worker)
    assert str(tmp_path / "state") in line
    assert "start the worker again" in line

    # While it is full, each start ends the same way as soon as there is something to keep; with room again, what was
    # not acknowledged is read once more.
    again = start("again", FILES=str(FILES), **state)
    assert await filled(again, bench) not in {None, 0}
    assert len(said(again)) == 1
    last = await start("last", **state).ready()
    await bench.all_committed()
    await bench.assert_nothing_lost()
    assert await last.stop() == 0
