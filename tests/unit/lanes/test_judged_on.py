"""A create that hangs on a record: where that has moved on since it was judged, nothing is made."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.command import Command
from schemas.errors import Transient
from schemas.fact import GONE
from tests.support.lane import Shift
from tests.support.work import create
from tests.unit.lanes.test_supersession import version, with_record

BILL = "xero/invoice/u1"


def credit(shift: Shift, **more: Any) -> Command:
    """A document that is made because of the bill, judged on what the platform shows of that now."""
    parts = {"record": "credit_note:1", "on": BILL, "version": version(shift), "compare": True, "at": shift.clock()}
    return create(1, **(parts | more))


async def test_what_hangs_on_a_record_that_is_as_it_was_is_made():
    shift = with_record()
    wanted = credit(shift)
    await shift.work(wanted)
    assert (shift.papers.state(wanted), shift.platform.created) == ("applied", ["RM-1"])
    assert [name for name, _ in shift.platform.calls][:2] == ["read", "write"]


async def test_one_whose_record_has_moved_on_is_superseded_and_the_record_is_told_as_itself():
    shift = with_record()
    wanted = credit(shift)
    shift.platform.put("invoice", "u1", name="credited by hand")
    await shift.work(wanted)
    assert (shift.papers.state(wanted), shift.platform.created) == ("superseded", [])
    (outcome,) = shift.papers.outcomes(wanted)
    assert (outcome.version, outcome.ref) == (version(shift), None)
    (news,) = [each for each in shift.papers.changes() if each.record_id == "u1"]
    assert news.canonical is None, "whose it is, is known: it is not the credit note"


@pytest.mark.parametrize("again", [False, True])
async def test_one_whose_record_is_gone_is_superseded_also_when_it_is_delivered_again(*, again: bool):
    shift = with_record()
    wanted = credit(shift)
    shift.platform.erase("invoice", "u1")
    await shift.work(wanted)
    if again:
        await shift.work(wanted)
    assert shift.platform.created == []
    assert {(each.state, each.code) for each in shift.papers.outcomes(wanted)} == {("superseded", GONE)}
    assert {each.canonical for each in shift.papers.changes() if each.record_id == "u1"} == {None}


async def test_one_whose_record_cannot_be_read_waits():
    shift = with_record()
    wanted = credit(shift)
    shift.platform.kind_mishaps["invoice"] = Transient("down")
    await shift.work(wanted)
    assert shift.platform.created == []
    shift.platform.kind_mishaps.clear()
    await shift.rest()
    assert (shift.papers.state(wanted), shift.platform.created) == ("applied", ["RM-1"])


@pytest.mark.parametrize("step", ["claimed", "called", "answered", "recorded", "produced"])
async def test_a_crash_at_any_step_makes_no_second_one(step: str):
    shift = with_record()
    wanted = credit(shift)
    assert not await shift.work(wanted, die_at=step)
    shift.clock.pass_by(30)
    await shift.work(wanted)
    await shift.rest()
    assert (shift.papers.state(wanted), shift.platform.created) == ("applied", ["RM-1"])
