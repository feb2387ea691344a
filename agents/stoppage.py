"""Stoppage: what the brakes would hold of the commands that a rehearsal asks for.

In: a connection's rows as its lane left them, commands in order. Out: which rule holds a command; how each brake would
stand. The lane's own brakes count, on papers that nobody else sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.command import Command
from schemas.contract import Contract
from schemas.names import Entity, Platform, Side
from schemas.plan import PlannedBrake
from schemas.wire import Wire
from streams.lanes.backlog import Backlog
from streams.lanes.brakes import Brakes, Limits
from tables import ledger
from tables.view import MemoryView


@dataclass(slots=True)
class _Papers:
    """A desk in memory. Alarms go nowhere."""

    cursors: MemoryView
    ledger: MemoryView = field(default_factory=MemoryView)

    def send(self, topic: str, key: str, value: Wire) -> None:
        """Nobody is told."""

    async def write(self) -> None:
        """Nothing lasts."""

    def check(self) -> None:
        """It is nobody else's."""


class Stoppage:
    """The brakes of one connection."""

    def __init__(
        self,
        contract: Contract,
        tenant: str,
        connection: str,
        platform: Platform,
        cursors: Mapping[str, Any],
        waiting: Iterable[Command],
        at: datetime,
    ) -> None:
        """Begin as the lane's brakes stand; `waiting` are commands that have no outcome yet."""
        side = Side.CRM if contract.platforms.crm == platform else Side.ERP
        self.connection, self.platform = connection, platform
        papers = _Papers(MemoryView(dict(cursors)))
        for command in waiting:
            if command.connection == connection:
                ledger.queue(papers.ledger, command, at=at, until=None, message="")
        self._backlog = Backlog(papers.cursors, connection)
        limits = Limits(contract.all_brakes, contract.timezone)
        self._brakes = Brakes(papers, tenant, connection, platform, side, limits, at)
        self._passed: set[str] = set()
        while self._brakes.draining and (gone := self._brakes.drain()):  # of a released rule, all goes in the end
            self._passed |= {command.id for command in gone}
        self._stopped_before = set(self._brakes.standing())
        self._first: dict[tuple[str, str], str] = {}

    def holds(self, command: Command, label: str) -> str:
        """The rule that holds a command; empty: it passes."""
        waiting = [*self._backlog.of(command.record), *self._passed & {command.id}]
        if self._brakes.admits(command, waiting):
            return ""
        rule = self._brakes.holder(command)
        self._first.setdefault((command.entity.value, rule), label)
        return rule

    def told(self) -> list[PlannedBrake]:
        """The brakes that hold something, or would let nothing more pass."""
        found: list[PlannedBrake] = []
        for (entity, rule), held in sorted(self._brakes.standing().items()):
            state = self._brakes.state(Entity(entity), rule)
            found.append(
                PlannedBrake(
                    platform=self.platform, connection=self.connection, entity=Entity(entity), rule=rule,
                    bound=state.bound, at=state.records, first=self._first.get((entity, rule), ""), held=held,
                    stopped_before=(entity, rule) in self._stopped_before,
                )
            )  # fmt: skip
        return found
