"""Comparison: an update that waited is written only onto the record that it was judged on; a create may hang on one.

In: a wave of commands. Out: those to write, and those that are superseded because their records have moved on; such a
record goes out as a change first. Invariant: what cannot be compared now waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.command import Command
from schemas.errors import Fatal, Refused, RevmarkError
from schemas.names import ref
from streams.lanes.desk import Desk
from streams.lanes.patience import FRESH, patience
from streams.lanes.postponed import Postponed
from streams.lanes.reading import Reader
from streams.lanes.supersession import Superseded, doubtful, end_of, outdated
from streams.platforms.interface import Seen

MOVED_ON = 1000  # records remembered as moved on since they were judged; the oldest is forgotten


@dataclass(slots=True)
class Comparison:
    """Compares one connection's updates with the platform."""

    reader: Reader
    clock: Callable[[], datetime]
    _moved_on: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _ours: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """A batch begins: our own writes of the last one are known to whoever judges."""
        self._ours = {}

    def wrote(self, reference: str, version: int) -> None:
        """A write of ours made this version: it is no news to the next command of the record."""
        self._moved_on.pop(reference, None)
        self._ours[reference] = max(version, self._ours.get(reference, 0))

    async def current(
        self, desk: Desk, wave: Sequence[Command], postponed: Postponed
    ) -> tuple[list[Command], list[Superseded]]:
        """What of a wave to write, and what not.

        Until the judge knows that a record has moved on, it may well judge again as before: such a command waits until
        it is itself compared.
        """
        names: set[str] = set()
        doubts: dict[str, dict[str, list[Command]]] = {}  # two records of ours may mean one that was merged
        for command in wave:
            _, kind, number = (command.judged or "//").split("/", 2)
            if postponed.holds(command):
                postponed.add(command)
            elif doubtful(command, self.clock()) and kind in self.reader.line.kinds:
                doubts.setdefault(kind, {}).setdefault(number, []).append(command)
            elif command.version is not None and command.version < self._moved_on.get(command.judged or "", -1):
                postponed.add(command, command.at + 2 * FRESH)
            else:
                names.add(command.id)
        gone: list[Superseded] = []
        for kind, asked in doubts.items():
            stale = await self._compared(desk, kind, asked, postponed)
            gone += stale
            names |= {command.id for each in asked.values() for command in each if not postponed.holds(command)}
        names -= {each.command.id for each in gone}
        return [command for command in wave if command.id in names], gone

    async def _compared(
        self, desk: Desk, kind: str, asked: dict[str, list[Command]], postponed: Postponed
    ) -> list[Superseded]:
        """Those whose records have moved on; where they cannot be read all are postponed."""
        if postponed.until is None:
            try:
                shown = await self.reader.line.read(kind, list(asked))
            except Fatal:
                raise
            except Refused:
                return []  # it cannot be read; the write says why
            except RevmarkError as error:
                postponed.stop(self.reader.line.stop(error))
            else:
                return self._outdated(asked, [self._told(desk, asked, seen) for seen in shown])
        for command in (each for some in asked.values() for each in some):
            postponed.add(command, None if postponed.until else self.clock() + patience(1))
        return []

    def _told(self, desk: Desk, asked: dict[str, list[Command]], seen: Seen) -> Seen:
        """Show a record that was read; the end of one is no older than what was judged of it."""
        if not seen.deleted:
            self.reader.change(desk, seen)
            return seen
        commands = asked.get(seen.record_id, ())
        end = end_of(seen, commands)
        meant = next(iter(commands), None)
        self.reader.ended(desk, end, meant, meant.ref if meant else None)
        return end

    def _outdated(self, asked: dict[str, list[Command]], shown: Sequence[Seen]) -> list[Superseded]:
        found: list[Superseded] = []
        for seen in shown:
            name = ref(self.reader.line.platform, seen.kind, seen.record_id)
            for command in asked.get(seen.record_id, ()):
                gone = outdated(command, seen, self._ours.get(name)) if command.judged == name else None
                if gone is not None:
                    found.append(gone)
                    self._moved_on[name] = seen.version
                    if len(self._moved_on) > MOVED_ON:
                        self._moved_on.popitem(last=False)
        return found
