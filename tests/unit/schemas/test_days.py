"""Business days: whatever clocks do, each moment is in exactly one, and each day in exactly one window."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.instants import business_day
from schemas.names import Side
from schemas.totals import DocumentVersion
from tables import windows
from tables.view import MemoryView

# Summer time in both halves of the year, by an hour and by half of one, at midnight, and none; far from Greenwich.
ZONES = [
    "Pacific/Auckland", "Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Asuncion",
    "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC",
]  # fmt: skip
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
MOMENTS = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))


def begins(day: date, zone: str) -> datetime:
    """The first second of a business day, found by halving: the function itself is all that is asked."""
    start, before, after = datetime(day.year, day.month, day.day, tzinfo=UTC), -30 * 3600, 30 * 3600
    while after - before > 1:
        middle = (before + after) // 2
        is_before = business_day(start + timedelta(seconds=middle), zone) < day.isoformat()
        before, after = (middle, after) if is_before else (before, middle)
    return start + timedelta(seconds=after)


@pytest.mark.parametrize("zone", ZONES)
def test_ten_years_of_days_follow_each_other_without_a_gap_or_an_overlap(zone: str):
    days = [FIRST.date() + timedelta(days=number) for number in range((LAST - FIRST).days)]
    moments = [begins(day, zone) for day in days]
    for day, (start, end) in zip(days, pairwise(moments), strict=False):
        assert timedelta(hours=23) <= end - start <= timedelta(hours=25), day
        assert business_day(start, zone) == business_day(end - TICK, zone) == day.isoformat()


@given(MOMENTS, MOMENTS, st.sampled_from(ZONES))
@settings(max_examples=300, deadline=None)
def test_a_later_moment_is_never_in_an_earlier_day(one: datetime, other: datetime, zone: str):
    first, second = sorted((one, other))
    assert business_day(first, zone) <= business_day(second, zone)


@given(MOMENTS, st.sampled_from(ZONES), st.sampled_from(ZONES))
@settings(max_examples=300, deadline=None)
def test_the_day_is_that_of_the_moment_however_it_is_written(moment: datetime, zone: str, written: str):
    assert business_day(moment.astimezone(ZoneInfo(written)), zone) == business_day(moment, zone)


@given(st.lists(st.tuples(MOMENTS, st.integers(0, 10**9)), min_size=1, max_size=30), st.sampled_from(ZONES))
@settings(max_examples=100, deadline=None)
def test_every_document_is_in_exactly_one_window(stated: list[tuple[datetime, int]], zone: str):
    view, sums = MemoryView(), dict[str, Decimal]()
    for number, (moment, cents) in enumerate(stated):
        amount = Decimal(cents).scaleb(-2)
        document = DocumentVersion(
            tenant="main", document=f"invoice:{number}", side=Side.ERP, day=business_day(moment, zone), currency="NZD",
            total=amount, due=amount, counted=True, version=1, seen_at=FIRST,
        )  # fmt: skip
        total = windows.apply(view, "main", Side.ERP, windows.contribution(document, 1), sign=1)
        assert total is not None
        sums[total.day] = total.total
    assert sum(sums.values(), Decimal(0)) == sum((Decimal(cents).scaleb(-2) for _, cents in stated), Decimal(0))
    assert set(sums) == {business_day(moment, zone) for moment, _ in stated}
