"""How many produce requests are on their way at once: aiokafka's own queue and sender, a wire for its client."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.producer.message_accumulator import MessageAccumulator
from aiokafka.producer.sender import Sender
from aiokafka.structs import TopicPartition

from streams.engine.producer import AT_ONCE, fit

ONE_BROKER = 1


class Wire:
    """One broker that leads all partitions and answers when a test says so."""

    def __init__(self) -> None:
        self.cluster = SimpleNamespace(leader_for_partition=lambda _place: ONE_BROKER)
        self.open: list[tuple[list[int], asyncio.Future[None]]] = []

    async def ready(self, _node_id: int) -> bool:
        return True

    async def send(self, _node_id: int, request: Any) -> Any:
        ((topic, loads),) = request._topics  # noqa: SLF001 - aiokafka's request has no other way to look into it
        places = [place for place, _ in loads]
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.open.append((places, answered))
        await answered
        return SimpleNamespace(API_VERSION=7, topics=[(topic, [(place, 0, 0, -1, 0) for place in places])])

    async def settled(self) -> list[list[int]]:
        """The partitions of each request on its way, once nothing moves any more."""
        for _ in range(50):
            await asyncio.sleep(0)
        return [places for places, answered in self.open if not answered.done()]


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def queue(wire: Wire) -> Any:
    accumulator = MessageAccumulator(wire.cluster, 1 << 20, 0, 60)
    sender = Sender(
        wire, acks=-1, txn_manager=None, message_accumulator=accumulator, retry_backoff_ms=1, request_timeout_ms=1000
    )
    fit(sender)
    await sender.start()
    yield accumulator
    for _, answered in wire.open:
        if not answered.done():
            answered.set_result(None)
    await sender.close()


async def put(queue: MessageAccumulator, place: int) -> "asyncio.Future[Any]":
    builder = queue.create_builder()
    builder.append(key=b"key", value=b"value", timestamp=None)
    builder.close()
    return await queue.add_batch(builder, TopicPartition("out", place), 5)


async def test_a_batch_does_not_wait_for_the_request_before_it(wire: Wire, queue: MessageAccumulator):
    await put(queue, 0)
    await wire.settled()
    await put(queue, 1)
    assert await wire.settled() == [[0], [1]]


async def test_what_comes_while_enough_are_on_their_way_shares_the_next_request(wire: Wire, queue: MessageAccumulator):
    for place in range(AT_ONCE):
        await put(queue, place)
        await wire.settled()
    await put(queue, AT_ONCE)
    await put(queue, AT_ONCE + 1)
    assert await wire.settled() == [[place] for place in range(AT_ONCE)]
    wire.open[0][1].set_result(None)
    assert await wire.settled() == [[1], [AT_ONCE, AT_ONCE + 1]]


async def test_a_partition_is_in_one_request_at_a_time(wire: Wire, queue: MessageAccumulator):
    first = await put(queue, 0)
    await wire.settled()
    second = await put(queue, 0)
    assert await wire.settled() == [[0]]
    wire.open[0][1].set_result(None)
    assert await wire.settled() == [[0]]
    assert first.done()
    assert not second.done()
