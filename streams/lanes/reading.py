"""Reading: records as a platform shows them become changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.change import Change, Mark
from schemas.command import Command
from schemas.names import ref
from schemas.reading import ReadingState, reading_key
from streams.lanes.desk import Desk
from streams.lanes.line import Line
from streams.platforms.interface import Seen


@dataclass(slots=True)
class Reader:
    """Reads one connection."""

    line: Line
    tenant: str
    connection: str
    clock: Callable[[], datetime]

    def change(
        self, desk: Desk, seen: Seen, *, command: Command | None = None, made: str | None = None, anew: bool = False
    ) -> None:
        """Put a record as seen onto the topic `changes`; `made` is the reference that a create of ours has made."""
        ours = command is not None and made == ref(self.line.platform, seen.kind, seen.record_id)
        change = Change(
            tenant=self.tenant,
            platform=self.line.platform,
            side=self.line.side,
            kind=seen.kind,
            record_id=seen.record_id,
            version=seen.version,
            seen_at=self.clock(),
            deleted=seen.deleted,
            raw=seen.raw,
            canonical=command.record if command and ours else None,
            customer=command.customer if command and ours else None,
            cause=command.id if command else None,
            anew=anew,
        )
        desk.send("changes", self.tenant, change)

    def mark(self, desk: Desk, kind: str) -> None:
        """Say that the first reading of a kind has ended."""
        mark = Mark(
            tenant=self.tenant, platform=self.line.platform, side=self.line.side, kind=kind, seen_at=self.clock()
        )
        desk.send("changes", self.tenant, mark)

    @staticmethod
    def tell(desk: Desk, state: ReadingState) -> None:
        """Say how far a long reading is."""
        desk.send("readings", reading_key(state.connection, state.what, state.kind), state)

    async def read(self, desk: Desk, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records, each once, and show them."""
        found = await self.line.read(kind, list(dict.fromkeys(record_ids)))
        for seen in found:
            self.change(desk, seen)
        return found
