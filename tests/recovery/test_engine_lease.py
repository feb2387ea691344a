"""A worker whose partitions may be another's: what it has queued stays unwritten, what it has missed is recovered."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recovery.test_engine_restart import shown
from tests.support.broker import read, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


async def test_changes_queued_before_a_cut_do_not_land_behind_those_of_the_new_owner(
    bench: Bench, start: Start, tmp_path: Path
):
    network = tmp_path / "cut"
    network.touch()
    await write(bench.broker, bench.facts, records(0, 200))
    cut_off = start("cut_off", CUT=str(network))
    await until(lambda: cut_off.says("cut off"), explain=cut_off.words)
    start("second")
    await bench.all_committed()
    await write(bench.broker, bench.facts, records(200, 600, keys=200))
    await bench.all_committed()
    state = len(await read(bench.broker, bench.counts))
    network.unlink()
    await until(lambda: cut_off.says("revoked"), explain=cut_off.words)
    await until(lambda: cut_off.says("is ready"), explain=cut_off.words)
    assert await cut_off.stop() == 0
    assert len(await read(bench.broker, bench.counts)) == state
    await bench.assert_nothing_lost()


async def test_a_table_that_missed_changes_of_its_changelog_recovers_before_it_is_written(
    bench: Bench, start: Start, tmp_path: Path
):
    state = tmp_path / "state.json"
    await write(bench.broker, bench.facts, records(0, 200))
    worker = start(LAPSE="once", SHOW=str(state))
    await bench.all_committed()
    assert worker.says("revoked")
    assert len(await read(bench.broker, bench.counts)) == 200  # those acknowledged before are known, and not repeated
    await write(bench.broker, bench.counts, [(b'"stranger"', b'{"n":1,"offset":0}')])
    await write(bench.broker, bench.facts, records(200, 400))
    await bench.all_committed()
    assert worker.says("something is in it that this worker has not read")
    table = await bench.table()
    assert "stranger" in table
    await until(lambda: shown(state) == table, explain=worker.words)
