"""A backfill of the sandbox HubSpot while people edit it: the real lane, the real client, the real capture.

Every call takes a tenth of a second, and two companies are edited after each: twenty a second. An edit falls between
what a page showed and what the lane does with it. Each is hinted at, as a webhook would.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from schemas.change import Change
from schemas.command import Backfill, Poll, Read, Resume
from streams.lanes.lane import Lane, Work
from streams.platforms.hubspot.auth import StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from tests.support.capturing import Desk as Capturing
from tests.support.lane import MemoryDesk, Papers
from tests.unit.hubspot.portals import BASE, VERSION, World

__all__ = ["CALL", "Filling"]

CONNECTION = "main.hubspot"
CALL = 0.1  # seconds
AGAIN = 2  # every so many batches, what came before is delivered again:
REPEATED = 300  # so many records


class Meddling(httpx.AsyncBaseTransport):
    """Lets people edit right after each answer."""

    def __init__(self, world: World, filling: Filling) -> None:
        """Pass on to the world's portal."""
        self._world, self._filling = world, filling

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, then edit."""
        answer = await self._world.transport.handle_async_request(request)
        self._world.clock.move(CALL)
        await self._filling.edit()
        return answer


class Timed(MemoryDesk):
    """A desk that says when a change has become durable."""

    def __init__(self, papers: Papers, filling: Filling) -> None:
        """Start from what is durable."""
        super().__init__(papers)
        self._all, self._filling = papers, filling

    async def write(self) -> None:
        """Make everything so far durable."""
        before = len(self._all.sent)
        await super().write()
        for _, _, value in self._all.sent[before:]:
            if isinstance(value, Change):
                self._filling.note(value)


@dataclass
class Filling:
    """One portal of `count` companies, its lane and what capture has made of it."""

    count: int
    world: World = field(default_factory=lambda: World(settings={"burst_limit": 10_000, "day_limit": 10_000_000}))
    papers: Papers = field(default_factory=Papers)
    capturing: Capturing = field(default_factory=lambda: Capturing().ready())
    edits_a_call: int = 2
    editing: bool = False
    newest: dict[str, int] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)
    edited_at: dict[tuple[str, int], float] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    stale: int = 0
    edits: int = 0
    _hints: list[str] = field(default_factory=list)
    _taken: int = 0
    _batches: int = 0
    _ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Set the lane up."""
        clock = self.world.clock
        client = HubSpotClient(
            BASE, VERSION, StaticToken(self.world.portal.token), transport=Meddling(self.world, self), clock=clock.now,
            sleep=clock.sleep,
        )  # fmt: skip
        self.lane = Lane(client, "main", CONNECTION, clock.now)
        self.client = client

    async def open(self) -> None:
        """Make the companies, and let the first reading come to its end."""
        for number in range(self.count):
            record = await self.world.made("companies", name=f"C{number} 0")
            self._ids.append(record)
            self.newest[record] = 0
        await self.work(Poll(tenant="main", connection=CONNECTION, at=self.world.clock.now()))
        while self.resumed:
            await self.work(self._resume())
        self.shown = dict.fromkeys(self._ids, 0)

    async def edit(self) -> None:
        """People edit; each edit is hinted at."""
        if not self.editing:
            return
        for _ in range(self.edits_a_call):
            record = self._ids[self.edits * 7919 % len(self._ids)]  # a prime: the edits are all over the portal
            self.edits += 1
            self.newest[record] += 1
            await self.world.edited("companies", record, name=f"C {self.newest[record]}")
            self.edited_at[record, self.newest[record]] = self.world.clock.now().timestamp()
            self._hints.append(record)

    async def work(self, *works: Work) -> None:
        """One batch of the lane; then capture takes what it showed."""
        before = len(self.papers.sent)
        await self.lane.work(Timed(self.papers, self), works)
        self.resumed = any(isinstance(value, Resume) for _, _, value in self.papers.sent[before:])
        self.capturing.take(*(value for topic, _, value in self.papers.sent[before:] if topic == "changes"))
        self._batches += 1
        if self.editing and self._batches % AGAIN == 0:  # a worker died before it committed
            again = self.papers.sent[-REPEATED:]
            self.capturing.take(*(value for topic, _, value in again if topic == "changes"))
        facts = self.capturing.facts()
        for fact in facts[self._taken :]:
            told = int(str(fact.fields["name"]).rpartition(" ")[2])
            record = fact.ref.rpartition("/")[2]
            self.stale += told < self.shown.get(record, 0)
            self.shown[record] = told
        self._taken = len(facts)

    def note(self, change: Change) -> None:
        """A record is on its topic: an edit that it shows has waited until now."""
        told = int(str(change.raw["properties"]["name"]).rpartition(" ")[2])
        if (edited := self.edited_at.pop((change.record_id, told), None)) is not None:
            self.waited.append(self.world.clock.now().timestamp() - edited)

    async def live(self, *works: Work) -> None:
        """One batch with the hints that have come."""
        hints, self._hints = self._hints, []
        found = [self._hint(record) for record in hints]
        await self.work(*works, *found, self._resume())

    async def fill(self, *, anew: bool = False) -> int:
        """Backfill to the end beside the edits; in how many batches."""
        now = self.world.clock.now
        await self.edit()
        await self.live(Backfill(tenant="main", connection=CONNECTION, kinds=["company"], anew=anew, at=now()))
        batches = 1
        while self.state == "running":
            await self.live()
            batches += 1
        return batches

    async def calm(self) -> None:
        """Let what is on its way arrive."""
        self.editing = False
        self.world.later(300)
        await self.live()
        await self.work(Poll(tenant="main", connection=CONNECTION, at=self.world.clock.now()))
        while self.resumed:
            await self.work(self._resume())

    @property
    def state(self) -> str:
        """How the backfill stands."""
        return str(self.papers.cursors[f"{CONNECTION}|backfill|company"]["state"])

    def calls(self) -> list[str]:
        """What was asked of the portal's list."""
        return [call for call in self.world.calls("/companies") if call.startswith("GET")]

    def _hint(self, record: str) -> Read:
        return Read(
            tenant="main", connection=CONNECTION, kind="company", record_ids=[record], at=self.world.clock.now()
        )

    def _resume(self) -> Resume:
        return Resume(tenant="main", connection=CONNECTION, at=self.world.clock.now())
