"""Month end: thousands of deals are won within a minute, and all of them have to be billed within Xero's limits.

Flows in: how many. Flows out: figures, counted in the platforms' own logs. The steps, lanes and clients are the real
ones, on the simulator's virtual clock: calls take what calls take, work takes no time. Xero's limits are its own of a
minute and at once; its day is scaled, so that it does not end before the month does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

from schemas.contract import Contract
from streams.engine.consumer import RECORDS
from streams.engine.record import Outgoing, Record
from streams.topics import Topics
from tests.simulation.broker import Broker, Place
from tests.simulation.group import Group
from tests.simulation.scenes import Story
from tests.simulation.world import PARTITIONS, POLL, WORKERS, looped
from tests.support.contracts import contract
from tests.volume.ledgers import Ledgers
from tests.volume.meanwhile import FIRST_TIER, Meanwhile
from tests.volume.told import ToldWorld

BATCH = 50  # documents a call: Xero's own advice
PAGE = 1_000  # documents a page of a list: the most that Xero gives
MINUTE_CALLS = 60  # calls a minute: Xero's limit
ALL_DAY = 1_000_000  # calls a day, where Xero allows 5,000
WON = 1_000  # deals that are won each second, as by a bulk edit
EVERY = 10.0  # seconds between two changes of people meanwhile
LOOK = 1.0  # seconds between two looks at whether all is billed
LATEST = 7_200.0  # seconds after the least that it can take, after which nobody waits any longer
SEED = 1
KINDS_OF_RECORD = ("company", "contact", "product", "deal", "invoice")
BRAKES = [{"about": kind, "records": 1_000_000} for kind in KINDS_OF_RECORD]  # as set by somebody who expects it
READ = tuple(topic.name for topic in Topics() if topic.worked)
UNTOLD = ("Items", "Payments", "ContactGroups")  # what Xero has no webhook for
BLANK = Record(None, None, 0, 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """What month end came to. Times are virtual seconds: until the last invoice, and until HubSpot shows them all."""

    invoices: int
    billed: int
    twice: int
    calls: int
    writes: int
    reads: dict[str, int]
    minimum: int
    refused: int
    seconds: float
    shown: float
    waits: dict[str, list[float | None]]
    largest: int

    @property
    def ratio(self) -> float:
        """Calls against the least that there can be."""
        return self.calls / self.minimum

    @property
    def tier1_p95(self) -> float | None:
        """What 95 of 100 changes of the first tier took at most; None: one of them never came."""
        return p95([each for kind in FIRST_TIER for each in self.waits[kind]])


class Brief(Broker):
    """A broker that keeps what is still to be read, and gives as much of it as the engine takes at once."""

    fetches = (RECORDS,)

    def _append(self, place: Place, load: Sequence[Outgoing]) -> int:
        end = super()._append(place, load)
        rows = self.records[place]
        if place[0] not in READ:
            rows[len(rows) - len(load) :] = [BLANK] * len(load)
        return end

    async def fetch(self, place: Place, position: int) -> list[Record]:
        """As ever; what was committed is forgotten."""
        rows, done = self.records[place], self.committed[place]
        while done and rows[done - 1] is not BLANK:
            done -= 1
            rows[done] = BLANK
        return await super().fetch(place, position)


@dataclass
class MonthEnd(ToldWorld):
    """A world at the end of a month."""

    contract: Contract = field(default_factory=lambda: contract({"brakes": BRAKES}))
    make_broker: type[Broker] = Brief
    invoices: int = 500
    ledgers: Ledgers = field(default_factory=Ledgers)
    figures: Figures = field(init=False)
    _looked: int = 0
    _invoices: list[Any] = field(default_factory=list)

    async def play(self) -> None:
        """Let both sides agree, win everything, and wait until all of it is billed and shown."""
        await self._open()
        await self._settle("both sides agree")
        await self.ledgers.bill(self.platforms)
        await self._settle(f"{len(self.ledgers.deals):,} deals are ready to be won")
        self._begun = self.hours()
        self._before = {name: len(rows) for name, rows in self.platforms.calls().items()}
        people = Meanwhile(self.platforms, self.ledgers)
        tasks = [asyncio.create_task(each) for each in (self._win(), self._act(people))]
        await self._until(lambda: not self._over() or bool(self.platforms.xero.state.hooks.pending))
        last = self.hours()
        await asyncio.sleep(POLL)  # whatever these invoices make us read is read by then
        end = self.hours()
        await asyncio.gather(*tasks)
        await self._until(self._moving)
        self.figures = self._counted(people, last, end)
        await self.group.end()
        await self.platforms.close()

    @property
    def least(self) -> float:
        """Seconds that it takes at least: so many calls a minute."""
        return ceil(self.invoices / BATCH) / MINUTE_CALLS * 60

    @property
    def _plenty(self) -> int:
        return 100_000 + 200 * self.invoices

    async def _open(self) -> None:
        self._build()
        await self.platforms.finance.do("POST", "settings", {"day_limit": ALL_DAY})
        await self._prepare(self._seed)
        self.group = Group(PARTITIONS, WORKERS, self._hire)

    async def _seed(self) -> None:
        bystanders = ceil((self.least * 1.5 + 60) / EVERY) + 4
        await self.ledgers.sell(self.platforms, self.invoices, bystanders)

    async def _win(self) -> None:
        """People win all deals, so many a second."""
        for number, deal in enumerate(self.ledgers.deals, 1):
            await self.platforms.sales.do("PATCH", f"people/deals/{deal}", {"properties": {"dealstage": "closedwon"}})
            if number % WON == 0:
                await asyncio.sleep(1.0)

    async def _act(self, people: Meanwhile) -> None:
        """One change after the other, as long as invoices are written and there is a bystander left."""
        while not self._over() and len(people.done) < len(self.ledgers.bystanders):
            await people.act(self.hours())
            await asyncio.sleep(EVERY)

    def _over(self) -> bool:
        late = (self.hours() - self._begun).total_seconds() > self.least + LATEST
        return bool(self.failures) or late or len(self._made()) >= self.invoices

    async def _until(self, waiting: Callable[[], bool]) -> None:
        """Wait as long as there is something to wait for, and say how far it has come."""
        told = self.now
        while waiting():
            await asyncio.sleep(LOOK)
            if self.now - told >= 60:
                told = self.now
                invoices, calls = len(self._made()), len(self._calls("xero"))
                self.say(f"{self.now:8.0f} s  {invoices:,} invoices, {calls:,} calls to Xero")
        assert not self.failures, self.failures

    def _moving(self) -> bool:
        """Whether webhooks are on their way, or work is."""
        left = {place[0] for place, number in self.broker.waiting().items() if number}
        return not self.failures and bool(self.platforms.pending or left & {*READ})

    def _made(self) -> list[Any]:
        """Invoices that we have made in Xero, as its own log has them; what was looked at is not looked at again."""
        rows = self.platforms.xero.state.writes.writes
        fresh = rows[self._looked :]
        self._looked = len(rows)
        what = ("api", "create", "Invoices")
        self._invoices += [row for row in fresh if (row.actor, row.action, row.resource) == what]
        return self._invoices

    def _calls(self, platform: str) -> list[Any]:
        return self.platforms.calls()[platform][self._before[platform] :]

    def _counted(self, people: Meanwhile, last: datetime, end: datetime) -> Figures:
        calls = [call for call in self._calls("xero") if call.at <= end]
        writes = [call for call in calls if call.method != "GET"]
        reads: dict[str, int] = {}
        for call in calls:
            if call.method == "GET":
                what = "by id" if "IDs=" in call.query else "listed" if "page=" in call.query else "other"
                name = f"{call.path.split('/')[3]} {what}"
                reads[name] = reads.get(name, 0) + 1
        made = [row.keys.get("number", row.id) for row in self._made()]
        return Figures(
            invoices=self.invoices, billed=len(set(made)), twice=len(made) - len(set(made)), calls=len(calls),
            writes=len(writes), reads=reads, minimum=self.minimum(people),
            refused=sum(call.status == 429 for call in calls), seconds=(last - self._begun).total_seconds(),
            shown=(self.hours() - self._begun).total_seconds(),
            waits=people.seconds(), largest=max(len(rows) for rows in self.broker.records.values()),
        )  # fmt: skip

    def minimum(self, people: Meanwhile) -> int:
        """The fewest calls there can be, worked out from what was to be done and Xero's limits.

        Full writes; a reading of each invoice that a webhook tells of, for it tells nothing but the id; a look at what
        no webhook tells of, each time that polls are due in the least time that the writes take; and one listing of
        what was modified, which cannot leave our own invoices out.
        """
        renamed = sum(one.kind == "name" for one in people.done)
        writes = ceil(self.invoices / BATCH) + ceil(renamed / BATCH)
        told = sum(one.kind == "payment" for one in people.done)
        return writes + told + int(self.least / POLL) * len(UNTOLD) + ceil(self.invoices / PAGE)


def p95(waits: Sequence[float | None]) -> float | None:
    """What 95 of 100 took at most; None: one of them never came."""
    known = sorted(each for each in waits if each is not None)
    if not waits or len(known) < len(waits):
        return None
    return known[ceil(0.95 * len(known)) - 1]


def month_end(invoices: int, say: Callable[[str], None] = print) -> MonthEnd:
    """Play it."""
    return looped(MonthEnd(Story(SEED, ()), invoices=invoices, say=say))
