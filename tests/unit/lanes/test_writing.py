from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.command import Command
from schemas.errors import Fatal, Parked, Throttled, Transient, Unknown
from streams.lanes.patience import LONGEST_WAIT
from tests.support.lane import CONNECTION, Mishap, Shift
from tests.support.work import create, poll, read, resume, update

STEPS = ["claimed", "called", "answered", "recorded", "produced"]


def with_record() -> Shift:
    """A shift whose platform holds the record that updates write."""
    shift = Shift()
    shift.platform.put("invoice", "u1", name="v0")
    return shift


async def test_a_command_is_claimed_called_settled_and_told():
    shift = Shift()
    made = create(1)
    assert await shift.work(made)
    entry = shift.papers.entry(made)
    assert entry is not None
    assert (entry.state, entry.attempts, entry.code) == ("applied", 1, "200")
    (outcome,) = shift.papers.outcomes()
    assert (outcome.state, outcome.ref, outcome.fields) == ("applied", "xero/invoice/n1", {"name": "v1"})
    (change,) = shift.papers.changes()
    assert (change.canonical, change.customer, change.cause) == ("invoice:1", "company:acme", "c1")
    assert [(topic, key) for topic, key, _ in shift.papers.sent] == [
        ("facts", "main|company:acme"),
        ("changes", "main"),
    ]


async def test_claims_are_durable_before_any_call():
    shift = with_record()

    def witness(commands: Sequence[Command]) -> None:
        assert {shift.papers.state(command) for command in commands} == {"claimed"}

    shift.platform.witness = witness
    assert await shift.work(create(1), create(2), update(3), update(4))
    assert len(shift.platform.applied) == 4


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_makes_no_second_record_and_loses_no_outcome(step: str):
    shift = with_record()
    works = create(1), update(2), create(3)
    assert not await shift.work(*works, die_at=step)
    shift.clock.pass_by(30)
    assert await shift.work(*works)
    await shift.rest()
    assert sorted(shift.platform.created) == ["RM-1", "RM-3"]
    assert sorted(shift.platform.applied) == ["c1", "c2", "c3"]
    for command in works:
        assert shift.papers.state(command) == "applied"
        assert {outcome.state for outcome in shift.papers.outcomes(command)} == {"applied"}
    assert {change.canonical for change in shift.papers.changes()} >= {"invoice:1", "invoice:3"}


@pytest.mark.parametrize("nth", range(1, 7))
async def test_a_crash_between_outputs_and_tables_does_no_harm_either(nth: int):
    shift = Shift()
    works = create(1), create(2)
    if not await shift.work(*works, die_in_write=nth):
        shift.clock.pass_by(30)
        assert await shift.work(*works)
    await shift.rest()
    assert sorted(shift.platform.created) == ["RM-1", "RM-2"]
    assert {shift.papers.state(command) for command in works} == {"applied"}
    assert {outcome.command for outcome in shift.papers.outcomes()} == {"c1", "c2"}


@pytest.mark.parametrize("mishap", ["lost_before", "lost_after", "lost_on_its_way", "silent", Unknown("a lost batch")])
@pytest.mark.parametrize("kind", ["create", "update"])
async def test_a_lost_answer_is_looked_up_before_it_is_tried_again(mishap: Mishap, kind: str):
    shift = with_record()
    wanted = create(1) if kind == "create" else update(1)
    shift.platform.mishaps.append(mishap)
    await shift.work(wanted)
    await shift.rest()
    assert shift.platform.applied == ["c1"]
    assert [outcome.state for outcome in shift.papers.outcomes()] == ["applied"]
    names = [name for name, _ in shift.platform.calls]
    assert names[:2] == ["write", "look_up"]
    assert all(before == "look_up" for before, now in pairwise(names) if now == "write")


async def test_an_answer_that_stays_lost_is_unknown_until_it_can_be_looked_up():
    shift = Shift()
    wanted = create(1)
    shift.platform.mishaps.append("lost_after")
    shift.platform.look_up_mishaps += [Transient("down"), Transient("down")]
    await shift.work(wanted)
    assert shift.papers.state(wanted) == "unknown"
    assert shift.papers.outcomes() == []
    await shift.rest()
    assert (shift.platform.created, shift.papers.state(wanted)) == (["RM-1"], "applied")


async def test_a_refusal_is_final_and_is_told():
    shift = Shift()
    wanted = create(1)
    shift.platform.mishaps.append("refuse")
    await shift.work(wanted, create(2))
    assert (shift.papers.state(wanted), shift.papers.state(create(2))) == ("refused", "applied")
    assert [(outcome.state, outcome.fields) for outcome in shift.papers.outcomes(wanted)] == [("refused", {})]
    await shift.work(wanted)
    assert shift.platform.count("write") == 1


async def test_a_settled_command_met_again_only_repeats_its_outcome():
    shift = with_record()
    await shift.work(create(1), update(2))
    await shift.work(create(1), update(2))
    assert shift.platform.applied == ["c1", "c2"]
    assert [outcome.command for outcome in shift.papers.outcomes()] == ["c1", "c2", "c1", "c2"]
    assert [(change.cause, change.canonical) for change in shift.papers.changes()] == [
        ("c1", "invoice:1"),
        ("c2", None),
        ("c1", "invoice:1"),
        ("c2", None),
    ]


async def test_a_throttled_platform_is_not_called_before_its_time_and_no_attempt_is_burnt():
    shift = Shift()
    wanted = [create(1), create(2)]
    shift.platform.mishaps.append(Throttled("slow down", until=shift.clock() + timedelta(seconds=60)))
    await shift.work(*wanted)
    assert [shift.papers.state(one) for one in wanted] == ["waiting", "waiting"]
    shift.clock.pass_by(30)
    await shift.work(create(3), read(shift.clock, "invoice", "n1"), poll(shift.clock))
    assert [name for name, _ in shift.platform.calls] == ["write"]
    assert shift.due is not None
    await shift.rest()
    assert sorted(shift.platform.created) == ["RM-1", "RM-2", "RM-3"]
    entries = [shift.papers.entry(one) for one in [*wanted, create(3)]]
    assert [entry.attempts for entry in entries if entry] == [1, 1, 1]


async def test_a_park_holds_everything_and_its_end_takes_all_of_it_up_in_order():
    shift = with_record()
    shift.platform.mishaps.append(Parked("the grant was revoked", until=shift.clock() + timedelta(hours=1), code="401"))
    await shift.work(update(1))
    await shift.work(update(2), update(3))
    await shift.work(resume(shift.clock))
    assert shift.platform.count("write") == 1
    assert shift.due == shift.clock() + timedelta(hours=1)
    await shift.rest()
    assert shift.platform.applied == ["c1", "c2", "c3"]
    assert shift.platform.records["invoice"]["u1"]["name3"] == "v3"


@pytest.mark.parametrize("passes", [False, True])
async def test_a_park_says_whether_it_ends_by_itself_until_the_platform_was_called_again(*, passes: bool):
    """The row tells others, also those who start when no worker runs."""
    shift = with_record()
    until = shift.clock() + timedelta(hours=1)
    shift.platform.mishaps.append(Parked("the grant was revoked", until=until, passes=passes))
    await shift.work(update(1))
    row = shift.papers.cursors[f"{CONNECTION}|standing"]
    assert (row["person"], row["why"]) == (not passes, "the grant was revoked")
    await shift.work(resume(shift.clock))
    assert shift.papers.cursors[f"{CONNECTION}|standing"] == row
    await shift.rest()
    row = shift.papers.cursors[f"{CONNECTION}|standing"]
    assert (row["person"], row["until"]) == (False, None)


async def test_a_platform_that_is_down_needs_no_person():
    shift = with_record()
    shift.stays = True
    shift.platform.down = True
    await shift.work(update(1))
    for _ in range(10):
        assert shift.due is not None
        shift.clock.now = max(shift.clock.now, shift.due)
        await shift.work(resume(shift.clock))
    row = shift.papers.cursors[f"{CONNECTION}|standing"]
    assert row["until"]
    assert not row["person"]


async def test_what_the_platform_wants_later_is_sent_later():
    shift = Shift()
    until = shift.clock() + timedelta(seconds=45)
    shift.platform.mishaps += [until]
    await shift.work(create(1), create(2))
    assert shift.platform.created == ["RM-2"]
    shift.clock.pass_by(20)
    await shift.work(resume(shift.clock), create(3))
    assert shift.platform.created == ["RM-2", "RM-3"]
    assert shift.due == until
    await shift.rest()
    assert shift.platform.created == ["RM-2", "RM-3", "RM-1"]
    entry = shift.papers.entry(create(1))
    assert entry is not None
    assert entry.attempts == 1


async def test_hiccups_are_waited_for_longer_and_longer():
    shift = Shift()
    times: list[datetime] = []
    shift.platform.witness = lambda _: times.append(shift.clock())
    for _ in range(12):
        shift.platform.mishaps.append(Transient("503"))
    await shift.work(create(1))
    while shift.platform.mishaps:
        assert shift.due is not None
        await shift.work(resume(shift.clock))  # too early: nothing is called
        shift.clock.now = shift.due
        await shift.work(resume(shift.clock))
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert waits[:4] == [2, 5, 8, 16]  # 4 would be sooner than a platform that is down is asked again
    assert max(waits) == LONGEST_WAIT.total_seconds()
    assert shift.platform.count("write") == 12
    await shift.rest()
    assert shift.platform.created == ["RM-1"]


async def test_a_throttled_look_up_stops_all_other_calls():
    shift = Shift()
    shift.platform.mishaps.append("lost_after")
    until = shift.clock() + timedelta(seconds=60)
    shift.platform.look_up_mishaps.append(Throttled("slow down", until=until))
    await shift.work(create(1), create(2, record="invoice:1"))
    assert [name for name, _ in shift.platform.calls] == ["write", "look_up"]
    assert shift.due == until
    await shift.rest()
    assert shift.platform.created == ["RM-1", "RM-2"]


async def test_a_throttled_look_up_of_a_claim_met_again_stops_all_other_calls():
    shift = Shift()
    assert not await shift.work(create(1), create(2), die_at="called")
    shift.platform.look_up_mishaps.append(Throttled("slow down", until=shift.clock() + timedelta(seconds=60)))
    await shift.work(create(1), create(2), create(3), poll(shift.clock))
    assert [name for name, _ in shift.platform.calls] == ["write", "look_up"]
    await shift.rest()
    assert sorted(shift.platform.created) == ["RM-1", "RM-2", "RM-3"]


async def test_a_redelivery_while_parked_does_not_forget_that_a_write_may_have_arrived():
    shift = Shift()
    wanted = create(1)
    shift.platform.mishaps.append("lost_after")
    shift.platform.look_up_mishaps.append(Transient("down"))
    await shift.work(wanted)
    shift.platform.mishaps.append(Parked("down", until=shift.clock() + timedelta(seconds=60)))
    await shift.work(create(2))
    await shift.work(wanted, create(2))
    assert shift.papers.state(wanted) == "unknown"
    await shift.rest()
    assert sorted(shift.platform.created) == ["RM-1", "RM-2"]


async def test_an_unknown_write_stays_unknown_while_the_connection_is_parked():
    shift = Shift()
    wanted = create(1)
    shift.platform.mishaps.append("lost_after")
    shift.platform.look_up_mishaps.append(Parked("down", until=shift.clock() + timedelta(seconds=60)))
    await shift.work(wanted)
    await shift.work(wanted)
    assert shift.papers.state(wanted) == "unknown"
    await shift.rest()
    assert shift.platform.created == ["RM-1"]


@pytest.mark.parametrize("tiers", [(2, 2), (2, 1), (1, 3), (3, 1)])
async def test_a_records_later_command_stays_behind_its_earlier_one(tiers: tuple[int, int]):
    shift = with_record()
    shift.platform.mishaps.append(Transient("hiccup"))
    await shift.work(update(1, tier=tiers[0]), update(2, tier=tiers[1]))
    assert shift.platform.applied == []
    await shift.work(update(3, tier=1))
    await shift.rest()
    assert shift.platform.applied == ["c1", "c2", "c3"]


async def test_the_first_tier_goes_first_among_records():
    shift = Shift()
    await shift.work(create(1, tier=3), create(2, tier=1), create(3, tier=2))
    assert shift.platform.created == ["RM-2", "RM-3", "RM-1"]


async def test_a_refused_command_does_not_hold_up_the_next_of_its_record():
    shift = with_record()
    shift.platform.mishaps.append("refuse")
    await shift.work(update(1), update(2))
    assert shift.platform.applied == ["c2"]


async def test_what_is_fatal_stops_the_worker_before_anything_is_acknowledged():
    shift = Shift()
    shift.platform.mishaps.append(Fatal("the disk is full"))
    with pytest.raises(Fatal):
        await shift.work(create(1))
    assert shift.papers.state(create(1)) == "claimed"
    await shift.work(create(1))
    await shift.rest()
    assert shift.platform.created == ["RM-1"]


async def test_the_same_command_twice_in_a_batch_is_written_once():
    shift = Shift()
    await shift.work(create(1), create(1))
    assert shift.platform.created == ["RM-1"]


MISHAPS = st.lists(
    st.sampled_from(
        [None, "lost_before", "lost_after", "lost_on_its_way", "dies", "silent", Transient("x"), Unknown("x"), "refuse"]
    ),
    max_size=8,
)


@given(
    mishaps=MISHAPS,
    deaths=st.lists(st.sampled_from([None, *STEPS]), max_size=4),
    order=st.permutations(range(1, 6)),
    looks=st.lists(st.sampled_from([None, Transient("x")]), max_size=4),
    landing=st.sampled_from([1, 39, 119]),
    stays=st.booleans(),
)
@settings(max_examples=60, deadline=None)
async def test_whatever_goes_wrong_each_command_takes_effect_at_most_once_and_its_outcome_is_told(
    mishaps: list[Mishap | None],
    deaths: list[str | None],
    order: list[int],
    looks: list[Transient | None],
    landing: int,
    *,
    stays: bool,
):
    shift = with_record()
    shift.platform.landing, shift.stays = timedelta(seconds=landing), stays
    shift.platform.mishaps += [mishap for mishap in mishaps if mishap is not None]
    shift.platform.look_up_mishaps += [look for look in looks if look is not None]
    works = [create(number) if number % 2 else update(number) for number in order]
    for death in deaths:
        while not await shift.work(*works, die_at=death):
            shift.clock.pass_by(40)
            death = None  # noqa: PLW2901 - it dies once
        shift.clock.pass_by(400)
    while not await shift.work(*works):
        shift.clock.pass_by(40)
    await shift.rest()
    states = {command.id: shift.papers.state(command) for command in works}
    assert set(states.values()) <= {"applied", "refused"}
    assert sorted(shift.platform.applied) == sorted(name for name, state in states.items() if state == "applied")
    assert not shift.platform.on_their_way
    assert shift.lane is not None
    assert not any(shift.lane.writer.arrivals.knows(command.id) for command in works)  # what is settled is forgotten
    updates = [f"c{number}" for number in order if not number % 2]
    assert [name for name in shift.platform.applied if name in updates] == [
        name for name in updates if states[name] == "applied"
    ]
    for command in works:
        assert {outcome.state for outcome in shift.papers.outcomes(command)} == {states[command.id]}


@pytest.mark.parametrize("died", [False, True])
async def test_a_fatal_look_up_stops_the_worker(*, died: bool):
    shift = Shift()
    shift.platform.look_up_mishaps.append(Fatal("the disk is full"))
    shift.platform.mishaps.append("lost_after")
    if died:
        assert not await shift.work(create(1), die_at="called")
    with pytest.raises(Fatal):
        await shift.work(create(1))
    await shift.work(create(1))
    await shift.rest()
    assert shift.platform.created == ["RM-1"]


async def test_an_outcome_is_repeated_even_while_the_platform_cannot_be_asked():
    shift = Shift()
    await shift.work(create(1))
    shift.platform.look_up_mishaps.append(Transient("down"))
    await shift.work(create(1))
    assert [outcome.state for outcome in shift.papers.outcomes()] == ["applied", "applied"]
    assert len(shift.papers.changes()) == 1
