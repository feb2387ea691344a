"""The rows of a field are the same whatever order its record's versions are heard in."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tables.showings import KEPT, Rows, hear, is_ours, last_edit, note


def heard(*told: tuple[int, str], ours: tuple[int, str] | None = None, again: bool = False) -> tuple[Rows, list[int]]:
    rows: Rows = []
    versions: list[int] = []
    if ours is not None:
        rows = note(rows, versions, *ours, ours=True, again=again)
    for version, value in told:
        rows, versions = note(rows, versions, version, value, again=again), hear(versions, version)
    return rows, versions


@pytest.mark.parametrize(
    ("told", "rows"),
    [
        ([(1, "a"), (2, "a"), (3, "a")], [[1, "a"]]),
        ([(1, "a"), (2, "b"), (3, "a"), (4, "a")], [[1, "a"], [2, "b"], [3, "a"]]),
        ([(1, "a"), (2, "a"), (3, "b"), (4, "a"), (5, "a")], [[1, "a"], [3, "b"], [4, "a"]]),
        ([(1, "a"), (2, "b"), (3, "b"), (4, "b"), (5, "a")], [[1, "a"], [2, "b"], [5, "a"]]),
    ],
)
def test_versions_in_any_order_and_told_twice_make_the_same_rows(told: list[tuple[int, str]], rows: list[Any]):
    for order in permutations(told):
        assert heard(*order)[0] == rows
        assert heard(*order, *order)[0] == rows


def test_what_we_wrote_is_no_edit_and_its_coming_back_changes_nothing():
    for order in permutations([(1, "a"), (3, "ours"), (4, "ours")]):
        rows, _ = heard(*order, ours=(3, "ours"))
        assert rows == [[1, "a"], [3, "ours", True]]
        assert last_edit(rows) == [1, "a"]
        assert [is_ours(row) for row in rows] == [False, True]


def test_what_we_wrote_is_no_edit_though_people_had_entered_it_before():
    for order in permutations([(1, "a"), (2, "ours"), (3, "b"), (4, "ours"), (5, "ours")]):
        rows, _ = heard(*order, ours=(4, "ours"), again=True)
        assert rows == [[1, "a"], [2, "ours"], [3, "b"], [4, "ours", True]]
        assert heard(*order[:2], ours=(4, "ours"), again=True)[0][-1] == [4, "ours", True]


def test_our_own_version_in_the_platforms_spelling_stays_ours():
    rows, versions = heard((1, "a"))
    rows = note(note(rows, versions, 3, "ours", ours=True), versions, 3, "OURS")
    assert rows == [[1, "a"], [3, "OURS", True]]


def test_the_same_version_read_again_tells_what_it_shows_now():
    assert heard((1, "a"), (2, "b"), (2, "c"))[0] == [[1, "a"], [2, "c"]]


def test_rows_and_versions_are_bounded():
    rows, versions = heard(*((number, str(number)) for number in range(3 * KEPT)))
    assert (len(rows), len(versions)) == (KEPT, KEPT)
    assert last_edit(rows) == [3 * KEPT - 1, str(3 * KEPT - 1)]
    assert (note(rows, versions, 0, "old"), hear(versions, 0)) == (rows, versions)


def test_where_nothing_was_heard_there_is_no_edit():
    assert last_edit([]) is None
