"""What nobody wants any more is not written where nothing of it was begun; what was begun goes on."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from schemas.brake import BrakeState
from schemas.contract.brakes import Brake
from schemas.errors import Parked
from schemas.fact import WITHDRAWN, Outcome
from schemas.names import Entity
from streams.lanes.brakes import Limits
from tests.support.lane import Papers, Shift
from tests.support.work import create, release, withdraw

NONE_PASSES = Limits((Brake(about=Entity.INVOICE, rule="owner", records=1),))


def told(papers: Papers) -> list[tuple[str, str]]:
    """What is told of commands: how each ended, or that it was taken back."""
    found = [each for _, _, each in papers.sent if isinstance(each, Outcome)]
    return [(each.command, each.code if each.state == "superseded" else each.state) for each in found]


async def parked() -> Shift:
    """A lane that stands still for a minute."""
    shift = Shift()
    shift.platform.mishaps.append(Parked("down", until=shift.clock() + timedelta(seconds=60)))
    await shift.work(create(99))
    return shift


async def braked() -> Shift:
    """A lane whose brake has held the second and the third of what a rule wants."""
    shift = Shift(limits=NONE_PASSES)
    await shift.work(*(create(number, rules=["owner"]) for number in (1, 2, 3)))
    assert shift.platform.created == ["RM-1"]
    return shift


@pytest.mark.parametrize("together", [True, False])
async def test_a_command_that_waits_for_its_platform_is_taken_back(*, together: bool):
    shift = await parked()
    works = [create(1), withdraw(shift.clock, create(1))]
    for batch in [works] if together else [[each] for each in works]:
        await shift.work(*batch)
    assert told(shift.papers) == [("c1", WITHDRAWN)]
    assert shift.lane is not None
    assert shift.lane.snapshot.waiting == 1, "the one that parked it"
    shift.clock.pass_by(61)
    await shift.rest()
    assert shift.platform.created == ["RM-99"]
    assert shift.papers.state(create(1)) == "superseded"


async def test_one_that_is_redelivered_after_that_is_not_written_and_is_told_again():
    shift = await parked()
    await shift.work(create(1), withdraw(shift.clock, create(1)))
    shift.clock.pass_by(61)
    await shift.work(create(1), withdraw(shift.clock, create(1)))
    await shift.rest()
    assert "RM-1" not in shift.platform.created
    assert set(told(shift.papers)) == {("c1", WITHDRAWN), ("c99", "applied")}


async def test_one_that_a_brake_holds_leaves_its_queue_and_is_not_written_when_the_rule_is_let_go():
    shift = await braked()
    await shift.work(withdraw(shift.clock, create(2)))
    assert told(shift.papers)[-1] == ("c2", WITHDRAWN)
    state = [value for _, _, value in shift.papers.sent if isinstance(value, BrakeState)][-1]
    assert (state.state, state.held) == ("stopped", 1)
    await shift.work(release(shift.clock, "owner"))
    await shift.rest()
    assert shift.platform.created == ["RM-1", "RM-3"]
    assert not [key for key in shift.papers.cursors if "|brake|of|" in key or "|held|" in key]


async def test_all_that_a_brake_holds_may_be_taken_back():
    shift = await braked()
    await shift.work(*(withdraw(shift.clock, create(number)) for number in (3, 2)))
    await shift.work(release(shift.clock, "owner"))
    await shift.work(create(4, rules=["owner"]))
    await shift.rest()
    assert shift.platform.created == ["RM-1", "RM-4"]


@pytest.mark.parametrize("dies", [1, 2, 3])
async def test_a_batch_that_dies_over_it_tells_it_when_it_comes_again(dies: int):
    shift = await braked()
    await shift.work(withdraw(shift.clock, create(2)), die_in_write=dies)
    await shift.work(withdraw(shift.clock, create(2)))
    assert set(told(shift.papers)) == {("c1", "applied"), ("c2", WITHDRAWN)}
    await shift.work(release(shift.clock, "owner"))
    await shift.rest()
    assert shift.platform.created == ["RM-1", "RM-3"]


async def test_where_only_the_ledger_was_written_it_is_told_all_the_same():
    found, lost = await braked(), await braked()
    await found.work(withdraw(found.clock, create(2)))
    lost.papers.ledger.update(copy.deepcopy(found.papers.ledger))
    await lost.work(withdraw(lost.clock, create(2)))
    assert told(lost.papers)[-1] == ("c2", WITHDRAWN)
    await lost.work(release(lost.clock, "owner"))
    await lost.rest()
    assert lost.platform.created == ["RM-1", "RM-3"]


async def test_one_that_may_have_been_written_is_looked_up_and_goes_on():
    shift = Shift()
    shift.platform.mishaps.append("lost_on_its_way")
    await shift.work(create(1))
    assert shift.papers.state(create(1)) == "unknown"
    await shift.work(withdraw(shift.clock, create(1)))
    shift.clock.pass_by(600)
    await shift.rest()
    assert shift.platform.created == ["RM-1"]
    assert told(shift.papers)[-1] == ("c1", "applied")


async def test_one_that_is_written_stays_written():
    shift = Shift()
    await shift.work(create(1))
    await shift.work(withdraw(shift.clock, create(1)))
    assert told(shift.papers) == [("c1", "applied")]
