"""A platform and a desk in memory, for tests of the lanes.

`MemoryPlatform` fulfils `PlatformClient`: it keeps records (`merged` says in which others some live on), and can be
told how the next calls go wrong: answers lost before or after the write was applied (or while it still was on its
way), refusals, waits, errors.
`Papers` is what survives a crash; `MemoryDesk` is one worker's desk over it: nothing on it lasts before `write`.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Literal, Unpack

from schemas.change import Change, Mark
from schemas.command import Command, Resume
from schemas.errors import RevmarkError, Transient, Unknown
from schemas.fact import GONE, MERGED, Outcome
from schemas.ledger import LedgerEntry
from schemas.names import Entity, Platform, Side, record_id, ref
from schemas.wire import Wire
from streams.lanes.arrivals import ARRIVES_WITHIN
from streams.lanes.brakes import Limits
from streams.lanes.lane import Lane, Work
from streams.platforms.interface import Manner, Page, Seen, Written
from tables.view import MemoryView
from tests.support.work import CONNECTION, TENANT, Clock, resume

__all__ = ["Crash", "MemoryDesk", "MemoryPlatform", "Papers"]

Mishap = Literal["lost_before", "lost_after", "lost_on_its_way", "dies", "refuse", "silent"] | datetime | RevmarkError
"""How one write goes wrong; a time means `again` until then, an error is raised, `silent` answers nothing at all.

`lost_on_its_way` and `dies`: the write is still on its way when its answer is given up, or when its worker dies.
"""


KINDS = ("contact", "invoice", "receipt", "order", "subscription")


class Crash(Exception):
    """The worker has died."""


@dataclass(slots=True)
class MemoryPlatform:
    """A platform whose records live in a dict. Every call is noted in `calls`, every applied create in `created`."""

    clock: Clock
    platform: Platform = "xero"
    side: Side = Side.ERP
    kinds: tuple[str, ...] = ("contact", "invoice")
    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    mishaps: deque[Mishap] = field(default_factory=deque)
    look_up_mishaps: deque[RevmarkError] = field(default_factory=deque)
    read_mishaps: deque[RevmarkError] = field(default_factory=deque)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    created: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    landing: timedelta = timedelta(seconds=1)  # how long a write is on its way after its answer was given up
    on_their_way: list[tuple[datetime, Command]] = field(default_factory=list)
    witness: Callable[[Sequence[Command]], None] | None = None
    page_size: int = 2
    page_seconds: float = 0
    kind_mishaps: dict[str, RevmarkError] = field(default_factory=dict)
    fail_pages: dict[tuple[str, int], RevmarkError] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)  # kinds that it is too soon to ask for
    missed: list[str] = field(default_factory=list)  # kinds whose webhooks it was told may have been missed
    down: bool = False
    closed: int = 0
    minute: list[int] = field(default_factory=list)

    def erase(self, kind: str, number: str) -> None:
        """Take a record away for good: nobody says when, and nobody is told."""
        del self.records[kind][number]
        self.erased.add(number)

    def put(self, kind: str, number: str, **raw: Any) -> None:
        """Change a record behind everybody's back."""
        self.clock.pass_by(0.001)
        self.records[kind][number] = {**self.records[kind].get(number, {}), **raw, "at": self._millis()}

    async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
        """Read records; what is not there is gone."""
        self.calls.append(("read", (kind, tuple(record_ids))))
        self._fail_reading(kind)
        return [
            self._seen(kind, number)
            if number in self.records[kind]
            else Seen(kind, number, 0 if number in self.erased else self._millis(), {}, deleted=True)
            for number in record_ids
        ]

    def since(self, kind: str, at: datetime) -> str:  # noqa: ARG002 - all kinds alike
        """The time itself, before every id."""
        return f"{int(at.timestamp() * 1000):015}/"

    async def poll(self, kind: str, cursor: str | None, **manner: Unpack[Manner]) -> AsyncIterator[Page]:
        """Pages of what changed since the cursor, which is a time and an id."""
        sweep, spare, missed = (manner.get(each, False) for each in ("sweep", "spare", "missed"))
        self.calls.append(("fill", (kind, cursor)) if spare else ("poll", (kind, cursor, sweep)))
        if missed:
            self.missed.append(kind)
        if kind in self.resting:
            yield Page([], cursor or "", complete=True, asked=False)
            return
        since = "" if cursor is None or sweep else cursor
        rows = sorted((f"{raw['at']:015}/{number}", number) for number, raw in self.records[kind].items())
        rows = [row for row in rows if row[0] > since]
        pages = [rows[at : at + self.page_size] for at in range(0, len(rows), self.page_size)] or [[]]
        for place, page in enumerate(pages):
            self._fail_reading(kind)
            if (mishap := self.fail_pages.pop((kind, place), None)) is not None:
                raise mishap
            self.clock.pass_by(self.page_seconds)
            seen = [self._seen(kind, number) for _, number in page]
            left = sum(len(rest) for rest in pages[place + 1 :])
            yield Page(seen, page[-1][0] if page else since, place == len(pages) - 1, left)

    async def write(self, commands: Sequence[Command]) -> list[Written]:
        """Write; one mishap is used up per command."""
        self.calls.append(("write", tuple(command.id for command in commands)))
        if self.witness:
            self.witness(commands)
        if self.down:
            raise Transient("nobody answers")
        self._land()
        answers: list[Written] = []
        mishaps = [self.mishaps.popleft() for _ in commands[: len(self.mishaps)]]
        for place, mishap in enumerate(mishaps):
            if isinstance(mishap, RevmarkError) and not isinstance(mishap, Unknown):
                self.mishaps.extendleft(reversed(mishaps[:place] + mishaps[place + 1 :]))
                raise mishap  # nothing was written
        for command, mishap in zip_longest(commands, mishaps):
            if isinstance(mishap, Unknown):
                raise mishap
            answer = self._write(command, mishap)
            if answer is not None:
                answers.append(answer)
        return answers

    def _write(self, command: Command, mishap: Mishap | None) -> Written | None:
        match mishap:
            case None:
                return self._apply(command)
            case "silent":
                self._apply(command)
                return None
            case "lost_after":
                self._apply(command)
            case "lost_on_its_way" | "dies":
                self.on_their_way.append((self.clock() + self.landing, command))
                if mishap == "dies":
                    raise Crash
            case "refuse":
                return Written(command.id, "refused", code="400", message="no")
            case datetime():
                return Written(command.id, "again", code="429", message="later", until=mishap)
        return Written(command.id, "unknown", message="the answer was lost")

    async def look_up(self, command: Command) -> Written | None:
        """Whether the command has been applied."""
        self.calls.append(("look_up", command.id))
        if self.down:
            raise Transient("nobody answers")
        self._fail(self.look_up_mishaps)
        self._land()
        return self._find(command)

    def _land(self) -> None:
        """Apply what was on its way long enough."""
        landed = [command for at, command in self.on_their_way if at <= self.clock()]
        self.on_their_way = [(at, command) for at, command in self.on_their_way if at > self.clock()]
        for command in landed:
            self._apply(command)

    def spent(self) -> list[int]:
        """The calls of a limit that tests set."""
        return list(self.minute)

    def resume(self, spent: Sequence[int]) -> None:
        """Count another worker's as well."""
        self.minute = sorted({*self.minute, *spent})

    async def close(self) -> None:
        """There is nothing to release, but it is counted."""
        self.closed += 1

    def _find(self, command: Command) -> Written | None:
        kind = _kind(command)
        for number, raw in self.records[kind].items():
            made = command.kind == "create" and raw.get("key") == command.natural_key
            changed = command.kind == "update" and ref(self.platform, kind, number) == command.ref
            if made or (changed and all(raw.get(name) == value for name, value in command.fields.items())):
                return self._answer(command, number)
        return None

    def _apply(self, command: Command) -> Written:
        kind = _kind(command)
        if command.kind == "create":
            number = f"n{len(self.records[kind]) + 1}"
            self.created.append(command.natural_key or "")
            self.put(kind, number, key=command.natural_key, **command.fields)
        else:
            number = record_id(command.ref or "")
            if number in self.merged:
                seen = self._seen(kind, self.merged[number])
                return Written(command.id, "moved", version=seen.version, code=MERGED, message="merged", seen=[seen])
            if number in self.erased:
                end = Seen(kind, number, 0, {}, deleted=True)
                return Written(command.id, "moved", version=0, code=GONE, message="gone", seen=[end])
            self.put(kind, number, **command.fields)
        self.applied.append(command.id)
        return self._answer(command, number)

    def _answer(self, command: Command, number: str) -> Written:
        seen = self._seen(_kind(command), number)
        reference = ref(self.platform, seen.kind, number)
        return Written(command.id, "applied", ref=reference, version=seen.version, code="200", seen=[seen])

    def _seen(self, kind: str, number: str) -> Seen:
        raw = self.records[kind][number]
        return Seen(kind, number, raw["at"], copy.deepcopy(raw))

    def _millis(self) -> int:
        return int(self.clock.now.timestamp() * 1000)

    def _fail_reading(self, kind: str) -> None:
        """Go wrong: everything that is down, then a kind for as long as it is in trouble, then what was planned."""
        if self.down:
            raise Transient("nobody answers")
        if kind in self.kind_mishaps:
            raise self.kind_mishaps[kind]
        self._fail(self.read_mishaps)

    @staticmethod
    def _fail(mishaps: deque[RevmarkError]) -> None:
        if mishaps:
            raise mishaps.popleft()

    def count(self, call: str) -> int:
        """How often a call was made."""
        return sum(1 for name, _ in self.calls if name == call)


def _kind(command: Command) -> str:
    return {Entity.COMPANY: "contact"}.get(command.entity, command.entity.value)


@dataclass(slots=True)
class Papers:
    """What is durable: tables and topics."""

    ledger: dict[str, Any] = field(default_factory=dict)
    cursors: dict[str, Any] = field(default_factory=dict)
    sent: list[tuple[str, str, Wire]] = field(default_factory=list)

    def entry(self, command: Command) -> LedgerEntry | None:
        """The durable ledger entry of a command."""
        row = self.ledger.get(f"{command.connection}|{command.id}")
        return LedgerEntry.model_validate(row) if row else None

    def state(self, command: Command) -> str | None:
        """The state of that entry."""
        found = self.entry(command)
        return found.state if found else None

    def outcomes(self, command: Command | None = None) -> list[Outcome]:
        """Outcomes told, of one command or all."""
        found = [value for _, _, value in self.sent if isinstance(value, Outcome)]
        return [one for one in found if command is None or one.command == command.id]

    def changes(self) -> list[Change]:
        """Changes shown."""
        return [value for _, _, value in self.sent if isinstance(value, Change)]

    def resumes(self) -> list[Resume]:
        """What the lane has asked of itself, on its own topic."""
        return [value for topic, _, value in self.sent if topic == "lanes.xero" and isinstance(value, Resume)]

    def marks(self) -> list[str]:
        """Kinds whose first reading was marked."""
        return [value.kind for _, _, value in self.sent if isinstance(value, Mark)]


class MemoryDesk:
    """One worker's desk: staged until `write`; `die_in_write` is the write that dies between outputs and tables."""

    def __init__(self, papers: Papers, *, die_in_write: int | None = None) -> None:
        """Start from what is durable."""
        self._papers = papers
        self.ledger_writes = 0
        self.cursor_writes = 0
        self._staged: list[tuple[str, str, Wire]] = []
        self._die_in_write = die_in_write
        self.writes = 0
        self.ledger = MemoryView(copy.deepcopy(papers.ledger))
        self.cursors = MemoryView(copy.deepcopy(papers.cursors))

    def send(self, topic: str, key: str, value: Wire) -> None:
        """Stage an output."""
        self._staged.append((topic, key, value))

    def check(self) -> None:
        """It is nobody else's."""

    async def write(self) -> None:
        """Outputs first, then tables, as the engine does."""
        self.writes += 1
        self._papers.sent += self._staged
        self._staged = []
        if self.writes == self._die_in_write:
            raise Crash
        self.ledger_writes += _changed(self._papers.ledger, self.ledger.rows)
        self.cursor_writes += _changed(self._papers.cursors, self.cursors.rows)
        self._papers.ledger.clear()
        self._papers.ledger.update(copy.deepcopy(self.ledger.rows))
        self._papers.cursors.clear()
        self._papers.cursors.update(copy.deepcopy(self.cursors.rows))


def _changed(before: dict[str, Any], now: dict[str, Any]) -> int:
    """How many rows a write changes: what goes onto a changelog."""
    return sum(1 for key in {*before, *now} if before.get(key) != now.get(key))


@dataclass(slots=True)
class Shift:
    """A worker's shift on one lane: new lanes over the same papers, as after a restart, unless `stays`."""

    clock: Clock = field(default_factory=Clock)
    papers: Papers = field(default_factory=Papers)
    platform: MemoryPlatform = field(init=False)
    due: datetime | None = None
    stays: bool = False
    arrives_within: timedelta = ARRIVES_WITHIN
    sweep_every: timedelta | None = None
    asked: bool = False
    limits: Limits = field(default_factory=Limits)
    desk: MemoryDesk = field(init=False)
    lane: Lane | None = None

    def __post_init__(self) -> None:
        """Open the platform on the same clock."""
        self.platform = MemoryPlatform(self.clock)

    async def work(self, *works: Work, die_at: str | None = None, die_in_write: int | None = None) -> bool:
        """Work one batch with a fresh worker; False when it died, and the batch has to be delivered again."""

        def checkpoint(step: str) -> None:
            if step == die_at:
                raise Crash

        if self.lane is None or not self.stays:
            self.lane = Lane(
                self.platform, TENANT, CONNECTION, self.clock, checkpoint, self.sweep_every, self.limits,
                arrives_within=self.arrives_within,
            )  # fmt: skip
        before = len(self.papers.resumes())
        self.desk = MemoryDesk(self.papers, die_in_write=die_in_write)
        try:
            await self.lane.work(self.desk, works)
        except Crash:
            self.lane = None
            return False
        self.due = self.lane.due
        self.asked = len(self.papers.resumes()) > before
        return True

    async def rest_until(self, until: datetime) -> None:
        """Follow the lane's own wishes as far as that time."""
        while self.asked or (self.due is not None and self.due < until):
            if not self.asked and self.due is not None:
                self.clock.now = max(self.clock.now, self.due)
            await self.work(resume(self.clock))

    async def rest(self) -> None:
        """Wake the lane whenever it wants to be woken, until nothing waits."""
        for _ in range(100):
            if self.due is None and not self.asked:
                return
            if not self.asked:
                self.clock.now = max(self.clock.now, self.due or self.clock.now)
            await self.work(resume(self.clock))
        raise AssertionError("the lane does not come to rest")
