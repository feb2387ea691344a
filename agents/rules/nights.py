"""Nights: which ones are to be reconciled by themselves, and since when. Pure.

In: the clock, the contract's zone, the hour that the settings name. Out: days. A night is owed from that hour of the
day after it, in that zone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MOST = 7  # nights that are made up for: a week in which nothing ran; older ones are a person's wish


def owed(now: datetime, timezone: str, hour: int) -> str:
    """The newest night that is to be reconciled by now."""
    local = now.astimezone(ZoneInfo(timezone))
    return (local.date() - (DAY if local.hour >= hour else 2 * DAY)).isoformat()


def since(night: str, timezone: str, hour: int) -> datetime:
    """The moment from which a night is owed, in UTC."""
    return datetime.combine(date.fromisoformat(night) + DAY, time(hour), ZoneInfo(timezone)).astimezone(UTC)


def missing(newest: str, whole: Collection[str]) -> list[str]:
    """The nights up to `newest` that were not read whole, oldest first: those of a week since one that was.

    Where nothing was ever reconciled, that is the newest alone: what was before nobody has asked for.
    """
    end = date.fromisoformat(newest)
    days = [(end - DAY * back).isoformat() for back in range(MOST)][::-1]
    known = [each for each in days if each in whole]
    return [each for each in days if each > known[0] and each not in whole] if known else [newest]
