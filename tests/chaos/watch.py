"""Looks on while outputs arrive, to tell when all partitions are worked on again.

Flows in: outputs. Flows out: per source partition, the newest event that was answered.
"""

import asyncio
from collections import defaultdict
from time import monotonic
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
        self.newest: defaultdict[int, int] = defaultdict(lambda: -1)  # event number by source partition
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

    async def answered(self, number: int) -> float:
        """Wait until each source partition has answered an event that is not older; return when that was."""
        deadline = monotonic() + PATIENCE
        while any(self.newest[place] < number for place in range(PARTITIONS)):
            if self._task is not None and self._task.done():
                self._task.result()
            assert monotonic() < deadline, f"not answered within {PATIENCE:.0f} seconds: {number}, {dict(self.newest)}"
            await asyncio.sleep(0.01)
        return monotonic()

    async def _run(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=FETCH)).values():
                for record in records:
                    at = record.value.index(b'"id":"') + 6
                    number = int(record.value[at : at + 12])
                    place = self._source(record.key)
                    self.newest[place] = max(self.newest[place], number)

    def _source(self, key: bytes) -> int:
        place = self._sources.get(key)
        if place is None:
            place = self._sources[key] = partition_of(key, PARTITIONS)
        return place
