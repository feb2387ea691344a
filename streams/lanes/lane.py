"""The lane: one connection's work, in order, by one worker.

Commands go first (what was waiting before what is new), then hinted reads, then a turn of the feed and of the polls,
then one of a backfill: a payment never waits behind a catalogue. What one batch cannot do is kept in the tables, and
where it could go on at once the lane asks itself to with a `Resume` on its own topic; two of these do no more than one.
While the connection is parked nothing is called: commands wait in the backlog, and hints become polls. What a brake
holds waits in a queue of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.command import Approval, Backfill, Command, Poll, Read, Release, Resume, Withdrawal
from schemas.errors import Parked, Stale, Throttled
from schemas.instants import parse_instant
from schemas.names import Entity
from streams.lanes import status
from streams.lanes.arrivals import ARRIVES_WITHIN
from streams.lanes.backfill import Backfills
from streams.lanes.backlog import Backlog, Lets, everything
from streams.lanes.brakes import Brakes, Limits
from streams.lanes.desk import Desk
from streams.lanes.feeding import Feeding
from streams.lanes.gate import Gate
from streams.lanes.hinted import Hinted, hinted
from streams.lanes.line import Line
from streams.lanes.patience import PROBE_EVERY
from streams.lanes.postponed import Postponed, Stop, stop_of
from streams.lanes.reading import Reader
from streams.lanes.rounds import Rounds
from streams.lanes.supersession import covered
from streams.lanes.trail import Trail
from streams.lanes.writing import Checkpoint, Writer, _pass
from streams.platforms.interface import Fed, PlatformClient
from streams.tracing import Tracer
from tables import ledger

Work = Command | Withdrawal | Read | Poll | Backfill | Resume | Release | Approval
HELD = "held until a plan is applied. Next: revmark plan --out plan.json, then revmark apply plan.json"
# What an account may turn out to have none of, or no pipeline for: kinds as `platforms.objects` has them.
PERHAPS = {Entity.RECEIPT: "payment", Entity.ORDER: "order", Entity.SUBSCRIPTION: "subscription"}
LIMIT = 500  # commands a batch: ten calls to Xero, five to HubSpot; new work is looked at between two batches


@dataclass(slots=True)
class Lane:
    """One connection. `due` is when it wants to be woken (parks and waits end); None: nothing waits.

    `gate` is the contract under which only what a person has approved is written; empty: the lane is not gated.
    """

    client: PlatformClient
    tenant: str
    connection: str
    clock: Callable[[], datetime]
    checkpoint: Checkpoint = _pass
    sweep_every: timedelta | None = None
    limits: Limits = field(default_factory=Limits)
    gate: str = ""
    tracer: Tracer | None = None
    arrives_within: timedelta = ARRIVES_WITHIN
    objects: Mapping[str, str] = field(default_factory=dict)  # those of `PERHAPS` that the contract chooses; ERP: none
    due: datetime | None = None
    at_work: bool = False
    resumed: bool = False
    snapshot: status.Snapshot = field(default_factory=status.Snapshot)
    line: Line = field(init=False)
    trail: Trail = field(init=False)
    writer: Writer = field(init=False)
    rounds: Rounds = field(init=False)
    backfills: Backfills = field(init=False)
    feeding: Feeding | None = field(init=False)

    def __post_init__(self) -> None:
        """Set writer and rounds to work on the same line."""
        self.line = Line(self.client, self.clock)
        self.trail = Trail(self.tracer, self.connection, self.line.platform, self.clock)
        reader = Reader(self.line, self.tenant, self.connection, self.clock, self.trail)
        self.writer = Writer(reader, self.clock, self.checkpoint, self.arrives_within)
        self.rounds = Rounds(reader, self.clock, self.sweep_every)
        self.backfills = Backfills(reader, self.clock)
        feed = self.client.feed if isinstance(self.client, Fed) else None
        self.feeding = None if feed is None else Feeding(feed, self.rounds, self.clock)

    async def work(self, desk: Desk, works: Sequence[Work]) -> None:
        """Do a batch of work; whatever cannot be done now is kept, and nothing is lost with the batch.

        Raises:
            Revoked: the batch is another worker's by now.
        """
        self.at_work = True
        try:
            await self._work(desk, works)
        except Stale:
            desk.check()  # whoever had the batch while this worker stood still has settled what it was about to
            raise
        finally:
            self.at_work = False

    def forget(self) -> None:
        """Somebody else may have had the connection: what was told last and called since is theirs to know."""
        self.resumed = False
        self.rounds.reader.told.forget()
        self.writer.arrivals.forget()
        self.trail.forget()

    async def _work(self, desk: Desk, works: Sequence[Work]) -> None:
        self.rounds.reader.told.begin()
        self.trail.begin(desk)
        standing = status.load(desk.cursors, self.connection)
        if not self.resumed:
            self.resumed = True
            self.client.resume(standing.spent)
        backlog = Backlog(desk.cursors, self.connection)
        brakes = Brakes(
            desk, self.tenant, self.connection, self.line.platform, self.line.side, self.limits, self.clock()
        )
        commands = {command.id: command for command in _admitted(brakes, backlog, works)}
        gate = Gate(desk.cursors, self.connection, self.gate, standing)
        gate.settled(await self._take_back(desk, backlog, brakes, commands, works), self.clock())
        lets = self._lets(desk, gate, backlog, commands)
        self._listen(desk, gate, works)
        hints = hinted(work for work in works if isinstance(work, Read))
        unfinished = False
        if standing.parked_at(self.clock()):
            await self._cover(desk, backlog, commands, _records(commands))
            self._ask(desk, hints)
        else:
            self.line.failures = standing.failures
            standing.resume()
            if gate.shut:
                await self._cover(desk, backlog, commands, _records(commands))
            else:
                await self._commands(desk, standing, backlog, commands, gate, lets)
            if (at := gate.closes_at()) and self.clock() >= at and backlog.next_at(self.clock(), lets) is None:
                gate.close()
            turn = any(isinstance(each, Poll | Backfill | Resume) for each in works)
            unfinished = await self._reads(desk, standing, hints, turn=turn)
            if turn and not (unfinished or backlog.more or brakes.draining):
                unfinished = await self._fill(desk, standing, busy=bool(hints or commands))
            standing.failures = self.line.failures
        for command in commands.values():
            if command.id in backlog.of(command.record):
                why = standing.why if lets(command.record) else HELD
                ledger.queue(desk.ledger, command, at=self.clock(), until=standing.parked_until(), message=why)
        writes = backlog.next_at(self.clock(), lets)
        self._close(desk, standing, backlog, brakes, [writes, gate.closes_at()], unfinished=unfinished)
        self.trail.close(desk)
        await desk.write()
        self.rounds.reader.told.wrote()

    def _listen(self, desk: Desk, gate: Gate, works: Sequence[Work]) -> None:
        """Note what is asked for besides commands and hints."""
        for work in works:
            match work:
                case Poll():
                    self.trail.poll_asked()
                    self.rounds.ask(desk, work.kinds, sweep=work.sweep, missed=work.missed, poll=True)
                case Backfill():
                    self.backfills.hear(desk, work)
                case Approval():
                    gate.hear(work)
                case _:
                    pass

    def _lets(self, desk: Desk, gate: Gate, backlog: Backlog, commands: dict[str, Command]) -> Lets:
        """Whether the next command of a record may go through the gate; where there is none, all may."""
        if not self.gate:
            return everything

        def lets(record: str) -> bool:
            if not (gate.gated and gate.named(record)):
                return not gate.gated  # of what no plan named, perhaps most of what waits, no command is looked at
            return bool(gate.passing(self._found(desk, backlog.of(record)[:1], commands)))

        return lets

    def _close(
        self,
        desk: Desk,
        standing: status.Standing,
        backlog: Backlog,
        brakes: Brakes,
        writes: Sequence[datetime | None],
        *,
        unfinished: bool,
    ) -> None:
        """Leave everything so that another worker could go on, and say when that should be: `writes` if not at once."""
        again = not standing.until and (unfinished or backlog.more or brakes.draining)
        if again:
            resume = Resume(tenant=self.tenant, connection=self.connection, at=self.clock())
            desk.send(f"lanes.{self.line.platform}", self.connection, resume)
        reads = (
            [parse_instant(standing.again)]
            if standing.again
            else [self.rounds.due(desk), self.backfills.due(desk), self._next_heard(desk)]
        )
        later = reads if again else [*reads, *writes]
        self.due = standing.parked_until() or min((at for at in later if at), default=None)
        standing.showed(self.writer.reader.newest)
        standing.spent = self.client.spent()
        status.save(desk.cursors, self.connection, standing)
        backlog.save()
        polled, swept = self.rounds.times(desk)
        self.snapshot = status.Snapshot(
            standing.parked_until(), standing.why, len(backlog), polled, swept, dict(self.line.calls),
            parse_instant(standing.again) if standing.again else None, brakes.standing(),
            dict(self.rounds.reader.told.spared), {} if self.feeding is None else dict(self.feeding.heard),
            self.backfills.open(desk), self.writer.pace.copy(),
        )  # fmt: skip

    def _next_heard(self, desk: Desk) -> datetime | None:
        return None if self.feeding is None else self.feeding.due(desk)

    async def _commands(
        self,
        desk: Desk,
        standing: status.Standing,
        backlog: Backlog,
        commands: dict[str, Command],
        gate: Gate,
        lets: Lets,
    ) -> None:
        """Write what can be written. A platform that is down is tried with one record's commands."""
        await self._cover(desk, backlog, commands, _records(commands))
        taken = backlog.take(self.clock(), 1 if self.line.dead else LIMIT, lets)
        waiting = [each for ids in taken.values() for each in self._found(desk, ids, commands)]
        found = gate.passing(waiting)
        stopped = {each.id for each in waiting} - {each.id for each in found} if gate.gated else set()
        postponed = await self.writer.write(desk, found) if found else Postponed()
        settled = [each for each in found if each.id not in postponed.commands]
        gate.settled(settled, self.clock())
        self._note_objects(desk, standing, settled)
        for record, ids in taken.items():
            left = [name for name in ids if name in postponed.commands or name in stopped]
            backlog.keep(record, left, postponed.records.get(record))
        for tier, until in postponed.tiers.items():
            backlog.pause(tier, until)
        if postponed.stopped is not None:
            standing.park(postponed.stopped)

    def _note_objects(self, desk: Desk, standing: status.Standing, settled: Sequence[Command]) -> None:
        """Note on which object a kind is shown, from the first that was taken on: until then it may be another."""
        for command in settled:
            kind = PERHAPS.get(command.entity, "")
            if kind not in self.objects or kind in standing.objects:
                continue
            known = ledger.entry(desk.ledger, command)
            if known is not None and known.state == "applied":
                standing.objects = {**standing.objects, kind: self.objects[kind]}

    async def _cover(self, desk: Desk, backlog: Backlog, commands: dict[str, Command], records: Iterable[str]) -> None:
        """Settle the waiting updates that new ones cover: nothing of them would be left to see."""
        for record in records:
            ids = backlog.of(record)
            if len(ids) > 1:
                each = self._found(desk, ids, commands)
                gone = covered(each, lambda command: self._unsent(desk, command))
                await self.writer.supersede(desk, gone)
                names = {one.command.id for one in gone}
                backlog.drop(record, names)

    async def _take_back(
        self, desk: Desk, backlog: Backlog, brakes: Brakes, commands: dict[str, Command], works: Sequence[Work]
    ) -> list[Command]:
        """Settle what is wanted no more and waits still, in the backlog or behind a brake; what was begun goes on.

        Returns:
            What is settled by that.
        """
        words, settled = [work for work in works if isinstance(work, Withdrawal)], list[Command]()
        for word in words:
            waiting = {*backlog.of(word.record), *brakes.held(word.record)} & {word.command}
            found = self._found(desk, sorted(waiting), commands)
            gone = await self.writer.take_back(desk, found, word.why)
            backlog.drop(word.record, gone)
            brakes.forget(word.record, gone)
            settled += [each for each in found if each.id in gone]
        if words:
            brakes.save()
        return settled

    @staticmethod
    def _unsent(desk: Desk, command: Command) -> bool:
        return ledger.unsent(ledger.entry(desk.ledger, command))

    def _found(self, desk: Desk, ids: Sequence[str], commands: dict[str, Command]) -> list[Command]:
        """The commands of these names: those of the batch as they came, the others as the ledger has them."""
        found: list[Command] = []
        for name in ids:
            if name in commands:
                found.append(commands[name])
            elif (row := desk.ledger.get(f"{self.connection}|{name}")) is not None:
                found.append(Command.model_validate(row["command"]))
        return found

    def _ask(self, desk: Desk, hints: Hinted) -> None:
        if hints:
            self.rounds.make_up(desk, hints)

    async def _reads(self, desk: Desk, standing: status.Standing, hints: Hinted, *, turn: bool) -> bool:
        """Read what was hinted at, then a turn of the polls; whether more could be read at once."""
        unfinished = False
        if standing.parked_at(self.clock()) or not standing.may_read(self.clock()):
            self._ask(desk, hints)
        else:
            standing.again = None
            try:
                await self.rounds.hints(desk, hints)
                if turn:
                    with self.trail.polling():
                        unfinished = self.feeding is not None and await self.feeding.go(desk)
                        unfinished = await self.rounds.go(desk) or unfinished
            except Throttled as error:
                standing.again = error.until.isoformat()
            except Parked as error:
                standing.park(stop_of(error))
        self._park_dead(standing)
        return unfinished

    def _park_dead(self, standing: status.Standing) -> None:
        """Stand still for a while where nobody answered once more."""
        if self.line.dead and self.line.failures > standing.failures:
            standing.park(Stop(self.clock() + PROBE_EVERY, self.line.why))

    async def _fill(self, desk: Desk, standing: status.Standing, *, busy: bool) -> bool:
        """Go on with a backfill where nothing else is left to do; whether it could go on at once."""
        if standing.parked_at(self.clock()) or not standing.may_read(self.clock()):
            return False
        try:
            unfinished = await self.backfills.go(desk, busy=busy)
        except Parked as error:
            standing.park(stop_of(error))
            return False
        self._park_dead(standing)
        return unfinished


def _admitted(brakes: Brakes, backlog: Backlog, works: Sequence[Work]) -> list[Command]:
    """The commands that may pass, in order, put into the backlog; what brakes hold is in their queues."""
    passed: list[Command] = []
    for work in works:
        if isinstance(work, Release):
            brakes.release(work)
        elif isinstance(work, Command) and brakes.admits(work, backlog.of(work.record)):
            passed.append(work)
            backlog.add(work)
    drained = brakes.drain()
    for command in drained:
        passed.append(command)
        backlog.add(command)
    if drained:
        backlog.save()  # they do not come again: a batch that dies from here on must have left them in one of the two
    brakes.save()
    return passed


def _records(commands: dict[str, Command]) -> Iterable[str]:
    """The records of commands, each once, in order: what is told of them must not hang on a hash."""
    return dict.fromkeys(command.record for command in commands.values())
