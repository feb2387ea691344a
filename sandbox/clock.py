"""Time as the emulators see it.

In: nothing. Out: aware UTC instants and sleeps. Invariant: no emulator reads the wall clock except through
here.
"""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Protocol

DEFAULT_START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)  # a Tuesday morning with no daylight-saving change near
TURNS = 20  # of the event loop: enough for a task that was woken to reach its next sleep


class Clock(Protocol):
    """What an emulator may ask of time."""

    def now(self) -> datetime:
        """Give the present instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once that many seconds of this clock have passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Give the machine's present instant."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(max(seconds, 0))


class VirtualClock:
    """A clock that moves only when told, or, when ``automatic``, jumps to the next sleeper's hour.

    An automatic clock lets a day of webhook retries pass in milliseconds.
    """

    def __init__(self, start: datetime = DEFAULT_START, *, automatic: bool = False) -> None:
        self._now = start.astimezone(UTC)
        self._automatic = automatic
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._waking: asyncio.AbstractEventLoop | None = None  # in which sleepers are being woken

    def now(self) -> datetime:
        """Give the instant this clock stands at."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), woken))
        if self._automatic and self._waking is not loop:
            self._waking = loop
            loop.call_soon(self._wake_after, TURNS)
        await woken

    def _wake_after(self, turns: int) -> None:
        """Let those who are awake get on first, then wake the next sleeper; so one after the other."""
        if not turns:
            self._wake_next()
            turns = TURNS
        if self._sleepers:
            asyncio.get_running_loop().call_soon(self._wake_after, turns - 1)
        else:
            self._waking = None

    def _wake_next(self) -> None:
        while self._sleepers:
            hour, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self._now = max(self._now, hour)
                woken.set_result(None)
                return

    async def advance(self, seconds: float) -> None:
        """Move forward, waking sleepers at their own hours and letting each run before the next."""
        end = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= end:
            self._wake_next()
            await self._settle()
        self._now = end
        await self._settle()

    def move(self, seconds: float) -> None:
        """Move forward at once, for callers outside an event loop; sleepers wake at the next `advance`."""
        self._now += timedelta(seconds=seconds)

    @staticmethod
    async def _settle() -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)


class SkewedClock:
    """Another clock, read wrongly: off by some seconds, or shown in coarse steps."""

    def __init__(self, inner: Clock, *, offset_seconds: float = 0, step_seconds: int = 0) -> None:
        self._inner = inner
        self._offset = timedelta(seconds=offset_seconds)
        self._step = step_seconds

    def now(self) -> datetime:
        """Give the wrong instant."""
        now = self._inner.now() + self._offset
        if self._step:
            now = datetime.fromtimestamp(int(now.timestamp()) // self._step * self._step, UTC)
        return now

    async def sleep(self, seconds: float) -> None:
        """Sleep as the other clock does: it runs at the right speed."""
        await self._inner.sleep(seconds)
