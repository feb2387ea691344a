from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.command import Command, Read
from schemas.errors import Parked, Refused, Throttled, Transient
from streams.lanes import status
from streams.lanes.patience import LONGEST_WAIT
from tables.view import MemoryView
from tests.support.lane import Shift
from tests.support.work import CONNECTION, create, poll, read, resume

DAY = timedelta(days=1)


def filled(count: int = 40, *, sweep_every: timedelta | None = None) -> Shift:
    """A platform whose pages of two contacts take a second each."""
    shift = Shift(sweep_every=sweep_every)
    for number in range(count):
        shift.platform.put("contact", f"k{number:03}", name=f"Acme {number}")
    shift.platform.page_seconds = 1
    return shift


def place(shift: Shift, kind: str = "contact") -> status.Cursor:
    """The durable row of a kind."""
    return status.cursor(MemoryView(shift.papers.cursors), CONNECTION, kind)


async def test_whoever_takes_the_connection_over_is_told_which_calls_still_count():
    shift = filled(1)
    shift.stays = True
    shift.platform.minute = [1, 2]
    await shift.work(poll(shift.clock))
    shift.platform.minute = []
    await shift.work(poll(shift.clock))
    assert shift.platform.minute == []  # the same worker knows its own
    shift.platform.minute = [3]
    await shift.work(poll(shift.clock))
    shift.platform.minute = []
    assert shift.lane is not None
    shift.lane.forget()  # the connection may have been another worker's
    await shift.work(poll(shift.clock))
    assert shift.platform.minute == [3]


def polls(shift: Shift) -> list[tuple[str, bool]]:
    """Kind and sweep of each poll that was begun or taken up."""
    return [(what[0], what[2]) for name, what in shift.platform.calls if name == "poll"]


def shown(shift: Shift) -> list[str]:
    """Contacts shown, in order."""
    return [change.record_id for change in shift.papers.changes() if change.kind == "contact"]


@pytest.mark.parametrize("late", [create(1), "hint"])
async def test_what_arrives_during_a_long_first_reading_is_done_before_it_ends(late: Command | str):
    shift = filled()
    await shift.work(poll(shift.clock))
    assert shift.asked
    assert len(shown(shift)) == 4
    before = shift.clock()
    work: Command | Read = late if isinstance(late, Command) else read(shift.clock, "contact", "k039")
    await shift.work(work, resume(shift.clock))
    done = shift.platform.created == ["RM-1"] if isinstance(late, Command) else shown(shift)[4] == "k039"
    assert done
    assert shift.clock() - before <= timedelta(seconds=3)
    assert not place(shift).complete
    await shift.rest()
    assert set(shown(shift)) == {f"k{number:03}" for number in range(40)}
    assert shift.papers.marks() == ["contact", "invoice"]


async def test_what_goes_on_is_no_new_poll_and_twice_is_no_more_than_once():
    shift = filled(8)
    await shift.work(poll(shift.clock))
    for _ in range(10):
        await shift.work(resume(shift.clock), resume(shift.clock))
        await shift.work(resume(shift.clock))
    assert shown(shift) == [f"k{number:03}" for number in range(8)]
    calls = len(shift.platform.calls)
    await shift.work(resume(shift.clock), resume(shift.clock))
    assert (len(shift.platform.calls), shift.asked, shift.due) == (calls, False, None)


async def test_a_worker_that_dies_between_two_turns_goes_on_where_it_was():
    shift = filled(12)
    await shift.work(poll(shift.clock))
    assert not await shift.work(resume(shift.clock), die_in_write=2)
    await shift.work(resume(shift.clock))
    await shift.rest()
    assert set(shown(shift)) == {f"k{number:03}" for number in range(12)}
    assert len(shown(shift)) == 14  # the page whose cursor was not written is read again
    assert shift.papers.marks() == ["contact", "invoice"]


@pytest.mark.parametrize("how", ["throttle", "crash", "park", "turns"])
async def test_a_sweep_that_is_cut_short_goes_on_as_the_same_sweep(how: str):
    shift = filled(12)
    await shift.work(poll(shift.clock))
    await shift.rest()
    shift.clock.pass_by(60)
    shift.papers.sent.clear()
    shift.platform.calls.clear()
    shift.platform.page_seconds = 1 if how == "turns" else 0
    until = shift.clock() + timedelta(seconds=60)
    if how == "crash":
        assert not await shift.work(poll(shift.clock, sweep=True), die_in_write=3)
        shift.due = shift.clock()
    else:
        if how != "turns":
            wait = Throttled if how == "throttle" else Parked
            shift.platform.fail_pages["contact", 3] = wait("enough", until=until)
        await shift.work(poll(shift.clock, sweep=True))
    if how != "crash":
        assert place(shift).sweep == "running"
    await shift.rest()
    assert set(shown(shift)) == {f"k{number:03}" for number in range(12)}
    assert len(shown(shift)) <= 14
    assert [sweep for kind, sweep in polls(shift) if kind == "contact"].count(True) == 1
    assert place(shift).sweep == ""
    assert place(shift).swept == place(shift).polled


async def test_a_sweep_is_due_by_the_durable_time_of_the_last_whoever_is_the_worker():
    shift = filled(2, sweep_every=DAY)
    shift.platform.page_seconds = 0
    await shift.work(poll(shift.clock))  # a first reading reads everything
    begun = place(shift).swept
    assert begun is not None
    for _ in range(3):
        shift.clock.pass_by(0.3 * 86_400)
        await shift.work(poll(shift.clock))
    assert place(shift).swept == begun
    shift.clock.pass_by(0.3 * 86_400)
    await shift.work(poll(shift.clock))
    assert (shown(shift), place(shift).swept) == (["k000", "k001"] * 2, shift.clock().isoformat())
    await shift.work(poll(shift.clock))
    assert len(shown(shift)) == 4


async def test_a_poll_asked_for_while_parked_keeps_its_kinds_and_its_sweep():
    shift = filled(2)
    await shift.work(poll(shift.clock))
    await shift.rest()
    shift.platform.mishaps.append(Parked("revoked", until=shift.clock() + timedelta(seconds=600)))
    await shift.work(create(1))
    await shift.work(poll(shift.clock, "contact", sweep=True))
    shift.platform.calls.clear()
    await shift.rest()
    assert polls(shift) == [("contact", True)]


async def test_a_kind_that_fails_is_tried_less_and_less_often_and_starves_no_other():
    shift = filled(2)
    shift.platform.page_seconds = 0
    shift.platform.put("invoice", "i1", name="one")
    shift.platform.kind_mishaps["contact"] = Refused("no such scope")
    end = shift.clock() + timedelta(hours=1)
    await shift.work(poll(shift.clock))
    assert shift.papers.marks() == ["invoice"]
    await shift.rest_until(end)
    tries = [kind for kind, _ in polls(shift)].count("contact")
    assert 15 <= tries <= 8 + 3600 / LONGEST_WAIT.total_seconds()
    assert [kind for kind, _ in polls(shift)].count("invoice") == 1
    shift.platform.kind_mishaps.clear()
    await shift.rest()
    assert shift.papers.marks() == ["invoice", "contact"]
    assert (place(shift).failures, place(shift).again) == (0, None)


async def test_hints_of_a_kind_that_fails_hold_up_no_other_and_are_made_up_for():
    shift = filled(2)
    await shift.work(poll(shift.clock))
    await shift.rest()
    shift.platform.put("invoice", "i1", name="one")
    shift.platform.put("contact", "k001", name="renamed")
    shift.platform.kind_mishaps["contact"] = Transient("500")
    for _ in range(5):
        await shift.work(read(shift.clock, "contact", "k001"), read(shift.clock, "invoice", "i1"))
    assert shift.platform.calls.count(("read", ("contact", ("k001",)))) == 1
    assert shift.platform.calls.count(("read", ("invoice", ("i1",)))) == 5
    shift.platform.kind_mishaps.clear()
    await shift.rest()
    assert shown(shift) == ["k000", "k001", "k001"]


async def test_a_hint_of_something_that_is_not_polled_is_made_up_for_by_polls_of_everything():
    shift = filled(1)
    await shift.work(poll(shift.clock))
    await shift.rest()
    shift.platform.calls.clear()
    shift.platform.kind_mishaps["line"] = Transient("500")
    await shift.work(read(shift.clock, "line", "7"))
    await shift.rest()
    assert [kind for kind, _ in polls(shift)] == ["contact", "invoice"]


async def test_a_platform_that_is_down_is_polled_at_most_once_in_five_seconds():
    shift = filled(2)
    shift.platform.down = True
    end = shift.clock() + timedelta(seconds=300)
    await shift.work(poll(shift.clock))
    while shift.clock() < end:
        shift.clock.pass_by(0.5)
        if shift.due is not None and shift.clock() >= shift.due:
            await shift.work(resume(shift.clock))
        if shift.clock().microsecond == 0 and shift.clock().second % 30 == 0:
            await shift.work(poll(shift.clock), read(shift.clock, "contact", "k001"))
    assert 10 <= len(shift.platform.calls) <= 2 + 300 / 5
    shift.platform.down = False
    await shift.rest()
    assert shift.papers.marks() == ["contact", "invoice"]


async def test_a_failing_kind_delays_commands_no_longer_than_one_probe():
    shift = filled(2)
    await shift.work(poll(shift.clock, "invoice"))
    shift.platform.kind_mishaps["contact"] = Transient("500")
    await shift.work(poll(shift.clock, "contact"))
    await shift.rest_until(shift.clock() + timedelta(seconds=2.1))
    await shift.work(create(1))
    began = shift.clock()
    await shift.rest_until(began + timedelta(seconds=30))
    assert shift.platform.created == ["RM-1"]


async def test_a_feed_that_has_lost_something_has_also_what_is_under_way_read_anew():
    shift = filled(20)
    await shift.work(poll(shift.clock))
    await shift.rest()
    await shift.work(poll(shift.clock, sweep=True))
    assert place(shift).sweep == "running"  # its first turn is over, not its last
    assert shift.lane is not None
    shift.lane.rounds.begin_anew(shift.desk)
    await shift.desk.write()
    shift.platform.calls.clear()
    await shift.work(resume(shift.clock))
    assert ("poll", ("contact", None, True)) in shift.platform.calls


async def test_a_hint_that_could_not_be_read_is_a_webhook_missed_until_the_platform_was_asked():
    shift = filled(2)
    await shift.work(poll(shift.clock))
    shift.platform.missed.clear()
    shift.platform.kind_mishaps["contact"] = Transient("nobody answers")
    await shift.work(read(shift.clock, "contact", "k000"))
    shift.platform.kind_mishaps.clear()
    shift.platform.put("contact", "k000", name="Bolt")
    shift.platform.resting.add("contact")
    shift.clock.pass_by(3600)
    await shift.work(poll(shift.clock))
    assert shift.platform.missed == ["contact"]
    assert place(shift).missed, "it was too soon: the platform was not asked"
    shift.platform.resting.clear()
    await shift.work(poll(shift.clock))
    assert shift.platform.missed == ["contact"] * 2
    assert not place(shift).missed
    assert shown(shift)[-1] == "k000"
    await shift.work(poll(shift.clock))
    assert shift.platform.missed == ["contact"] * 2


async def test_a_poll_for_missed_webhooks_says_so_to_the_platform():
    shift = filled(2)
    await shift.work(poll(shift.clock))
    assert shift.platform.missed == []
    work = poll(shift.clock, "contact").model_copy(update={"missed": True})
    await shift.work(work)
    assert shift.platform.missed == ["contact"]
