"""Time that passes only while nobody has anything to do: an event loop that jumps to its next timer.

Flows in: coroutines. Flows out: the same, in no time. Invariants: nothing waits in real time, nothing reads the
machine's clock; a world in which nobody will ever wake again is an error, not a hang.
"""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)  # a Tuesday morning with no daylight-saving change near
GRAIN = 1e-6  # seconds: two timers nearer than this are one instant


class Standstill(Exception):
    """Nobody is awake, and nobody ever will be."""


class _Idle(selectors.SelectSelector):
    """Looks at its files without waiting, and tells the loop how long it would have waited."""

    waited: float = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return what is ready now."""
        if timeout is None:
            raise Standstill("nobody is awake, and no timer runs")
        self.waited += max(timeout, 0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is the sum of the waits that it was spared."""

    def __init__(self) -> None:
        self._idle = _Idle()
        super().__init__(self._idle)
        self._clock_resolution = GRAIN

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._idle.waited


class Hours:
    """The one clock of a world: of our own code (called), and of the sandboxes (`now` and `sleep`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin at START."""
        self._loop = loop

    def __call__(self) -> datetime:
        """The time."""
        return START + timedelta(seconds=self._loop.time())

    def now(self) -> datetime:
        """The time."""
        return self()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(max(seconds, 0))


class Skewed:
    """A clock of somebody's own, so many seconds ahead of the world's (or behind it); it runs at the same speed."""

    def __init__(self, hours: Hours) -> None:
        """Begin with the right time."""
        self._hours = hours
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The time, as this clock shows it."""
        return self._hours() + self.ahead

    def now(self) -> datetime:
        """The same."""
        return self()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await self._hours.sleep(seconds)
