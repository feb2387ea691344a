"""The reader that fills the projection: once to the end, or for as long as one watches.

In: the topics, from the stored offsets on. Out: rows in the store, and a word to whoever waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from console.projection import cluster, pulse
from console.projection.delivery import COUNTED, SHELVES, Delivery
from console.projection.store import Store
from schemas.errors import Stale, Transient
from schemas.instants import to_millis
from streams.kafka import Broker
from streams.topics import Topics

STALLED = 15.0  # seconds without a record while some are still due: the broker is gone
WAIT = 250  # milliseconds a fetch may wait for records
LOOK_AROUND = 5.0  # seconds between looks for topics that have come since, and whether the broker is there
BATCH = 1_000  # records in one transaction: a few milliseconds of work, so that readers are not held up

Progress = Callable[[int, int], None]
"""Told how many records have been read, and of how many."""


def _ignore(*_: int) -> None:
    return


class Follower:
    """Reads `shelves` (bare topic names) of one deployment into a store."""

    def __init__(self, broker: Broker, topics: Topics, store: Store, shelves: Iterable[str] = tuple(SHELVES)) -> None:
        self.broker = broker
        self.topics = topics
        self.store = store
        self.shelves = tuple(shelves)

    async def catch_up(self, progress: Progress = _ignore) -> None:
        """Read until the ends the topics have now.

        Raises:
            Transient: the broker does not answer, or stopped answering.
        """
        found = await self._describe()
        places = cluster.partitions_of(found, self.topics)
        if places:
            async with cluster.consumer(self.broker) as consumer:
                ends = await self._assign(consumer, places)
                await self._until(consumer, places, ends, progress)
        self.store.caught_up(self.shelves)

    async def follow(self, applied: Callable[[int], None] = _ignore) -> None:
        """Read until cancelled; `applied` hears after each look how many new rows there are (often none).

        Raises:
            Transient: the broker does not answer, or stopped answering.
        """
        loop = asyncio.get_running_loop()
        while True:
            found = await self._describe()
            places = cluster.partitions_of(found, self.topics)
            if not places:
                applied(0)
                await asyncio.sleep(LOOK_AROUND / 10)
                continue
            async with cluster.consumer(self.broker) as consumer:
                ends = await self._assign(consumer, places)
                applied(await self._until(consumer, places, ends, _ignore))
                self.store.caught_up(self.shelves)
                looked = loop.time()
                while True:
                    applied(self._take(await consumer.getmany(timeout_ms=WAIT, max_records=BATCH), places))
                    if loop.time() - looked > LOOK_AROUND:
                        looked = loop.time()
                        if await self._describe() != found:
                            break
                        self.store.caught_up(self.shelves)

    async def _describe(self) -> cluster.Cluster:
        found = await cluster.describe(self.broker, self.topics, self.shelves)
        self.store.bind(found.identity)
        return found

    async def _assign(self, consumer: AIOKafkaConsumer, places: dict[TopicPartition, str]) -> dict[TopicPartition, int]:
        """Assign all partitions, go to where the store stands, and give the ends."""
        consumer.assign(list(places))
        begins: dict[TopicPartition, int] = await consumer.beginning_offsets(list(places))
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(places))
        stored = self.store.offsets()
        if any(stored.get((name, place.partition), 0) > ends[place] for place, name in places.items()):
            self.store.reset()  # the topics were made anew since they were read
            stored = {}
        recent = await self._recent(consumer, [place for place, name in places.items() if name in COUNTED])
        for place, name in places.items():
            start = max(stored.get((name, place.partition), 0), begins[place])
            if name in COUNTED:
                start = max(start, min(recent.get(place, ends[place]), ends[place]))
            consumer.seek(place, start)
        return ends

    async def _recent(self, consumer: AIOKafkaConsumer, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the last hour begins, in topics that are only counted."""
        if not places:
            return {}
        since = to_millis(datetime.now(UTC) - pulse.KEPT)
        found = await consumer.offsets_for_times(dict.fromkeys(places, since))
        return {place: spot.offset for place, spot in found.items() if spot is not None}

    async def _until(
        self,
        consumer: AIOKafkaConsumer,
        places: dict[TopicPartition, str],
        ends: dict[TopicPartition, int],
        progress: Progress,
    ) -> int:
        loop = asyncio.get_running_loop()
        starts = {place: await consumer.position(place) for place in places}
        total = sum(max(0, ends[place] - starts[place]) for place in places)
        moved, done = loop.time(), 0
        while True:
            positions = {place: await consumer.position(place) for place in places}
            read = sum(min(positions[place], ends[place]) - min(starts[place], ends[place]) for place in places)
            if read > done:
                moved, done = loop.time(), read
            progress(done, total)
            if all(positions[place] >= ends[place] for place in places):
                return done
            if loop.time() - moved > STALLED:
                raise Transient(f"Kafka at {self.broker} stopped answering after {done} of {total} records")
            self._take(await consumer.getmany(timeout_ms=WAIT, max_records=BATCH), places)

    def _take(self, fetched: dict[TopicPartition, list[Any]], places: dict[TopicPartition, str]) -> int:
        deliveries = [
            Delivery(places[place], place.partition, item.offset, item.key, item.value, item.timestamp)
            for place, items in fetched.items()
            for item in items
        ]
        if not deliveries:
            return 0
        try:
            return self.store.apply(deliveries)
        except Stale as error:
            raise Transient(
                "the projection was emptied by another command while it was read; run this again"
            ) from error
