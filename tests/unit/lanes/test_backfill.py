from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.errors import Parked, Refused, Throttled, Transient
from schemas.reading import ReadingState
from streams.lanes import status
from tables.view import MemoryView
from tests.support.lane import Shift
from tests.support.work import CONNECTION, backfill, create, poll, read, resume

ALL = [f"k{number:03}" for number in range(40)]


async def settled(count: int = 40) -> Shift:
    """A connection whose first reading has ended; pages of two contacts take a second each from now on."""
    shift = Shift()
    for number in range(count):
        shift.platform.put("contact", f"k{number:03}", name=f"Acme {number}")
    await shift.work(poll(shift.clock))
    await shift.rest()
    shift.clock.pass_by(60)
    shift.papers.sent.clear()
    shift.platform.calls.clear()
    shift.platform.page_seconds = 1
    return shift


def row(shift: Shift, kind: str = "contact") -> status.Filling:
    """The durable row of a kind's backfill."""
    found = status.filling(MemoryView(shift.papers.cursors), CONNECTION, kind)
    assert found is not None
    return found


def told(shift: Shift, kind: str = "contact", what: str = "backfill") -> list[ReadingState]:
    """What was told of a reading, in order."""
    found = [value for topic, _, value in shift.papers.sent if topic == "readings" and isinstance(value, ReadingState)]
    return [each for each in found if (each.kind, each.what) == (kind, what)]


def shown(shift: Shift) -> list[str]:
    """Contacts shown, in order."""
    return [change.record_id for change in shift.papers.changes() if change.kind == "contact"]


def begun(shift: Shift) -> list[str]:
    """Kinds whose backfill was begun at the beginning."""
    return [what[0] for name, what in shift.platform.calls if name == "fill" and what[1] is None]


async def test_everything_is_read_once_and_told_page_by_page():
    shift = await settled()
    await shift.work(backfill(shift.clock))
    assert len(shown(shift)) == 2
    await shift.rest()
    assert shown(shift) == ALL
    assert begun(shift) == ["contact", "invoice"]
    first, second, *_, last = told(shift)
    assert (first.state, first.read, first.left) == ("running", 0, 40)  # as the last full reading counted them
    assert (second.read, second.left, second.at - second.from_at) == (2, 38, timedelta(seconds=1))
    assert (last.state, last.read, last.left) == ("done", 40, 0)
    assert (shift.asked, shift.due) == (False, None)


async def test_a_worker_that_dies_goes_on_where_it_was_and_never_from_the_start():
    shift = await settled()
    word = backfill(shift.clock)
    await shift.work(word)
    for _ in range(5):
        await shift.work(resume(shift.clock))
    before = len(shown(shift))
    assert 0 < before < 40
    assert not await shift.work(resume(shift.clock), die_in_write=2)
    await shift.work(word, resume(shift.clock))  # all that was not committed is delivered again
    await shift.rest()
    assert set(shown(shift)) == set(ALL)
    assert len(shown(shift)) == 42  # the page whose place was not written is read again
    assert begun(shift) == ["contact", "invoice"]


async def test_polls_hints_and_commands_go_on_beside_it():
    shift = await settled()
    await shift.work(backfill(shift.clock))
    shift.platform.put("contact", "k039", name="renamed")
    shift.platform.put("contact", "k038", name="renamed too")
    before = shift.clock()
    await shift.work(create(1), read(shift.clock, "contact", "k039"), poll(shift.clock), resume(shift.clock))
    names = [change.raw["name"] for change in shift.papers.changes() if change.record_id in {"k038", "k039"}]
    assert names == ["renamed", "renamed too"]  # the hint, then the poll, which does not repeat what the hint told
    assert shift.platform.created == ["RM-1"]
    assert row(shift).state == "running"
    assert shift.clock() - before <= timedelta(seconds=4)
    await shift.rest()
    assert {change.raw["name"] for change in shift.papers.changes()[-4:]} >= {"renamed", "renamed too"}


async def test_nothing_is_read_while_commands_could_be_written():
    shift = await settled()
    await shift.work(backfill(shift.clock))
    await shift.work(*(create(number) for number in range(501)), resume(shift.clock))  # one more than a batch takes
    assert shift.platform.count("fill") == 1
    await shift.work(resume(shift.clock))
    assert len(shift.platform.created) == 501
    assert shift.platform.count("fill") == 2


async def test_it_stops_keeps_its_place_and_goes_on():
    shift = await settled()
    await shift.work(backfill(shift.clock))
    shift.clock.pass_by(1)
    stop = backfill(shift.clock, "stop")
    await shift.work(stop)
    read_then, calls = len(shown(shift)), len(shift.platform.calls)
    await shift.work(resume(shift.clock))
    await shift.work(poll(shift.clock))
    assert [name for name, _ in shift.platform.calls[calls:]] == ["poll", "poll"]
    assert (told(shift)[-1].state, told(shift)[-1].read) == ("stopped", read_then)
    shift.clock.pass_by(3600)
    await shift.work(backfill(shift.clock, "resume"))
    assert (row(shift).from_at, row(shift).from_read) == (row(shift).heard, read_then)  # the rest counts for no rate
    await shift.work(stop)  # delivered again, late
    await shift.rest()
    assert shown(shift) == ALL
    assert begun(shift) == ["contact", "invoice"]


async def test_one_that_is_given_up_forgets_its_place():
    shift = await settled()
    await shift.work(backfill(shift.clock))
    shift.clock.pass_by(1)
    await shift.work(backfill(shift.clock, "drop"))
    assert (row(shift).state, row(shift).text) == ("dropped", None)
    shift.clock.pass_by(1)
    await shift.work(backfill(shift.clock, "resume"))
    assert row(shift).state == "dropped"
    await shift.work(backfill(shift.clock))
    await shift.rest()
    assert shown(shift) == [*ALL[:2], *ALL]


@pytest.mark.parametrize("how", ["spare", "refused", "silent", "parked"])
async def test_what_holds_it_up_is_told_and_holds_up_nothing_else(how: str):
    shift = await settled()
    until = shift.clock() + timedelta(seconds=90)
    error = {
        "spare": Throttled("left to live work", until=until),
        "refused": Refused("no such scope"),
        "silent": Transient("500"),
        "parked": Parked("revoked", until=until),
    }[how]
    shift.platform.fail_pages["contact", 0] = error
    await shift.work(backfill(shift.clock, kinds=["contact"]))
    assert not shown(shift)
    if how == "spare":
        assert (told(shift)[-1].until, told(shift)[-1].why) == (until, "left to live work")
        assert shift.due == until
        await shift.work(create(1), read(shift.clock, "contact", "k001"))
        assert (shift.platform.created, shown(shift)) == (["RM-1"], ["k001"])
    elif how != "parked":
        assert (told(shift)[-1].failures, told(shift)[-1].why) == (1, error.message)
    await shift.rest()
    assert set(shown(shift)) == set(ALL)
    assert (told(shift)[-1].state, told(shift)[-1].failures, told(shift)[-1].why) == ("done", 0, "")


async def test_a_platform_that_is_down_is_asked_no_more_often_than_for_anything_else():
    shift = await settled()
    await shift.work(backfill(shift.clock))
    shift.platform.down = True
    before, wakes = len(shift.platform.calls), 0
    parked: set[str] = set()
    end = shift.clock() + timedelta(seconds=120)
    while shift.asked or (shift.due is not None and shift.due < end):
        shift.clock.now = max(shift.clock.now, shift.clock.now if shift.asked else shift.due or end)
        await shift.work(resume(shift.clock))
        wakes += 1
        parked.add(status.load(MemoryView(shift.papers.cursors), CONNECTION).why)
    assert 2 <= len(shift.platform.calls) - before <= 2 + 120 / 5
    assert wakes <= 2 * (2 + 120 / 5)
    assert parked == {"", "nobody answers"}
    shift.platform.down = False
    await shift.rest()
    assert set(shown(shift)) == set(ALL)
    assert told(shift)[-1].state == "done"


async def test_a_first_reading_reads_everything_already():
    shift = Shift()
    shift.platform.put("contact", "k000", name="Acme")
    shift.platform.page_seconds = 1
    for number in range(1, 9):
        shift.platform.put("contact", f"k{number:03}", name="Acme")
    await shift.work(backfill(shift.clock), poll(shift.clock))
    assert not told(shift)
    assert [(each.state, each.read, each.left) for each in told(shift, what="first")] == [
        ("running", 2, 7),
        ("running", 4, 5),
    ]
    await shift.rest()
    assert len(shown(shift)) == 9
    assert (told(shift, what="first")[-1].state, told(shift, what="first")[-1].read) == ("done", 9)


async def test_only_what_was_modified_since_and_only_the_kinds_that_were_named():
    shift = await settled()
    since = shift.clock()
    shift.clock.pass_by(5)
    shift.platform.put("contact", "k007", name="renamed")
    await shift.work(backfill(shift.clock, kinds=["contact"], since=since, anew=True))
    await shift.rest()
    assert shown(shift) == ["k007"]
    assert [change.anew for change in shift.papers.changes()] == [True]
    assert status.filling(MemoryView(shift.papers.cursors), CONNECTION, "invoice") is None


async def test_whoever_measures_sees_how_far_it_has_come_until_it_has_ended():
    shift = await settled()
    assert shift.lane is not None
    assert not shift.lane.snapshot.backfills
    await shift.work(backfill(shift.clock))
    assert shift.lane.snapshot.backfills.keys() == {"contact", "invoice"}
    contacts = shift.lane.snapshot.backfills["contact"]
    assert (contacts.read, contacts.left, contacts.state) == (row(shift).read, row(shift).left, "running")
    await shift.work(backfill(shift.clock, "stop"))
    assert {each.state for each in shift.lane.snapshot.backfills.values()} == {"stopped"}
    shift.clock.pass_by(1)
    await shift.work(backfill(shift.clock, "resume"))
    await shift.rest()
    assert row(shift).state == "done"
    assert not shift.lane.snapshot.backfills
