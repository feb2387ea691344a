"""Which nights are owed, and since when: an hour of the day after, in the contract's zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.nights import MOST, missing, owed, since

HOURS = st.integers(0, 23)
ZONES = st.sampled_from(["UTC", "Pacific/Auckland", "America/New_York", "Asia/Kolkata", "Europe/Berlin"])


@pytest.mark.parametrize(
    ("now", "zone", "hour", "night"),
    [
        ("2026-11-23T02:59", "UTC", 3, "2026-11-21"),
        ("2026-11-23T03:00", "UTC", 3, "2026-11-22"),
        ("2026-11-22T14:00", "Pacific/Auckland", 3, "2026-11-22"),  # it is three in the morning there
        ("2026-11-22T13:59", "Pacific/Auckland", 3, "2026-11-21"),
        ("2026-03-29T00:59", "Europe/Berlin", 2, "2026-03-27"),  # two o'clock is left out that night
        ("2026-03-29T01:00", "Europe/Berlin", 2, "2026-03-28"),
        ("2026-01-01T00:00", "UTC", 0, "2025-12-31"),
    ],
)
def test_a_night_is_owed_from_its_hour_on(now: str, zone: str, hour: int, night: str):
    assert owed(datetime.fromisoformat(now).replace(tzinfo=UTC), zone, hour) == night


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), ZONES, HOURS)  # noqa: DTZ001 - made aware below
def test_what_is_owed_is_owed_since_a_moment_that_has_passed_and_less_than_a_day_ago(
    naive: datetime, zone: str, hour: int
):
    now = naive.replace(tzinfo=UTC)
    passed = now - since(owed(now, zone, hour), zone, hour)
    assert -timedelta(hours=1) <= passed < timedelta(hours=25)  # a clock that is turned moves an hour of its own


def test_nights_are_made_up_for_since_the_last_that_was_whole():
    newest = "2026-11-22"
    assert missing(newest, []) == [newest], "what was before the first, nobody has asked for"
    assert missing(newest, [newest]) == []
    assert missing(newest, ["2026-11-20"]) == ["2026-11-21", newest]
    assert missing(newest, ["2026-11-19", "2026-11-21"]) == ["2026-11-20", newest]
    assert missing(newest, ["2026-10-01"]) == [newest], "no more than a week"
    assert missing(newest, ["2026-11-16"]) == [f"2026-11-{day}" for day in range(17, 23)]


@given(st.sets(st.integers(0, 2 * MOST)))
def test_each_night_that_is_made_up_for_is_once_and_was_not_read(back: set[int]):
    end = date(2026, 11, 22)
    whole = {(end - timedelta(days=each)).isoformat() for each in back}
    found = missing(end.isoformat(), whole)
    assert found == sorted(set(found) - whole)
    assert len(found) < MOST
    assert (end.isoformat() in found) == (end.isoformat() not in whole)
