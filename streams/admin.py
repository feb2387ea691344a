"""The broker's topics: made as `streams.topics` lists them, or the mismatch named with how to mend it.

In: the topics as they must be. Out: the names of those that were made. Invariant: what is there is never changed, and
nothing is read or written while it is otherwise than asked for: a topic that forgets too early loses what it promised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)

from schemas.errors import Fatal
from streams.kafka import Broker, reach, refused_hint
from streams.topics import Topic, Topics

CREATE_TIMEOUT_MS = 30_000  # a new broker makes two dozen topics in about two seconds

DESCRIBE_ATTEMPTS, DESCRIBE_PAUSE = 50, 0.2  # ten seconds: a busy broker learns of new topics within one
_NOT_YET = {UnknownTopicOrPartitionError.errno, LeaderNotAvailableError.errno}


async def ensure_topics(broker: Broker, topics: Topics) -> list[str]:
    """Create what is missing and check what is there; returns the names that were created.

    Raises:
        Fatal: the broker cannot be reached, or a topic has other partitions, fewer replicas or other settings than it
            must have; the message says how to mend every one of them.
    """
    admin = AIOKafkaAdminClient(**reach(broker))
    try:
        await admin.start()
    except (KafkaConnectionError, OSError) as error:
        raise Fatal(
            f"no Kafka answers at {broker}{refused_hint(broker)}. Nothing was read or written. "
            "Start one with `revmark broker`, or set REVMARK_BROKER, and run this again",
            code="broker",
        ) from error
    try:
        return await _ensure(admin, topics)
    except KafkaError as error:
        raise Fatal(f"the broker at {broker} refused a request about topics: {error}", code="broker") from error
    finally:
        await admin.close()


async def _ensure(admin: AIOKafkaAdminClient, topics: Topics) -> list[str]:
    wanted = {topics.name(topic): topic for topic in topics}
    there = set(await admin.list_topics())
    missing = [name for name in wanted if name not in there]
    if missing:
        new = [
            NewTopic(
                name=name,
                num_partitions=topics.partitions,
                replication_factor=topics.replication,
                topic_configs=wanted[name].config(topics.replication),
            )
            for name in missing
        ]
        reply = await admin.create_topics(new, timeout_ms=CREATE_TIMEOUT_MS)
        for name, code, *rest in reply.topic_errors:
            if code == TopicAlreadyExistsError.errno:  # another worker was faster, or the list was old
                there.add(name)
            elif code:
                raise Fatal(f"topic {name} could not be made: {rest[0] if rest else code}", code="topic")
    present = {name: wanted[name] for name in wanted if name in there}
    if present:
        await _check(admin, topics, present)
    return [name for name in missing if name not in present]


async def _described(admin: AIOKafkaAdminClient, names: list[str]) -> list[dict[str, Any]]:
    """The topics as the broker describes them, once it knows of what has just been made."""
    for _ in range(DESCRIBE_ATTEMPTS):
        described: list[dict[str, Any]] = await admin.describe_topics(names)
        if not any(each["error_code"] in _NOT_YET for each in described):
            break
        await asyncio.sleep(DESCRIBE_PAUSE)
    for each in described:
        if each["error_code"]:
            raise _undescribed(each["topic"], each["error_code"])
    return described


async def _check(admin: AIOKafkaAdminClient, topics: Topics, present: dict[str, Topic]) -> None:
    for described in await _described(admin, list(present)):
        _check_partitions(described, topics)
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in present]
    wrong: list[str] = []
    for reply in await admin.describe_configs(resources):
        for code, _message, _kind, name, entries in reply.resources:
            if code:
                raise _undescribed(name, code)
            effective = {entry[0]: entry[1] for entry in entries}
            wrong += _differences(name, present[name].config(topics.replication), effective)
    if wrong:
        raise Fatal(f"{'; '.join(wrong)}. Nothing was read or written", code="config")


def _check_partitions(described: Mapping[str, Any], topics: Topics) -> None:
    name, count = described["topic"], len(described["partitions"])
    if count != topics.partitions:
        raise Fatal(
            f"topic {name} has {count} partitions and this deployment is set to {topics.partitions}. "
            f"Nothing was read or written. Set REVMARK_PARTITIONS={count}, or use another REVMARK_TOPIC_PREFIX: "
            "partitions decide which worker keeps a customer and cannot change in place",
            code="partitions",
        )
    copies = min(len(partition["replicas"]) for partition in described["partitions"])
    if copies < topics.replication:
        raise Fatal(
            f"topic {name} is kept on {copies} brokers and this deployment is set to {topics.replication}: one broker "
            "lost would lose records that were acknowledged. Nothing was read or written. Mend it: "
            f"kafka-reassign-partitions.sh --execute with a plan that lists {topics.replication} replicas for every "
            f"partition of {name} (and of the other topics), or set REVMARK_REPLICATION={copies}",
            code="replication",
        )


def _differences(name: str, wanted: Mapping[str, str], effective: Mapping[str, str | None]) -> Iterator[str]:
    for entry, value in wanted.items():
        found = effective.get(entry)
        if found != value:
            has = f"has {entry}={found}" if found is not None else f"does not tell its {entry}"
            yield (
                f"topic {name} {has} and must have {value}. Mend it: kafka-configs.sh --alter --entity-type topics "
                f"--entity-name {name} --add-config {entry}={value}"
            )


def _undescribed(name: str, code: int) -> Fatal:
    said = f"the broker does not describe topic {name} (error {code}). Nothing was read or written. Give this user the "
    return Fatal(f"{said}operations DESCRIBE and DESCRIBE_CONFIGS on it, and run this again", code="topic")
