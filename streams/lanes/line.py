"""The line: a platform's client, with a count of what its calls came to and whether anybody answers at all.

In: the calls of `PlatformClient`. Out: the same answers and errors. Invariant: a refusal or a wait is an answer; only
calls without one (`Transient`, `Unknown`, a write with every answer lost) are failures, and any answer ends their row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar, Unpack

from schemas.command import Command
from schemas.errors import Fatal, Parked, RevmarkError, Throttled, Transient, Unknown
from streams.lanes.patience import PROBE_EVERY
from streams.lanes.postponed import Stop, stop_of
from streams.platforms.interface import Asks, Feed, Manner, Page, PlatformClient, Seen, Stretch, Written

SOME = 2  # fewer commands are looked up at no less cost one by one
DEAD_AFTER = 2  # failures in a row: one is a hiccup, or a single kind in trouble
Answer = TypeVar("Answer")


class Line:
    """One connection's client, watched."""

    def __init__(self, client: PlatformClient, clock: Callable[[], datetime]) -> None:
        """Call through `client`."""
        self.client = client
        self.platform = client.platform
        self.side = client.side
        self.kinds = client.kinds
        self.failures = 0
        self.why = ""
        self.calls: Counter[str] = Counter()
        self._clock = clock

    @property
    def dead(self) -> bool:
        """Whether the platform does not answer: it is only probed until it does."""
        return self.failures >= DEAD_AFTER

    def stop(self, error: RevmarkError) -> Stop | None:
        """Until when the connection has to stand still after `error`, and why; None: it may go on."""
        if isinstance(error, Throttled | Parked):
            return stop_of(error)
        return Stop(self._clock() + PROBE_EVERY, self.why) if self.dead else None

    async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records now."""
        return await self._heard("read", self.client.read(kind, record_ids))

    async def look_up(self, command: Command) -> Written | None:
        """Find out whether a command has been applied."""
        return await self._heard("look_up", self.client.look_up(command))

    async def look_up_many(self, commands: Sequence[Command]) -> dict[str, Written | None]:
        """Find out about many at once, as far as the platform can be asked so and answers.

        What it does not answer is looked up one by one, and that says what is wrong.
        """
        found: dict[str, Written | None] = {}
        if len(commands) < SOME or not isinstance(self.client, Asks):
            return found
        answers = self.client.look_up_many(commands)
        try:
            while True:
                found |= await self._heard("look_up", anext(answers))
        except StopAsyncIteration:
            return found
        except Fatal:
            raise
        except RevmarkError:
            return found
        finally:
            if isinstance(answers, AsyncGenerator):
                await answers.aclose()

    async def poll(self, kind: str, cursor: str | None, **manner: Unpack[Manner]) -> AsyncGenerator[Page, None]:
        """Read what changed, page by page; close it when it is left early."""
        pages = self.client.poll(kind, cursor, **manner)
        try:
            while True:
                try:
                    page = await self._heard("poll", anext(pages))
                except StopAsyncIteration:
                    return
                yield page
        finally:
            if isinstance(pages, AsyncGenerator):
                await pages.aclose()

    async def follow(self, feed: Feed, cursor: str | None) -> AsyncGenerator[Stretch, None]:
        """Read on in a feed; close it when it is left early. Whether it answers says nothing about other calls."""
        stretches = feed.follow(cursor)
        try:
            async for stretch in stretches:
                self.calls["feed.answered"] += 1
                yield stretch
        except RevmarkError as error:
            self.calls[f"feed.{type(error).__name__.lower()}"] += 1
            raise
        finally:
            if isinstance(stretches, AsyncGenerator):
                await stretches.aclose()

    async def write(self, commands: Sequence[Command]) -> list[Written]:
        """Write; each answer is counted."""
        before = self.failures
        answers = await self._heard("write", self.client.write(commands))
        self.calls.update(f"write.{answer.state}" for answer in answers)
        if all(answer.state == "unknown" for answer in answers):
            self.failures, self.why = before + 1, f"{self.platform}: the answers to writes are lost"
        return answers

    async def close(self) -> None:
        """Release connections."""
        await self.client.close()

    async def _heard(self, call: str, answer: Awaitable[Answer]) -> Answer:
        try:
            found = await answer
        except RevmarkError as error:
            silent = isinstance(error, Transient | Unknown)
            self.failures = self.failures + 1 if silent else 0
            self.why = error.message
            self.calls[f"{call}.{type(error).__name__.lower()}"] += 1
            raise
        self.failures = 0
        if call != "write":
            self.calls[f"{call}.answered"] += 1
        return found
