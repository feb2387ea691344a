import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any, cast

import pytest
from faust.types import TP

from streams.engine import EngineApp, EngineError
from streams.engine.consumer import BatchConsumer
from streams.engine.identity import told
from streams.engine.lease import Lease
from streams.engine.progress import Progress
from streams.engine.recovery import BatchRecovery
from streams.engine.rocks import RocksStore

PLACE = TP("tables.versions", 0)


@pytest.fixture
async def recovery() -> BatchRecovery:
    app = EngineApp("unit")
    app.batch_table("versions", changelog=PLACE.topic)
    recovery: BatchRecovery = app.tables.recovery
    recovery.active_tps.add(PLACE)
    return recovery


@pytest.fixture
def consumer(recovery: BatchRecovery) -> Iterator[BatchConsumer]:
    made: BatchConsumer = recovery.app.consumer  # it connects when it is started, which it is not
    made._thread.lease = Lease(60)  # noqa: SLF001 - made when the thread starts
    yield made
    made._thread.thread_loop.close()  # noqa: SLF001 - made with the thread


async def test_the_end_of_one_recovery_is_not_taken_for_the_end_of_the_next(recovery: BatchRecovery):
    recovery.signal_recovery_end.set()
    recovery._set_recovery_started()  # noqa: SLF001 - the seam this is about
    assert not recovery.signal_recovery_end.is_set()


async def test_the_end_of_a_recovery_stays_until_somebody_has_waited_for_it(recovery: BatchRecovery):
    recovery._set_recovery_started()  # noqa: SLF001 - the seam
    recovery.signal_recovery_end.set()
    recovery.signal_recovery_end.clear()  # as the task of stock tables does at any time
    assert recovery.signal_recovery_end.is_set()


async def test_no_end_of_an_earlier_assignment_is_held_against_what_is_read_now(recovery: BatchRecovery):
    standby, table = TP(PLACE.topic, 1), recovery.tables["versions"]
    recovery.tables._changelogs[PLACE.topic] = table  # noqa: SLF001 - done when it starts
    recovery.active_highwaters[PLACE], recovery.standby_highwaters[standby] = 10, 10
    recovery.app.assignor.assigned_actives = lambda: {PLACE}
    recovery.app.assignor.assigned_standbys = lambda: {standby}
    recovery.in_recovery = True
    recovery.tables.standbys_ready = False
    await recovery.on_rebalance({PLACE, standby}, set(), set(), recovery.app.consumer_generation_id)
    recovery.note_progress()  # nothing is read of either yet
    assert not recovery.tables.standbys_ready
    assert not recovery.signal_recovery_end.is_set()


async def test_a_standby_that_is_ahead_of_its_end_hides_nothing_of_another(recovery: BatchRecovery):
    ahead, behind, unknown = (TP(PLACE.topic, partition) for partition in (1, 2, 3))
    recovery.standby_highwaters.update({ahead: 10, behind: 10, unknown: 10})
    recovery.standby_offsets.update({ahead: 15, behind: 5})
    recovery.standby_offsets[unknown] = cast("Any", None)  # as Faust has it before it asked
    assert recovery.standby_remaining_total() == 5
    recovery.standby_offsets[behind] = 10
    assert recovery.standby_remaining_total() == 0


async def test_a_table_that_is_behind_stops_the_worker(recovery: BatchRecovery):
    recovery.active_highwaters[PLACE] = 10
    recovery.active_offsets[PLACE] = 9
    recovery._generation_id = recovery.app.consumer_generation_id = 3  # noqa: SLF001
    with pytest.raises(EngineError, match="changelog records unread"):
        await recovery.on_recovery_completed(3)


async def test_offsets_of_an_earlier_assignment_are_forgotten(recovery: BatchRecovery):
    recovery.active_offsets[PLACE] = 10
    recovery.add_active(recovery.tables["versions"], PLACE)
    assert recovery.active_offsets[PLACE] is None


async def test_offsets_that_are_the_next_assignments_already_are_not_sought(
    recovery: BatchRecovery, consumer: BatchConsumer
):
    recovery.tables._changelogs[PLACE.topic] = recovery.tables["versions"]  # noqa: SLF001 - done when it starts
    recovery.add_active(recovery.tables["versions"], PLACE)
    recovery.signal_recovery_start.set()
    await recovery._seek_offsets(consumer, {PLACE}, recovery.active_offsets, "active")  # noqa: SLF001 - the seam
    assert not consumer.is_seeking(PLACE)
    recovery.signal_recovery_start.clear()
    recovery.active_offsets[PLACE] = 4
    await recovery._seek_offsets(consumer, {PLACE}, recovery.active_offsets, "active")  # noqa: SLF001
    assert consumer.is_seeking(PLACE)


async def test_a_recovery_that_was_overtaken_is_not_current(recovery: BatchRecovery):
    recovery._generation_id, recovery.app.consumer_generation_id = 3, 3  # noqa: SLF001
    assert recovery.is_current()
    recovery.signal_recovery_start.set()
    assert not recovery.is_current()
    recovery.signal_recovery_start.clear()
    recovery.app.consumer_generation_id = 4
    assert not recovery.is_current()


async def test_a_rebalance_is_no_standstill(
    recovery: BatchRecovery, consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch
):
    said: list[str] = []
    monkeypatch.setattr(recovery.app, "fail", lambda where, _: said.append(where))  # it would arm this process's end
    recovery.progress = Progress(0, patience=3)
    recovery.active_highwaters[PLACE], recovery.active_offsets[PLACE] = 10, 4

    def look(begin: int, end: int) -> None:
        for now in range(begin, end):
            consumer.lease._since += 1  # noqa: SLF001 - a heartbeat was answered
            recovery.look(now)

    look(1, 10)
    consumer.is_between = False
    with pytest.raises(EngineError, match="6 records to go after offset 4"):
        look(10, 20)
    assert said == ["Recovery"]


async def test_a_partition_without_state_does_not_reach_to_offset_0(recovery: BatchRecovery):
    nobody: Any = None
    none: Counter[TP] = Counter()
    await recovery._drop_misfits(nobody, {PLACE}, none)  # noqa: SLF001 - there is nothing to ask anyone about
    assert PLACE not in none


async def test_a_worker_is_ready_only_while_its_lease_holds(recovery: BatchRecovery, consumer: BatchConsumer):
    app = recovery.app
    app.rebalancing = False
    assert not app.is_ready
    consumer.is_between = False
    assert app.is_ready
    consumer._thread.lease = Lease(0)  # noqa: SLF001 - it ran out
    assert not app.is_ready


class Changelog:
    """A consumer that knows where a changelog begins and ends."""

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 10)


async def test_files_that_were_elsewhere_for_long_are_rebuilt(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """Compaction does not move where a changelog begins: offsets say nothing of deletions that are gone."""
    app = EngineApp("unit", store="rocksdb://", datadir=tmp_path)
    table = app.batch_table("versions", changelog=PLACE.topic)
    long_ago = RocksStore(lambda: tmp_path / "tables", "versions", clock=lambda: time() - 8 * 24 * 3600)
    for partition in (0, 1):
        long_ago.write(partition, {b'"a"': b"1"}, 4)
    long_ago.close()
    held = TP(PLACE.topic, 1)
    await table.on_rebalance({PLACE, held}, set(), set())
    table.local.touch(1)
    offsets: Counter[TP] = Counter()
    for tp in (PLACE, held):
        app.tables.recovery.add_active(table, tp)
        offsets[tp] = cast("int", table.persisted_offset(tp))
    await app.tables.recovery._drop_misfits(cast("Any", Changelog()), {PLACE, held}, offsets)  # noqa: SLF001
    assert offsets == {PLACE: None, held: 4}
    assert (table.persisted_offset(PLACE), table.persisted_offset(held)) == (None, 4)
    assert "until 8.0 days ago" in caplog.text
    table.local.close()


async def test_what_a_worker_owns_for_certain_is_noted_to_miss_nothing(
    recovery: BatchRecovery, consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch
):
    table, touched = recovery.tables["versions"], list[int]()
    monkeypatch.setattr(table.local, "touch", touched.append)
    recovery.app.rebalancing = False
    await table.on_recovery_completed({PLACE}, set())
    assert touched == [0]
    recovery.look(100)  # no partitions yet
    consumer.is_between = False
    for now in (100, 100.5, 161):
        recovery.look(now)
    assert touched == [0] * 3


async def test_standbys_are_ready_when_they_have_read_to_the_ends(recovery: BatchRecovery):
    recovery.tables.standbys_ready = False
    tp = TP(PLACE.topic, 2)
    recovery.standby_tps.add(tp)
    recovery.standby_offsets[tp] = 8
    recovery.note_progress()
    assert not recovery.tables.standbys_ready  # where its changelog ends is not known yet
    recovery.standby_highwaters[tp] = 9
    recovery.note_progress()
    assert not recovery.tables.standbys_ready
    recovery.standby_offsets[tp] = 9
    recovery.note_progress()
    assert recovery.tables.standbys_ready


async def test_a_standby_that_nobody_writes_to_is_noted_to_miss_nothing(
    recovery: BatchRecovery, consumer: BatchConsumer, monkeypatch: pytest.MonkeyPatch
):
    table, touched = recovery.tables["versions"], list[int]()
    recovery.tables._changelogs[PLACE.topic] = table  # noqa: SLF001 - done when it starts
    monkeypatch.setattr(table.local, "touch", touched.append)
    places = {TP(PLACE.topic, partition): position for partition, position in ((2, 10), (3, 9), (4, 10), (5, 10))}
    ends, leaves = dict.fromkeys(places, 10), TP(PLACE.topic, 5)
    for tp in places:
        recovery.add_standby(table, tp)
    consumer.plan_seeks({TP(PLACE.topic, 4): 0})  # where it will be read from is to be seen yet

    async def log_ends(_: object) -> dict[TP, int]:
        return ends

    async def position(tp: TP) -> int:
        if tp == leaves:
            consumer.epoch += 1
        return places[tp]

    monkeypatch.setattr(consumer, "log_ends", log_ends)
    monkeypatch.setattr(consumer, "position", position)
    await recovery.touch_standbys(consumer)
    assert touched == [2]


async def test_a_recovery_that_does_not_know_the_ends_has_not_ended(recovery: BatchRecovery):
    recovery.in_recovery = True
    recovery.note_progress()
    assert recovery.need_recovery()
    assert not recovery.signal_recovery_end.is_set()
    recovery.active_highwaters[PLACE] = -1
    recovery.active_offsets[PLACE] = -1
    recovery.note_progress()
    assert not recovery.need_recovery()
    assert recovery.signal_recovery_end.is_set()


def test_zeros_are_not_the_id_of_a_topic():
    given = uuid.UUID(int=7)
    answer = [(0, "new", given), (0, "old", uuid.UUID(int=0)), (3, "gone", given)]
    assert told(answer) == {"new": str(given)}
