"""A timer that fails ends the worker, in words and for certain, also while no broker answers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.engine.failure import EXIT_CODE
from tests.support.broker import write
from tests.unit.engine.harness import Bench
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = [pytest.mark.broker, pytest.mark.slow]


async def test_a_timer_that_fails_ends_the_worker_while_no_broker_answers(
    bench: Bench, start: Callable[..., WorkerProcess], tmp_path: Path
):
    quiet, fail = tmp_path / "quiet", tmp_path / "fail"
    worker = await start(MUTE=str(quiet), FAIL=str(fail)).ready()
    await write(bench.broker, bench.facts, [(b"key", b"value")])
    await bench.has(bench.out, 1)
    quiet.write_text("all")
    await write(bench.broker, bench.facts, [(b"key", b"held back")])
    fail.touch()
    assert await worker.ended(60) in {1, EXIT_CODE}
    log = worker.log.read_text()
    assert "CRITICAL] The broker is away. The worker stops" in log
    assert "Traceback" not in log


async def test_a_timer_that_fails_refuses_what_is_not_committed(
    bench: Bench, start: Callable[..., WorkerProcess], tmp_path: Path
):
    fail = tmp_path / "fail"
    first = await start("first", FAIL=str(fail), SLOW="0.5").ready()
    await write(bench.broker, bench.facts, [(f"{n}".encode(), b"value") for n in range(20)])
    await until(lambda: first.says("handling"))
    fail.touch()
    assert await first.ended(60) in {1, EXIT_CODE}
    await start("second").ready()
    await bench.all_committed()
    await bench.assert_nothing_lost()
