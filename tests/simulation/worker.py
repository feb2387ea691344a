"""A worker without Faust: the real batches, tables, deliveries, steps and lanes, over partitions in memory.

Flows in: what is on the topics, partitions that the group gives and takes. Flows out: what the agents make of it. It
stands in for the engine's app and no more: it fetches, hands batches to the agents' bodies, commits what is done within
a second. Invariants: after `die` nothing of it takes effect any more, and nothing that was not written or committed is
left of it; what was begun in one epoch writes nothing in the next; without a heartbeat its lease ends before the group
gives its partitions away, as the engine's does.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

import orjson
from faust.types import TP

from agents.daybreak import Daybreak
from agents.delivery import deliver
from agents.rules.result import Result
from agents.steps.arbitrate import Arbitrate
from agents.steps.capture import Capture
from agents.steps.publish import Publish
from agents.steps.reconcile import Reconcile
from schemas.contract import Contract
from streams.engine import RecordBatch
from streams.engine.delivery import Delivery
from streams.engine.errors import Revoked
from streams.engine.partitioner import partition_for
from streams.engine.store import MemoryStore
from streams.engine.view import View, decode_key
from streams.lanes.office import Make, Office
from streams.platforms.registry import translators
from streams.settings import Settings
from streams.topics import BATCH_BYTES, Topic, Topics
from streams.tracing import Tracer
from tables.view import Drawer
from tests.simulation.broker import Broker, Load
from tests.simulation.clockwork import nap

TICK = 2.0  # seconds between looks at the clock
COMMIT = 1.0  # seconds within which a batch that is done is committed
SESSION = 10.0  # seconds without a heartbeat after which the group gives a worker's partitions away
MARGIN = 1.0  # seconds by which the worker itself believes so earlier: a write may be on its way (engine.lease)


class Metrics:
    """Counts nothing."""

    _no_time = nullcontext()

    def __init__(self) -> None:
        """All of its clocks are this one."""
        self.outputs = self.changelogs = self.local = self

    def time(self) -> AbstractContextManager[None]:
        """Take no time."""
        return self._no_time

    def quarantined(self, number: int) -> None:
        """The quarantine topic itself is looked at."""


class Table:
    """A table of this worker, as batches and deliveries use it."""

    def __init__(self, name: str, changelog: str) -> None:
        """Begin empty."""
        self.name = name
        self.changelog_topic_name = changelog
        self.local = MemoryStore()
        self.locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.ours: set[int] = set()

    async def walk(self, prefix: str) -> AsyncIterator[tuple[str, Any]]:
        """The entries of our partitions whose keys begin so."""
        for each in sorted(self.ours):
            for key, value in self.local.items(each):
                if (name := decode_key(key)).startswith(prefix):
                    yield name, orjson.loads(value)

    def view(self, partition: int) -> View:
        """A fresh view of one partition."""
        return View(self.local.reader(partition))


class Worker:
    """One process with its partitions; fulfils what `RecordBatch`, `Delivery` and `Office` ask of the app."""

    def __init__(
        self,
        broker: Broker,
        settings: Settings,
        contract: Contract,
        *,
        make: Make,
        clock: Callable[[], datetime],
        lots: Random,
        failed: Callable[[BaseException], None],
        awake: asyncio.Event,
        tracer: Tracer | None = None,
    ) -> None:
        """Begin without partitions; while it is not `awake` it does nothing at all."""
        self.settings, self.contract = settings, contract
        self.names = Topics(settings.topic_prefix, settings.partitions)
        self.max_record = self.quarantine_limit = BATCH_BYTES
        self.quarantine_topic = self.names.name(self.names.quarantine)
        self.epoch = 0
        self.metrics = Metrics()
        self.delivery = Delivery(self)  # type: ignore[arg-type]  # all that it asks for is here
        self.writer = self.recovering = self.reading = self
        self.dead = False
        self.awake = awake
        self._broker, self._lots, self._failed = broker, lots, failed
        self._tracer = tracer
        self._ours: set[int] = set()
        self._lease: float | None = None  # the loop's time at which it ends; None: heartbeats are answered
        self._begun: set[int] = set()
        self._news = asyncio.Event()
        self._due: dict[tuple[str, int], int] = {}
        self._committing = False
        names = self.names
        self._tables = [
            Table(topic.name.removeprefix("tables."), names.name(topic))
            for topic in (names.known, names.accounts, names.ledger, names.cursors, names.books, names.published)
        ]
        self.known, self.accounts, self.ledger, self.cursors, self.books, self.published = self._tables
        self.office = Office(self, make=make, clock=clock, tracer=tracer)  # type: ignore[arg-type]  # as above
        self.daybreak = Daybreak(self, clock=clock)
        self._bodies = self._agents()
        self._tasks = [asyncio.create_task(self._ticks())]

    def die(self) -> None:
        """End here and now."""
        self.dead = True
        for task in self._tasks:
            task.cancel()

    async def buried(self) -> None:
        """Wait until nothing of it moves."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # what the group says

    @property
    def leased(self) -> bool:
        """Whether no other worker can own its partitions."""
        return self._lease is None or asyncio.get_running_loop().time() < self._lease

    @property
    def is_ready(self) -> bool:
        """Whether it has its partitions, and may believe so."""
        return not self.dead and self.leased

    def share(self, partitions: Iterable[int]) -> None:
        """The group gives it these partitions and no others: an epoch ends, tables are read up to their ends.

        What is in flight is fenced: it writes nothing any more, and what was done of it but not committed comes again.
        """
        self.epoch += 1
        self._due.clear()
        self._lease = None
        self._ours = set(partitions)
        for table in self._tables:
            table.local.retain(self._ours)
            table.ours = self._ours
            for partition in self._ours:
                self._recover(table, partition)
        for partition in self._ours - self._begun:
            self._begun.add(partition)
            for topic, body in self._bodies.items():
                self._tasks.append(asyncio.create_task(self._body(topic, partition, body)))
        news, self._news = self._news, asyncio.Event()
        news.set()
        self._broker.nudge()

    def unheard(self) -> None:
        """Its heartbeats are lost from now on."""
        self._lease = asyncio.get_running_loop().time() + SESSION - MARGIN

    # what the agents do: see agents/*.py, whose bodies these are

    def _agents(self) -> Mapping[Topic, Callable[[RecordBatch], Awaitable[None]]]:
        capture = Capture(self.contract, translators(self.contract))
        arbitrate = Arbitrate(self.contract)
        names, prefix = self.names, self.names.prefix

        def stepping(
            table: Table, step: Callable[..., Result], **drawers: str
        ) -> Callable[[RecordBatch], Awaitable[None]]:
            async def body(batch: RecordBatch) -> None:
                view = batch.table(table)  # type: ignore[arg-type]  # as above
                views = {name: Drawer(view, drawer) if drawer else view for name, drawer in drawers.items()}
                once = "" not in drawers.values()
                judge = partial(step, **views)
                await deliver(batch, view, judge, prefix=prefix, once=once, tracer=self._tracer, name=table.name)

            return body

        return {
            names.changes: stepping(self.known, capture, rows="v", names="i"),
            names.facts: stepping(self.accounts, arbitrate, records="r", customer_view="c"),
            names.documents: stepping(self.books, Reconcile(), books="d", sums="w"),
            names.occurrences: stepping(self.published, Publish(), published=""),
            names.lanes_hubspot: self._lane,
            names.lanes_xero: self._lane,
        }

    async def _lane(self, batch: RecordBatch) -> None:
        await self.office.work(batch)
        await batch.flush()

    # the loop around them

    async def _body(self, topic: Topic, partition: int, body: Callable[[RecordBatch], Awaitable[None]]) -> None:
        place = (self.names.name(topic), partition)
        try:
            while True:
                while partition not in self._ours or not self.leased:
                    await self._news.wait()
                with suppress(Revoked):  # it is read again, here or by whoever has the partition now
                    await self._epoch(place, body)
        except Exception as error:  # noqa: BLE001 - whatever ends a worker is a finding
            self._failed(error)

    async def _epoch(self, place: tuple[str, int], body: Callable[[RecordBatch], Awaitable[None]]) -> None:
        """Batches of a partition from its committed position on, until the group has something else to say."""
        epoch, position = self.epoch, self._broker.committed[place]
        while True:
            records = await self._broker.fetch(place, position)
            if not self.awake.is_set():
                await self.awake.wait()
            if self.epoch != epoch or not self.leased:
                return
            if not records:
                continue
            batch = RecordBatch(self, TP(*place), records, epoch)  # type: ignore[arg-type]  # as above
            batch.open()
            batch.refuse_oversized()
            await body(batch)
            position = batch.next_offset

    async def _ticks(self) -> None:
        try:
            while True:
                await self.awake.wait()
                await self.office.tick()
                with suppress(Revoked):
                    await self.daybreak.tick()
                await nap(TICK)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)

    def _recover(self, table: Table, partition: int) -> None:
        """Read a changelog from where the local state reaches to its end."""
        rows = self._broker.records[table.changelog_topic_name, partition]
        reached = table.local.offset(partition)
        fresh = rows[0 if reached is None else reached + 1 :]
        if fresh:
            changes = {row.key: row.value for row in fresh if row.key is not None}
            table.local.write(partition, changes, len(rows) - 1)

    # what batches, deliveries and the office ask for

    def still_owns(self, batch: RecordBatch) -> bool:
        """Whether the batch is still this worker's."""
        return not self.dead and batch.epoch == self.epoch and self.leased

    def log_of(self, topic: str) -> str:
        """Topics have names alone here."""
        return topic

    def check_table(self, batch: RecordBatch, table: Table) -> None:
        """Every table is fed as it should be."""

    def settle(self, batch: RecordBatch) -> None:
        """Commit the batch, soon."""
        self._due[batch.topic, batch.partition] = batch.next_offset
        if not self._committing:
            self._committing = True
            asyncio.get_running_loop().call_later(self._lots.random() * COMMIT, self._commit)

    def acknowledge(self, batch: RecordBatch) -> None:
        """Commit the batch at once, done or not."""
        self._broker.committed[batch.topic, batch.partition] = batch.next_offset

    def _commit(self) -> None:
        self._committing = False
        if not self.dead and self.leased and self.awake.is_set():  # the group fences whoever it has given up
            self._broker.committed.update(self._due)
            self._due.clear()

    def owns(self, topic: str, key: bytes) -> bool:  # noqa: ARG002 - all topics are shared out alike
        """Whether a key's partition is ours."""
        return partition_for(key, self._broker.partitions) in self._ours

    async def partitions(self, topic: str) -> int:  # noqa: ARG002 - all have as many
        """How many partitions a topic has."""
        return self._broker.partitions

    async def deliver(self, loads: Sequence[Load], check: Callable[[], None] | None = None) -> list[int]:
        """Write to the broker, while the batch is ours: `check` raises when it is not."""
        if not self.awake.is_set():
            await self.awake.wait()
        return await self._broker.deliver(loads, check)

    def reaches_to(self, changelog: TP, table: Table) -> int:
        """The offset that a table's state reaches to; -1 where there is none."""
        offset = table.local.offset(changelog.partition)
        return -1 if offset is None else offset

    def recover(self) -> None:
        """Somebody else has written to a changelog of ours: here that is nobody's right."""
        raise AssertionError("a changelog has two writers")

    async def produce(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Write one record."""
        await self.awake.wait()
        await self._broker.produce(topic, key, value)
