"""A lane's desk for those who only keep a grant on it."""

from dataclasses import dataclass, field

from schemas.wire import Wire
from tables.view import MemoryView


@dataclass
class Desk:
    """A lane's papers in memory; `writes` counts how often they were made durable."""

    ledger: MemoryView = field(default_factory=MemoryView)
    cursors: MemoryView = field(default_factory=MemoryView)
    writes: int = 0

    def send(self, topic: str, key: str, value: Wire) -> None:
        """Nothing leaves."""

    async def write(self) -> None:
        self.writes += 1

    def check(self) -> None:
        """It is nobody else's."""
