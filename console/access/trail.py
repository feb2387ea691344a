"""The trail that people leave at the page: what they do, and who came in or was turned away, on the topic `audit`.

An act is kept before it is done, or not done. A sign-in is kept where that can be: with the broker away people still
have to see what stands still, and can do nothing until it is back; the page's log says then who came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.deeds import begun, ended, keep
from schemas.deed import Deed, Outcome
from schemas.errors import RevmarkError
from streams.settings import Settings

log = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds that somebody who signs in waits for the broker
REFUSALS = 60  # a minute: people mistype less often, and a machine that tries shows in the number of those left out
MINUTE = timedelta(minutes=1)


@dataclass
class Crowd:
    """Bounds how many refusals are kept, so that no stranger can fill the topic."""

    since: datetime
    kept: int = 0
    left_out: int = 0

    def take(self, now: datetime) -> int | None:
        """How many were left out since the last one that was kept; None: this one is left out as well."""
        if now - self.since >= MINUTE:
            self.since, self.kept = now, 0
        if self.kept >= REFUSALS:
            self.left_out += 1
            return None
        self.kept += 1
        before, self.left_out = self.left_out, 0
        return before


class Trail:
    """Of one page."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._crowd = Crowd(clock())

    async def begin(self, what: str, about: str, *, who: str, why: str) -> Deed:
        """Keep what somebody is about to do.

        Raises:
            Transient: it cannot be kept; nothing may be done.
        """
        deed = begun(self._settings, what, who, about, why)
        await keep(self._settings, deed)
        return deed

    async def end(self, deed: Deed, outcome: Outcome, said: str) -> None:
        """Keep what came of it."""
        await self._tell(ended(deed, outcome, said))

    async def came(self, what: str, who: str, said: str = "") -> None:
        """Keep that somebody came in, or went."""
        await self._tell(ended(begun(self._settings, what, who), "done", said))

    async def refused(self, what: str, who: str, why: str, about: str = "") -> None:
        """Keep that somebody was turned away; `who` is empty where nobody knows."""
        before = self._crowd.take(self._clock())
        if before is None:
            return
        more = f"; {before} more were refused before this and not kept" if before else ""
        await self._tell(ended(begun(self._settings, what, who, about), "refused", f"{why}{more}"))

    async def _tell(self, deed: Deed) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await keep(self._settings, deed)
        except (RevmarkError, TimeoutError) as error:
            told = (deed.who or "somebody", deed.what, deed.outcome, deed.said, str(error) or "no answer in time")
            log.warning("not kept on the topic audit: %r, %s, %s (%s): %s", *told)
