"""Patience: a call is asked again where a platform or a quota asks to wait, as long as a nightly run can."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from schemas.errors import Throttled, Transient

TRIES = 4  # of one call that is not answered
HICCUP = 3.0  # seconds after what was not answered
# The longest wait for a quota: Xero's minute and HubSpot's ten seconds come back sooner; a spent day does not.
LONGEST = timedelta(minutes=5)

Found = TypeVar("Found")


class Patience:
    """Asks again."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Wait with `sleep`, and say so with `tell` where it takes a while."""
        self._clock, self._sleep, self._tell = clock, sleep, tell

    async def __call__(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        """The answer.

        Raises:
            Transient: it does not come, or only after too long a wait.
            Parked, Refused: as the platform says.
        """
        tried = 0
        while True:
            try:
                return await ask()
            except Throttled as error:
                wait = error.until - self._clock()
                if wait > LONGEST:
                    until = f"{error.until:%Y-%m-%d %H:%M} UTC"
                    raise Transient(f"{error.message} (until {until})", code="quota") from error
                if wait > timedelta(seconds=30):  # a minute of Xero's; shorter ones are not worth a line
                    self._tell(f"waiting {wait.total_seconds():.0f} s: {error.message}")
                await self._sleep(max(wait.total_seconds(), 0.0))
            except Transient:
                tried += 1
                if tried == TRIES:
                    raise
                await self._sleep(HICCUP)
