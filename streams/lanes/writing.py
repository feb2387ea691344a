"""Writing: commands become calls, calls become outcomes, in numbered steps.

1 claim in the ledger  2 call the platform  3 read the outcome  4 write it into the ledger  5 produce outcome and
changes (6, the commit, is the agent's). A crash at any number loses nothing and repeats nothing: a claim met again is
an unknown write and is looked up; a settled entry met again only repeats its outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from schemas.command import Command
from schemas.errors import Fatal, Parked, RevmarkError, Throttled, Unknown
from schemas.fact import Outcome
from schemas.ledger import SETTLED, LedgerEntry, LedgerState
from streams.lanes.desk import Desk
from streams.lanes.reading import Reader
from streams.platforms.interface import Written
from tables import ledger

FIRST_WAIT = timedelta(seconds=2)  # after a hiccup; doubled with every attempt
LONGEST_WAIT = timedelta(minutes=5)  # so that a platform that is back is noticed soon
Checkpoint = Callable[[str], None]


def _pass(_step: str) -> None:
    """The ordinary checkpoint: nothing happens between two steps."""


@dataclass(slots=True)
class Postponed:
    """What could not be settled: the commands, and until when the whole connection must stand still, with why."""

    commands: list[str] = field(default_factory=list)
    records: dict[str, datetime] = field(default_factory=dict)
    until: datetime | None = None
    why: str = ""

    @property
    def due(self) -> datetime | None:
        """When the first of them may go on."""
        return min(self.records.values(), default=None)

    def add(self, command: Command, until: datetime) -> None:
        """Keep a command for later; later ones of its record stay behind it."""
        self.commands.append(command.id)
        self.records.setdefault(command.record, until)

    def stop(self, error: RevmarkError) -> None:
        """Where the platform said wait, the whole connection does."""
        if isinstance(error, Throttled | Parked) and (self.until is None or self.until < error.until):
            self.until, self.why = error.until, error.message


@dataclass(slots=True)
class Writer:
    """Writes to one connection."""

    reader: Reader
    clock: Callable[[], datetime]
    checkpoint: Checkpoint = _pass

    async def write(self, desk: Desk, commands: Sequence[Command]) -> Postponed:
        """Settle the commands as far as the platform lets us; every one ends settled or postponed."""
        postponed = Postponed()
        fresh: list[Command] = []
        for command in commands:
            known = ledger.entry(desk.ledger, command)
            if known is not None and known.state in SETTLED:
                await self._repeat(desk, known)
            elif known is not None and known.until is not None and self.clock() < known.until:
                postponed.add(command, known.until)
            elif known is not None and known.state in {"claimed", "unknown"}:
                await self._look_up(desk, known, fresh, postponed)
            else:
                fresh.append(command)
        for wave in _waves(fresh):
            ready = [command for command in wave if command.record not in postponed.records]
            for command in wave:
                if command.record in postponed.records:
                    self._wait(desk, command, postponed, postponed.records[command.record], "behind an earlier one")
            if ready:
                await self._wave(desk, ready, postponed)
        await desk.write()
        return postponed

    async def _wave(self, desk: Desk, commands: list[Command], postponed: Postponed) -> None:
        if postponed.until is not None:
            for command in commands:
                self._wait(desk, command, postponed, postponed.until, postponed.why)
            return
        # 1 claim
        entries = {command.id: ledger.claim(desk.ledger, command, self.clock()) for command in commands}
        await desk.write()
        self.checkpoint("claimed")
        # 2 call
        try:
            answers = await self.reader.client.write(commands)
        except Fatal:
            raise
        except Unknown:
            answers = []  # what was sent may have arrived: each is looked up
        except RevmarkError as error:
            self._stopped(desk, entries, error, postponed)
            return
        self.checkpoint("called")
        # 3 outcome
        answered = {answer.command: answer for answer in answers}
        settled: list[tuple[Command, Outcome, Written]] = []
        for command in commands:
            answer = answered.get(command.id) or Written(command.id, "unknown", message="no answer came back")
            found = await self._clear_up(entries[command.id], answer, postponed)
            if found.state in {"applied", "refused"}:
                settled.append((command, self._outcome(command, found), found))
            else:
                self._postpone(desk, entries[command.id], found, postponed)
        self.checkpoint("answered")
        # 4 ledger
        for command, outcome, found in settled:
            ledger.move(
                desk.ledger, entries[command.id], _settled(found),
                at=outcome.at, code=found.code, message=found.message, outcome=outcome,
            )  # fmt: skip
        await desk.write()
        self.checkpoint("recorded")
        # 5 produce
        for command, outcome, found in settled:
            self._produce(desk, command, outcome, found)
        await desk.write()
        self.checkpoint("produced")

    async def _clear_up(self, entry: LedgerEntry, answer: Written, postponed: Postponed) -> Written:
        """An unknown write is looked up at once: most lost answers are found again within the same breath.

        What is not found stays unknown: the write may still be on its way, so it is looked up anew before the next.
        """
        if answer.state != "unknown" or postponed.until is not None:
            return answer
        try:
            return await self.reader.client.look_up(entry.command) or answer
        except Fatal:
            raise
        except RevmarkError as error:
            postponed.stop(error)
            return answer

    async def _look_up(self, desk: Desk, entry: LedgerEntry, fresh: list[Command], postponed: Postponed) -> None:
        """A claim met again: the worker died between claim and outcome, or the answer stayed lost."""
        if postponed.until is not None:
            postponed.add(entry.command, postponed.until)
            return
        try:
            found = await self.reader.client.look_up(entry.command)
        except Fatal:
            raise
        except RevmarkError as error:
            until = getattr(error, "until", None) or self.clock() + _wait(entry.attempts)
            ledger.move(
                desk.ledger, entry, "unknown", at=self.clock(), code=error.code, message=error.message, until=until
            )
            postponed.add(entry.command, until)
            postponed.stop(error)
            return
        if found is None:
            fresh.append(entry.command)
            return
        outcome = self._outcome(entry.command, found)
        ledger.move(
            desk.ledger, entry, _settled(found),
            at=outcome.at, code=found.code, message=found.message or "found again by look-up", outcome=outcome,
        )  # fmt: skip
        await desk.write()
        self._produce(desk, entry.command, outcome, found)

    async def _repeat(self, desk: Desk, entry: LedgerEntry) -> None:
        """The command was redelivered after it was settled: repeat its outcome, and show what it wrote.

        The worker may have died between ledger and produce, so the record is read anew.
        """
        if entry.outcome is None:
            return
        desk.send("facts", _customer_key(entry.command), entry.outcome)
        if entry.outcome.ref and entry.outcome.state == "applied":
            try:
                found = await self.reader.client.look_up(entry.command)
            except RevmarkError:
                return  # the next poll shows it: its cursor has not passed the record
            made = entry.outcome.ref if entry.command.kind == "create" else None
            for seen in found.seen if found else ():
                self.reader.change(desk, seen, command=entry.command, made=made)

    def _produce(self, desk: Desk, command: Command, outcome: Outcome, found: Written) -> None:
        desk.send("facts", _customer_key(command), outcome)
        for seen in found.seen:
            self.reader.change(desk, seen, command=command, made=found.ref if command.kind == "create" else None)

    def _outcome(self, command: Command, found: Written) -> Outcome:
        return Outcome(
            tenant=command.tenant,
            customer=command.customer,
            entity=command.entity,
            id=command.record,
            side=command.side,
            command=command.id,
            state=_settled(found),
            ref=found.ref,
            version=found.version,
            fields=command.fields if found.state == "applied" else {},
            code=found.code,
            message=found.message,
            at=self.clock(),
        )

    def _postpone(self, desk: Desk, entry: LedgerEntry, found: Written, postponed: Postponed) -> None:
        until = found.until or self.clock() + _wait(entry.attempts)
        state: LedgerState = "unknown" if found.state == "unknown" else "waiting"
        ledger.move(
            desk.ledger, entry, state, at=self.clock(), code=found.code, message=found.message, until=until,
            burn=found.until is None,
        )  # fmt: skip
        postponed.add(entry.command, until)

    def _wait(self, desk: Desk, command: Command, postponed: Postponed, until: datetime, why: str) -> None:
        ledger.queue(desk.ledger, command, at=self.clock(), until=until, message=why)
        postponed.add(command, until)

    def _stopped(self, desk: Desk, entries: dict[str, LedgerEntry], error: RevmarkError, postponed: Postponed) -> None:
        """The connection cannot be called: nothing was written, attempts are not burnt, all of it waits."""
        held = isinstance(error, Throttled | Parked)
        for entry in entries.values():
            until = error.until if isinstance(error, Throttled | Parked) else self.clock() + _wait(entry.attempts)
            ledger.move(
                desk.ledger, entry, "waiting", at=self.clock(), code=error.code, message=error.message, until=until,
                burn=not held,
            )  # fmt: skip
            postponed.add(entry.command, until)
        postponed.stop(error)


def _waves(commands: Sequence[Command]) -> list[list[Command]]:
    """Commands in waves: one per record in each, first tier first, so that a record's order is kept."""
    waves: list[list[Command]] = []
    height: dict[str, int] = {}
    for command in commands:
        level = height.get(command.record, 0)
        height[command.record] = level + 1
        if level == len(waves):
            waves.append([])
        waves[level].append(command)
    return [sorted(wave, key=lambda one: one.tier) for wave in waves]


def _settled(found: Written) -> Literal["applied", "refused"]:
    return "applied" if found.state == "applied" else "refused"


def _wait(attempts: int) -> timedelta:
    return min(FIRST_WAIT * (1 << min(max(attempts - 1, 0), 10)), LONGEST_WAIT)


def _customer_key(command: Command) -> str:
    return f"{command.tenant}|{command.customer}"
