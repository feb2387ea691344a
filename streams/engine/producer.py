"""Faust's producer that can also write ready-made record batches and wait for every acknowledgement.

Flows in: records by topic and partition. Flows out: the offset of the last one, once all are acknowledged.
Invariant: it returns only when the broker (acks=all) has everything; otherwise it raises, and nothing was skipped.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aiokafka.errors import KafkaError
from faust.exceptions import NotReady
from faust.transport.drivers import aiokafka as driver

from streams.engine.errors import DeliveryFailed, EngineError
from streams.engine.record import Outgoing

__all__ = ["BatchProducer", "Load"]

Load = tuple[str, int, Sequence[Outgoing]]
METADATA_WITHIN = 30.0  # seconds to learn of a topic; one that does not exist is said so after them


class BatchProducer(driver.Producer):
    """Writes batches, and knows how many partitions a topic has."""

    async def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has.

        Raises:
            DeliveryFailed: there is no such topic.
        """
        known = self.partitions_known(topic)
        if known:
            return known
        try:
            found = await asyncio.wait_for(self._ensure_producer().partitions_for(topic), METADATA_WITHIN)
        except (KafkaError, TimeoutError) as error:
            raise DeliveryFailed(
                f"Topic {topic} cannot be written: the broker does not know it ({error!r}). "
                "Nothing was sent to it; create it with the partitions it needs, then start the worker again."
            ) from error
        return len(found)

    def partitions_known(self, topic: str) -> int | None:
        """Return how many partitions a topic has, if the client has learned it by now."""
        try:
            known = self._ensure_producer().client.cluster.partitions_for_topic(topic)
        except NotReady:
            return None
        return len(known) if known else None

    async def deliver(self, loads: Sequence[Load]) -> list[int]:
        """Write all loads and return, for each, the offset of its last record.

        Raises:
            DeliveryFailed: the broker did not acknowledge one of them.
        """
        try:
            waiting = [await self._submit(load) for load in loads]
            answers = await asyncio.gather(*(f for futures in waiting for f in futures), return_exceptions=True)
        except KafkaError as error:
            raise _failed(loads, error) from error
        begins: list[int] = []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise _failed(loads, answer) from answer
            begins.append(answer.offset)
        ends: list[int] = []
        position = 0
        for futures in waiting:
            position += len(futures)
            ends.append(begins[position - 1] + list(futures.values())[-1] - 1)
        return ends

    async def _submit(self, load: Load) -> dict["asyncio.Future[Any]", int]:
        """Queue a load as as many record batches as it takes; return their futures and sizes, in order."""
        topic, partition, records = load
        producer = self._ensure_producer()
        futures: dict[asyncio.Future[Any], int] = {}
        begin = 0
        while begin < len(records):
            builder = producer.create_batch()
            taken = _fill(builder, records, begin)
            if not taken:
                raise EngineError(f"A record for {topic} does not fit into a batch of its own.")
            futures[await producer.send_batch(builder, topic, partition=partition)] = taken
            begin += taken
        return futures


def _fill(builder: Any, records: Sequence[Outgoing], begin: int) -> int:
    """Append records from `begin` on while there is room (the first always has); return how many.

    They go to the builder below aiokafka's own, whose append does the same for each with twice the work.
    """
    append = builder._builder.append  # noqa: SLF001 - seam
    now = int(time.time() * 1000)
    taken, nothing = 0, list[tuple[str, bytes]]()
    for key, value, headers in records if begin == 0 else records[begin:]:
        if append(taken, now, key, value, list(headers) if headers else nothing) is None:
            break
        taken += 1
    builder._relative_offset = taken  # noqa: SLF001 - seam: what it counts as its records
    builder.close()
    return taken


def _failed(loads: Sequence[Load], error: BaseException) -> DeliveryFailed:
    topics = ", ".join(sorted({topic for topic, _, _ in loads}))
    return DeliveryFailed(
        f"The broker did not acknowledge records for {topics}: {error!r}. "
        "Nothing of this batch is committed; it is read again when the worker starts."
    )
