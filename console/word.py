"""A person's word (on two records, on a review, on a brake): put on a topic, waited for until it is taken up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import typer
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from console.exits import NEEDS_PERSON, UNREACHABLE
from console.output import note
from console.projection.cluster import admin, describe, unreachable
from console.projection.delivery import topics_of
from console.projection.store import Store
from schemas.change import Link
from schemas.errors import Transient
from schemas.wire import Wire
from streams.kafka import Broker, reach
from streams.settings import Settings
from streams.topics import Topic

LOOK = 0.25  # seconds between looks at the group's offset, which a worker commits every second


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says."""

    settings: Settings
    left: str
    right: str
    same: bool
    who: str
    why: str
    act: Literal["answer", "relink", "unlink"] = "answer"
    leave: bool = False

    @property
    def called(self) -> str:
        """What is done, as the topic `audit` has it."""
        return self.act if self.act != "answer" else "link" if self.same else "keep apart"

    @property
    def about(self) -> str:
        """Which two records it is about."""
        return f"{self.left} and {self.right}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where it lies."""

    topic: str
    partition: int
    offset: int

    @property
    def name(self) -> str:
        """As quarantine would name it."""
        return f"{self.topic}-{self.partition}-{self.offset}"


async def put(word: Word) -> Place:
    """Put it on the topic.

    Raises:
        Transient: the broker does not answer, or has no such topic yet.
    """
    settings = word.settings
    record = Link(
        tenant=settings.tenant,
        left=word.left,
        right=word.right,
        same=word.same,
        who=word.who,
        why=word.why,
        act=word.act,
        leave=word.leave,
        seen_at=datetime.now(UTC),
    )
    return await place(settings, topics_of(settings).changes, settings.tenant, record)


async def place(settings: Settings, topic: Topic, key: str, record: Wire) -> Place:
    """Put a record on one of our topics, if it is there.

    Raises:
        Transient: the broker does not answer, or has no such topic yet.
    """
    topics = topics_of(settings)
    try:
        there = await describe(settings.kafka, topics, [topic.name])
    except Transient as error:
        said = f"{error.message}. Nothing was sent. Next: start the broker (`revmark broker`) or set REVMARK_BROKER"
        raise Transient(said, code=error.code) from error
    if topic.name not in there.partitions:
        raise Transient(
            f"there is no topic {topics.name(topic)} at {settings.broker}. Nothing was sent. "
            "Next: revmark worker makes it",
            code="topic",
        )
    return await send(settings.kafka, topics.name(topic), key, record)


async def send(broker: Broker, topic: str, key: str, record: Wire) -> Place:
    """Put a record on a topic, and return once the broker has it.

    Raises:
        Transient: the broker does not answer.
    """
    producer = AIOKafkaProducer(**reach(broker), acks="all")
    try:
        await producer.start()
        sent = await producer.send_and_wait(topic, record.to_bytes(), key=key.encode())
    except (KafkaError, OSError) as error:
        said = (
            f"{unreachable(broker, error).message}. It may have arrived or not. Next: revmark status, then say it again"
        )
        raise Transient(said, code="broker") from error
    finally:
        await producer.stop()
    return Place(sent.topic, sent.partition, sent.offset)


async def taken_up(settings: Settings, place: Place, seconds: float) -> bool:
    """Wait until the workers' group has committed past a record; tell whether it did in time.

    Raises:
        Transient: the broker stopped answering.
    """
    partition = TopicPartition(place.topic, place.partition)
    async with admin(settings.kafka) as client:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    with contextlib.suppress(GroupCoordinatorNotAvailableError):  # no group has met on it yet
                        found = await client.list_consumer_group_offsets(settings.group, partitions=[partition])
                        if partition in found and found[partition].offset > place.offset:
                            return True
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            return False


def hand_over(settings: Settings, putting: Coroutine[Any, Any, Place], wait: float) -> Place:
    """Put a word on its topic, and wait until a worker has taken it up; with `wait` 0, only until it is there.

    Raises:
        Exit: no worker did in time; that is said.
        Transient: the broker does not answer.
    """
    lies = asyncio.run(putting)
    if wait and not asyncio.run(taken_up(settings, lies, wait)):
        raise unheard(wait)
    return lies


def turned_down(store: Store, place: Place) -> typer.Exit | None:
    """Say that a word that was taken up went into quarantine; the exit that goes with it. None: it did not."""
    found = store.rows("SELECT reason FROM quarantine WHERE key = ?", [place.name])
    if not found:
        return None
    note(
        f"not done: {found[0]['reason']}. It is in quarantine as {place.name}. "
        f"Next: revmark quarantine drop {place.name} --why TEXT, and say it again as it should be",
        "red",
    )
    return typer.Exit(NEEDS_PERSON)


def unheard(wait: float, done: str = "sent") -> typer.Exit:
    """Say that no worker took a word up in time; the exit that goes with it."""
    note(
        f"{done}, but no worker took it up within {wait:g} s; it stays on the topic and is taken up when one runs. "
        "Next: revmark worker",
        "yellow",
    )
    return typer.Exit(UNREACHABLE)
