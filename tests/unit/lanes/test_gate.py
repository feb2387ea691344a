"""The gate: a lane that may not write yet reads, keeps what it is asked for, and writes it once it is released."""

from schemas.command import Approval
from streams.lanes.lane import HELD, Lane
from tests.support.lane import Shift
from tests.support.work import CONNECTION, START, TENANT, Clock, create, poll, update


def gated(shift: Shift, contract: str = "agreed") -> Shift:
    shift.stays = True
    shift.lane = Lane(shift.platform, TENANT, CONNECTION, shift.clock, gate=contract)
    return shift


def release(contract: str = "agreed") -> Approval:
    return Approval(tenant=TENANT, connection=CONNECTION, contract=contract, plan="p", who="finance", at=START)


async def test_nothing_is_written_and_everything_is_read_before_the_release():
    shift = gated(Shift())
    shift.platform.put("invoice", "u1")
    await shift.work(create(1), update(2), poll(shift.clock))
    await shift.rest_until(shift.clock.now.replace(hour=12))
    assert shift.platform.count("write") == 0
    assert shift.platform.count("poll") == 2
    assert {row["state"] for row in shift.papers.ledger.values()} == {"waiting"}
    assert {row["message"] for row in shift.papers.ledger.values()} == {HELD}
    assert shift.due is None, "it does not wake for writes that may not go"


async def test_what_was_kept_is_written_after_the_release_also_by_another_worker():
    shift = gated(Shift())
    shift.platform.put("invoice", "u1")
    await shift.work(create(1))
    await shift.work(update(2))
    await shift.work(release())
    await shift.rest()
    assert sorted(shift.platform.applied) == ["c1", "c2"]
    gated(shift)
    await shift.work(create(3))
    assert "c3" in shift.platform.applied


async def test_a_release_is_for_one_contract():
    shift = gated(Shift())
    await shift.work(create(1), release("another"))
    assert shift.platform.count("write") == 0
    await shift.work(release())
    assert shift.platform.applied == ["c1"]
    gated(shift, "the next one")
    await shift.work(create(2))
    assert shift.platform.applied == ["c1"]


async def test_a_lane_without_a_gate_takes_a_release_for_what_it_is():
    shift = Shift(Clock())
    await shift.work(create(1), release())
    assert shift.platform.applied == ["c1"]


async def test_updates_that_a_later_one_covers_are_settled_while_the_gate_is_shut():
    shift = gated(Shift())
    shift.platform.put("invoice", "u1")
    await shift.work(update(1, fields={"name": "old"}), update(2, fields={"name": "new"}))
    await shift.work(release())
    await shift.rest()
    assert shift.platform.applied == ["c2"]
