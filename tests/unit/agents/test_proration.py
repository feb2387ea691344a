"""What an amendment in the middle of a period comes to: the days that are left, never a minor unit too much."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.parts import worth
from agents.rules.proration import Rest, differences, rest, rows, total
from schemas.money import MINOR_UNITS, exact, minor_digits
from tests.support.judging import line

BEGINS, ENDS = date(2026, 9, 1), date(2026, 9, 30)
DAY = timedelta(days=1)
CURRENCIES = st.sampled_from(["NZD", "JPY", "KWD"])  # with two decimals, none and three
LINES = st.lists(
    st.builds(
        lambda sku, quantity, price: line(sku, str(quantity), f"{price}"),
        st.sampled_from(["A", "B", "C", "D"]),
        st.integers(1, 12),
        st.decimals(0, 2_000, places=3),
    ),
    max_size=5,
)


def sold(lines: list[dict[str, Any]], currency: str) -> Decimal:
    """What lines are worth in a whole period."""
    return sum((worth(each, exact(each["quantity"]), currency) for each in lines), Decimal(0))


def prorated(before: list[dict[str, Any]], after: list[dict[str, Any]], left: Rest, currency: str) -> list[Decimal]:
    """What the bill's lines come to."""
    return [row.amount for row in rows(differences(before, after, currency), left, currency)]


@pytest.mark.parametrize(
    ("since", "over", "days"),
    [
        ("2026-09-20", None, 11), ("2026-09-01", None, 30), ("2026-08-20", None, 30), ("2026-09-30", None, 1),
        ("2026-10-01", None, 0), ("2026-12-01", None, 0), ("2026-09-20", "2026-09-25", 5),
        ("2026-09-20", "2026-09-20", 0), ("2026-09-20", "2026-10-01", 11), ("2026-09-20", "2027-01-01", 11),
    ],
)  # fmt: skip
def test_the_rest_of_a_period_has_its_first_and_its_last_day(since: str, over: str | None, days: int):
    left = rest(BEGINS, ENDS, date.fromisoformat(since), date.fromisoformat(over) if over else None)
    assert (left.days, left.whole) == (days, 30)


@pytest.mark.parametrize(
    ("currency", "price", "comes_to"),
    [("NZD", "100", "36.67"), ("JPY", "100", "37"), ("KWD", "100", "36.667"), ("NZD", "0.03", "0.01")],
)
def test_a_line_is_rounded_half_up_to_what_its_currency_has(currency: str, price: str, comes_to: str):
    left = rest(BEGINS, ENDS, date(2026, 9, 20))
    assert [str(each) for each in prorated([], [line("A", "1", price)], left, currency)] == [comes_to]


def test_the_lines_come_to_the_total_where_each_alone_would_not():
    left = Rest(date(2026, 9, 2), date(2026, 9, 2), 2)
    three = [line(sku, "1", "0.01") for sku in "ABC"]  # half a cent each
    assert prorated([], three, left, "NZD") == [Decimal("0.01"), Decimal("0.00"), Decimal("0.01")]


def test_a_line_is_known_by_its_sku_or_by_its_words():
    before = [line("A", "2", "50"), line(None, "1", "10") | {"description": "Care"}, line("GONE", "1", "7")]
    after = [line("A", "3", "50") | {"description": "Seats"}, line(None, "1", "5") | {"description": "Care"}]
    found = differences(before, [*after, line("NEW", "1", "9") | {"discount_percent": "50"}], "NZD")
    assert [(each.get("sku") or each["description"], str(worth)) for each, worth in found] == [
        ("A", "50.00"), ("NEW", "4.50"), ("Care", "-5.00"), ("GONE", "-7.00"),
    ]  # fmt: skip
    assert found[0][0]["description"] == "Seats"


@given(LINES, LINES, CURRENCIES, st.integers(1, 366), st.data())
def test_never_more_than_the_whole_difference_and_never_less_for_more_days(
    before: list[dict[str, Any]], after: list[dict[str, Any]], currency: str, whole: int, data: st.DataObject
):
    days = data.draw(st.integers(0, whole - 1))
    ends = BEGINS + DAY * (whole - 1)
    less, more, none, full = (
        rest(BEGINS, ends, ends + DAY * (1 - each)) for each in (days, days + 1, 0, whole)
    )  # fmt: skip
    change = sold(after, currency) - sold(before, currency)
    sums = {name: sum(prorated(before, after, each, currency)) for name, each in
            (("less", less), ("more", more), ("none", none), ("full", full))}  # fmt: skip
    assert (less.days, more.days) == (days, days + 1)
    assert sums["none"] == 0
    assert sums["full"] == change
    assert abs(sums["less"]) <= abs(sums["more"]) <= abs(change)
    assert all(each * change >= 0 for each in sums.values())


@given(LINES, LINES, CURRENCIES, st.integers(0, 31))
def test_each_line_is_within_a_minor_unit_of_its_share_and_no_more_than_its_difference(
    before: list[dict[str, Any]], after: list[dict[str, Any]], currency: str, days: int
):
    left, unit = Rest(BEGINS, BEGINS + DAY * (days - 1), 31), MINOR_UNITS[minor_digits(currency)]
    found = rows(differences(before, after, currency), left, currency)
    for row in found:
        assert abs(row.amount - row.difference * days / 31) <= unit
        assert abs(row.amount) <= abs(row.difference)
        assert row.amount == row.amount.quantize(unit)
    assert abs(total(found) - sum((row.difference for row in found), Decimal(0)) * days / 31) <= unit / 2


@given(LINES, CURRENCIES)
def test_the_order_of_lines_changes_nothing_and_what_stays_adds_nothing(lines: list[dict[str, Any]], currency: str):
    left = rest(BEGINS, ENDS, date(2026, 9, 20))
    assert prorated(lines, lines[::-1], left, currency) == []
    assert prorated([], lines, left, currency) == prorated([], lines[::-1], left, currency)
