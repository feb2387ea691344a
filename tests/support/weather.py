"""A connection's lane on a virtual clock, and the time that passes for it.

`Weather` lets time pass: commands and polls come when they are due, the lane is woken when it wants to be. What the
platform was asked is counted outside of ours: from the sandbox's own log. A platform's own weather makes the sandbox
and the client in front of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

import schemas.wire
from sandbox.clock import VirtualClock
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.log import Call
from schemas.command import Command, Poll, Resume
from streams.lanes.lane import Lane, Work
from streams.platforms.interface import PlatformClient
from tables.view import MemoryView
from tests.support.lane import Papers
from tests.support.work import TENANT

__all__ = ["Weather"]


class Table:
    """A desk on which everything lasts at once: nobody dies in these tests, and hours pass."""

    def __init__(self, papers: Papers) -> None:
        """Write straight onto the papers."""
        self._papers = papers
        self.ledger = MemoryView(papers.ledger)
        self.cursors = MemoryView(papers.cursors)

    def send(self, topic: str, key: str, value: schemas.wire.Wire) -> None:
        """Put a record out."""
        self._papers.sent.append((topic, key, value))

    async def write(self) -> None:
        """It is durable already."""


class Weather:
    """One lane, and the time. `API` is where calls that count against its limits go."""

    API = ""

    def __init__(self) -> None:
        """Begin in calm, with nothing to do."""
        self.clock = VirtualClock(automatic=True)
        self.start = self.clock.now()
        self.papers = Papers()
        self._coming: list[tuple[float, int, Work]] = []  # a heap: each turn takes what is due, and looks at no more
        self._order = count()
        self.commands: list[Command] = []
        self._open: deque[Command] = deque()  # the first of them is not settled, as far as anybody has looked
        self._again = False

    def stands(self, client: PlatformClient, faults: Faults, calls: Sequence[Call]) -> None:
        """Put the lane in front of a platform."""
        self._connection = f"{TENANT}.{client.platform}"
        self.lane = Lane(client, TENANT, self._connection, self.clock.now)
        self._faults, self._calls = faults, calls

    def comes(self, made: Command, at: float) -> Command:
        """A command that is asked for so many seconds after the start."""
        self.commands.append(made)
        self._open.append(made)
        self._comes(at, made)
        return made

    def polls(self, every: float, until: float) -> None:
        """Let polls come as the office asks for them."""
        at = 0.0
        while at < until:
            self._comes(at, Poll(tenant=TENANT, connection=self._connection, at=self.clock.now()))
            at += every

    def _comes(self, at: float, work: Work) -> None:
        heappush(self._coming, (at, next(self._order), work))

    def strike(
        self, kind: FaultKind, rate: float = 1.0, path: str = "", times: int | None = None, **params: object
    ) -> Fault:
        """Let calls go wrong from now on."""
        return self._faults.add(Fault(kind, path=path or self.API, rate=rate, times=times, seed=1, params=params))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()

    async def pass_until(self, until: float) -> None:
        """Let time pass until so many seconds after the start."""
        while (at := self._next()) is not None and at <= until:
            await self._turn(at)
        self.clock.move(max(0.0, until - self.now))

    async def pass_until_done(self, most: float) -> float:
        """Let time pass until every command is settled; when that was."""
        while self._waiting():
            at = self._next()
            assert at is not None, "something waits and nothing would wake the lane"
            assert at <= most, f"not done after {most} s: {self.states()}"
            await self._turn(at)
        return self.now

    def _waiting(self) -> bool:
        while self._open and self.state(self._open[0]) in {"applied", "refused"}:
            self._open.popleft()
        return bool(self._open)

    def _next(self) -> float | None:
        due = self.lane.due
        times = [at for at, _, _ in self._coming[:1]]
        times += [(due - self.start).total_seconds()] if due is not None else []
        times += [self.now] if self._again else []
        return None if not times else max(self.now, min(times))

    async def _turn(self, at: float) -> None:
        self.clock.move(at - self.now)
        works: list[Work] = []
        while self._coming and self._coming[0][0] <= self.now:
            works.append(heappop(self._coming)[2])
        if self._again or (self.lane.due is not None and self.lane.due <= self.clock.now()):
            works.append(Resume(tenant=TENANT, connection=self._connection, at=self.clock.now()))
        before = len(self.papers.sent)
        await self.lane.work(Table(self.papers), works)
        self._again = any(isinstance(value, Resume) for _, _, value in self.papers.sent[before:])

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return (self.clock.now() - self.start).total_seconds()

    def calls(self, since: float = 0, until: float = float("inf")) -> list[Call]:
        """What the sandbox has logged of its API in that time."""
        return [each for each in self._calls if self.API in each.path and since <= self.second(each) < until]

    def second(self, call: Call) -> float:
        """When a call came in."""
        return (call.at - self.start).total_seconds()

    def attempts(self, wanted: Command) -> int:
        """How often a command was tried, as the ledger says."""
        found = self.papers.entry(wanted)
        return found.attempts if found else 0

    def state(self, wanted: Command) -> str | None:
        """How far a command is."""
        return self.papers.state(wanted)

    def settled(self, wanted: Command) -> float:
        """When a command was settled."""
        found = self.papers.entry(wanted)
        assert found is not None
        assert found.settled_at is not None
        return self.until(found.settled_at)

    def states(self) -> dict[str | None, int]:
        """How far all of them are."""
        found = [self.state(each) for each in self.commands]
        return {state: found.count(state) for state in set(found)}

    def until(self, moment: datetime) -> float:
        """A moment as seconds since the start."""
        return (moment - self.start).total_seconds()
