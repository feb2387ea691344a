"""What a rule touched within an hour, and the queue of what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.names import Entity
from tables.brakes import ROW_SIZE, Tally
from tables.view import MemoryView
from tests.support.work import START


def tally(view: MemoryView) -> Tally:
    return Tally(view, "main.xero", Entity.COMPANY, "owner")


def touched(view: MemoryView, *moments: tuple[str, float]) -> list[int]:
    """Counts after each record touched at a minute, each saved and opened anew."""
    found = []
    for record, minute in moments:
        opened = tally(view)
        found.append(opened.touch(record, START + timedelta(minutes=minute)))
        opened.save()
    return found


def test_a_record_counts_once_within_the_hour():
    assert touched(MemoryView(), ("a", 0), ("a", 1), ("b", 2), ("a", 30), ("c", 59)) == [1, 1, 2, 2, 3]


def test_what_is_more_than_an_hour_ago_counts_no_more():
    assert touched(MemoryView(), ("a", 0), ("b", 10), ("a", 50), ("c", 66)) == [1, 2, 2, 3]
    assert touched(MemoryView(), ("a", 0), ("b", 10), ("c", 66)) == [1, 2, 2]
    assert touched(MemoryView(), ("a", 0), ("b", 600)) == [1, 1]


def test_a_late_command_counts_in_its_own_step_and_one_of_long_ago_nowhere():
    assert touched(MemoryView(), ("a", 100), ("b", 60), ("c", 20)) == [1, 2, 2]


def test_rows_are_of_bounded_size_and_go_with_their_step():
    view = MemoryView()
    opened = tally(view)
    for number in range(2 * ROW_SIZE + 1):
        count = opened.touch(f"r{number}", START)
    opened.save()
    assert count == 2 * ROW_SIZE + 1
    assert max(len(row) for row in view.rows.values() if isinstance(row, list)) == ROW_SIZE
    assert touched(view, ("x", 0)) == [count + 1]
    assert touched(view, ("x", 300)) == [1]
    assert len(view.rows) == 2


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 300)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_the_count_is_that_of_the_steps_of_the_last_hour(moments: list[tuple[str, int]]):
    view = MemoryView()
    found = touched(view, *moments)
    for place in range(len(moments)):
        newest = max(minute for _, minute in moments[: place + 1]) // 5
        seen: set[str] = set()
        for index, (record, minute) in enumerate(moments[: place + 1]):
            then = max(each for _, each in moments[: index + 1]) // 5
            if minute // 5 >= then - 12 and minute // 5 >= newest - 12:
                seen.add(record)
        assert found[place] == len(seen)


@given(st.lists(st.one_of(st.integers(1, 250), st.integers(-250, -1)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_the_queue_gives_back_what_was_held_in_its_order(steps: list[int]):
    view, waiting, number = MemoryView(), list[str](), 0
    for step in steps:
        opened = tally(view)
        if step > 0:
            for _ in range(step):
                opened.hold(f"c{number}")
                waiting.append(f"c{number}")
                number += 1
        else:
            assert opened.take(-step) == waiting[:-step]
            waiting = waiting[-step:]
        assert opened.held == len(waiting)
        opened.save()
    opened = tally(view)
    assert opened.take(10_000) == waiting
    opened.save()
    assert not [key for key in view.rows if "|held|" in key]


def test_a_released_rule_is_counted_anew_after_an_hour():
    view = MemoryView()
    opened = tally(view)
    opened.touch("a", START)
    opened.halt({"at": START.isoformat(), "command": "c1", "records": 1, "bound": 0, "population": None})
    assert opened.stop is not None
    opened.release(START + timedelta(minutes=5), "kim", "meant so")
    opened.save()
    opened = tally(view)
    assert opened.stop is None
    assert opened.told is not None
    assert (opened.told["who"], opened.told["why"]) == ("kim", "meant so")
    assert opened.free_at(START + timedelta(minutes=64))
    assert not opened.free_at(START + timedelta(minutes=65))
    assert opened.touch("b", START + timedelta(minutes=65)) == 1


@pytest.mark.parametrize("other", [("main.hubspot", Entity.COMPANY, "owner"), ("main.xero", Entity.DEAL, "owner")])
def test_tallies_know_nothing_of_each_other(other: tuple[str, Entity, str]):
    view = MemoryView()
    touched(view, ("a", 0))
    assert Tally(view, *other).touch("b", START) == 1


def test_what_left_the_queue_and_came_back_is_dropped_where_it_waits_now():
    opened = tally(MemoryView())
    names = ["back", *(f"c{number}" for number in range(ROW_SIZE))]
    for name in names:
        opened.hold(name)
    assert opened.take(1) == ["back"]
    opened.hold("back")
    opened.drop("back")
    assert opened.held == ROW_SIZE
    assert opened.take(2 * ROW_SIZE) == names[1:]
    assert opened.held == 0
