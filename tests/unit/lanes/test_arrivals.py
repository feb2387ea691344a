"""A write whose answer was lost is sent again only once it cannot be on its way any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.command import Command
from streams.lanes.arrivals import ARRIVES_WITHIN, LONG_AGO, ON_ITS_WAY
from streams.platforms.interface import Written
from tests.support.lane import MemoryPlatform, Shift
from tests.support.work import create, update

LATE = ARRIVES_WITHIN - timedelta(seconds=1)


def late(**more: object) -> Shift:
    """A shift in which a call arrives as late as one may."""
    shift = Shift(**more)  # type: ignore[arg-type] - what a test says of it
    shift.platform.landing = LATE
    shift.platform.put("invoice", "u1", name="v0")
    return shift


@pytest.mark.parametrize("kind", ["create", "update"])
async def test_a_call_that_arrives_after_its_worker_died_is_not_sent_again(kind: str):
    shift = late(stays=True)
    wanted = create(1) if kind == "create" else update(1)
    shift.platform.mishaps.append("dies")
    assert not await shift.work(wanted)
    shift.clock.pass_by(10)
    assert await shift.work(wanted, create(2))
    assert (shift.papers.state(wanted), shift.papers.state(create(2))) == ("unknown", "applied")
    await shift.rest()
    assert sorted(shift.platform.applied) == ["c1", "c2"]
    assert [outcome.state for outcome in shift.papers.outcomes(wanted)] == ["applied"]


async def test_it_waits_until_then_and_says_so():
    shift = late(stays=True)
    shift.platform.mishaps.append("dies")
    await shift.work(create(1))
    shift.clock.pass_by(10)
    met = shift.clock()
    await shift.work(create(1))
    entry = shift.papers.entry(create(1))
    assert entry is not None
    assert (entry.state, entry.code, entry.until, entry.attempts) == ("unknown", ON_ITS_WAY, met + ARRIVES_WITHIN, 1)
    assert entry.message.endswith("and may still arrive until 09:02:10 UTC, when it is looked up again")
    assert shift.due == met + ARRIVES_WITHIN


async def test_what_is_found_is_there_at_once():
    shift = late(stays=True)
    shift.platform.mishaps.append("lost_after")
    assert not await shift.work(create(1), die_at="called")
    assert await shift.work(create(1))
    assert (shift.platform.created, shift.papers.state(create(1))) == (["RM-1"], "applied")


async def test_a_dead_workers_wait_is_not_waited_for_before_it_is_looked_up():
    """Its clock may have been wrong, and the call may have arrived since."""
    shift = late(stays=True)
    shift.platform.mishaps.append("lost_on_its_way")
    await shift.work(create(1))
    shift.clock.now -= timedelta(seconds=300)
    shift.lane = None
    shift.platform.landing = timedelta()
    shift.platform.on_their_way = [(shift.clock(), each) for _, each in shift.platform.on_their_way]
    shift.papers.cursors.clear()
    await shift.work(create(1))
    assert shift.papers.state(create(1)) == "applied"


async def test_what_comes_later_for_its_record_waits_behind_it():
    shift = late(stays=True)
    shift.platform.mishaps.append("dies")
    await shift.work(update(1))
    shift.clock.pass_by(10)
    await shift.work(update(1), update(2), create(3))
    assert shift.platform.applied == ["c3"]
    await shift.rest()
    assert shift.platform.applied == ["c3", "c1", "c2"]


@pytest.mark.parametrize("successor", [False, True])
async def test_what_another_record_of_ours_writes_there_waits_as_well(successor: bool):  # noqa: FBT001 - pytest's
    """After a merge two of ours name one record of the platform, until capture has told them apart."""
    shift = late(stays=True)
    shift.platform.mishaps.append("dies")
    other = update(2, record="invoice:merged")
    await shift.work(update(1))
    shift.clock.pass_by(10)
    await shift.work(update(1))
    if successor:
        shift.lane = None
    await shift.work(other, create(3))
    assert (shift.platform.applied, shift.papers.state(other)) == (["c3"], "waiting")
    await shift.rest()
    assert shift.platform.applied == ["c3", "c1", "c2"]


async def test_what_another_record_writes_there_waits_no_longer_once_it_is_found():
    shift = late(stays=True)
    shift.platform.mishaps.append("lost_after")
    assert not await shift.work(update(1), die_at="called")
    await shift.work(update(1))
    assert await shift.work(update(2, record="invoice:merged"))
    assert shift.platform.applied == ["c1", "c2"]


async def test_one_that_never_arrived_is_sent_again_then():
    shift = late(stays=True)
    assert not await shift.work(create(1), die_at="claimed")
    assert await shift.work(create(1))
    await shift.rest_until(shift.clock() + ARRIVES_WITHIN)
    assert shift.platform.created == []
    await shift.rest()
    assert shift.platform.created == ["RM-1"]
    assert shift.platform.count("look_up") == 2


async def test_a_clock_that_runs_ahead_believes_nothing_sooner():
    """The dead worker's clock does not count: the next one counts from when it met the claim."""
    shift = late(stays=True)
    shift.platform.mishaps.append("dies")
    await shift.work(create(1))
    (landing,) = [at for at, _ in shift.platform.on_their_way]
    shift.clock.pass_by(LATE.total_seconds() + 60)  # the successor's clock: in truth no time has passed
    ahead = shift.clock() - landing
    shift.platform.on_their_way = [(at + ahead + LATE, each) for at, each in shift.platform.on_their_way]
    await shift.work(create(1))
    await shift.rest()
    assert shift.platform.created == ["RM-1"]


async def test_workers_that_die_again_and_again_get_through_in_the_end():
    shift = late()
    assert not await shift.work(create(1), die_at="claimed")
    begun = shift.clock()
    while shift.papers.state(create(1)) != "applied":
        shift.clock.pass_by(90)
        await shift.work(create(1))
        shift.lane = None
        assert shift.clock() - begun < LONG_AGO + 3 * ARRIVES_WITHIN
    assert shift.clock() - begun >= LONG_AGO + ARRIVES_WITHIN
    assert shift.platform.created == ["RM-1"]


async def test_a_lane_that_was_somebody_elses_meanwhile_begins_anew():
    shift = late(stays=True)
    shift.platform.mishaps.append("lost_on_its_way")
    await shift.work(create(1))
    shift.clock.pass_by(100)
    assert shift.lane is not None
    shift.lane.forget()
    ((at, sent),) = shift.platform.on_their_way
    shift.platform.on_their_way = [(at + timedelta(seconds=110), sent)]  # the other has sent it once more
    await shift.work(create(1))
    await shift.rest()
    assert shift.platform.created == ["RM-1"]


class Slow(MemoryPlatform):
    """A platform that takes its time to be looked through."""

    async def look_up(self, command: Command) -> Written | None:
        self.clock.pass_by(100)
        return await super().look_up(command)


async def test_one_whose_time_comes_while_others_are_looked_up_is_looked_up_before_it_is_sent():
    shift = late(stays=True)
    platform = shift.platform = Slow(shift.clock, landing=timedelta(seconds=110))
    platform.mishaps.append("lost_on_its_way")
    await shift.work(create(1))
    before = shift.lane
    shift.lane, wait = None, shift.due
    platform.mishaps.append("dies")
    assert not await shift.work(create(2))
    shift.papers.cursors.clear()
    shift.lane = before
    assert wait is not None
    shift.clock.now = wait - timedelta(seconds=50)
    await shift.work(create(2), create(1))
    await shift.rest()
    assert sorted(platform.created) == ["RM-1", "RM-2"]


async def test_without_the_wait_it_is_there_twice():
    """The fault itself: what this is all about."""
    shift = late(stays=True, arrives_within=timedelta())
    shift.platform.mishaps.append("dies")
    await shift.work(create(1))
    shift.clock.pass_by(10)
    await shift.work(create(1))
    shift.clock.pass_by(200)
    await shift.work(create(2))
    assert sorted(shift.platform.created) == ["RM-1", "RM-1", "RM-2"]
