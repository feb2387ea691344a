"""The calendar of a subscription: periods follow each other without a gap, whatever day it begins on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.periods import DAYS, MONTHS, Terms, terms
from schemas.entities import Recurrence

DATES = st.dates(date(2000, 1, 1), date(2060, 12, 31))
EVERY = st.sampled_from([*DAYS, *MONTHS])


@given(EVERY, DATES, st.integers(1, 40))
def test_each_period_begins_on_the_day_after_the_one_before_it(every: str, start: date, period: int):
    calendar = Terms(every, start)
    assert calendar.ends(period) + timedelta(days=1) == calendar.begins(period + 1)
    assert calendar.begins(period) < calendar.begins(period + 1)
    if every in MONTHS:
        begins = calendar.begins(period)
        assert begins.day == start.day or (begins + timedelta(days=1)).day == 1, "the last day of a shorter month"


@given(EVERY, DATES, st.integers(-400, 20_000))
def test_a_day_falls_in_one_period(every: str, start: date, days: int):
    calendar, day = Terms(every, start), start + timedelta(days=days)
    period = calendar.under_way(day)
    if day < start:
        assert period == 1
    else:
        assert calendar.begins(period) <= day <= calendar.ends(period)


def test_a_day_after_many_periods_falls_in_the_right_one():
    assert Terms("monthly", date(2020, 1, 31)).under_way(date(2026, 9, 29)) == 80
    assert Terms("monthly", date(2020, 1, 31)).under_way(date(2026, 9, 30)) == 81
    assert Terms("weekly", date(2026, 9, 1)).under_way(date(2026, 9, 8)) == 2


@pytest.mark.parametrize(
    ("every", "term", "count"),
    [
        ("monthly", "P12M", 12), ("monthly", "P1Y", 12), ("quarterly", "P1Y6M", 6), ("annually", "P24M", 2),
        ("per_five_years", "P5Y", 1), ("weekly", "P4W", 4), ("biweekly", "P28D", 2), ("monthly", None, None),
    ],
)  # fmt: skip
def test_a_term_is_so_many_periods(every: str, term: str | None, count: int | None):
    line = {"recurs": Recurrence(every=every, term=term).model_dump()}
    assert terms([line], date(2026, 9, 1)) == Terms(every, date(2026, 9, 1), count)


@pytest.mark.parametrize(
    ("every", "term"),
    [
        ("monthly", "P45D"),
        ("quarterly", "P4M"),
        ("weekly", "P1M"),
        ("weekly", "P10D"),
        ("monthly", "12"),
        ("monthly", "P0M"),
    ],
)
def test_a_term_that_is_no_number_of_periods_is_a_persons_to_mend(every: str, term: str):
    with pytest.raises(ValueError, match="no number of periods"):
        terms([{"recurs": {"every": every, "term": term}}], date(2026, 9, 1))


@pytest.mark.parametrize("payments", ["0", "-1", "2.5", "1001"])
def test_a_number_of_payments_is_a_whole_one_within_reason(payments: str):
    with pytest.raises(ValueError, match=f"says {payments}"):
        terms([{"recurs": {"every": "weekly", "payments": payments}}], date(2026, 9, 1))


def said(*recurs: dict[str, object]) -> str:
    """What people read of lines that recur so."""
    with pytest.raises(ValueError, match=" ") as found:
        terms([{"recurs": {"every": "monthly", **each}} for each in recurs], date(2026, 9, 1))
    return str(found.value)


def test_what_lines_do_not_say_is_asked_for_in_words():
    assert said({}, {"every": "weekly"}) == (
        "its recurring lines differ in frequency, start or term: give each kind a deal of its own"
    )
    assert said({"every": "hourly"}) == "nothing is known of the billing frequency 'hourly'"
    assert said({"delayed": True}) == "a recurring line starts with a delay: say the day on which it starts"
    assert said({"payments": "0"}) == "a term has 1 to 1000 payments, and a recurring line says 0"
    assert said({"term": "P45D"}) == ("a term of P45D is no number of periods (monthly): say the number of payments")


@pytest.mark.parametrize("recurs", [{"payments": "1001"}, {"term": "P1001W", "every": "weekly"}, {"term": "P84Y"}])
def test_a_term_is_no_longer_than_a_thousand_periods(recurs: dict[str, object]):
    assert said(recurs)


@pytest.mark.parametrize(
    ("recurs", "count"),
    [
        ({"payments": "1"}, 1),
        ({"payments": "1000"}, 1000),
        ({"term": "P83Y4M"}, 1000),
        ({"term": "P1M"}, 1),
        ({"payments": "3", "term": "P12M"}, 3),
        ({"term": "P1W7D", "every": "weekly"}, 2),
        ({"term": ""}, None),
    ],
)
def test_a_term_has_one_to_a_thousand_periods(recurs: dict[str, object], count: int | None):
    line = {"recurs": {"every": "monthly", **recurs}}
    assert terms([line], date(2026, 9, 1)).count == count


def test_a_delay_with_a_day_is_that_day():
    line = {"recurs": {"every": "monthly", "delayed": True, "starts_on": "2026-10-05"}}
    assert terms([line], date(2026, 9, 1)) == Terms("monthly", date(2026, 10, 5))


@given(EVERY, DATES, st.integers(1, 30), st.integers(1, 20))
def test_a_term_is_over_after_its_periods_and_the_next_one_begins_that_day(
    every: str, start: date, count: int, number: int
):
    calendar = Terms(every, start, count)
    over = calendar.begins(number * count + 1)
    assert calendar.over(over - timedelta(days=1)) == over
    assert calendar.over(over) == calendar.begins((number + 1) * count + 1)
    assert Terms(every, start).over(over) is None
