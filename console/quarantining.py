"""A person's word on what is in quarantine: edited, put back on its topic, or dropped.

In: records by their names. Out: their bytes, or what a person put in their place, on their topic again under the same
key in the same partition, and a settlement on the quarantine topic. Invariant: 1 the bytes are durable, 2 the
settlement is. A command that dies between the two is repeated, and the record is on its topic twice, which every reader
of our topics bears.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from console.projection import cluster
from console.projection.delivery import topics_of
from console.projection.held import Bytes
from console.word import Place
from schemas.errors import Refused
from schemas.quarantine import Edit, Settlement, place_name
from streams.settings import Settings
from streams.topics import ORIGIN, Topics

State = Literal["replayed", "dropped"]
FETCH = 5.0  # seconds for one record that is still on its topic


@dataclass(frozen=True, slots=True)
class Say:
    """Who says it, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Going:
    """A record that is to go back. `origin` is where it lay at first, `edit` what goes in place of its value."""

    record: Bytes
    origin: tuple[str, int, int]
    edit: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A record that was put back: its name in quarantine, and where it lies now."""

    name: str
    place: Place


async def replay(settings: Settings, records: Sequence[Going], say: Say) -> list[Returned]:
    """Put records back on their topics in the order in which they lay there at first, and tell the quarantine topic.

    Raises:
        Refused: one of them cannot be put back; nothing was sent.
        Transient: the broker does not answer; what was settled until then is settled.
    """
    topics = topics_of(settings)
    bound = [await _bound(settings, each) for each in sorted(records, key=lambda each: each.origin)]
    done: list[Returned] = []
    try:
        async with cluster.producer(settings.kafka) as producer:
            for each in bound:
                # 1 the bytes; of their origin they say nothing any more, or they would be passed over as taken
                headers = [(name, content) for name, content in each.headers if name != ORIGIN]
                sent = await producer.send_and_wait(
                    each.topic, each.value, key=each.key, partition=each.partition, headers=headers or None
                )
                # 2 the settlement
                await _tell(producer, topics, _settlement(each, "replayed", say, sent.offset))
                done.append(Returned(_name(each), Place(sent.topic, sent.partition, sent.offset)))
    except (KafkaError, OSError) as error:
        raise cluster.unreachable(settings.broker, error) from error
    return done


async def _bound(settings: Settings, going: Going) -> Bytes:
    """What goes back: the record as it was, or with what a person put in place of its value."""
    if going.edit is None:
        return await whole(settings, going.record)
    kept = going.record if going.record.complete else await whole(settings, going.record)
    return await whole(settings, replace(kept, value=going.edit.encode()))


async def drop(settings: Settings, records: Sequence[Bytes], say: Say) -> None:
    """Tell the quarantine topic that records are dropped. Their bytes stay where they are.

    Raises:
        Transient: the broker does not answer.
    """
    await tell(settings, [_settlement(each, "dropped", say) for each in records])


async def tell(settings: Settings, words: Sequence[Settlement | Edit]) -> None:
    """Put what a person said on the quarantine topic.

    Raises:
        Transient: the broker does not answer.
    """
    topics = topics_of(settings)
    try:
        async with cluster.producer(settings.kafka) as producer:
            for word in words:
                await _tell(producer, topics, word)
    except (KafkaError, OSError) as error:
        raise cluster.unreachable(settings.broker, error) from error


async def _tell(producer: AIOKafkaProducer, topics: Topics, word: Settlement | Edit) -> None:
    # Under the record's own key, so that all that is said of it is in one partition, in its order.
    key = f"command|{word.command}" if word.command else f"{word.topic}|{word.partition}|{word.offset}"
    await producer.send_and_wait(topics.name(topics.quarantine), word.to_bytes(), key=key.encode())


def _settlement(record: Bytes, state: State, say: Say, returned: int | None = None) -> Settlement:
    return settlement((record.topic, record.partition, record.offset), state, say, returned=returned)


def settlement(
    lay: tuple[str, int, int], state: State, say: Say, *, returned: int | None = None, command: str = ""
) -> Settlement:
    """What is kept of a person's word on what lay at a topic, partition and offset, or on a refused command."""
    topic, partition, offset = lay
    return Settlement(
        topic=topic,
        partition=partition,
        offset=offset,
        state=state,
        who=say.who,
        why=say.why,
        at=datetime.now(UTC),
        returned=returned,
        command=command,
    )


async def whole(settings: Settings, record: Bytes) -> Bytes:
    """The record with its bytes; those that did not fit into quarantine are read where they lay.

    Raises:
        Refused: it cannot be put back; nothing was sent.
    """
    topics = topics_of(settings)
    if record.topic not in {topics.name(each) for each in topics if each.worked}:
        raise Refused(
            f"{_name(record)} came from {record.topic}, which no worker of this deployment reads: it cannot be put "
            f"back. Nothing was sent. Next: revmark quarantine drop {_name(record)} --why ...",
            code="topic",
        )
    if record.complete and record.value is None:
        raise Refused(
            f"{_name(record)} holds no bytes to put back. Nothing was sent. "
            f"Next: revmark quarantine drop {_name(record)} --why ...",
            code="empty",
        )
    if record.complete:
        return record
    place = TopicPartition(record.topic, record.partition)
    async with cluster.consumer(settings.kafka) as consumer:
        consumer.assign([place])
        begin = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        found = await _fetch(consumer, place, record.offset) if begin <= record.offset < end else None
    if found is None:
        raise Refused(
            f"{_name(record)} was too large for quarantine, and its topic no longer holds it. Nothing was sent. "
            f"Next: read the record anew with `revmark sweep`, then revmark quarantine drop {_name(record)} --why ...",
            code="gone",
        )
    return found


async def _fetch(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> Bytes | None:
    consumer.seek(place, offset)
    try:
        async with asyncio.timeout(FETCH):
            found = await consumer.getone(place)
    except TimeoutError:
        return None
    if found.offset != offset:
        return None
    return Bytes(place.topic, place.partition, offset, found.key, found.value, tuple(found.headers or ()))


def _name(record: Bytes) -> str:
    return place_name(record.topic, record.partition, record.offset)
