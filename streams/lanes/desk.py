"""The desk: what a lane keeps its papers on. The engine's batch fulfils it, and so does a simulator's partition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from schemas.wire import Wire
from tables.view import View


class Desk(Protocol):
    """Tables and outputs of the partition that the lane's connection lives in."""

    @property
    def ledger(self) -> View:
        """The ledger's table."""
        ...

    @property
    def cursors(self) -> View:
        """Cursors, parks and grants."""
        ...

    def send(self, topic: str, key: str, value: Wire) -> None:
        """Put a record out; it leaves with the next `write`."""
        ...

    async def write(self) -> None:
        """Make everything so far durable: outputs acknowledged, then tables. Raises when that fails."""
        ...

    def check(self) -> None:
        """Raise when the connection may be another worker's by now."""
        ...


def while_ours(
    desk: Callable[[], Desk], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Callable[[float], Awaitable[None]]:
    """Waiting inside a call, after which whoever has lost the connection calls no more.

    Its successor calls already, and is told how long to wait: whoever waits here does not hear of it.
    """

    async def wait(seconds: float) -> None:
        await sleep(seconds)
        desk().check()

    return wait
