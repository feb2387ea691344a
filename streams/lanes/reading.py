"""Reading: hints become batched reads, polls move cursors, both become changes.

Invariant: a cursor is written in the same breath as the changes it covers, and those are acknowledged first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from schemas.change import Change, Mark
from schemas.command import Command
from schemas.names import ref
from streams.lanes import status
from streams.lanes.desk import Desk
from streams.platforms.interface import PlatformClient, Seen


@dataclass(slots=True)
class Reader:
    """Reads one connection."""

    client: PlatformClient
    tenant: str
    connection: str
    clock: Callable[[], datetime]

    def change(self, desk: Desk, seen: Seen, *, command: Command | None = None, made: str | None = None) -> None:
        """Put a record as seen onto the topic `changes`; `made` is the reference that a create of ours has made."""
        ours = command is not None and made == ref(self.client.platform, seen.kind, seen.record_id)
        change = Change(
            tenant=self.tenant,
            platform=self.client.platform,
            side=self.client.side,
            kind=seen.kind,
            record_id=seen.record_id,
            version=seen.version,
            seen_at=self.clock(),
            deleted=seen.deleted,
            raw=seen.raw,
            canonical=command.record if command and ours else None,
            customer=command.customer if command and ours else None,
            cause=command.id if command else None,
        )
        desk.send("changes", self.tenant, change)

    async def read(self, desk: Desk, wanted: dict[str, list[str]]) -> None:
        """Read the wanted records of every kind, each once."""
        for kind, ids in wanted.items():
            for seen in await self.client.read(kind, list(dict.fromkeys(ids))):
                self.change(desk, seen)
        await desk.write()

    async def poll(self, desk: Desk, kinds: Iterable[str], *, sweep: bool = False) -> None:
        """Read what changed of each kind, page by page; the first complete reading of a kind is marked."""
        for kind in kinds:
            begun = status.cursor(desk.cursors, self.connection, kind)
            async for page in self.client.poll(kind, begun.text, sweep=sweep):
                for seen in page.records:
                    self.change(desk, seen)
                if page.complete and not begun.complete:
                    mark = Mark(
                        tenant=self.tenant,
                        platform=self.client.platform,
                        side=self.client.side,
                        kind=kind,
                        seen_at=self.clock(),
                    )
                    desk.send("changes", self.tenant, mark)
                moved = status.Cursor(text=page.cursor, complete=begun.complete or page.complete)
                if not sweep or page.complete:
                    status.save_cursor(desk.cursors, self.connection, kind, moved)
                await desk.write()
