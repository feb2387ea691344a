"""A backfill of thousands of companies beside live edits: F30.

Flows in: how many companies both sides have. Flows out: how long edits take to be shown on the other side, first in
calm and then while a backfill reads everything anew, and which writes put back an older value. The steps, lanes and
clients are the real ones, on the simulator's virtual clock. Invariant: the edits come at one rate all the time; only
those made while the backfill reads count as beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from schemas.command import Backfill
from schemas.contract import Contract
from schemas.reading import ReadingState
from streams.engine.record import Outgoing
from streams.platforms.registry import PLATFORMS
from streams.platforms.shares import SHARES
from streams.topics import Topics
from tests.simulation.broker import Broker, Place
from tests.simulation.group import Group
from tests.simulation.scenes import Story
from tests.simulation.world import PARTITIONS, WORKERS, looped
from tests.support.contracts import contract
from tests.volume.editors import Editors
from tests.volume.month import ALL_DAY, BRAKES, SEED, Brief, p95
from tests.volume.told import ToldWorld

RATE = 20  # edits a second
CALM = 60.0  # seconds of edits before the backfill, at least as long as Xero's minute
WARM = 20.0  # seconds of edits that do not count
MINUTE_CALLS = 3_000  # a minute, where Xero allows 60: twenty edits a second alone take some 530
LONGEST = 3_600.0  # seconds that a backfill gets
SAID = 60.0  # seconds between two words on how far it is
FEW = 5  # stale writes that are told of
TOO_MANY = 429
READINGS = Topics().readings.name
LOOK = 0.5  # seconds between two looks at whether it has ended


@dataclass(frozen=True, slots=True)
class Figures:
    """What it came to. Times are virtual seconds."""

    rows: int
    edits: int
    read: int
    calm: list[float | None]
    beside: list[float | None]
    stale: int
    seconds: float
    calls: dict[str, int]
    refused: int

    @property
    def ratio(self) -> float | None:
        """The 95th percentile beside the backfill, over that in calm."""
        calm, beside = p95(self.calm), p95(self.beside)
        return None if calm is None or beside is None else beside / calm


class Told(Brief):
    """As ever; it also keeps what backfills were said to have come to, by topic and key."""

    def _append(self, place: Place, load: Sequence[Outgoing]) -> int:
        if place[0] == READINGS:
            told = [ReadingState.from_bytes(value) for _, value, _ in load if value is not None]
            self.backfills |= {(each.platform, each.kind): each for each in told if each.what == "backfill"}
        return super()._append(place, load)

    @cached_property
    def backfills(self) -> dict[tuple[str, str], ReadingState]:
        """The last word on each."""
        return {}


@dataclass
class Refill(ToldWorld):
    """A world in which people edit, and somebody asks for everything."""

    contract: Contract = field(default_factory=lambda: contract({"brakes": BRAKES}))
    make_broker: type[Broker] = Told
    rows: int = 200
    anew: bool = True
    calm: float = CALM
    minute_calls: int = MINUTE_CALLS
    figures: Figures = field(init=False)
    people: Editors = field(init=False)
    _stop: bool = False

    async def play(self) -> None:
        """Let both sides agree, edit in calm, then beside a backfill, and wait until nothing moves."""
        self._build()
        self.settings = self.settings.model_copy(update={"xero_minute_calls": self.minute_calls})
        await self.platforms.finance.do("POST", "settings", {"day_limit": ALL_DAY, "minute_limit": self.minute_calls})
        await self._prepare(self._seed)
        self.group = Group(PARTITIONS, WORKERS, self._hire)
        await self._settle(f"both sides have {self.rows:,} companies")
        people = self.people = Editors(self.platforms, self._linked())
        task = asyncio.create_task(self._edit(people))
        await asyncio.sleep(WARM)
        begun = self.hours()
        await asyncio.sleep(self.calm)
        asked = self.hours()
        await self._ask()
        await self._filled()
        done = self.hours()
        self._stop = True
        await task
        await self._settle(f"people have made {len(people.done):,} edits")
        self.figures = self._counted(people, begun, asked, done)
        await self.group.end()
        await self.platforms.close()

    @property
    def _plenty(self) -> int:
        return 1_000_000 + 200 * self.rows

    async def _seed(self) -> None:
        for number in range(self.rows):
            name = f"Customer {number:05}"
            await self.platforms.sales.do("POST", "people/companies", {"properties": {
                "name": name, "domain": f"customer{number:05}.example", "revmark_currency": "NZD", "phone": "04 1",
            }})  # fmt: skip

    def _linked(self) -> dict[str, str]:
        rows = self.platforms.records("companies")
        return {row["id"]: row["properties"]["xero_contact_id"] for row in rows}

    async def _edit(self, people: Editors) -> None:
        while not self._stop and not self.failures:
            await people.act(self.hours())
            await asyncio.sleep(1 / RATE)

    async def _ask(self) -> None:
        """What `revmark backfill` says to both lanes."""
        for name in PLATFORMS:
            connection = str(self.settings.connection(name))
            word = Backfill(tenant=self.settings.tenant, connection=connection, anew=self.anew, at=self.hours())
            await self.broker.produce(self.topics.name(self.topics.lane(name)), connection.encode(), word.to_bytes())

    async def _filled(self) -> None:
        """Wait until every kind of both has been read."""
        told, wanted = self.now, {(name, kind) for name, share in SHARES.items() for kind in share.entities}
        end = self.now + LONGEST
        while not self.failures and self.now < end:
            found = self._told()
            if wanted <= found.keys() and all(each.state == "done" for each in found.values()):
                return
            if self.now - told >= SAID:
                told = self.now
                self.say(f"{self.now:8.0f} s  {self._read():,} records read")
            await asyncio.sleep(LOOK)
        assert not self.failures, self.failures
        raise AssertionError(f"the backfill did not end: {self._told()}")

    def _told(self) -> dict[tuple[str, str], ReadingState]:
        assert isinstance(self.broker, Told)
        return self.broker.backfills

    def _read(self) -> int:
        return sum(each.read for each in self._told().values())

    def _counted(self, people: Editors, begun: datetime, asked: datetime, done: datetime) -> Figures:
        calls = {
            name: [call for call in rows if asked <= call.at <= done] for name, rows in self.platforms.calls().items()
        }
        stale = people.stale()
        for each in stale[:FEW]:
            self.say(f"stale: {each}")
        return Figures(
            rows=self.rows, edits=len(people.done), read=self._read(),
            calm=people.seconds([each for each in people.done if begun <= each.at < asked]),
            beside=people.seconds([each for each in people.done if asked <= each.at < done]),
            stale=len(stale), seconds=(done - asked).total_seconds(),
            calls={name: len(rows) for name, rows in calls.items()},
            refused=sum(call.status == TOO_MANY for rows in calls.values() for call in rows),
        )  # fmt: skip


def refill(rows: int, *, calm: float = CALM, say: Callable[[str], None] = print) -> Refill:
    """Play it."""
    return looped(Refill(Story(SEED, ()), rows=rows, calm=calm, say=say))
