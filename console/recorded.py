"""What is recorded: the topics as they lie on the broker, read by somebody of no group.

In: the broker. Out: tables rebuilt from their changelogs, what the workers have not taken up yet, commands without an
outcome; and a topic from its first record. Invariant: positions are asked for before the tables are read, so that what
is not in a table is among what follows it; the steps take what is in both for what it is, a repetition.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from console.projection.cluster import admin, consumer, describe
from console.projection.delivery import topics_of
from schemas.command import Command, Withdrawal, parse_work
from schemas.errors import Refused, Stale, Transient
from schemas.instants import from_millis
from schemas.ledger import SETTLED, LedgerEntry
from schemas.wire import decode
from streams.settings import Settings
from streams.topics import Topic, Topics
from tables.ledger import unsent

STALLED = 15.0  # seconds without a record while some are still due: the broker is gone
WAIT = 250  # milliseconds a fetch may wait for records
GROUP_TRIES, GROUP_PAUSE = 20, 0.25  # five seconds: a broker that was just started looks for its groups

Progress = Callable[[int, int], None]
Rows = dict[str, Any]


@dataclass(slots=True)
class Recorded:
    """One deployment as its topics tell it. `fresh`: no worker has ever read here.

    `begun` are commands that may have been sent; `withdrawn` are wanted no more, and their lane has not heard it yet.
    """

    known: Rows = field(default_factory=dict)
    accounts: Rows = field(default_factory=dict)
    cursors: Rows = field(default_factory=dict)
    changes: list[bytes | None] = field(default_factory=list)
    facts: list[bytes | None] = field(default_factory=list)
    commands: dict[str, Command] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    fresh: bool = True


class Reader:
    """Reads a deployment's topics."""

    def __init__(self, settings: Settings, progress: Progress = lambda _done, _total: None) -> None:
        """Read with `settings`; `progress` hears how far a topic has been read."""
        self._settings = settings
        self._topics: Topics = topics_of(settings)
        self._progress = progress

    async def present(self) -> Recorded:
        """The deployment as it stands.

        Raises:
            Transient: the broker does not answer.
        """
        topics = self._topics
        wanted = (
            topics.changes, topics.facts, topics.lanes_hubspot, topics.lanes_xero, topics.known, topics.accounts,
            topics.cursors, topics.ledger,
        )  # fmt: skip
        there = await describe(self._settings.kafka, topics, [topic.name for topic in wanted])
        places = {topic.name: self._places(topic, there.partitions.get(topic.name, ())) for topic in wanted}
        if not places[topics.cursors.name]:
            return Recorded()
        sources = [place for topic in wanted[:4] for place in places[topic.name]]
        committed = await self._committed(sources)
        found = Recorded()
        async with consumer(self._settings.kafka) as client:
            found.known = await self._table(client, places[topics.known.name])
            found.accounts = await self._table(client, places[topics.accounts.name])
            found.cursors = await self._table(client, places[topics.cursors.name])
            found.fresh = not found.cursors
            async for _, record in self._records(client, places[topics.ledger.name], {}):
                note_entry(found, record.key, record.value)
            for topic in (topics.lanes_hubspot, topics.lanes_xero):
                async for _, record in self._records(client, places[topic.name], committed):
                    note_command(found, record.value)
            async for _, record in self._records(client, places[topics.changes.name], committed):
                found.changes.append(record.value)
            async for _, record in self._records(client, places[topics.facts.name], committed):
                found.facts.append(record.value)
        return found

    async def accounts(self) -> Rows:
        """The workers' table of accounts: the newest row of each key.

        Raises:
            Transient: the broker does not answer.
        """
        return await self.rows(self._topics.accounts)

    async def rows(self, topic: Topic, wanted: Callable[[str, Any], bool] | None = None) -> Rows:
        """A table of the workers, from its changelog: the newest row of each key; only those `wanted`, if told.

        Raises:
            Transient: the broker does not answer.
        """
        places = await self._there(topic)
        if not places:
            return {}
        async with consumer(self._settings.kafka) as client:
            return await self._table(client, places, wanted)

    async def left(self, topic: Topic) -> list[bytes | None]:
        """What is there of a topic, from the first record that was not deleted.

        Raises:
            Transient: the broker does not answer.
        """
        places = await self._there(topic)
        if not places:
            return []
        async with consumer(self._settings.kafka) as client:
            return [record.value async for _, record in self._records(client, places, {})]

    async def _there(self, topic: Topic) -> list[TopicPartition]:
        """A topic's partitions; none where it was not made yet."""
        there = await describe(self._settings.kafka, self._topics, [topic.name])
        return self._places(topic, there.partitions.get(topic.name, ()))

    async def whole(self, *topics: Topic) -> list[list[bytes | None]]:
        """Topics from their first records, each partition after the other.

        Raises:
            Stale: a topic no longer begins at its beginning; the message says from when it is there.
            Transient: the broker does not answer.
        """
        there = await describe(self._settings.kafka, self._topics, [topic.name for topic in topics])
        found: list[list[bytes | None]] = []
        async with consumer(self._settings.kafka) as client:
            for topic in topics:
                places = self._places(topic, there.partitions.get(topic.name, ()))
                if not places:
                    raise Transient(
                        f"there is no topic {self._topics.name(topic)} at {self._settings.broker}: nothing has been "
                        "recorded. Next: revmark worker makes it",
                        code="topic",
                    )
                await self._complete(client, places)
                values: dict[TopicPartition, list[bytes | None]] = {place: [] for place in places}
                async for place, record in self._records(client, places, {}):
                    values[place].append(record.value)
                found.append([value for place in places for value in values[place]])
        return found

    def _places(self, topic: Topic, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topics.name(topic), number) for number in partitions]

    async def _committed(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the workers' group stands; what it never committed begins at the beginning."""
        async with admin(self._settings.kafka) as client:
            for _ in range(GROUP_TRIES):
                try:
                    found = await client.list_consumer_group_offsets(self._settings.group, partitions=places)
                except GroupCoordinatorNotAvailableError:
                    await asyncio.sleep(GROUP_PAUSE)
                    continue
                return {place: spot.offset for place, spot in found.items() if spot.offset >= 0}
        return {}

    async def _complete(self, client: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
        client.assign(places)
        begins = await client.beginning_offsets(places)
        ends = await client.end_offsets(places)
        cut = [place for place in places if begins[place] > 0]
        if not cut:
            return
        since = [await _first_time(client, place) for place in cut if ends[place] > begins[place]]
        said = f"it is there from {max(since):%Y-%m-%d %H:%M} UTC on" if since else "nothing of it is there any more"
        raise Stale(
            f"the topic {cut[0].topic} does not reach back to its first record: {said}. What came before was deleted "
            "by its retention, so a replay would judge by half of what was known. Nothing was changed. Next: compare "
            "contracts with `revmark contract test`, or see what the next sync would do with `revmark plan`",
            code="truncated",
        )

    async def _table(
        self,
        client: AIOKafkaConsumer,
        places: list[TopicPartition],
        wanted: Callable[[str, Any], bool] | None = None,
    ) -> Rows:
        rows: Rows = {}
        async for _, record in self._records(client, places, {}):
            note_row(rows, record.key, record.value, wanted)
        return rows

    async def _records(
        self, client: AIOKafkaConsumer, places: list[TopicPartition], starts: dict[TopicPartition, int]
    ) -> AsyncIterator[tuple[TopicPartition, Any]]:
        """The records of partitions, from where one is told to start, up to the ends that they have now."""
        if not places:
            return
        client.assign(places)
        begins = await client.beginning_offsets(places)
        ends = await client.end_offsets(places)
        for place in places:
            client.seek(place, min(max(starts.get(place, 0), begins[place]), ends[place]))
        loop = asyncio.get_running_loop()
        positions = {place: await client.position(place) for place in places}
        total, moved, done = sum(ends[place] - positions[place] for place in places), loop.time(), 0
        while any(positions[place] < ends[place] for place in places):
            for place, records in (await client.getmany(timeout_ms=WAIT)).items():
                for record in records:
                    if record.offset < ends[place]:
                        yield place, record
            read = {place: await client.position(place) for place in places}
            if read != positions:
                positions, moved = read, loop.time()
                done = total - sum(max(ends[place] - positions[place], 0) for place in places)
            elif loop.time() - moved > STALLED:
                raise Transient(f"Kafka at {self._settings.broker} stopped answering after {done} of {total} records")
            self._progress(done, total)


def note_row(
    rows: Rows, key: bytes | None, value: bytes | None, wanted: Callable[[str, Any], bool] | None = None
) -> None:
    """Take one record of a table's changelog, whose keys are JSON texts; a row that is not `wanted` is forgotten."""
    name = str(decode(key or b"null"))
    row = None if value is None else decode(value)
    if row is None or (wanted is not None and not wanted(name, row)):
        rows.pop(name, None)
    else:
        rows[name] = row


def note_entry(found: Recorded, key: bytes | None, value: bytes | None) -> None:
    """Keep a command that has no outcome yet; forget it once it has one."""
    if value is None:
        found.commands.pop(str(decode(key or b"null")).rpartition("|")[2], None)
        return
    entry = LedgerEntry.from_bytes(value)
    if not unsent(entry):
        found.begun.add(entry.command.id)
    else:
        found.begun.discard(entry.command.id)
    if entry.state in SETTLED:
        found.commands.pop(entry.command.id, None)
    else:
        found.commands[entry.command.id] = entry.command


def note_command(found: Recorded, value: bytes | None) -> None:
    """Keep a command that no lane has taken up yet, and that one is wanted no more: it ends unless it was begun."""
    try:
        work = parse_work(value)
    except Refused:
        return  # it will be quarantined, and says so then
    if isinstance(work, Command):
        found.commands.setdefault(work.id, work)
    elif isinstance(work, Withdrawal) and work.command in found.commands and work.command not in found.begun:
        found.withdrawn.add(work.command)


async def _first_time(client: AIOKafkaConsumer, place: TopicPartition) -> datetime:
    """When the first record of a partition that is still there was written."""
    begins = await client.beginning_offsets([place])
    client.seek(place, begins[place])
    while True:
        for records in (await client.getmany(place, timeout_ms=WAIT)).values():
            if records:
                return from_millis(records[0].timestamp)
