"""Both platforms' copies of a company that people edit unheard; what they did is told later, in any order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.fact import Fact
from schemas.instants import to_millis
from schemas.names import Entity, Side
from schemas.wire import Wire
from tests.support.judging import COMPANY, Court, at, company, outcome


@dataclass(slots=True)
class Platforms:
    """What both hold after edits that nobody has heard of; a lane reads a record before it writes over an edit."""

    court: Court = field(default_factory=Court)
    held: dict[Side, dict[str, Any]] = field(default_factory=lambda: {side: dict(COMPANY[side]) for side in Side})
    moved: dict[Side, float] = field(default_factory=lambda: dict.fromkeys(Side, 0.0))
    facts: list[Wire] = field(default_factory=list)
    now: float = 100.0
    entered: dict[str, list[tuple[float, Any]]] = field(default_factory=dict)  # the CRM's history: by field, in seconds
    restless: int | None = None  # which of the CRM's writes is overtaken by an edit of another field

    def edit(self, seconds: float, side: Side, **fields: Any) -> None:
        """A person edits a company, which is read then."""
        self.held[side].update(fields)
        self.moved[side] = self.now = seconds
        self.facts.append(self.shown(side))

    def shown(self, side: Side) -> Fact:
        found = company(side, self.moved[side], alone=False, **self.held[side])
        rows = {name: [(to_millis(at(when)), value) for when, value in rows] for name, rows in self.entered.items()}
        told = {name: [row for row in some if row[0] <= found.version] for name, some in rows.items()}
        return found.model_copy(update={"entered": told}) if side is Side.CRM else found

    def tell(self, order: tuple[Wire, ...], *, again: bool = True) -> None:
        """Tell facts; after each of them all that was asked for is written. Last, both are read as they are."""
        self.now = self.court.clock = 1000.0
        for told in (*order, *(order if again else ())):
            self.court.hear(told)
            self.write()
        for side in Side:
            self.court.hear(self.shown(side))
        self.write()

    def write(self) -> None:
        """Carry out what was asked for, with its outcome and its echo."""
        while waiting := [one for one in self.court.commands() if one.id not in self.court.answered]:
            command = waiting[-1 if self.restless else 0]  # the lanes of two platforms wait for nobody
            if command.entity is not Entity.COMPANY:
                self.court.hear(*self.court.carry_out(command))
                continue
            self.court.answered.add(command.id)
            waited = command.side is Side.CRM and self._overtaken()
            if waited:
                self.now = self.moved[command.side] = max(self.now, self.court.clock) + 1
            shown = self.shown(command.side)
            if (command.compare or waited) and shown.version > (command.version or 0):
                self.court.hear(shown, outcome(command, "superseded", version=shown.version))
                continue
            self.now = self.court.clock = max(self.now, self.court.clock) + 1
            self.held[command.side].update(command.fields)
            self.moved[command.side] = self.now
            self.court.hear(outcome(command, seconds=self.now, ref=command.ref), self.shown(command.side))

    def _overtaken(self) -> bool:
        if self.restless is not None:
            self.restless -= 1
        return self.restless == 0


def met() -> Platforms:
    """Acme, linked and at rest."""
    found = Platforms()
    for side in Side:
        found.court.hear(found.shown(side))
    found.write()
    found.now = 100.0
    return found
