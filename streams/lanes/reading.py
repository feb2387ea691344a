"""Reading: records as a platform shows them become changes.

Whoever reads says whether what was told before is told `again`: what agents ask for, what our own writes made, and
whatever a full reading lists, always is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.change import Change, Mark
from schemas.command import Command
from schemas.names import ref
from schemas.reading import ReadingState, reading_key
from streams.lanes.desk import Desk
from streams.lanes.hinted import Hint, answers
from streams.lanes.line import Line
from streams.lanes.told import Told
from streams.lanes.traced import Reading
from streams.lanes.trail import Trail
from streams.platforms.interface import Seen


@dataclass(slots=True)
class Reader:
    """Reads one connection. `newest` is the highest version of each kind that was shown since it was made."""

    line: Line
    tenant: str
    connection: str
    clock: Callable[[], datetime]
    trail: Trail
    told: Told = field(default_factory=Told)
    newest: dict[str, int] = field(default_factory=dict)

    def show(self, desk: Desk, seen: Seen, *, again: bool) -> None:
        """Put a record onto the topic `changes`, unless it shows what was told of it last and is not wanted again."""
        if self.told.tell(seen, again=again):
            self._put(desk, seen)

    def change(
        self, desk: Desk, seen: Seen, *, command: Command | None = None, made: str | None = None, anew: bool = False
    ) -> None:
        """Put a record onto the topic whatever was told; `made` is the reference that a create of ours has made."""
        self.told.tell(seen)
        self._put(desk, seen, command=command, made=made, anew=anew)

    def ended(self, desk: Desk, seen: Seen, command: Command | None, target: str | None) -> None:
        """Put the end of a record onto the topic, on which a write has come: it is news of all that is known of it.

        Whose record it was goes with it where the write was meant for it (`target`): one that ended before anybody
        read it is known to nobody else.
        """
        self.told.tell(seen)
        self._put(desk, seen, command=command, made=target, gone=True)

    def _put(
        self,
        desk: Desk,
        seen: Seen,
        *,
        command: Command | None = None,
        made: str | None = None,
        anew: bool = False,
        gone: bool = False,
    ) -> None:
        self.newest[seen.kind] = max(seen.version, self.newest.get(seen.kind, 0))
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
            cause=command.id if command and not gone else None,
            anew=anew,
            gone=gone,
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

    async def follow(self, desk: Desk, kind: str, hints: Mapping[str, Hint]) -> None:
        """Read what hints ask for, but for records whose events have all been answered."""
        wanted = {each: hint for each, hint in hints.items() if not self._rests(kind, each, hint)}
        self.trail.answered(kind, (each for each in hints if each not in wanted))
        if not wanted:
            return
        with self.trail.reading(kind, wanted) as trace:
            await self._follow(desk, kind, wanted, trace)

    async def _follow(self, desk: Desk, kind: str, wanted: Mapping[str, Hint], trace: Reading) -> None:
        again = any(hint.again for hint in wanted.values())  # what comes back may have another name: a deal, a survivor
        found = await self.line.read(kind, list(wanted))
        anew = any(hint.anew for hint in wanted.values())
        for seen in found:
            with trace.about(seen):
                if anew:
                    self.change(desk, seen, anew=True)
                else:
                    self.show(desk, seen, again=again)
        for each, hint in wanted.items():
            self.told.answer(kind, each, answers(hint.events, kind, each, found, alone=len(wanted) == 1))

    def _rests(self, kind: str, record_id: str, hint: Hint) -> bool:
        return not (hint.blind or hint.again) and self.told.answers(kind, record_id, hint.events.values())
