"""Looks on while outputs arrive, to tell when all partitions are worked on again.

Flows in: outputs. Flows out: per source partition, when its newest output was made: the time its worker gave it, so
that what a killed worker left on the way is not taken for an answer of its successor.
"""

import asyncio
from collections import defaultdict
from time import monotonic, time
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.job import PARTITIONS
from tests.chaos.places import partition_of

__all__ = ["Watch"]

FETCH = 50  # milliseconds: as fine as recovery times are told
PATIENCE = 240.0  # seconds until somebody must have answered: many recoveries, also on a busy machine


class Watch:
    """A reader of the outputs."""

    def __init__(self, broker: str, topic: str, partitions: int) -> None:
        self._newest: defaultdict[int, float] = defaultdict(float)  # seconds since 1970, by source partition
        self._places = [TopicPartition(topic, place) for place in range(partitions)]
        self._sources: dict[bytes, int] = {}
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> Self:
        """Begin."""
        await self._consumer.start()
        self._consumer.assign(self._places)
        self._task = asyncio.create_task(self._run())
        return self

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._consumer.stop()

    async def answered(self, since: float) -> float:
        """Wait until each source partition has given an output made after `since`; return how long after.

        Args:
            since: seconds since 1970.
        """
        deadline = monotonic() + PATIENCE
        while any(self._newest[place] <= since for place in range(PARTITIONS)):
            if self._task is not None and self._task.done():
                self._task.result()
            assert monotonic() < deadline, f"no outputs within {PATIENCE:.0f} seconds: {since}, {dict(self._newest)}"
            await asyncio.sleep(0.01)
        return time() - since

    async def _run(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=FETCH)).values():
                for record in records:
                    place = self._source(record.key)
                    self._newest[place] = max(self._newest[place], record.timestamp / 1000)

    def _source(self, key: bytes) -> int:
        place = self._sources.get(key)
        if place is None:
            place = self._sources[key] = partition_of(key, PARTITIONS)
        return place
