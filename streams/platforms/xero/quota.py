"""Xero's limits, kept from our side.

For one app and one organisation: 60 calls a minute, 5 at once, 5,000 a day (1,000 on the Starter tier) (facts B2).
In: the purpose of each call, the reply's headers, the injected clock. Out: a place in the queue, or Throttled.
Invariants: no call is made inside a known wait; of a minute each purpose finds the few calls that the others keep for
it, so that a busy poll holds up no write, and a month's invoices no reading that a webhook asks for; of a day writes
find a reserve that reads and polls leave, those of the first tier one that other writes leave; a wait of more than a
few seconds is the lane's to keep, not ours.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal

from schemas.errors import Throttled
from schemas.instants import from_millis, to_millis

# `first` is a write of the first tier, `write` any other.
Purpose = Literal["first", "write", "read", "poll", "backfill"]

ON_ITS_WAY = timedelta(seconds=1)  # that a call may be before it arrives, where it is answered as soon as that
MINUTE = timedelta(minutes=1) + ON_ITS_WAY  # Xero counts calls as they arrive
MINUTE_CALLS = 60
CONCURRENT_CALLS = 5
# Calls of sixty that each purpose keeps for the others, as long as those have not made them: a write can always follow
# a busy poll at once, and so can four readings while writes take all there is. Writes of both tiers count as one.
MINUTE_KEPT: dict[Purpose, dict[Purpose, int]] = {
    "first": {"read": 4},
    "write": {"read": 4},
    "read": {"write": 10},
    "poll": {"write": 10, "read": 10},
    "backfill": {"write": 10, "read": 10, "poll": 10},
}
PRESSED = timedelta(minutes=2)  # since a write had to wait for the minute: more are likely to
POLL_BURST = 4  # a fourth of the share of polls, or of a backfill, goes at once, the rest evenly over the minute
# The same of a day: on the Starter tier it still leaves 100 writes when everything else has been spent.
DAY_RESERVE: dict[Purpose, int] = {"first": 0, "write": 0, "read": 100, "poll": 200, "backfill": 400}
STARTER_DAY = 1_000  # calls: the least that Xero lets anybody make
FIRST_SHARE = 50  # one call in so many, 2 %, is left to writes of the first tier; 20 of a Starter day, 100 of 5,000
DAY_PROBE = timedelta(minutes=15)  # how long the reserve is believed to be reached; then one call asks again
DAY = timedelta(days=1)
PLENTY = STARTER_DAY  # calls left of a day under which polls are spread
SELDOM = 5  # money in advance is listed with one round of so many
CALLS_A_ROUND = 6  # one of each kind and one of the hold group; what is listed seldom comes to less than half a call
SHORT_WAIT = timedelta(seconds=5)  # longer waits are the lane's: it has other connections to serve
REMAINING = {"minute": "X-MinLimit-Remaining", "day": "X-DayLimit-Remaining", "app": "X-AppMinLimit-Remaining"}

Clock = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]


class Quota:
    """What may still be called, for one connection.

    A process that takes the connection over is told which calls the minute holds (`resume`); headers correct the rest.
    """

    def __init__(self, clock: Clock, sleep: Sleep, *, minute_calls: int = MINUTE_CALLS) -> None:
        """Start with a free minute and an unknown day."""
        self._clock = clock
        self._sleep = sleep
        self._minute_calls = minute_calls
        self._sent: deque[tuple[datetime, Purpose | None]] = deque()
        self._used: Counter[Purpose] = Counter()
        self._places = asyncio.Semaphore(CONCURRENT_CALLS)
        self._others: tuple[datetime, int] | None = None  # calls of the header's minute that are not ours
        self._waited: datetime | None = None  # when a write last had to
        self._blocked: tuple[datetime, str] | None = None
        self._day: tuple[datetime, int] | None = None
        self._most = STARTER_DAY  # calls of a day that were ever seen left

    @asynccontextmanager
    async def call(self, purpose: Purpose) -> AsyncIterator[None]:
        """A place among the calls in flight, taken when the minute allows it.

        Raises:
            Throttled: the wait is longer than a few seconds, or the day's reserve is reached.
        """
        self._check_day(purpose)
        async with self._places:
            while (until := self._free_at(purpose)) is not None:
                # A backfill waits outside: what is more urgent must not wait behind it.
                if until - self._clock() > (SHORT_WAIT if purpose != "backfill" else timedelta(0)):
                    raise Throttled(f"Xero's minute is spent until {until:%H:%M:%S} UTC", until=until, code="minute")
                await self._sleep((until - self._clock()).total_seconds())
            counted: Purpose = "write" if purpose == "first" else purpose
            sent = (self._clock(), counted)
            self._sent.append(sent)
            self._used[counted] += 1
            try:
                yield
            finally:
                self._answered(sent)

    def _answered(self, sent: tuple[datetime, Purpose]) -> None:
        """Count a slow call from shortly before its answer: it may have arrived as late as that."""
        latest = self._clock() - ON_ITS_WAY
        if latest > sent[0] and sent in self._sent:
            self._sent.remove(sent)
            insort(self._sent, (latest, sent[1]), key=itemgetter(0))

    def spent(self) -> list[int]:
        """When the calls were made that the minute still holds: milliseconds since 1970, oldest first."""
        self._forget(self._clock())
        return [to_millis(at) for at, _ in self._sent]

    def resume(self, spent: Sequence[int]) -> None:
        """Count the calls that another process has made, or this one before; where both know of them, once.

        What they were for is not known any more. One that is later than our clock was made now at the earliest.
        """
        now = self._clock()
        known = {to_millis(at) for at, _ in self._sent}
        theirs = [min(from_millis(each), now) for each in spent if each not in known]
        if theirs:
            self._sent = deque(sorted([*self._sent, *((at, None) for at in theirs)], key=itemgetter(0)))
            self._forget(now)

    def note(self, headers: Mapping[str, str]) -> None:
        """Believe what a reply says is left."""
        minute = [int(text) for name in ("minute", "app") if (text := headers.get(REMAINING[name], "")).isdecimal()]
        if minute:
            self._forget(self._clock())
            self._others = (self._clock(), max(0, self._minute_calls - min(minute) - len(self._sent)))
        if (text := headers.get(REMAINING["day"], "")).isdecimal():
            self._day = (self._clock(), int(text))
            self._most = max(self._most, int(text))

    def block(self, until: datetime, problem: str) -> None:
        """Xero said to wait; nothing is sent before."""
        self._blocked = (until, problem)
        if problem == "day":
            self._day = None  # once the wait is over it is another day

    def _check_day(self, purpose: Purpose) -> None:
        now = self._clock()
        if self._blocked and now < self._blocked[0] and self._blocked[0] - now > SHORT_WAIT:
            until, problem = self._blocked
            raise Throttled(f"Xero asked to wait until {until:%H:%M:%S} UTC ({problem})", until=until, code=problem)
        left = self._left(purpose)
        if left is not None and left <= self._reserved(purpose) and purpose != "first":
            others = "writes of the first tier" if purpose == "write" else "writes"
            raise Throttled(
                f"{left} of Xero's calls are left today: {purpose}s wait so that {others} can go on",
                until=now + DAY_PROBE,
                code="day_reserve",
            )

    def _left(self, purpose: Purpose) -> int | None:
        """Calls left of the day; unknown again when the reserve was reached a while ago: the day may have turned."""
        if self._day is None:
            return None
        at, left = self._day
        spent = left <= self._reserved(purpose)
        return None if spent and self._clock() - at >= DAY_PROBE else left

    def _reserved(self, purpose: Purpose) -> int:
        """Calls of a day that are left to what is more urgent."""
        return self._most // FIRST_SHARE if purpose == "write" else DAY_RESERVE[purpose]

    def poll_interval(self) -> timedelta:
        """How long to leave between two polls of a kind, so that polls alone never spend the day."""
        left = self._left("poll")
        if left is None or left >= PLENTY:
            return timedelta(0)
        rounds = (left - DAY_RESERVE["poll"]) // CALLS_A_ROUND
        return DAY / rounds if rounds > 0 else DAY

    @property
    def pressed(self) -> bool:
        """Whether writes take all that the minute has."""
        return self._waited is not None and self._clock() - self._waited < PRESSED

    def _forget(self, now: datetime) -> None:
        """Let go of calls that have left the minute."""
        while self._sent and now - self._sent[0][0] >= MINUTE:
            _, purpose = self._sent.popleft()
            if purpose is not None:
                self._used[purpose] -= 1

    def _free_at(self, purpose: Purpose) -> datetime | None:
        """When a call for this purpose may go; None: now."""
        now = self._clock()
        if self._blocked:
            if now < self._blocked[0]:
                return self._blocked[0]
            self._blocked = None
        self._forget(now)
        kept = MINUTE_KEPT[purpose].items()
        reserve = sum(max(0, calls * self._minute_calls // MINUTE_CALLS - self._used[other]) for other, calls in kept)
        allowed = self._minute_calls - reserve
        burst = allowed // POLL_BURST
        if purpose in {"poll", "backfill"} and len(self._sent) > burst:
            # A long reading waits in short steps and comes to its end, instead of meeting a wait that is the lane's.
            even = self._sent[-1][0] + MINUTE / max(allowed - burst, 1)
            if now < even:
                return even
        until: datetime | None = None
        if len(self._sent) >= allowed:
            # The call that has to leave the window before this one fits.
            until = self._sent[len(self._sent) - max(allowed, 1)][0] + MINUTE
        elif self._others and now - self._others[0] < MINUTE and len(self._sent) + self._others[1] >= allowed:
            until = self._others[0] + MINUTE
        if until is not None and purpose in {"first", "write"}:
            self._waited = now
        return until
