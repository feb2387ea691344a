"""Writing: commands become calls, calls become outcomes, in numbered steps.

1 claim in the ledger  2 call the platform  3 read the outcome  4 write it into the ledger  5 produce outcome and
changes (6, the commit, is the agent's). A crash at any number loses nothing and repeats nothing: a claim met again is
an unknown write and is looked up, and sent again only once it cannot be on its way any more; a settled entry met again
only repeats its outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from schemas.command import Command
from schemas.errors import Fatal, RevmarkError, Unknown
from schemas.fact import Outcome
from schemas.ledger import SETTLED, LedgerEntry, LedgerState
from streams.lanes import underway
from streams.lanes.arrivals import ARRIVES_WITHIN, ON_ITS_WAY, Arrivals, not_there
from streams.lanes.comparison import Comparison
from streams.lanes.desk import Desk
from streams.lanes.outcomes import Outcomes, believed, settled
from streams.lanes.pace import Pace
from streams.lanes.patience import patience
from streams.lanes.postponed import Postponed
from streams.lanes.reading import Reader
from streams.lanes.supersession import Superseded, withdrawn
from streams.lanes.traced import Wave
from streams.platforms.interface import Written
from tables import ledger

Checkpoint = Callable[[str], None]
Shown = Mapping[str, Written | None]  # what many look-ups in one have found, by command


def _pass(_step: str) -> None:
    """The ordinary checkpoint: nothing happens between two steps."""


@dataclass(slots=True)
class Writer:
    """Writes to one connection."""

    reader: Reader
    clock: Callable[[], datetime]
    checkpoint: Checkpoint = _pass
    arrives_within: timedelta = ARRIVES_WITHIN
    pace: Pace = field(default_factory=Pace)
    arrivals: Arrivals = field(init=False)
    comparison: Comparison = field(init=False)
    outcomes: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        """Compare what has waited, and tell what became of it, through the same reader."""
        self.arrivals = Arrivals(self.clock, self.arrives_within)
        self.comparison = Comparison(self.reader, self.clock)
        self.outcomes = Outcomes(self.reader, self.comparison, self.clock)

    async def write(self, desk: Desk, commands: Sequence[Command]) -> Postponed:
        """Settle the commands as far as the platform lets us; every one ends settled or postponed."""
        postponed = Postponed()
        fresh: list[Command] = []
        self.comparison.begin()
        entries = {command.id: ledger.entry(desk.ledger, command) for command in commands}
        doubts = {name: entry for name, entry in entries.items() if entry is not None and self._doubtful(entry)}
        over = {name for name, entry in doubts.items() if self.arrivals.over(entry)}  # before any of it is looked for
        shown = await self.reader.line.look_up_many([entry.command for entry in doubts.values()])
        for command in commands:
            known = entries[command.id]
            if known is not None and known.state in SETTLED:
                await self.outcomes.repeat(desk, known)
            elif known is not None and command.id in doubts:
                await self._look_up(desk, known, fresh, postponed, shown, over)
            elif known is not None and known.until and (known.state == "unknown" or self.clock() < known.until):
                postponed.add(command, known.until)
            elif held := underway.waits(desk.cursors, command, self.clock()):
                postponed.add(command, held)
            else:
                fresh.append(command)
        for wave in _waves(fresh):
            ready, gone = await self.comparison.current(desk, wave, postponed)
            await self.supersede(desk, gone)
            if postponed.until is not None:
                for command in ready:
                    postponed.add(command)
            elif ready:
                await self._wave(desk, ready, postponed)
        await desk.write()
        return postponed

    def _doubtful(self, entry: LedgerEntry) -> bool:
        """Whether nobody knows what became of a command, and it is time to look: what others left, at once."""
        if entry.state not in {"claimed", "unknown"}:
            return False
        waits = entry.until is not None and self.clock() < entry.until
        return not waits or not self.arrivals.knows(entry.command.id)

    async def supersede(self, desk: Desk, found: Sequence[Superseded]) -> None:
        """Settle what is not worth writing any more: ledger, then outcome."""
        if not found:
            return
        told: list[Outcome] = []
        with self.reader.trail.wave((each.command, 0) for each in found) as wave:
            for each in found:
                outcome = self.outcomes.superseded(each)
                self.arrivals.end(each.command.id)
                ledger.supersede(desk.ledger, each.command, at=outcome.at, message=each.why, outcome=outcome)
                wave.told(each.command.id, outcome.state, outcome.code)
                told.append(outcome)
            await desk.write()
            for each, outcome in zip(found, told, strict=True):
                with wave.of(each.command.id):
                    self.outcomes.tell(desk, outcome)

    async def take_back(self, desk: Desk, commands: Sequence[Command], why: str) -> set[str]:
        """Settle what nobody wants any more, as far as nothing of it was begun; the names of what is settled.

        What a batch that died has settled is told again: behind a brake nobody else would.
        """
        entries = [(command, ledger.entry(desk.ledger, command)) for command in commands]
        unsent = [command for command, known in entries if ledger.unsent(known)]
        await self.supersede(desk, [withdrawn(command, why) for command in unsent])
        over = [known for _, known in entries if known is not None and known.state in SETTLED]
        for known in over:
            await self.outcomes.repeat(desk, known)
        return {command.id for command in unsent} | {known.command.id for known in over}

    async def _wave(self, desk: Desk, commands: list[Command], postponed: Postponed) -> None:
        # 1 claim
        entries = {command.id: ledger.claim(desk.ledger, command, self.clock()) for command in commands}
        for entry in entries.values():
            self.arrivals.end(entry.command.id)
            self.pace.claimed(entry.command.tier, entry.attempts)
        await desk.write()
        self.checkpoint("claimed")
        with self.reader.trail.wave((each.command, each.attempts) for each in entries.values()) as wave:
            await self._call(desk, commands, entries, postponed, wave)

    async def _call(
        self, desk: Desk, commands: list[Command], entries: dict[str, LedgerEntry], postponed: Postponed, wave: Wave
    ) -> None:
        # 2 call
        try:
            with wave.call():
                answers = await self.reader.line.write(commands)
        except Fatal:
            raise
        except Unknown as error:
            answers = []  # what was sent may have arrived: each is looked up
            postponed.stop(self.reader.line.stop(error))
        except RevmarkError as error:
            self._stopped(desk, entries, error, postponed)
            for command in commands:
                wave.told(command.id, "waiting", error.code)
            return
        self.checkpoint("called")
        # 3 outcome
        answered = {answer.command: answer for answer in answers}
        ended: list[tuple[Command, Outcome, Written]] = []
        silent = {each.id: Written(each.id, "unknown", message="no answer came back") for each in commands}
        told = silent | answered
        lost = [each for each in commands if told[each.id].state == "unknown" and postponed.until is None]
        shown = await self.reader.line.look_up_many(lost)
        for command in commands:
            found = await self._clear_up(entries[command.id], told[command.id], postponed, shown)
            found = believed(command, found)
            if found.state in {"applied", "refused", "moved"}:
                ended.append((command, self.outcomes.of(command, found), found))
            else:
                self._postpone(desk, entries[command.id], found, postponed)
                wave.told(command.id, "unknown" if found.state == "unknown" else "waiting", found.code)
        self._pause(commands, answered, postponed)
        self.checkpoint("answered")
        # 4 ledger
        for command, outcome, found in ended:
            wave.told(command.id, outcome.state, outcome.code)
            self.arrivals.end(command.id)
            underway.end(desk.cursors, command)
            ledger.move(
                desk.ledger, entries[command.id], settled(found),
                at=outcome.at, code=found.code, message=found.message, outcome=outcome,
            )  # fmt: skip
            self._paced(command, outcome)
        await desk.write()
        self.checkpoint("recorded")
        # 5 produce
        for command, outcome, found in ended:
            with wave.of(command.id):
                self.outcomes.produce(desk, command, outcome, found)
        await desk.write()
        self.checkpoint("produced")

    def _paced(self, command: Command, outcome: Outcome) -> None:
        if outcome.state == "applied":
            self.pace.applied(command.tier, (outcome.at - command.at).total_seconds())

    def _pause(self, commands: Sequence[Command], answered: dict[str, Written], postponed: Postponed) -> None:
        """A tier that was told nothing but `again` waits, with those below it: the quota is spent for it."""
        for tier in sorted({command.tier for command in commands}):
            answers = [answered.get(command.id) for command in commands if command.tier == tier]
            times = [each.until for each in answers if each is not None and each.state == "again" and each.until]
            if len(times) == len(answers) and min(times) > self.clock():
                postponed.tiers[tier] = min(times)

    async def _clear_up(self, entry: LedgerEntry, answer: Written, postponed: Postponed, shown: Shown) -> Written:
        """An unknown write is looked up at once: most lost answers are found again within the same breath.

        What is not found stays unknown: it is looked up anew once it cannot be on its way any more.
        """
        known = entry.command.id in shown
        if answer.state != "unknown" or (postponed.until is not None and not known):
            return answer
        until = self.arrivals.until(entry.command.id)
        try:
            found = shown[entry.command.id] if known else await self.reader.line.look_up(entry.command)
        except Fatal:
            raise
        except RevmarkError as error:
            postponed.stop(self.reader.line.stop(error))
            return answer
        return found or replace(answer, until=until, message=f"{answer.message}; {not_there(until)}")

    async def _look_up(
        self,
        desk: Desk,
        entry: LedgerEntry,
        fresh: list[Command],
        postponed: Postponed,
        shown: Shown,
        over: Collection[str],
    ) -> None:
        """A claim met again: the worker died between claim and outcome, or the answer stayed lost."""
        if postponed.until is not None and entry.command.id not in shown:
            postponed.add(entry.command)
            return
        try:
            known = entry.command.id in shown
            found = shown[entry.command.id] if known else await self.reader.line.look_up(entry.command)
        except Fatal:
            raise
        except RevmarkError as error:
            until = getattr(error, "until", None) or self.clock() + patience(entry.attempts)
            ledger.move(
                desk.ledger, entry, "unknown", at=self.clock(), code=error.code, message=error.message, until=until
            )
            postponed.add(entry.command, until)
            postponed.stop(self.reader.line.stop(error))
            return
        if found is None:
            if entry.command.id in over:
                fresh.append(entry.command)
            else:
                self._await(desk, entry, postponed)
            return
        self.arrivals.end(entry.command.id)
        underway.end(desk.cursors, entry.command)
        outcome = self.outcomes.of(entry.command, found)
        ledger.move(
            desk.ledger, entry, settled(found),
            at=outcome.at, code=found.code, message=found.message or "found again by look-up", outcome=outcome,
        )  # fmt: skip
        self._paced(entry.command, outcome)
        await desk.write()
        with self.reader.trail.wave([(entry.command, entry.attempts)]) as wave:
            wave.told(entry.command.id, outcome.state, outcome.code)
            with wave.of(entry.command.id):
                self.outcomes.produce(desk, entry.command, outcome, found)

    def _await(self, desk: Desk, entry: LedgerEntry, postponed: Postponed) -> None:
        """Keep a write that is not there yet: its call may still arrive, so that it must not be sent again."""
        until = self.arrivals.until(entry.command.id)
        underway.note(desk.cursors, entry.command, until)
        said = f"whoever sent it did not hear the answer; {not_there(until)}"
        ledger.move(desk.ledger, entry, "unknown", at=self.clock(), code=ON_ITS_WAY, message=said, until=until)
        postponed.add(entry.command, until)

    def _postpone(self, desk: Desk, entry: LedgerEntry, found: Written, postponed: Postponed) -> None:
        given = found.until if found.until is not None and found.until > self.clock() else None
        until = given or self.clock() + patience(entry.attempts)
        state: LedgerState = "unknown" if found.state == "unknown" else "waiting"
        if state == "unknown":
            # Counted from now, whenever it can be looked up.
            underway.note(desk.cursors, entry.command, self.arrivals.until(entry.command.id))
        ledger.move(
            desk.ledger, entry, state, at=self.clock(), code=found.code, message=found.message, until=until,
            burn=found.until is None or state == "unknown",
        )  # fmt: skip
        postponed.add(entry.command, until)

    def _stopped(self, desk: Desk, entries: dict[str, LedgerEntry], error: RevmarkError, postponed: Postponed) -> None:
        """The connection cannot be called: nothing was written, all of it waits; told to wait, no attempt is burnt."""
        until: datetime | None = getattr(error, "until", None)
        for entry in entries.values():
            later = until or self.clock() + patience(entry.attempts)
            ledger.move(
                desk.ledger, entry, "waiting", at=self.clock(), code=error.code, message=error.message, until=later,
                burn=until is None,
            )  # fmt: skip
            postponed.add(entry.command, later)
        postponed.stop(self.reader.line.stop(error))


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
