"""Time that passes only while nobody has anything to do: an event loop that jumps to its next timer.

Flows in: coroutines. Flows out: the same, in no time. Invariants: nothing waits in real time, nothing reads the
machine's clock or a file; what is due at one instant runs in the order in which it was asked for; a world in which
nobody will ever wake again is an error, not a hang.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TypeVarTuple

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)  # a Tuesday morning with no daylight-saving change near
GRAIN = 1e-6  # seconds: two timers nearer than this are one instant
Given = TypeVarTuple("Given")


class Standstill(Exception):
    """Nobody is awake, and nobody ever will be."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is that of the last timer that ran.

    asyncio's own turn asks a selector for files and compares timers in Python; this one has no files, and its heap
    holds tuples.
    """

    _ready: deque[asyncio.Handle]  # asyncio's own: what `call_soon` was given

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle | asyncio.Future[None]]] = []
        self._order = count()
        self._stopping = False

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def call_soon(
        self, callback: Callable[[*Given], object], *args: *Given, context: Context | None = None
    ) -> asyncio.Handle:
        """Call in this instant, after all that was asked for before."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[[*Given], object], *args: *Given, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call at that time."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heappush(self._timers, (when, next(self._order), timer))
        return timer

    def alarm(self, seconds: float) -> asyncio.Future[None]:
        """A future that is done then, unless somebody is quicker: a timer without a callback."""
        alarm: asyncio.Future[None] = self.create_future()
        heappush(self._timers, (self._now + seconds, next(self._order), alarm))
        return alarm

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Leave it where it is: it is passed over when its time comes."""

    def _run_once(self) -> None:
        ready, timers = self._ready, self._timers
        if not ready and not self._stopping:
            while timers:
                first = timers[0][2]
                if not (first.cancelled() if isinstance(first, asyncio.TimerHandle) else first.done()):
                    break  # somebody waits for it
                heappop(timers)
            else:
                raise Standstill("nobody is awake, and no timer runs")
            self._now = max(self._now, timers[0][0])
        end = self._now + GRAIN
        while timers and timers[0][0] < end:
            due = heappop(timers)[2]
            if isinstance(due, asyncio.TimerHandle):
                ready.append(due)
            elif not due.done():
                due.set_result(None)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001 - as asyncio's own turn does
                handle._run()  # noqa: SLF001


def nap(seconds: float) -> asyncio.Future[None]:
    """What `asyncio.sleep` comes to on a loop of ours, in a third of the time: a world sleeps 35,000 times."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.alarm(seconds)


class Hours:
    """The one clock of a world: of our own code (called), and of the sandboxes (`now` and `sleep`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin at START."""
        self._loop = loop
        self._read: tuple[float, datetime] = (0.0, START)  # one instant is asked for many times

    def __call__(self) -> datetime:
        """The time."""
        now = self._loop.time()
        if self._read[0] != now:
            self._read = (now, START + timedelta(seconds=now))
        return self._read[1]

    def now(self) -> datetime:
        """The time."""
        return self()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await (nap(seconds) if seconds > 0 else asyncio.sleep(0))


class Skewed:
    """A clock of somebody's own, so many seconds ahead of the world's (or behind it); it runs at the same speed."""

    def __init__(self, hours: Hours) -> None:
        """Begin with the right time."""
        self._hours = hours
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The time, as this clock shows it."""
        now = self._hours()
        return now + self.ahead if self.ahead else now

    def now(self) -> datetime:
        """The same."""
        return self()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await self._hours.sleep(seconds)
