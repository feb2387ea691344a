"""The desk: what a lane keeps its papers on. The engine's batch fulfils it, and so does a simulator's partition."""

from __future__ import annotations

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
