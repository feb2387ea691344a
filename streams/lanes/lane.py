"""The lane: one connection's work, in order, by one worker.

Commands go first (what was waiting before what is new), then hinted reads, then polls: a payment never waits behind a
catalogue. While the connection is parked its commands wait in the ledger and hints are made up for by the next poll.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.command import Command, Poll, Read, Resume
from schemas.errors import Fatal, Parked, RevmarkError, Throttled
from schemas.ledger import SETTLED
from streams.lanes import status
from streams.lanes.desk import Desk
from streams.lanes.reading import Reader
from streams.lanes.writing import FIRST_WAIT, Checkpoint, Postponed, Writer, _pass
from streams.platforms.interface import PlatformClient
from tables import ledger

Work = Command | Read | Poll | Resume


@dataclass(slots=True)
class Lane:
    """One connection. `due` is when it wants to be woken (parks and waits end); None: nothing waits."""

    client: PlatformClient
    tenant: str
    connection: str
    clock: Callable[[], datetime]
    checkpoint: Checkpoint = _pass
    due: datetime | None = None
    reader: Reader = field(init=False)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        """Set reader and writer to work on the same client."""
        self.reader = Reader(self.client, self.tenant, self.connection, self.clock)
        self.writer = Writer(self.reader, self.clock, self.checkpoint)

    async def work(self, desk: Desk, works: Sequence[Work]) -> None:
        """Do a batch of work; whatever cannot be done now is kept, and nothing is lost with the batch."""
        standing = status.load(desk.cursors, self.connection)
        commands = [work for work in works if isinstance(work, Command)]
        due: datetime | None = None
        if standing.parked_at(self.clock()):
            self._keep(desk, standing, commands)
            standing.missed = standing.missed or any(isinstance(work, Read | Poll) for work in works)
        else:
            due = await self._commands(desk, standing, commands)
            await self._reads(desk, standing, works)
        wakes = standing.wakes_at()
        self.due = wakes if standing.until or due is None else min(due, wakes or due)
        status.save(desk.cursors, self.connection, standing)
        await desk.write()

    def _keep(self, desk: Desk, standing: status.Standing, commands: Sequence[Command]) -> None:
        until = datetime.fromisoformat(standing.until) if standing.until else self.clock()
        for command in commands:
            ledger.queue(desk.ledger, command, at=self.clock(), until=until, message=standing.why)
            if command.id not in standing.waiting:
                standing.waiting.append(command.id)

    async def _commands(self, desk: Desk, standing: status.Standing, commands: Sequence[Command]) -> datetime | None:
        """Write what can be written; when the first of the rest may go on."""
        waiting = [found for name in standing.waiting if (found := self._waiting(desk, name))]
        known = {command.id for command in waiting}
        every = [*waiting, *(command for command in commands if command.id not in known)]
        standing.waiting = []
        standing.resume()
        if not every:
            return None
        postponed = await self.writer.write(desk, list({command.id: command for command in every}.values()))
        self._postpone(standing, postponed)
        return postponed.due

    def _waiting(self, desk: Desk, name: str) -> Command | None:
        row = desk.ledger.get(f"{self.connection}|{name}")
        if row is None or row["state"] in SETTLED:
            return None
        return Command.model_validate(row["command"])

    @staticmethod
    def _postpone(standing: status.Standing, postponed: Postponed) -> None:
        standing.waiting = list(dict.fromkeys(postponed.commands))
        if postponed.until is not None:
            standing.park(postponed.until, postponed.why)

    async def _reads(self, desk: Desk, standing: status.Standing, works: Sequence[Work]) -> None:
        wanted: dict[str, list[str]] = {}
        for work in works:
            if isinstance(work, Read):
                wanted.setdefault(work.kind, []).extend(work.record_ids)
        polls = [work for work in works if isinstance(work, Poll)]
        if standing.parked_at(self.clock()) or not standing.may_read(self.clock()):
            standing.missed = standing.missed or bool(wanted or polls)
            return
        standing.again = None
        try:
            if wanted:
                await self.reader.read(desk, wanted)
            if polls or standing.missed:
                kinds = list(dict.fromkeys(kind for poll in polls for kind in poll.kinds))
                every = standing.missed or any(not poll.kinds for poll in polls)
                sweep = any(poll.sweep for poll in polls)
                await self.reader.poll(desk, self.client.kinds if every else kinds, sweep=sweep)
                standing.missed = False
        except Fatal:
            raise
        except Parked as error:
            standing.missed = True
            standing.park(error.until, error.message)
        except RevmarkError as error:
            standing.missed = True
            until = error.until if isinstance(error, Throttled) else self.clock() + FIRST_WAIT
            standing.again = until.isoformat()
