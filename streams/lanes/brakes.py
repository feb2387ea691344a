"""Brakes: which commands may pass to the platform, and which wait because their rule touched too much.

All writes of a connection pass one lane, so here a rule's count is whole, whichever workers judged. In: commands and
releases, in the lane's order; how many records each reading found. Out: commands that pass, alarms, how each brake
stands. Invariant: what is held is in the ledger and in its rule's queue, and leaves in its order; no clock decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from schemas.brake import BrakeState, brake_key
from schemas.command import Command, Release
from schemas.contract.brakes import Brake, bound, brake_for
from schemas.instants import business_day, from_millis, parse_instant
from schemas.names import Entity, Platform, Side, digest
from schemas.revenue import RevenueEvent, RevenueType
from streams.lanes import status
from streams.lanes.desk import Desk
from tables import ledger
from tables.brakes import Tally

PORTION = 500  # held commands that go on in one batch after a release: as many as a batch writes
# The kind under which a platform lists an entity, where that is not the entity's own name.
LISTED = {("xero", Entity.COMPANY): "contact", ("xero", Entity.CONTACT): "contact", ("xero", Entity.PRODUCT): "item"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the contract lets pass, and whose day it is."""

    brakes: tuple[Brake, ...] = ()
    timezone: str = "UTC"


@dataclass(slots=True)
class Brakes:
    """The brakes of one connection, as one batch works on them; nothing lasts before `save`."""

    desk: Desk
    tenant: str
    connection: str
    platform: Platform
    side: Side
    limits: Limits
    now: datetime
    _tallies: dict[tuple[Entity, str], Tally] = field(default_factory=dict)
    _held: dict[str, list[list[str]]] = field(default_factory=dict)
    _moved: set[str] = field(default_factory=set)
    _standing: list[list[str]] = field(init=False)

    def __post_init__(self) -> None:
        """Read which rules stand."""
        self._standing = self.desk.cursors.get(f"{self.connection}|brakes") or []

    @property
    def draining(self) -> bool:
        """Whether a released rule still holds something that could go on."""
        return any(tally.stop is None and tally.held for tally in self._known())

    def standing(self) -> dict[tuple[str, str], int]:
        """The rules that are stopped, by entity, with how many commands wait."""
        return {(tally.entity.value, tally.rule): tally.held for tally in self._known() if tally.stop is not None}

    def admits(self, command: Command, waiting: Collection[str]) -> bool:
        """Whether a command may pass; else it is held. `waiting` are the commands of its record in the backlog."""
        if not (self.limits.brakes or self._standing):
            return True
        held = self._of(command.record)
        found = [self._tally(Entity(entity), rule) for name, entity, rule in held if name == command.id]
        if not found:
            if command.id in waiting or self._begun(command):
                return True  # it passed before, and comes again
            behind = self._behind(command, held) or self._stopped(command, count=True)
            if behind is None:
                return True
            behind.hold(command.id)
            self._keep(command.record, [*held, [command.id, behind.entity.value, behind.rule]])
            found = [behind]
        message = f"the brake of {found[0].rule} on {found[0].entity.value} is on"
        ledger.queue(self.desk.ledger, command, at=self.now, until=None, message=message)
        return False

    def holder(self, command: Command) -> str:
        """The rule that holds a command; empty: none does."""
        return next((rule for name, _, rule in self._of(command.record) if name == command.id), "")

    def held(self, record: str) -> list[str]:
        """The commands of a record that a brake holds, in order."""
        return [name for name, _, _ in self._of(record)]

    def forget(self, record: str, commands: Collection[str]) -> None:
        """Take commands off their queues that are settled; what waits behind one of them stays where it waits."""
        held = self._of(record)
        for name, entity, rule in held:
            if name in commands:
                self._tally(Entity(entity), rule).drop(name)
        if any(name in commands for name, _, _ in held):
            self._keep(record, [each for each in held if each[0] not in commands])

    def state(self, entity: Entity, rule: str) -> BrakeState:
        """How a brake stands that has acted."""
        return self._state(self._tally(entity, rule))

    def _begun(self, command: Command) -> bool:
        """Whether the command was called, or settled; one that only waits has perhaps not been admitted."""
        row = self.desk.ledger.get(ledger.key(command))
        return row is not None and row["state"] != "waiting"

    def release(self, word: Release) -> None:
        """A person lets a rule go on; one that is not stopped goes on as it did."""
        tally = self._tally(word.entity, word.rule)
        if tally.stop is not None:
            tally.release(word.at, word.who, word.why)
            self._alarm("brake_released", tally, word.at, word.at.isoformat())

    def drain(self) -> list[Command]:
        """Commands of released rules that go on now, in their order; what another stopped rule holds goes there."""
        found: list[Command] = []
        for tally in list(self._known()):
            if tally.stop is not None:
                continue
            for name in tally.take(PORTION - len(found)):
                row = self.desk.ledger.get(f"{self.connection}|{name}")
                if row is None:
                    continue  # the batch that held it died before it was written, and it comes again
                command = Command.model_validate(row["command"])
                if self._goes_on(command):
                    found.append(command)
        return found

    def _goes_on(self, command: Command) -> bool:
        """Whether a held command is held no longer; else it changes its queue and keeps its place in its record."""
        held = self._of(command.record)
        place = next((number for number, each in enumerate(held) if each[0] == command.id), len(held))
        behind = self._behind(command, held[:place]) or self._stopped(command, count=False)
        if behind is not None:
            behind.hold(command.id)
        kept = [] if behind is None else [[command.id, behind.entity.value, behind.rule]]
        self._keep(command.record, [*held[:place], *kept, *held[place + 1 :]])
        return behind is None

    def save(self) -> None:
        """Write what changed, and tell how each brake stands."""
        for tally in self._tallies.values():
            changed, tally.changed = tally.changed, False
            tally.save()
            if changed and tally.told is not None:
                state = self._state(tally)
                self.desk.send("brakes", brake_key(self.connection, tally.entity, tally.rule), state)
        view = self.desk.cursors
        for record in sorted(self._moved):
            key, held = f"{self.connection}|brake|of|{record}", self._held[record]
            if held:
                view[key] = held
            elif view.get(key) is not None:
                del view[key]
        self._moved.clear()
        standing = [[each.entity.value, each.rule] for each in self._known() if each.stop is not None or each.held]
        if standing != self._standing:
            view[f"{self.connection}|brakes"] = self._standing = standing

    def _known(self) -> Iterable[Tally]:
        """The tallies that stand, and those that this batch has opened, each once and in one order."""
        names = {(Entity(entity), rule) for entity, rule in self._standing} | set(self._tallies)
        return [self._tally(*name) for name in sorted(names)]

    def _tally(self, entity: Entity, rule: str) -> Tally:
        if (entity, rule) not in self._tallies:
            self._tallies[entity, rule] = Tally(self.desk.cursors, self.connection, entity, rule)
        return self._tallies[entity, rule]

    def _of(self, record: str) -> list[list[str]]:
        if record not in self._held:
            self._held[record] = self.desk.cursors.get(f"{self.connection}|brake|of|{record}") or []
        return self._held[record]

    def _keep(self, record: str, held: list[list[str]]) -> None:
        self._held[record] = held
        self._moved.add(record)

    def _behind(self, command: Command, held: list[list[str]]) -> Tally | None:
        """The queue in which an earlier command of the same fields waits: it must not be overtaken."""
        for name, entity, rule in held:
            row = self.desk.ledger.get(f"{self.connection}|{name}")
            earlier = row["command"] if row else {"kind": "create", "fields": {}}
            if "create" in {earlier["kind"], command.kind} or set(earlier["fields"]) & set(command.fields):
                return self._tally(Entity(entity), rule)
        return None

    def _stopped(self, command: Command, *, count: bool) -> Tally | None:
        """The first of the command's rules that is stopped, or that this command stops. All of them are counted."""
        found: Tally | None = None
        for rule in command.rules:
            brake = brake_for(self.limits.brakes, command.entity, rule)
            if brake is None and [command.entity.value, rule] not in self._standing:
                continue
            tally = self._tally(command.entity, rule)
            counted = count and brake is not None and not (command.first and not brake.first_reading)
            if brake is not None and counted and tally.stop is None and not tally.free_at(command.at):
                self._count(command, tally, brake)
            if tally.stop is not None:
                found = found or tally
        return found

    def _count(self, command: Command, tally: Tally, brake: Brake) -> None:
        population = self._population(command)
        most, number = bound(brake, population), tally.touch(command.record, command.at)
        if most is not None and number > most:
            evidence = {"at": command.at.isoformat(), "command": command.id, "records": number, "bound": most}
            tally.halt({**evidence, "population": population})
            self._alarm("brake_tripped", tally, command.at, command.id)

    def _population(self, command: Command) -> int | None:
        """How many records of the entity the side's last full reading found."""
        kind = LISTED.get((self.platform, command.entity), command.entity.value)
        return status.cursor(self.desk.cursors, self.connection, kind).population

    def _alarm(self, kind: RevenueType, tally: Tally, at: datetime, cause: str) -> None:
        """Tell those who subscribe to revenue: what they count on has stopped, or goes on."""
        name = f"{tally.entity.value} {tally.rule}"
        self.desk.send(
            "occurrences",
            f"{self.tenant}|",
            RevenueEvent(
                id=digest(self.tenant, kind, self.connection, name, cause),
                type=kind,
                tenant=self.tenant,
                customer="",
                document=f"brake:{brake_key(self.connection, tally.entity, tally.rule)}",
                number=name,
                day=business_day(at, self.limits.timezone),
                occurred_at=at,
            ),
        )

    def _state(self, tally: Tally) -> BrakeState:
        stop: dict[str, Any] = tally.told or {}
        state: Literal["stopped", "released"] = "stopped" if tally.stop is not None else "released"
        return BrakeState(
            tenant=self.tenant,
            connection=self.connection,
            platform=self.platform,
            side=self.side,
            entity=tally.entity,
            rule=tally.rule,
            state=state,
            records=stop["records"],
            bound=stop["bound"],
            population=stop["population"],
            held=tally.held,
            command=stop["command"],
            stopped_at=parse_instant(stop["at"]),
            released_at=None if state == "stopped" else from_millis(stop["released"]),
            who=stop.get("who", ""),
            why=stop.get("why", ""),
        )
