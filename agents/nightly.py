"""Nightly: the worker that has the tenant's documents has each night reconciled, once the hour has come.

In: the clock, the settings' hour. Out: a process that reads both platforms and ends (`revmark reconcile --due`): what
it takes in memory and time is not the worker's. Invariant: which nights were read is on the topic `nights` and nowhere
here, so that a worker that takes over starts the process again, and it finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from agents.rules.nights import owed
from schemas.contract import Contract
from streams.settings import Settings
from streams.topics import Topics

log = logging.getLogger(__name__)
LOOK = 15.0  # seconds between looks at the clock: nothing is read where the night is done
AGAIN = timedelta(minutes=30)  # after a reading that failed: a platform that was away is mostly back by then
LONGEST = 4 * 3600.0  # seconds a reading may take: a hundred thousand documents take a quarter of an hour
TOLD = 400  # letters of what a process says last, which is why it failed
COMMAND = ("-m", "console.main", "reconcile", "--due")
DONE = 0  # the exit code where nothing was due, or the books agree
FOUND = 1  # there are variances; Python ends a process that broke with it as well, so that it is asked once more


class Deployment(Protocol):
    """What it needs of the app."""

    settings: Settings
    contract: Contract
    names: Topics

    def owns(self, topic: str, key: bytes) -> bool:
        """Whether a key's partition is this worker's now."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether this worker has its partitions."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


async def reconcile() -> tuple[int, str]:
    """Let a process of its own reconcile what is due; its exit code and what it said last."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *COMMAND, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LONGEST):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:  # the worker stops, or it took too long: it has written nothing to a platform
            process.terminate()
    return process.returncode or 0, said.decode(errors="replace")[-TOLD:].strip()


class Nightly:
    """Of one worker."""

    def __init__(
        self,
        app: Deployment,
        *,
        run: Callable[[], Awaitable[tuple[int, str]]] = reconcile,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Look at `app`'s settings; `run` reconciles."""
        self._app = app
        self._run = run
        self._clock = clock
        self._read = ""  # the newest night that this worker has had reconciled
        self._found = ""  # the newest one of which a process said that there are variances: the next finds it done
        self._failed: datetime | None = None

    async def tick(self) -> None:
        """Have the newest night reconciled, where that is due, is ours and was not done yet."""
        app, hour = self._app, self._app.settings.reconcile_hour
        if hour is None or not app.is_ready:
            return
        if not app.owns(app.names.name(app.names.documents), app.settings.tenant.encode()):
            return
        now = self._clock()
        night = owed(now, app.contract.timezone, hour)
        if night == self._read or (self._failed is not None and now - self._failed < AGAIN):
            return
        try:
            code, said = await self._run()
        except (OSError, TimeoutError) as error:
            code, said = -1, str(error) or f"it took longer than {LONGEST:g} s"
        if code == DONE:
            self._read, self._failed = night, None
            return
        self._failed = now
        if code == FOUND and night != self._found:
            self._found = night
        else:
            log.warning("the night of %s was not reconciled (%d), and is tried again: %s", night, code, said)
