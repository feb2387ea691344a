"""Time: aware, UTC, milliseconds where a platform counts them.

Invariant: what passes as an `Instant` or a `Version` can be counted, compared and written as a day by everybody who
reads it; a time that nobody can have seen is an error of its field, not of the worker that meets it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

MILLISECONDS = 1000
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
FIRST_YEAR, LAST_YEAR = 2000, 2200  # of our own clocks: what is outside was never seen by anybody
END_OF_VERSIONS = 7_258_118_400_000  # milliseconds: 2200-01-01; beyond it no calendar follows, and 2**53 is far


def _aware(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        msg = "time must carry its zone"
        raise ValueError(msg)
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        msg = "a time out of range"
        raise ValueError(msg) from error


def _seen(value: datetime) -> datetime:
    value = _aware(value)
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        msg = f"a time from {FIRST_YEAR} to {LAST_YEAR} is expected"
        raise ValueError(msg)
    return value


def _calendar(value: str) -> str:
    try:
        written = date.fromisoformat(value).isoformat()
    except ValueError:
        written = ""
    if written != value or not value:
        msg = "a day is written YYYY-MM-DD"
        raise ValueError(msg)
    return value


Moment = Annotated[datetime, AfterValidator(_aware)]  # a platform's time, which may be as old as 1970
Instant = Annotated[datetime, AfterValidator(_seen)]  # a time of our own clocks
Version = Annotated[int, Field(ge=0, lt=END_OF_VERSIONS)]  # a platform's modified time; 0: it shows none
Day = Annotated[str, AfterValidator(_calendar), Field(json_schema_extra={"format": "date"})]


def from_millis(millis: int) -> datetime:
    """Aware UTC time from milliseconds since 1970."""
    whole, rest = divmod(millis, MILLISECONDS)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest * 1000)


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970, exact."""
    return (instant - _EPOCH) // _MILLISECOND


def version_millis(millis: int) -> int:
    """A platform's time as a version: one that nobody can have seen says nothing, and is 0."""
    return millis if 0 <= millis < END_OF_VERSIONS else 0


def instant_text(instant: datetime) -> str:
    """ISO 8601 in UTC with a Z; a fraction only where there is one."""
    moment = instant.astimezone(UTC)
    digits = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=digits) + "Z"


def parse_instant(text: str) -> datetime:
    """Parse ISO 8601; a text without a zone is UTC (Xero writes those).

    Raises:
        ValueError: it is no time, or one that no calendar in UTC holds.
    """
    instant = datetime.fromisoformat(text)
    return _aware(instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant)


def business_day(instant: datetime, timezone: str) -> str:
    """The calendar day (YYYY-MM-DD) on which `instant` falls for people in `timezone`."""
    return instant.astimezone(ZoneInfo(timezone)).date().isoformat()
