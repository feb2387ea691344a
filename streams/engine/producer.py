"""Faust's producer that can also write ready-made record batches and wait for every acknowledgement.

Flows in: records by topic and partition. Flows out: the offset of the last one, once all are acknowledged.
Invariants: it returns only when the broker (acks=all) has everything; otherwise it raises, and nothing was skipped.
What belongs to a batch is checked each time it is about to go on the wire: a batch that waits for a broker longer than
its worker holds the partition is not written any more, however often it was tried before.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from aiokafka.producer.sender import SendProduceReqHandler
from faust.exceptions import NotReady
from faust.transport.drivers import aiokafka as driver

from streams.engine.errors import DeliveryFailed, EngineError, Revoked
from streams.engine.record import Outgoing

__all__ = ["AT_ONCE", "BatchProducer", "Check", "Load", "fit"]

Load = tuple[str, int, Sequence[Outgoing]]
Check = Callable[[], None]  # raises `Revoked` once what it belongs to must not be written any more
AT_ONCE = 2  # requests to one broker: a batch does not wait for another's, and few batches still share a request
METADATA_WITHIN = 30.0  # seconds to learn of a topic; one that does not exist is said so after them


class BatchProducer(driver.Producer):
    """Writes batches, and knows how many partitions a topic has."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._turns: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def on_start(self) -> None:
        """Start the client, and have it send as the engine does."""
        await super().on_start()
        fit(self._ensure_producer()._sender)  # noqa: SLF001 - seam

    async def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has.

        Raises:
            DeliveryFailed: there is no such topic.
        """
        known = self.partitions_known(topic)
        if known:
            return known
        try:
            async with asyncio.timeout(METADATA_WITHIN):
                found = await self._ensure_producer().partitions_for(topic)
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

    async def deliver(self, loads: Sequence[Load], check: Check | None = None) -> list[int]:
        """Write all loads and return, for each, the offset of its last record.

        Raises:
            Revoked: `check` did before all was on the wire; the rest is not written.
            DeliveryFailed: the broker did not acknowledge one of them.
        """
        # Side by side: a partition that has no leader now keeps only its own load waiting.
        submitted = await asyncio.gather(*(self._submit(load, check) for load in loads), return_exceptions=True)
        sent = [sizes for sizes in submitted if not isinstance(sizes, BaseException)]
        answers: list[Any] = await asyncio.gather(*(f for futures in sent for f in futures), return_exceptions=True)
        errors = [found for found in (*submitted, *answers) if isinstance(found, BaseException)]
        for error in sorted(errors, key=lambda error: not isinstance(error, EngineError)):
            if isinstance(error, EngineError):
                raise error
            refused = [load for load, futures in zip(loads, submitted, strict=True) if _has(futures, error)]
            raise _failed(refused or loads, error) from error
        ends: list[int] = []
        position = 0
        for futures in sent:
            position += len(futures)
            ends.append(answers[position - 1].offset + list(futures.values())[-1] - 1)
        return ends

    async def _submit(self, load: Load, check: Check | None) -> dict["asyncio.Future[Any]", int]:
        """Queue a load as as many record batches as it takes; return their futures and sizes, in order.

        Each but the last is acknowledged before the next is queued, and one that is not is the last: what is written of
        a load is its beginning, and never a part without what stands before it. One load at a time per partition:
        aiokafka counts the wait of all who wait for a place against each of them.
        """
        topic, partition, records = load
        producer = self._ensure_producer()
        futures: dict[asyncio.Future[Any], int] = {}
        begin = 0
        async with self._turns[topic, partition]:
            while begin < len(records):
                if check is not None:
                    check()
                builder = producer.create_batch()
                builder.check = check
                taken = _fill(builder, records, begin)
                if not taken:
                    raise EngineError(f"A record for {topic} does not fit into a batch of its own.")
                future = await producer.send_batch(builder, topic, partition=partition)
                future.add_done_callback(_heard)
                futures[future] = taken
                begin += taken
                if begin < len(records):
                    await asyncio.wait([future])
                    if future.cancelled() or future.exception():
                        break
        return futures


def _heard(future: "asyncio.Future[Any]") -> None:
    """Take note of an error: who waited for it may have been told of another one before."""
    if not future.cancelled():
        future.exception()


class Busy:
    """The brokers that have as many requests in flight as they get: a set, to who adds to it and takes from it.

    The order in a partition does not hang on it: the client keeps a partition out of all requests while one has it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._requests: Counter[int] = Counter()

    def __contains__(self, node_id: int) -> bool:
        return self._requests[node_id] >= self._limit

    def add(self, node_id: int) -> None:
        """Count a request that begins."""
        self._requests[node_id] += 1

    def remove(self, node_id: int) -> None:
        """Count a request that ended."""
        self._requests[node_id] -= 1


def fit(sender: Any) -> None:
    """Have two requests at once sent to a broker, and each batch checked when the connection is there.

    It is checked at its first try and at every other.
    """
    sender._in_flight = Busy(AT_ONCE)  # noqa: SLF001 - seam: a set of brokers, each with one request

    async def send(node_id: int, batches: Mapping[Any, Any]) -> None:
        await sender.client.ready(node_id)  # may take as long as a broker is away
        current = _current(batches)
        if current:
            await SendProduceReqHandler(sender, current).do(node_id)
        sender._in_flight.remove(node_id)  # noqa: SLF001 - seam: as it is written there
        for place in batches:
            sender._muted_partitions.remove(place)  # noqa: SLF001 - same

    sender._send_produce_req = send  # noqa: SLF001 - seam


def _current(batches: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the batches that may be written still; the others are told why not."""
    current = {}
    for place, batch in batches.items():
        try:
            check = getattr(batch._builder, "check", None)  # noqa: SLF001 - seam: set when it was queued
            if check is not None:
                check()
        except Revoked as error:
            batch.failure(error)
        else:
            current[place] = batch
    return current


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


def _has(futures: "Iterable[asyncio.Future[Any]] | BaseException", error: BaseException) -> bool:
    if isinstance(futures, BaseException):
        return futures is error
    return any(not each.cancelled() and each.exception() is error for each in futures)


def _failed(loads: Sequence[Load], error: BaseException) -> DeliveryFailed:
    topics = ", ".join(sorted({topic for topic, _, _ in loads}))
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        largest = max(len(key or b"") + len(value or b"") for _, _, load in loads for key, value, _ in load)
        return DeliveryFailed(
            f"Topic {topics} refused records as too large; the largest is {largest:,} bytes. Nothing of this batch is "
            "committed, and it would be refused again: raise max.message.bytes of the topic (kafka-configs.sh --alter "
            f"--entity-type topics --entity-name {topics}) to max_record of the app, or send less."
        )
    return DeliveryFailed(
        f"The broker did not acknowledge records for {topics}: {error!r}. "
        "Nothing of this batch is committed; it is read again when the worker starts."
    )
