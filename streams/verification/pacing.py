"""Pacing: waits, so that a verification is never in the way, and never waits for ever.

In: what to ask. Out: its answer, or that a step took too long. Invariants: what a platform or a quota asks to wait for
is waited for; pauses between two looks grow, so that a slow deployment costs few calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from schemas.errors import Throttled, Transient

FIRST_LOOK, LONGEST_PAUSE = 1.0, 15.0  # seconds; a step of minutes then costs four calls of Xero's sixty a minute
GROWTH = 1.5  # of the pause, from look to look
HICCUP = 3.0  # seconds after what did not answer

Found = TypeVar("Found")


class Overdue(Exception):
    """A step did not come within the patience."""

    def __init__(self, why: str) -> None:
        """Keep what was last seen."""
        super().__init__(why)
        self.why = why


class Pacing:
    """The patience of one step after the other."""

    def __init__(
        self,
        patience: float,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """`patience` is what a step may take, in seconds."""
        self.patience = timedelta(seconds=patience)
        self._clock = clock
        self._sleep = sleep
        self._ends = clock() + self.patience

    def begin(self) -> datetime:
        """A step begins; when."""
        now = self._clock()
        self._ends = now + self.patience
        return now

    def since(self, at: datetime) -> float:
        """Seconds since then."""
        return (self._clock() - at).total_seconds()

    async def ask(self, question: Callable[[], Awaitable[Found]]) -> Found:
        """Ask until there is an answer; what is waited for was not written.

        Raises:
            Overdue: the wait is longer than the step may take.
            Refused, Parked, Unknown: as the platform says.
        """
        while True:
            try:
                return await question()
            except Throttled as error:
                await self._rest((error.until - self._clock()).total_seconds(), error.message)
            except Transient as error:
                await self._rest(HICCUP, error.message)

    async def until(self, look: Callable[[], Awaitable[tuple[Found | None, str]]]) -> Found:
        """Look until something is there; `look` says what it sees while it is not.

        Raises:
            Overdue: it did not come; with what was last seen.
        """
        pause = FIRST_LOOK
        while True:
            found, seen = await self.ask(look)
            if found is not None:
                return found
            await self._rest(pause, seen)
            pause = min(pause * GROWTH, LONGEST_PAUSE)

    async def awhile(self, look: Callable[[], Awaitable[Found | None]], seconds: float) -> Found | None:
        """Look now and then for so long; None: it did not come, and need not."""
        ends, pause = self._clock() + timedelta(seconds=seconds), FIRST_LOOK
        while (found := await look()) is None and self._clock() < ends:
            await self._sleep(pause)
            pause *= GROWTH
        return found

    async def _rest(self, seconds: float, why: str) -> None:
        if self._clock() + timedelta(seconds=seconds) > self._ends:
            raise Overdue(why)
        await self._sleep(max(seconds, 0.0))
