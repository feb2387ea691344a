"""Time: aware, UTC, milliseconds where a platform counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

MILLISECONDS = 1000


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        msg = "time must carry its zone"
        raise ValueError(msg)
    return value.astimezone(UTC)


def _calendar(value: str) -> str:
    if date.fromisoformat(value).isoformat() != value:
        msg = "a day is written YYYY-MM-DD"
        raise ValueError(msg)
    return value


Instant = Annotated[datetime, AfterValidator(_aware)]
Day = Annotated[str, AfterValidator(_calendar), Field(json_schema_extra={"format": "date"})]


def from_millis(millis: int) -> datetime:
    """Aware UTC time from milliseconds since 1970."""
    whole, rest = divmod(millis, MILLISECONDS)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=rest * 1000)


def to_millis(instant: datetime) -> int:
    """Milliseconds since 1970, exact."""
    delta = instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * MILLISECONDS + delta.microseconds // 1000


def parse_instant(text: str) -> datetime:
    """Parse ISO 8601; a text without a zone is UTC (Xero writes those)."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def business_day(instant: datetime, timezone: str) -> str:
    """The calendar day (YYYY-MM-DD) on which `instant` falls for people in `timezone`."""
    return instant.astimezone(ZoneInfo(timezone)).date().isoformat()
