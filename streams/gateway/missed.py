"""What was missed: webhooks that were turned away, and those for which nobody was there.

In: a word whenever that may be. Out: one request for a poll, asked for until it is durable. Why: Xero repeats a webhook
once at once and then every 15 minutes, and all that comes behind it waits as long; meanwhile no gap is to be seen, and
what polls list seldom, because webhooks tell of it, would be known as late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from schemas.errors import Transient

AGAIN_SECONDS = 1.0  # between attempts while the broker is away


class Missed:
    """Asks for a poll as soon as it can, once for all that was missed until then."""

    def __init__(self, ask: Callable[[], Awaitable[None]]) -> None:
        """`ask` raises Transient, or TimeoutError, where it could not be asked."""
        self._ask = ask
        self._owed = asyncio.Event()

    def note(self) -> None:
        """Webhooks may have been missed until now."""
        self._owed.set()

    async def watch(self) -> None:
        """Ask whenever it is owed, until cancelled."""
        while True:
            await self._owed.wait()
            self._owed.clear()
            try:
                await self._ask()
            except (Transient, TimeoutError):
                self._owed.set()
                await asyncio.sleep(AGAIN_SECONDS)
