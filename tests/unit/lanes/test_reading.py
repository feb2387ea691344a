from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.errors import Fatal, Parked, Refused, Throttled, Transient
from streams.lanes import status
from tables.view import MemoryView
from tests.support.lane import Shift
from tests.support.work import CONNECTION, create, poll, read, resume


def filled(count: int = 5) -> Shift:
    """A platform with some contacts."""
    shift = Shift()
    for number in range(count):
        shift.platform.put("contact", f"k{number}", name=f"Acme {number}")
    return shift


def cursor(shift: Shift, kind: str = "contact") -> status.Cursor:
    """The durable cursor of a kind."""
    return status.cursor(MemoryView(shift.papers.cursors), CONNECTION, kind)


async def test_hints_are_gathered_and_each_record_is_read_once():
    shift = filled()
    clock = shift.clock
    await shift.work(
        read(clock, "contact", "k1", "k2"), read(clock, "contact", "k2", "k9"), read(clock, "contact", "k1")
    )
    assert shift.platform.calls == [("read", ("contact", ("k1", "k2", "k9")))]
    assert [(change.record_id, change.deleted) for change in shift.papers.changes()] == [
        ("k1", False),
        ("k2", False),
        ("k9", True),
    ]


async def test_a_change_says_where_and_when_it_was_seen_and_names_no_cause():
    shift = filled(1)
    await shift.work(read(shift.clock, "contact", "k0"))
    (change,) = shift.papers.changes()
    assert (change.platform, change.side, change.kind, change.seen_at) == ("xero", "erp", "contact", shift.clock())
    assert (change.canonical, change.cause) == (None, None)


async def test_first_readings_are_marked_once_after_their_records():
    shift = filled()
    await shift.work(poll(shift.clock))
    assert shift.papers.marks() == ["contact", "invoice"]
    kinds = [type(value).__name__ for topic, _, value in shift.papers.sent if topic == "changes"]
    assert kinds == ["Change"] * 5 + ["Mark", "Mark"]
    await shift.work(poll(shift.clock))
    await shift.work(poll(shift.clock, sweep=True))
    assert shift.papers.marks() == ["contact", "invoice"]


async def test_a_poll_goes_on_where_the_last_one_ended():
    shift = filled(3)
    await shift.work(poll(shift.clock, "contact"))
    shift.clock.pass_by(60)
    shift.platform.put("contact", "k1", name="renamed")
    await shift.work(poll(shift.clock, "contact"))
    assert [change.record_id for change in shift.papers.changes()] == ["k0", "k1", "k2", "k1"]


async def test_a_sweep_reads_everything_and_leaves_the_cursor_at_the_end():
    shift = filled(3)
    await shift.work(poll(shift.clock, "contact"))
    before = cursor(shift)
    await shift.work(poll(shift.clock, "contact", sweep=True))
    assert len(shift.papers.changes()) == 6
    assert cursor(shift) == before


async def test_cursors_move_only_with_what_they_cover():
    shift = filled(6)
    for nth in range(1, 4):
        assert not await shift.work(poll(shift.clock, "contact"), die_in_write=nth)
        covered = cursor(shift).text or ""
        told = {f"{change.version:015}/{change.record_id}" for change in shift.papers.changes()}
        rows = {f"{row['at']:015}/{number}" for number, row in shift.platform.records["contact"].items()}
        assert {name for name in rows if name <= covered} <= told
    await shift.work(poll(shift.clock, "contact"))
    assert {change.record_id for change in shift.papers.changes()} == {f"k{number}" for number in range(6)}
    assert shift.papers.marks()


async def test_a_first_reading_that_is_broken_off_is_not_marked_and_goes_on():
    shift = filled(6)
    shift.platform.read_mishaps += []
    shift.platform.page_size = 2
    assert not await shift.work(poll(shift.clock, "contact"), die_in_write=2)
    assert shift.papers.marks() == []
    assert not cursor(shift).complete
    await shift.work(poll(shift.clock, "contact"))
    assert shift.papers.marks() == ["contact"]
    assert cursor(shift).complete


@pytest.mark.parametrize("error", [Parked, Throttled])
async def test_hints_that_could_not_be_followed_lead_to_a_poll(error: type[Parked | Throttled]):
    shift = filled(2)
    await shift.work(poll(shift.clock))
    shift.platform.read_mishaps.append(error("not now", until=shift.clock() + timedelta(seconds=60)))
    shift.platform.put("contact", "k1", name="renamed")
    await shift.work(read(shift.clock, "contact", "k1"))
    assert [change.record_id for change in shift.papers.changes()] == ["k0", "k1"]
    calls = len(shift.platform.calls)
    shift.clock.pass_by(30)
    await shift.work(read(shift.clock, "contact", "k0"), poll(shift.clock))
    assert len(shift.platform.calls) == calls
    await shift.rest()
    assert [change.record_id for change in shift.papers.changes()] == ["k0", "k1", "k1"]


async def test_reads_that_are_throttled_do_not_hold_writes_up():
    shift = filled(1)
    shift.platform.read_mishaps.append(Throttled("search quota", until=shift.clock() + timedelta(seconds=60)))
    await shift.work(poll(shift.clock))
    await shift.work(create(1))
    assert shift.platform.created == ["RM-1"]


async def test_a_park_behind_a_throttled_read_does_not_wake_the_lane_in_between():
    shift = filled(1)
    shift.platform.read_mishaps.append(Throttled("search quota", until=shift.clock() + timedelta(seconds=10)))
    await shift.work(poll(shift.clock))
    end = shift.clock() + timedelta(seconds=600)
    shift.platform.mishaps.append(Parked("revoked", until=end))
    await shift.work(create(1))
    shift.clock.pass_by(20)
    await shift.work(resume(shift.clock))
    assert shift.due == end


async def test_a_waiting_write_is_not_held_up_by_a_longer_wait_of_reads():
    shift = filled(1)
    shift.platform.mishaps.append(Transient("hiccup"))
    shift.platform.read_mishaps.append(Throttled("search quota", until=shift.clock() + timedelta(seconds=600)))
    await shift.work(create(1), poll(shift.clock))
    assert shift.due == shift.clock() + timedelta(seconds=2)


@pytest.mark.parametrize("error", [Transient("hiccup"), Refused("no such scope")])
async def test_a_read_that_fails_is_made_up_for_soon(error: Transient | Refused):
    shift = filled(2)
    shift.platform.read_mishaps.append(error)
    await shift.work(read(shift.clock, "contact", "k1"))
    assert shift.due is not None
    await shift.rest()
    assert [change.record_id for change in shift.papers.changes()] == ["k0", "k1"]


async def test_a_fatal_read_stops_the_worker():
    shift = filled(1)
    shift.platform.read_mishaps.append(Fatal("the disk is full"))
    with pytest.raises(Fatal):
        await shift.work(poll(shift.clock))


async def test_nothing_waits_on_an_idle_lane():
    shift = filled(1)
    await shift.work(poll(shift.clock))
    assert shift.due is None
    await shift.work(resume(shift.clock))
    assert [name for name, _ in shift.platform.calls] == ["poll", "poll"]


async def test_what_a_person_wants_judged_anew_is_told_as_such_though_it_shows_nothing_new():
    shift = filled(2)
    await shift.work(read(shift.clock, "contact", "k0", "k1"))
    await shift.work(read(shift.clock, "contact", "k0").model_copy(update={"anew": True}))
    assert [(change.record_id, change.anew) for change in shift.papers.changes()] == [
        ("k0", False), ("k1", False), ("k0", True),
    ]  # fmt: skip
