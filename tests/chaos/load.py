"""Events at a steady rate, whatever happens to the broker or the workers.

Flows in: the events of `bench.job`. Flows out: records of the source topic, by Kafka's default partitioner.
Invariant: an event is sent until it is acknowledged, in order and once (an idempotent producer), so that what the
source topic holds is all there is; the checker counts from there.
"""

import asyncio
from collections import defaultdict
from functools import lru_cache
from time import monotonic
from typing import Any, Self

from aiokafka import AIOKafkaProducer

from bench.job import PARTITIONS, events
from tests.chaos.places import partition_of

__all__ = ["Load"]

KEYS = 2_000  # records: each is seen again within seconds, so that a wrong order or version shows
TICK = 0.02  # seconds between two small bursts
HASTE = 3  # times the rate at most, to make up for a broker that was away or a machine that is busy
ENDLESS = 1 << 40  # events
PATIENCE = 120_000  # milliseconds an event is sent again for: far longer than any broker is away here


class Load:
    """A producer that goes on until it is stopped."""

    def __init__(self, broker: str, topic: str, rate: int) -> None:
        self._sent = 0
        self._topic = topic
        self._rate = rate
        self._place = lru_cache(KEYS)(lambda key: partition_of(key, PARTITIONS))
        self._waiting: set[asyncio.Future[Any]] = set()
        self._failed: list[BaseException] = []
        self._over = False
        self._producer = AIOKafkaProducer(
            bootstrap_servers=broker, enable_idempotence=True, request_timeout_ms=PATIENCE
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> Self:
        """Begin."""
        await self._producer.start()
        self._task = asyncio.create_task(self._run())
        return self

    async def stop(self) -> int:
        """Send no more, wait until all is acknowledged, and return how many events that were."""
        self._over = True
        if self._task is not None:
            await self._task
        await self._producer.flush()
        await self._producer.stop()
        if self._failed:
            raise self._failed[0]
        return self._sent

    async def _run(self) -> None:
        stream = events(ENDLESS, KEYS)
        burst = int(self._rate * TICK * HASTE) + 1
        began = monotonic()
        while not self._over:
            due = min(int((monotonic() - began) * self._rate) - self._sent, burst)
            await self._send([next(stream) for _ in range(due)])
            await asyncio.sleep(TICK)

    async def _send(self, records: list[tuple[bytes, bytes]]) -> None:
        """Send ready-made batches: a tenth of the processor time of as many single sends."""
        self._sent += len(records)
        batches = defaultdict(self._producer.create_batch)
        for key, value in records:
            batches[self._place(key)].append(timestamp=None, key=key, value=value)
        for place, batch in batches.items():
            batch.close()
            future = await self._producer.send_batch(batch, self._topic, partition=place)
            self._waiting.add(future)
            future.add_done_callback(self._acknowledged)

    def _acknowledged(self, future: asyncio.Future[Any]) -> None:
        self._waiting.discard(future)
        if error := future.exception():
            self._failed.append(error)
