import pytest
from faust.types import TP

from streams.engine import EngineApp, EngineError
from streams.engine.recovery import BatchRecovery

PLACE = TP("tables.versions", 0)


@pytest.fixture
async def recovery() -> BatchRecovery:
    app = EngineApp("unit")
    app.batch_table("versions", changelog=PLACE.topic)
    recovery: BatchRecovery = app.tables.recovery
    recovery.active_tps.add(PLACE)
    return recovery


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
