"""Pacing: when the next call may be sent.

In: rate-limit headers and refusals. Out: short sleeps, or Throttled and Parked. Invariants: nothing is sent inside a
wait that HubSpot has asked for; a call is counted before it is sent, and those under way are not in a reply's figures.
Searches and associations have limits of their own; search replies carry no headers.
Source: HubSpot's usage guidelines.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Literal

from schemas.errors import Parked, Throttled
from streams.platforms.hubspot.limits import (
    DAY_PROBE,
    DAY_SPARE,
    FIRST_SHARE,
    INTERVAL,
    LOW_WATER,
    SEARCHES_PER_SECOND,
    SECOND,
    SPARE,
)

Sort = Literal["general", "association", "search"]
SEARCH_GAP = timedelta(seconds=1) / SEARCHES_PER_SECOND


@dataclass(slots=True)
class Window:
    """One of HubSpot's limits, as its last reply showed it.

    `sent` are our own calls that its figures count, as when they were sent and answered: each leaves the rolling
    window no later than an interval after its answer. Once more is left than was known, it may be used.
    """

    limit: int = 0
    remaining: int | None = None
    sent: deque[tuple[datetime, datetime]] = field(default_factory=deque)
    interval: timedelta = INTERVAL
    noted: datetime | None = None
    free: datetime | None = None  # the next slot
    held: datetime | None = None  # HubSpot asked for silence until then

    def slot(self, now: datetime) -> datetime:
        """When a call may be sent: now, after the one before it, or when a spent window has passed."""
        slot = max(now, self.free or now)
        if self.remaining is None or self.noted is None:
            return slot
        while self.sent and self.sent[0][1] + self.interval <= now:
            self.sent.popleft()
            self.remaining += 1
        if self.remaining > 0:
            return slot
        if self.sent:
            self.remaining += 1
            return max(slot, self.sent.popleft()[1] + self.interval)
        over = self.noted + self.interval
        if over > now:
            return max(slot, over)
        self.remaining = None  # it has passed: the next reply will tell
        return slot

    def count(self, sent: datetime, answered: datetime) -> None:
        """A call of ours has been counted; those that may have left the window since are in the figures no more."""
        since = answered - self.interval
        self.sent = deque([each for each in self.sent if each[0] > since])
        self.sent.append((sent, answered))

    def gap(self) -> timedelta:
        """Between two calls: nothing while there is plenty, an even share of the limit when there is little."""
        if self.remaining is None or not self.limit or self.remaining > self.limit * LOW_WATER:
            return timedelta()
        return self.interval / self.limit


class Pace:
    """One connection's pace. Slots are reserved before sleeping, so that concurrent callers do not share one."""

    def __init__(
        self, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]], zone: tzinfo = UTC
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._zone = zone  # the portal's: its day is new at midnight there
        self._windows: dict[Sort, Window] = {"general": Window(), "association": Window(), "search": Window()}
        self._parked: tuple[datetime, str] | None = None
        self._day: tuple[datetime, int, int] | None = None

    @property
    def remaining(self) -> int | None:
        """Calls left in the rolling window, as far as HubSpot has told."""
        return self._windows["general"].remaining

    async def turn(self, sort: Sort) -> None:
        """Wait for the next slot.

        Raises:
            Parked: the day's quota is spent.
            Throttled: HubSpot asked for a wait that is not over.
        """
        window = self._windows[sort]
        self._stopped(window)
        now = self._clock()
        slot = window.slot(now)
        if window.remaining is not None:
            window.remaining -= 1
        window.free = slot + (SEARCH_GAP if sort == "search" else window.gap())
        if slot > now:
            await self._sleep((slot - now).total_seconds())
            self._stopped(window)  # what was asked for while this slept

    def _stopped(self, window: Window) -> None:
        now = self._clock()
        if self._parked is not None and now < self._parked[0]:
            raise Parked(self._parked[1], until=self._parked[0], code="429", passes=True)
        if window.held is not None and now < window.held:
            raise Throttled("hubspot asked for a pause that is not over", until=window.held, code="429")

    def resume(self) -> None:
        """Begin to search when a second has passed: what somebody else has searched in it is not known."""
        window = self._windows["search"]
        window.free = max(self._clock() + SECOND, window.free or self._clock())

    def spare(self) -> None:
        """Let a backfill's next page be asked for, unless its calls are better left to live work.

        Raises:
            Throttled: they are.
        """
        now = self._clock()
        for window in (self._windows["general"], self._windows["association"]):
            over = window.noted + window.interval if window.noted is not None else now
            if now < over and window.remaining is not None and window.remaining < window.limit * SPARE:
                raise Throttled("the rest of HubSpot's ten seconds is left to live work", until=over, code="spare")
        self._day_keeps(DAY_SPARE, "a backfill leaves them to live work", "day_spare")

    def later_tiers(self) -> None:
        """Let polls and writes of later tiers be sent, unless the last calls of the day are left to the first tier.

        Raises:
            Throttled: they are.
        """
        self._day_keeps(FIRST_SHARE, "they are left to writes of the first tier", "day_reserve")

    def midnight(self, at: datetime) -> datetime:
        """When the day of `at` ends."""
        tomorrow = at.astimezone(self._zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self._zone).astimezone(at.tzinfo)

    def _day_keeps(self, share: float, why: str, code: str) -> None:
        now = self._clock()
        if self._day is None or (self._parked is not None and now < self._parked[0]):
            return  # it is not known, or the next call says more
        at, left, limit = self._day
        until = min(at + DAY_PROBE, self.midnight(at))
        if now < until and left < limit * share:
            raise Throttled(f"{left:,} of HubSpot's {limit:,} calls are left today: {why}", until=until, code=code)

    def note(self, sort: Sort, headers: Mapping[str, str], *, sent: datetime | None = None, others: int = 0) -> None:
        """Take note of a reply's headers; `others` are calls under way, which its figures need not count."""
        remaining = _number(headers.get("x-hubspot-ratelimit-remaining"))
        if remaining is None:
            return
        day, left = (_number(headers.get(f"x-hubspot-ratelimit-daily{rest}")) for rest in ("", "-remaining"))
        if day is not None and left is not None:
            self._day = (self._clock(), left, day)
        window = self._windows[sort]
        if sent is not None:  # replies overtake each other: what was answered meanwhile may have come after this call
            others += len([answered for _, answered in window.sent if answered > sent])
        window.remaining = max(remaining - others, 0)
        window.limit = _number(headers.get("x-hubspot-ratelimit-max")) or window.limit
        if millis := _number(headers.get("x-hubspot-ratelimit-interval-milliseconds")):
            window.interval = timedelta(milliseconds=millis)
        window.noted = self._clock()
        if sent is not None:
            window.count(sent, window.noted)

    def hold(self, sort: Sort, until: datetime) -> None:
        """Send nothing of this sort before `until`."""
        window = self._windows[sort]
        window.held = max(until, window.held or until)

    def park(self, until: datetime, why: str) -> None:
        """Send nothing at all before `until`."""
        self._parked = until, why


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
