"""What the producer does around aiokafka's queue; acknowledgements are watched on a broker."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.engine import DeliveryFailed, EngineApp, Revoked
from streams.engine.consumer import BatchConsumer
from streams.engine.lease import Lease
from streams.engine.producer import BatchProducer
from streams.engine.record import Outgoing

LOAD: list[Outgoing] = [(b"key-%d" % n, b"value" * 40, ()) for n in range(10)]
PER_BATCH = 2  # records that fit


class Queue:
    """aiokafka's producer as far as its queue goes: one place per partition, free again when a test says so."""

    def __init__(self) -> None:
        self.places: defaultdict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(100))
        self.sent: list[tuple[int, bytes]] = []
        self.waiting: defaultdict[int, int] = defaultdict(int)
        self.fails: set[int] = set()
        self.silent: set[int] = set()  # partitions that acknowledge nothing
        self.check: Callable[[], None] | None = None

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(600, 0)

    async def send_batch(self, builder: Any, _topic: str, *, partition: int) -> "asyncio.Future[Any]":
        self.waiting[partition] += 1
        assert self.waiting[partition] == 1, "two wait for one place: each is charged for the other's wait"
        await asyncio.sleep(0)
        await self.places[partition].acquire()
        self.waiting[partition] -= 1
        if partition in self.fails:
            raise KafkaTimeoutError
        self.check = builder.check
        self.sent.append((partition, bytes(builder._build())))  # noqa: SLF001 - as aiokafka does
        acknowledged: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if partition in self.silent:
            acknowledged.set_exception(KafkaTimeoutError())
        else:
            acknowledged.set_result(SimpleNamespace(offset=len(self.sent)))
        return acknowledged


@pytest.fixture
async def queue() -> Queue:
    return Queue()


@pytest.fixture
async def producer(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> BatchProducer:
    made = EngineApp("unit").writer
    monkeypatch.setattr(made, "_producer", queue)
    return made


async def test_loads_of_one_partition_are_queued_one_after_the_other(producer: BatchProducer, queue: Queue):
    other: list[Outgoing] = [(b"other", b"value" * 40, ()) for _ in LOAD]
    await asyncio.gather(producer.deliver([("out", 0, LOAD)]), producer.deliver([("out", 0, other)]))
    assert len(queue.sent) > PER_BATCH * 2
    whose = [b"other" in batch for _, batch in queue.sent]
    assert whose == sorted(whose)  # a load is not torn apart


async def test_a_partition_without_a_leader_keeps_only_its_own_load_waiting(producer: BatchProducer, queue: Queue):
    queue.places[0] = asyncio.Semaphore(0)
    delivery = asyncio.create_task(producer.deliver([("out", 0, LOAD[:1]), ("out", 1, LOAD)]))
    async with asyncio.timeout(5):
        while len(queue.sent) < len(LOAD) // PER_BATCH:  # noqa: ASYNC110 - a stub tells nobody
            await asyncio.sleep(0)
    queue.fails.add(0)
    queue.places[0].release()
    with pytest.raises(DeliveryFailed, match="KafkaTimeoutError"):
        await delivery


async def test_a_revoked_batch_queues_no_more_of_a_load(producer: BatchProducer, queue: Queue):
    def check() -> None:
        if len(queue.sent) == PER_BATCH:
            raise Revoked("gone")

    with pytest.raises(Revoked):
        await producer.deliver([("out", 0, LOAD)], check)
    assert len(queue.sent) == PER_BATCH


async def test_what_follows_in_a_load_is_not_queued_where_its_beginning_was_not_acknowledged(
    producer: BatchProducer, queue: Queue
):
    queue.silent.add(0)
    with pytest.raises(DeliveryFailed, match="KafkaTimeoutError"):
        await producer.deliver([("out", 0, LOAD), ("out", 1, LOAD)])
    assert [partition for partition, _ in queue.sent].count(0) == 1
    assert [partition for partition, _ in queue.sent].count(1) == len(LOAD) // PER_BATCH


@pytest.fixture
def consumer(producer: BatchProducer, monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchConsumer]:
    async def one(_: str) -> int:
        return 1

    monkeypatch.setattr(producer, "partitions", one)
    made: BatchConsumer = producer.app.consumer  # it connects when it is started, which it is not
    yield made
    made._thread.thread_loop.close()  # noqa: SLF001 - made with the thread


async def test_what_is_produced_in_one_assignment_is_not_written_in_another(consumer: BatchConsumer, queue: Queue):
    await consumer.app.produce("ticks", b"key", b"value")
    assert len(queue.sent) == 1
    assert queue.check is not None
    queue.check()  # as right before the wire
    consumer.epoch += 1
    with pytest.raises(Revoked, match="was not written"):
        queue.check()


async def test_nothing_is_produced_without_a_lease(consumer: BatchConsumer, queue: Queue):
    consumer._thread.lease = Lease(0)  # noqa: SLF001 - it ran out
    with pytest.raises(Revoked, match="may be another's"):
        await consumer.app.produce("ticks", b"key", b"value")
    assert queue.sent == []


async def test_a_drain_that_is_over_waits_for_no_acknowledgement():
    never = asyncio.Event()
    app = SimpleNamespace(producer=SimpleNamespace(flush=never.wait))
    consumer: Any = SimpleNamespace(app=app, _flush_until=0.0)
    async with asyncio.timeout(5):
        assert not await BatchConsumer.flush(consumer)
    never.set()
    assert await BatchConsumer.flush(consumer)
