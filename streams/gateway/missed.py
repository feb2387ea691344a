"""What was missed: webhooks that were turned away, and those for which nobody was there.

In: a word whenever that may be, and one whenever a webhook of Xero's came through. Out: requests for polls until one
did, each made until it is durable. Why: Xero repeats a webhook once at once and then every 15 minutes, and all that
comes behind it waits as long; meanwhile no gap is to be seen, and what polls list seldom, because webhooks tell of it,
would be known as late.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from schemas.errors import Transient

AGAIN_SECONDS = 1.0  # between attempts while the broker is away
EVERY_SECONDS = 60.0  # between polls while nothing is heard: as often as the rest is polled
LATE_MINUTES = 16  # Xero's 15 and one: had anything waited behind a repetition, it would have come


class Missed:
    """Asks for polls from when webhooks may have been missed until they come through."""

    def __init__(self, ask: Callable[[], Awaitable[None]]) -> None:
        """`ask` raises Transient, or TimeoutError, where it could not be asked."""
        self._ask = ask
        self._owed = asyncio.Event()
        self._came = asyncio.Event()

    def note(self) -> None:
        """Webhooks may have been missed until now."""
        self._owed.set()

    def came(self) -> None:
        """A webhook came through: what waited comes before it or right behind it."""
        self._came.set()

    async def watch(self) -> None:
        """Ask whenever it is owed, until cancelled."""
        while True:
            await self._owed.wait()
            self._owed.clear()
            self._came.clear()
            for _ in range(1 + LATE_MINUTES):
                await self._durably()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), EVERY_SECONDS)
                if self._came.is_set():
                    break

    async def _durably(self) -> None:
        while True:
            try:
                return await self._ask()
            except (Transient, TimeoutError):
                await asyncio.sleep(AGAIN_SECONDS)
