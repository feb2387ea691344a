import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from faust.types import TP

from streams.engine import EngineApp, EngineError
from streams.engine.consumer import BatchConsumer
from streams.engine.identity import told
from streams.engine.lease import Lease
from streams.engine.progress import Progress
from streams.engine.recovery import BatchRecovery

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


def test_zeros_are_not_the_id_of_a_topic():
    given = uuid.UUID(int=7)
    answer = [(0, "new", given), (0, "old", uuid.UUID(int=0)), (3, "gone", given)]
    assert told(answer) == {"new": str(given)}
