"""Shares: which kinds of a platform hold what, and how long a backfill of them takes at least under the quota.

In: names, numbers of records. Out: kinds, calls, seconds. Pure, and without the platforms' clients.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from schemas.names import Platform
from streams.platforms.hubspot import share as hubspot
from streams.platforms.interface import Share
from streams.platforms.xero import share as xero

SHARES: Mapping[Platform, Share] = {"hubspot": hubspot.SHARE, "xero": xero.SHARE}
DAY = 86_400  # seconds
MINUTE = 60  # seconds


def calls(platform: Platform, records: Iterable[tuple[str, int]]) -> int:
    """How many calls it takes to read so many records of each kind."""
    share = SHARES[platform]
    return sum(math.ceil(count / share.page[kind]) * share.calls[kind] for kind, count in records)


def seconds(platform: Platform, number: int) -> int:
    """How long so many calls take at least: what the day's share does not hold waits for the next day."""
    share = SHARES[platform]
    days, rest = divmod(max(number - 1, 0), share.day)
    return days * DAY + math.ceil((rest + 1) * MINUTE / share.minute) if number else 0
