"""Batches beside what is Faust's own: ordinary agents, stock tables, timers, and its command line."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.broker import make_topics, read, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import ROOT, WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


async def test_all_kinds_of_agents_in_one_app(bench: Bench, start: Start, names: str, tmp_path: Path):
    await make_topics(bench.broker, {f"{names}.plain": 4, f"{names}.ticks": 2})
    sent: list[Any] = [(key, value[:7]) for key, value in records(0, 400, keys=20)]
    await write(bench.broker, bench.facts, sent[:200])
    shown = tmp_path / "state.json"

    def begin(name: str) -> WorkerProcess:
        folder = str(tmp_path / name)
        return start(name, SCRIPT="mixed_worker.py", SHOW=str(shown), STORE="rocksdb://", DATADIR=folder)

    first = begin("first")
    await until(lambda: state(shown) == expected(sent[:200]), explain=lambda: f"{state(shown)} {first.log.read_text()}")
    ticks = await read(bench.broker, f"{names}.ticks")
    assert [record.value for record in ticks] == [b"1", b"1", b"1"]
    assert await first.stop() == 0
    shown.unlink()
    await write(bench.broker, bench.facts, sent[200:])
    second = begin("second")
    await until(lambda: state(shown) == expected(sent), explain=lambda: f"{state(shown)} {second.log.read_text()}")
    assert await second.stop() == 0
    for worker in (first, second):
        said = [line for line in worker.log.read_text().splitlines() if "WARNING" in line or "ERROR" in line]
        assert [line for line in said if "is overlapping" not in line] == []  # a timer that a busy machine held up


def state(file: Path) -> Any:
    return orjson.loads(file.read_bytes()) if file.exists() else None


def expected(sent: list[tuple[bytes, bytes]]) -> Any:
    keys = Counter(key.decode() for key, _ in sent)
    return {"first": keys, "second": Counter(value.decode() for _, value in sent), "third": keys}


async def test_the_command_line_of_faust_starts_a_worker(bench: Bench, tmp_path: Path):
    await write(bench.broker, bench.facts, records(0, 10))
    worker = subprocess.Popen(  # noqa: ASYNC220 - our own worker
        [sys.executable, "-m", "faust", "-A", "tests.unit.engine.worker", "worker"],
        env={"PATH": "", "BROKER": bench.broker, "PREFIX": bench.names, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await bench.all_committed()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
        await bench.assert_nothing_lost()
    finally:
        worker.kill()
