"""An outage to be lived through: the lane in front of a pretend Xero, on one virtual clock, and what was asked of it.

`Weather` lets time pass: commands and polls come when they are due, the lane is woken when it wants to be. What the
platform was asked is counted outside of ours: from the sandbox's own log, and from the bodies on the wire.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

import schemas.wire
from sandbox.clock import VirtualClock
from sandbox.faults import Fault, FaultKind
from sandbox.log import Call
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from schemas.command import Command
from schemas.names import Entity
from streams.lanes.lane import Lane, Work
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from tables.view import MemoryView
from tests.support.lane import Papers
from tests.support.work import CONNECTION, TENANT, command, poll, resume

__all__ = ["Lost", "Weather", "lost"]

URL = "http://xero.test"


@dataclass(slots=True)
class Wire(httpx.AsyncBaseTransport):
    """The wire to the sandbox, and how many documents went over it."""

    inner: httpx.AsyncBaseTransport
    sent: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        if request.method in {"PUT", "POST"} and "/api.xro/" in request.url.path:
            (rows,) = json.loads(await request.aread()).values()
            self.sent += [str(row.get("ContactNumber") or row.get("ContactID")) for row in rows]
        return await self.inner.handle_async_request(request)


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
    """One organisation, one lane, and the time."""

    def __init__(self, *, minute_calls: int = 60, **limits: Any) -> None:
        """Begin in calm; `minute_calls` is what our client knows of the minute's limit."""
        self.clock = VirtualClock(automatic=True)
        self.start = self.clock.now()
        self.organisation = Organisation(clock=self.clock, **limits)
        self.organisation.seed_defaults()
        self.app = create_app(self.organisation, clock=self.clock)
        self.wire = Wire(httpx.ASGITransport(app=self.app))
        self.papers = Papers()
        self.grants: list[Grant] = []
        self.coming: list[tuple[float, Work]] = []
        self.commands: list[Command] = []
        self.log: list[tuple[float, str]] = []
        self._again = False
        self._lane = self._lane_made(minute_calls)

    def _lane_made(self, minute_calls: int) -> Lane:
        async def load() -> Grant | None:
            return self.grants[-1] if self.grants else None

        async def save(grant: Grant) -> None:
            self.grants.append(grant)

        said = self.organisation.credentials()
        grants = Grants(
            URL, str(said["client_id"]), str(said["client_secret"]), load=load, save=save, clock=self.clock.now,
            first=str(said["refresh_token"]), transport=self.wire,
        )  # fmt: skip
        client = XeroClient(
            URL,
            self.organisation.tenant_id,
            grants,
            clock=self.clock.now,
            sleep=self.clock.sleep,
            transport=self.wire,
            minute_calls=minute_calls,
        )
        return Lane(client, TENANT, CONNECTION, self.clock.now)

    def asked(self, number: int, at: float, **more: Any) -> Command:
        """A company that is to be made, asked for so many seconds after the start."""
        parts = {"natural_key": f"crm-{number}", "fields": {"name": f"Company {number}"}, "tier": 2} | more
        made = command(number, "create", Entity.COMPANY, at=self.start + timedelta(seconds=at), **parts)
        self.commands.append(made)
        self.coming.append((at, made))
        return made

    def polls(self, every: float, until: float) -> None:
        """Let polls come as the office asks for them."""
        at = 0.0
        while at < until:
            self.coming.append((at, poll(self.clock.now)))  # type: ignore[arg-type] - a clock is a callable
            at += every

    def strike(
        self, kind: FaultKind, rate: float = 1.0, path: str = "api.xro", times: int | None = None, **params: object
    ) -> Fault:
        """Let calls go wrong from now on."""
        return self.app.state.faults.add(Fault(kind, path=path, rate=rate, times=times, seed=1, params=params))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self.app.state.faults.clear()

    async def pass_until(self, until: float) -> None:
        """Let time pass until so many seconds after the start."""
        while (at := self._next()) is not None and at <= until:
            await self._turn(at)
        self.clock.move(max(0.0, until - self.now))

    async def pass_until_done(self, most: float) -> float:
        """Let time pass until every command is settled; when that was."""
        while not all(self.state(each) in {"applied", "refused"} for each in self.commands):
            at = self._next()
            assert at is not None, "something waits and nothing would wake the lane"
            assert at <= most, f"not done after {most} s: {self.states()}"
            await self._turn(at)
        return self.now

    def _next(self) -> float | None:
        due = self._lane.due
        times = [at for at, _ in self.coming]
        times += [(due - self.start).total_seconds()] if due is not None else []
        times += [self.now] if self._again else []
        return None if not times else max(self.now, min(times))

    async def _turn(self, at: float) -> None:
        self.clock.move(at - self.now)
        works: list[Work] = [work for then, work in self.coming if then <= self.now]
        self.coming = [each for each in self.coming if each[0] > self.now]
        if self._again or (self._lane.due is not None and self._lane.due <= self.clock.now()):
            works.append(resume(self.clock.now))  # type: ignore[arg-type] - a clock is a callable
        before = len(self.papers.resumes())
        await self._lane.work(Table(self.papers), works)
        self._again = len(self.papers.resumes()) > before

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return (self.clock.now() - self.start).total_seconds()

    @property
    def lane(self) -> Lane:
        """The lane at work."""
        return self._lane

    def calls(self, since: float = 0, until: float = float("inf")) -> list[Call]:
        """What the sandbox has logged of its API in that time."""
        found: Sequence[Call] = self.app.state.calls.calls
        return [each for each in found if "/api.xro/" in each.path and since <= self.second(each) < until]

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

    def made(self) -> list[str]:
        """The companies that the sandbox made, by the number we gave them."""
        return [
            str(each.keys.get("ContactNumber"))
            for each in self.app.state.writes.writes
            if each.action == "create" and each.resource == "Contacts" and each.actor == "api"
        ]

    def until(self, moment: datetime) -> float:
        """A moment as seconds since the start."""
        return (moment - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Lost:
    """What lost calls came to: `documents` sent for each that was wanted, `looks` the most for one whose answer was."""

    made: int
    twice: int
    applied: int
    struck: int
    documents: float
    looks: int


async def lost(kind: FaultKind, number: int, *, every: float = 1.5, rate: float = 0.1) -> Lost:
    """Let companies be made while a share of the calls is lost, before they are carried out or after."""
    weather = Weather(day_limit=100 * number)
    for each in range(number):
        weather.asked(each, each * every)
    fault = weather.strike(kind, rate=rate, path="Contacts")
    await weather.pass_until_done(number * every + 7200)
    made, sent = weather.made(), len(weather.wire.sent)
    looks = Counter(each.path for each in weather.calls() if each.method == "GET")
    return Lost(
        made=len(made),
        twice=len(made) - len(set(made)),
        applied=weather.states().get("applied", 0),
        struck=fault.struck,
        documents=sent / number,
        looks=max(looks.values(), default=0),
    )
