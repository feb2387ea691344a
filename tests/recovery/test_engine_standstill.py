"""A recovery to which nothing comes: it ends in words where the broker answers, and waits where it is away."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.broker import write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


async def test_a_recovery_that_stands_still_ends_the_worker_unless_the_broker_is_away(
    bench: Bench, start: Start, tmp_path: Path
):
    await write(bench.broker, bench.facts, records(0, 300))
    first = start()
    await bench.all_committed()
    assert await first.stop() == 0
    mute = tmp_path / "mute"
    for moment in ("all", "ends"):
        mute.write_text(moment)
        patient = start(moment, MUTE=str(mute), PATIENCE="5", HEARTBEAT="0.5")
        await until(lambda: patient.says("is waited for"), explain=patient.words)  # noqa: B023 - of this round
        mute.unlink()
        await patient.ready()
        assert patient.says("tables recovered: 300 changelog records")
        assert await patient.stop() == 0
    mute.write_text("fetch")
    still = start("still", MUTE=str(mute), PATIENCE="5", HEARTBEAT="0.5")
    assert await still.ended() != 0
    said = still.log.read_text()
    assert f"{bench.counts}[" in said
    assert "records to go after offset -1" in said
    assert said.count("Recovery failed: EngineError") == 1
