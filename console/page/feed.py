"""The feed: keeps the projection filled while the page is up, and tells every reader when there is something new.

Invariant: an overview is built at most once for all readers, and never takes more than a tenth of the time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from console.page.overview import overview
from console.projection import cluster
from console.projection.delivery import COUNTED, SHELVES, STATES, topics_of
from console.projection.follower import Follower
from console.projection.store import Store
from schemas.errors import RevmarkError
from streams.settings import Settings

PACE = 1.0  # seconds between two pushes: faster than one reads is no use
SHARE = 10  # an overview that took a second is built every ten
BREATH = 5.0  # seconds after which counts of "the last minute" are stated anew, though nothing came
ABREAST = 15.0  # seconds to read what came of a person's word: most of it is there already
LOOK = 0.1  # seconds between looks at how far it is
RETRY = 2.0  # seconds before the broker is asked again


class Feed:
    """One deployment's live overview."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder: Path = settings.state / "console"
        self.connected = False
        self.problem = ""
        self._changed = asyncio.Event()
        self._document = b"{}"
        self._version = 0
        self._published = asyncio.Condition()
        self._closing = False

    async def run(self) -> None:
        """Follow the topics and publish overviews until cancelled."""
        store = Store(self.folder)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(store))
                group.create_task(self._publish())
        finally:
            store.close()

    async def _follow(self, store: Store) -> None:
        topics = topics_of(self.settings)
        while True:
            try:
                await Follower(self.settings.kafka, topics, store, (*SHELVES, *STATES, *COUNTED)).follow(self._applied)
            except RevmarkError as error:
                self.connected, self.problem = False, error.message
                self._changed.set()
            await asyncio.sleep(RETRY)

    def _applied(self, number: int) -> None:
        if number or not self.connected:
            self._changed.set()
        self.connected, self.problem = True, ""

    async def _publish(self) -> None:
        while True:
            started = time.monotonic()
            self._changed.clear()
            document = await asyncio.to_thread(self._build)
            if document != self._document:
                async with self._published:
                    self._document, self._version = document, self._version + 1
                    self._published.notify_all()
            took = time.monotonic() - started
            await asyncio.sleep(max(PACE, took * SHARE))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BREATH):
                    await self._changed.wait()

    def _build(self) -> bytes:
        store = Store(self.folder, read_only=True)
        try:
            found: dict[str, Any] = overview(store, datetime.now(UTC), self.settings)
        finally:
            store.close()
        found["live"] = {"connected": self.connected, "problem": self.problem, "broker": self.settings.broker}
        found["tenant"] = self.settings.tenant
        return orjson.dumps(found)

    async def abreast(self, seconds: float = ABREAST) -> bool:
        """Wait until all that the topics hold now has been read; tell whether it was in time.

        Raises:
            Transient: the broker does not answer.
        """
        shelves = (*SHELVES, *STATES)
        spots = await cluster.ends(self.settings.kafka, topics_of(self.settings), shelves)
        due = {place: end for place, (begin, end) in spots.items() if end > begin}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if await asyncio.to_thread(self._has_read, due):
                        return True
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            return False

    def _has_read(self, due: dict[tuple[str, int], int]) -> bool:
        store = Store(self.folder, read_only=True)
        try:
            read = store.offsets()
        finally:
            store.close()
        return all(read.get(place, 0) >= end for place, end in due.items())

    async def close(self) -> None:
        """Let every reader go: the page is going down."""
        async with self._published:
            self._closing = True
            self._published.notify_all()

    async def readings(self) -> AsyncIterator[bytes | None]:
        """Every new overview from the present one on; None now and then, to keep the line open."""
        seen = 0
        while not self._closing:
            async with self._published:
                if self._version == seen and not self._closing:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(BREATH):
                            await self._published.wait()
                document = self._document if self._version != seen else None
                seen = self._version
            yield document
