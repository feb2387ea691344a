"""Kafka in memory: topics of partitions, offsets, committed positions, compacted changelogs.

Flows in: loads of records. Flows out: records by offset. Invariants: a load is there as a whole or not at all, loads of
one delivery one by one; what was committed is read no more, unless somebody moves the position back. `trace` is a hash
over all that was ever written, in order.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from random import Random

from streams.engine.partitioner import partition_for
from streams.engine.record import Headers, Outgoing, Record
from tests.simulation.clockwork import nap

DELAY = 0.004  # seconds that a load takes to be acknowledged, at most
CHANGELOGS = ("tables.", "ledger")
FETCHES = (1, 5, 50, 500, 500)  # records a fetch brings at most: batches end where chance has it

NOTHING = b"\xff"  # in a trace: no key, no value

Load = tuple[str, int, Sequence[Outgoing]]
Place = tuple[str, int]


class Flood(Exception):
    """Records beget records without end."""


class Broker:
    """All topics of one world."""

    fetches: tuple[int, ...] = FETCHES

    def __init__(self, partitions: int, clock: Callable[[], datetime], lots: Random, *, limit: int) -> None:
        """Begin empty; more records than the limit are a circle that somebody runs in."""
        self._limit = limit
        self.partitions = partitions
        self.records: defaultdict[Place, list[Record]] = defaultdict(list)
        self.committed: defaultdict[Place, int] = defaultdict(int)
        self.written = 0
        self.twice = 0.0  # share of loads that a producer's retry writes twice; never of a changelog, which shows it
        self.down = False  # whether the gateway reaches nobody here
        self._trace = hashlib.sha256()
        self._clock = clock
        self._lots = lots
        self._news: defaultdict[Place, asyncio.Event] = defaultdict(asyncio.Event)

    @property
    def trace(self) -> str:
        """What tells two runs apart."""
        return self._trace.hexdigest()[:16]

    async def deliver(self, loads: Sequence[Load], check: Callable[[], None] | None = None) -> list[int]:
        """Write loads, in any order; whoever dies meanwhile leaves some of them written."""
        ends = [0] * len(loads)
        order = list(range(len(loads)))
        if len(order) > 1:
            self._lots.shuffle(order)
        for number in order:
            await nap(self._lots.random() * DELAY)
            if check is not None:
                check()
            topic, partition, load = loads[number]
            ends[number] = self._append((topic, partition), load)
            if self.twice and not topic.startswith(CHANGELOGS) and self._lots.random() < self.twice:
                self._append((topic, partition), load)
        await nap(self._lots.random() * DELAY)
        return ends

    async def produce(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = ()) -> None:
        """Write one record."""
        place = partition_for(key or b"", self.partitions)
        await self.deliver([(topic, place, [(key, value, headers)])])

    async def fetch(self, place: Place, position: int) -> list[Record]:
        """Records from `position` on, as soon as there are any; none when whoever waits is to look up."""
        records = self.records[place]
        if len(records) <= position:
            self._news[place].clear()
            await self._news[place].wait()
        await nap(self._lots.random() * DELAY)
        return records[position : position + self._lots.choice(self.fetches)]

    def nudge(self) -> None:
        """Let everybody who waits look up: partitions have been shared out, or positions moved."""
        for news in self._news.values():
            news.set()

    def back(self, topic: str, records: int) -> None:
        """Move the positions of a topic back by so many records: they are all delivered again."""
        for place in [place for place in self.committed if place[0] == topic]:
            self.committed[place] = max(self.committed[place] - records, 0)

    def waiting(self) -> dict[Place, int]:
        """How many records of each partition have not been committed yet."""
        return {place: left for place, rows in self.records.items() if (left := len(rows) - self.committed[place])}

    def _append(self, place: Place, load: Sequence[Outgoing]) -> int:
        if self.written > self._limit:
            raise Flood(f"more than {self._limit} records")
        rows, at = self.records[place], self._clock()
        millis = int(at.timestamp() * 1000)
        head = f"{at.isoformat()} {place}".encode()
        written: list[bytes] = []
        for offset, (key, value, headers) in enumerate(load, len(rows)):
            written += (head, b"\0", NOTHING if key is None else key, b"\0", NOTHING if value is None else value)
            rows.append(Record(key, value, offset, millis, headers))
        self._trace.update(b"".join(written))
        self.written += len(load)
        self._news[place].set()
        return len(rows) - 1
