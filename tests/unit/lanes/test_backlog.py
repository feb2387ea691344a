from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Throttled
from streams.lanes.backlog import ROW_SIZE, Backlog, Listed, in_turn
from streams.lanes.lane import LIMIT
from tables.view import MemoryView
from tests.support.lane import Shift
from tests.support.work import CONNECTION, START, create, resume, update

HOUR = timedelta(hours=1)


def opened(view: MemoryView) -> Backlog:
    return Backlog(view, CONNECTION)


async def parked_with(count: int) -> Shift:
    """A shift whose lane is parked with so many commands waiting."""
    shift = Shift()
    shift.platform.mishaps.append(Throttled("slow down", until=shift.clock() + HOUR))
    await shift.work(create(0))
    for start in range(1, count, 500):
        await shift.work(*(create(number) for number in range(start, min(start + 500, count))))
    return shift


async def test_a_wake_up_that_applies_nothing_leaves_the_backlog_as_it_is():
    shift = await parked_with(2000)
    shift.clock.pass_by(3600)
    shift.platform.mishaps.append(Throttled("still", until=shift.clock() + HOUR))
    await shift.work(resume(shift.clock))
    assert shift.desk.ledger_writes <= 2 * LIMIT
    assert shift.desk.cursor_writes <= 10
    assert len(opened(MemoryView(shift.papers.cursors))) == 2000


async def test_a_command_that_joins_a_long_backlog_writes_a_few_rows():
    shift = await parked_with(1000)
    await shift.work(create(5000))
    assert shift.desk.ledger_writes == 1
    assert shift.desk.cursor_writes == 3
    sizes = [len(row) for row in shift.papers.cursors.values() if isinstance(row, list)]
    assert max(sizes) <= ROW_SIZE


async def test_a_long_backlog_is_worked_off_a_bounded_number_at_a_time():
    shift = await parked_with(1200)
    shift.clock.pass_by(3600)
    await shift.work(resume(shift.clock))
    assert len(shift.platform.created) == LIMIT
    assert shift.asked
    await shift.rest()
    assert sorted(shift.platform.created) == sorted(f"RM-{number}" for number in range(1200))
    rows = {key: row for key, row in shift.papers.cursors.items() if "|backlog" in key}
    assert rows == {f"{CONNECTION}|backlog": {"count": 0, "next": 6, "rows": {"1": [], "2": [], "3": []}, "until": {}}}


async def test_the_first_tier_passes_a_long_backlog():
    shift = await parked_with(1200)
    await shift.work(create(5000, tier=1))
    shift.clock.pass_by(3600)
    await shift.work(resume(shift.clock))
    assert shift.platform.created[0] == "RM-5000"


async def test_one_change_of_a_customer_does_not_wait_behind_the_thousand_of_another():
    shift = await parked_with(1200)
    await shift.work(create(5000, customer="company:other"), create(5001))
    shift.clock.pass_by(3600)
    await shift.work(resume(shift.clock))
    assert shift.platform.created[:3] == ["RM-0", "RM-5000", "RM-1"]
    await shift.rest()
    assert shift.platform.created[-1] == "RM-5001"


def test_customers_come_in_turn_and_each_ones_records_in_the_order_in_which_they_came():
    backlog = opened(MemoryView())
    for number, customer in enumerate("aaabbac"):
        backlog.add(create(number, customer=customer, tier=3 if number == 1 else 1))
    assert list(backlog.take(START, 10)) == [f"invoice:{number}" for number in (0, 3, 6, 2, 4, 5, 1)]


def test_of_a_long_backlog_no_more_is_looked_at_than_it_takes_to_find_enough_customers():
    waiting = iter([Listed(f"invoice:{number}", 0, 1, None, f"company:{number // 2}") for number in range(1000)])
    turns = in_turn(waiting)
    assert [next(turns).record for _ in range(3)] == ["invoice:0", "invoice:2", "invoice:4"]
    assert len(list(waiting)) == 995


def test_what_an_older_release_had_listed_is_taken_in_its_order():
    view = MemoryView()
    backlog = opened(view)
    for number in range(3):
        backlog.add(create(number))
    backlog.save()
    view[f"{CONNECTION}|backlog|0"] = [each[:2] for each in view.rows[f"{CONNECTION}|backlog|0"]]
    later = opened(view)
    later.add(create(3, customer="company:other"))
    assert list(later.take(START, 10)) == [f"invoice:{number}" for number in range(4)]


async def test_commands_that_wait_on_their_own_hold_up_nobody():
    shift = Shift()
    late = shift.clock() + HOUR
    shift.platform.mishaps += [late] * 3
    await shift.work(*(create(number, tier=1) for number in range(3)), create(10, tier=1))
    assert shift.platform.created == ["RM-10"]
    await shift.work(create(11))
    assert shift.platform.created == ["RM-10", "RM-11"]
    assert shift.due == late


async def test_a_tier_whose_quota_is_spent_is_not_tried_command_by_command():
    shift = Shift()
    late = shift.clock() + HOUR
    shift.platform.mishaps += [late] * LIMIT
    await shift.work(*(create(number) for number in range(LIMIT + 50)))
    await shift.rest_until(late)
    assert shift.platform.count("write") == 1
    await shift.work(create(5000, tier=1), create(5001, tier=3))
    assert shift.platform.created == ["RM-5000"]
    await shift.rest()
    assert len(shift.platform.created) == LIMIT + 52


async def test_a_redelivered_command_does_not_wait_twice():
    shift = await parked_with(3)
    for _ in range(3):
        await shift.work(create(1), create(2))
    assert len(opened(MemoryView(shift.papers.cursors))) == 3


async def test_an_outcome_that_a_dead_worker_had_not_told_is_told_from_the_backlog():
    shift = await parked_with(2)
    shift.clock.pass_by(3600)
    assert not await shift.work(resume(shift.clock), die_at="recorded")
    await shift.work(resume(shift.clock))
    assert {outcome.command for outcome in shift.papers.outcomes()} == {"c0", "c1"}
    assert sorted(shift.platform.created) == ["RM-0", "RM-1"]


async def test_a_platform_that_is_down_is_asked_once_in_five_seconds_by_one_record():
    shift = Shift()
    shift.platform.down = True
    end = shift.clock() + timedelta(seconds=60)
    await shift.work(*(create(number) for number in range(300)))
    calls = [len(shift.platform.calls)]
    while shift.clock() < end:
        shift.clock.pass_by(0.5)
        if shift.due is not None and shift.clock() >= shift.due:
            await shift.work(resume(shift.clock))
        calls.append(len(shift.platform.calls))
    assert calls[-1] <= 2 + 60 / 5
    assert all(len(names) == 1 for name, names in shift.platform.calls[2:] if name == "write")
    shift.platform.down = False
    await shift.rest()
    assert len(shift.platform.created) == 300


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_a_record_moves_up_with_its_most_urgent_command(tier: int):
    view = MemoryView()
    backlog = opened(view)
    backlog.add(create(1))
    backlog.add(update(2))
    backlog.add(update(3, tier=tier))
    backlog.save()
    records = list(opened(view).take(START, 10))
    assert records == (["invoice:u1", "invoice:1"] if tier == 1 else ["invoice:1", "invoice:u1"])
    assert opened(view).of("invoice:u1") == ["c2", "c3"]


@given(
    steps=st.lists(st.tuples(st.integers(0, 30), st.sampled_from([1, 2, 3]), st.booleans()), max_size=60),
    torn=st.integers(0, 20),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_of_a_batch_no_command_that_comes_again_is_lost(
    steps: list[tuple[int, int, bool]], torn: int
):
    class Torn(MemoryView):
        """A view whose writes stop in the middle."""

        left = torn

        def __setitem__(self, key: str, value: object) -> None:
            if self.left > 0:
                self.left -= 1
                super().__setitem__(key, value)

        def __delitem__(self, key: str) -> None:
            if self.left > 0:
                self.left -= 1
                super().__delitem__(key)

    commands = [create(nth, record=f"invoice:{number}", tier=tier) for nth, (number, tier, _) in enumerate(steps)]
    first = MemoryView()
    backlog = opened(first)
    for command in commands:
        backlog.add(command)
    for record in list(backlog.take(START, 10)):
        backlog.keep(record, [], None)
    backlog.save()
    for view in (Torn(first.rows), MemoryView(first.rows)):
        book = opened(view)
        for command, (_, _, again) in zip(commands, steps, strict=True):
            if again:
                book.add(command)
        book.save()
    found = {name for ids in opened(MemoryView(first.rows)).take(START, 10_000).values() for name in ids}
    assert found >= {command.id for command, (_, _, again) in zip(commands, steps, strict=True) if again}
