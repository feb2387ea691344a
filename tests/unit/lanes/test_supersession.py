from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.change import Change
from schemas.command import Command
from schemas.errors import Parked, Refused, Throttled, Transient
from schemas.fact import MERGED, Outcome
from tests.support.lane import Shift
from tests.support.work import create, resume, update


def with_record(*, stays: bool = False) -> Shift:
    """A shift whose platform holds the record that updates write, a while ago."""
    shift = Shift(stays=stays)
    shift.platform.put("invoice", "u1", name="v0")
    return shift


def version(shift: Shift, number: str = "u1") -> int:
    """The record's version on the platform."""
    return int(shift.platform.records["invoice"][number]["at"])


def judged(shift: Shift, number: int, **more: Any) -> Command:
    """An update judged now on what the platform shows now."""
    return update(number, at=shift.clock(), **({"version": version(shift)} | more))


def fields(**values: str) -> dict[str, Any]:
    return {"fields": values}


async def parked(shift: Shift) -> None:
    """Let the lane stand still for a minute."""
    until = shift.clock() + timedelta(seconds=60)
    shift.platform.mishaps.append(Parked("down", until=until))
    await shift.work(create(99))


def states(shift: Shift, *commands: Command) -> list[str | None]:
    return [shift.papers.state(command) for command in commands]


@pytest.mark.parametrize("waiting", [False, True])
async def test_an_update_whose_fields_a_later_one_covers_is_not_sent(*, waiting: bool):
    shift = with_record()
    one = update(1, **fields(name="a"))
    other = update(2, **fields(email="x"))
    last = update(3, **fields(name="b", email="y"))
    if waiting:
        await parked(shift)
        await shift.work(one, other)
    await shift.work(*([] if waiting else [one, other]), last)
    told = {outcome.command: outcome for outcome in shift.papers.outcomes()}
    assert [told[name].state for name in ("c1", "c2")] == ["superseded", "superseded"]
    assert "c3" in told["c1"].message
    await shift.rest()
    assert states(shift, one, other, last) == ["superseded", "superseded", "applied"]
    assert [name for name in shift.platform.applied if name != "c99"] == ["c3"]


@pytest.mark.parametrize(
    "later",
    [
        update(2, **fields(email="x")),
        update(2, **fields(name="b"), ref="xero/invoice/u2"),
        update(2, **fields(name="b"), record="invoice:u2"),
        create(2, **fields(name="b"), record="invoice:u1"),
    ],
)
async def test_an_update_that_nothing_covers_is_sent(later: Command):
    shift = with_record()
    shift.platform.put("invoice", "u2", name="v0")
    one = update(1, **fields(name="a"), links={"deal": "hubspot/deal/1"})
    await shift.work(one, later)
    assert states(shift, one, later) == ["applied", "applied"]


async def test_links_that_a_later_update_lacks_keep_the_earlier_one():
    shift = with_record()
    one = update(1, **fields(name="a"), links={"deal": "hubspot/deal/1"})
    await shift.work(one, update(2, **fields(name="b")))
    assert states(shift, one) == ["applied"]


async def test_an_update_that_may_have_been_sent_is_looked_up_and_not_superseded():
    shift = with_record()
    one, later = update(1, **fields(name="a")), update(2, **fields(name="b"))
    shift.platform.mishaps.append("lost_after")
    shift.platform.look_up_mishaps.append(Transient("down"))
    await shift.work(one)
    await shift.work(later)
    await shift.rest()
    assert states(shift, one, later) == ["applied", "applied"]
    assert shift.platform.records["invoice"]["u1"]["name"] == "b"


async def test_a_create_is_never_superseded():
    shift = Shift()
    await shift.work(
        create(1, record="invoice:u1", **fields(name="a")), update(2, **fields(name="b"), ref="xero/invoice/n1")
    )
    assert shift.platform.applied == ["c1", "c2"]


async def test_a_worker_that_died_over_it_tells_that_it_was_superseded():
    shift = with_record()
    await parked(shift)
    one, later = update(1, **fields(name="a")), update(2, **fields(name="b"))
    await shift.work(one)
    assert not await shift.work(later, die_in_write=1)
    await shift.work(later)
    await shift.rest()
    assert states(shift, one, later) == ["superseded", "applied"]
    assert {outcome.state for outcome in shift.papers.outcomes(one)} == {"superseded"}


async def test_an_update_that_waited_is_not_written_over_a_newer_version():
    shift = with_record()
    await parked(shift)
    stale = judged(shift, 1)
    await shift.work(stale)
    shift.platform.put("invoice", "u1", name="by somebody")
    await shift.rest()
    assert states(shift, stale) == ["superseded"]
    (outcome,) = shift.papers.outcomes(stale)
    assert outcome.version == version(shift)
    assert "modified since" in outcome.message
    ours = [value for _, _, value in shift.papers.sent if isinstance(value, Change) and value.record_id == "u1"]
    assert [change.raw["name"] for change in ours] == ["by somebody"]
    kinds = [value for _, _, value in shift.papers.sent if value is outcome or value is ours[0]]
    assert kinds == [ours[0], outcome]


async def test_an_update_that_an_unheard_edit_would_win_over_is_compared_at_once():
    shift = with_record()
    raced = judged(shift, 1, compare=True)
    shift.platform.put("invoice", "u1", name="by somebody")
    await shift.work(raced)
    assert states(shift, raced) == ["superseded"]
    assert shift.platform.records["invoice"]["u1"]["name"] == "by somebody"
    again = judged(shift, 2, compare=True)
    await shift.work(again)
    assert states(shift, again) == ["applied"]


async def test_an_update_that_waited_is_written_where_nothing_has_changed():
    shift = with_record()
    await parked(shift)
    first, second = judged(shift, 1), judged(shift, 2)
    await shift.work(first, second)
    await shift.rest()
    assert states(shift, first, second) == ["applied", "applied"]  # our own first write is no news to the second
    assert shift.platform.calls.count(("read", ("invoice", ("u1",)))) == 2


@pytest.mark.parametrize("more", [{"version": None}, {}])
async def test_what_did_not_wait_or_says_no_version_is_written_without_a_look(more: dict[str, Any]):
    shift = with_record()
    wanted = judged(shift, 1, **more)
    shift.clock.pass_by(600 if more else 1)
    await shift.work(wanted)
    assert [name for name, _ in shift.platform.calls] == ["write"]


async def test_an_update_that_waited_for_a_record_that_is_gone_is_superseded():
    shift = with_record()
    wanted = judged(shift, 1)
    shift.clock.pass_by(60)
    del shift.platform.records["invoice"]["u1"]
    await shift.work(wanted)
    assert states(shift, wanted) == ["superseded"]
    assert [change.deleted for change in shift.papers.changes()] == [True]


@pytest.mark.parametrize("error", [Throttled, Transient])
async def test_an_update_waits_until_its_record_can_be_read(error: type[Throttled | Transient]):
    shift = with_record()
    wanted, other = judged(shift, 1), create(2)
    shift.clock.pass_by(60)
    late = shift.clock() + timedelta(seconds=30)
    shift.platform.read_mishaps.append(Throttled("slow", until=late) if error is Throttled else Transient("hiccup"))
    await shift.work(wanted, other)
    assert shift.papers.state(wanted) == "waiting"
    await shift.rest()
    assert states(shift, wanted, other) == ["applied", "applied"]


async def test_an_update_whose_record_may_not_be_read_is_written_for_its_answer():
    shift = with_record()
    wanted = judged(shift, 1)
    shift.clock.pass_by(60)
    shift.platform.read_mishaps.append(Refused("no such scope"))
    await shift.work(wanted)
    assert states(shift, wanted) == ["applied"]


async def test_one_judged_again_before_the_news_came_waits_for_it():
    shift = with_record(stays=True)
    stale = judged(shift, 1)
    shift.clock.pass_by(60)
    shift.platform.put("invoice", "u1", name="by somebody")
    await shift.work(stale)
    again = update(2, at=shift.clock(), version=stale.version)
    await shift.work(again)
    assert shift.platform.applied == []
    await shift.rest()
    assert states(shift, stale, again) == ["superseded", "superseded"]
    knowing = judged(shift, 3)
    await shift.work(knowing)
    assert states(shift, knowing) == ["applied"]


async def test_only_so_many_records_are_remembered_as_moved_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("streams.lanes.comparison.MOVED_ON", 1)
    shift = with_record(stays=True)
    shift.platform.put("invoice", "u2", name="v0")
    old = [judged(shift, 1), judged(shift, 2, ref="xero/invoice/u2", record="invoice:u2", version=version(shift, "u2"))]
    shift.clock.pass_by(60)
    shift.platform.put("invoice", "u1", name="x")
    shift.platform.put("invoice", "u2", name="x")
    await shift.work(*old)
    assert states(shift, *old) == ["superseded", "superseded"]
    await shift.work(update(3, at=shift.clock(), version=old[0].version))
    assert shift.platform.applied == ["c3"]


async def test_a_superseded_command_met_again_repeats_its_outcome_and_calls_nothing():
    shift = with_record()
    wanted = judged(shift, 1)
    shift.clock.pass_by(60)
    shift.platform.put("invoice", "u1", name="by somebody")
    await shift.work(wanted)
    calls = len(shift.platform.calls)
    await shift.work(wanted, resume(shift.clock))
    assert len(shift.platform.calls) == calls
    found = [value for _, _, value in shift.papers.sent if isinstance(value, Outcome)]
    assert [outcome.state for outcome in found] == ["superseded", "superseded"]


@pytest.mark.parametrize("moved", [False, True])
async def test_two_records_of_ours_that_mean_one_on_the_platform_are_both_settled(*, moved: bool):
    shift = with_record()
    both = [judged(shift, number, record=f"invoice:{name}") for number, name in ((1, "winner"), (2, "loser"))]
    if moved:
        shift.platform.put("invoice", "u1", name="later")
    shift.clock.pass_by(3600)  # so long that each is compared first
    await shift.work(*both)
    assert states(shift, *both) == ["superseded" if moved else "applied"] * 2


@pytest.mark.parametrize("step", [None, "claimed", "called", "answered", "recorded", "produced"])
async def test_an_update_whose_record_lives_on_in_another_is_superseded_by_that_one(step: str | None):
    shift = with_record()
    shift.platform.put("invoice", "survivor", name="by somebody")
    shift.platform.merged["u1"] = "survivor"
    wanted, other = judged(shift, 1), create(2)
    if step:
        assert not await shift.work(wanted, other, die_at=step)
        shift.clock.pass_by(30)
    await shift.work(wanted, other)
    await shift.rest()
    assert states(shift, wanted, other) == ["superseded", "applied"]
    assert shift.platform.records["invoice"]["survivor"]["name"] == "by somebody"
    told = shift.papers.outcomes(wanted)
    assert {(each.state, each.version) for each in told} == {("superseded", version(shift, "survivor"))}
    assert {(each.ref, each.code) for each in told} == {("xero/invoice/u1", MERGED)}, "the record that it was for"
    assert not any(each.fields for each in told)
    ends = {(each.canonical, each.customer, each.gone) for each in shift.papers.changes() if each.record_id == "u1"}
    assert (wanted.record, wanted.customer, True) in ends, "nobody else may know whose it was"
    shown = [each for each in shift.papers.changes() if each.record_id == "survivor"]
    assert {each.cause for each in shown} <= {None}, "nobody wrote what it shows for us"
    assert shown or step == "recorded", "what the webhook of the merge leads to shows it then"
