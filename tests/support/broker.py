"""The Kafka that tests run on.

Flows in: the environment. Flows out: the address of a broker that answers. `REVMARK_BROKER` names one that
runs already; `REVMARK_TEST_BROKER=docker` starts the image of the same version with testcontainers; otherwise
the embedded one is started in a temporary folder and is gone with the session.
"""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.broker import KAFKA_VERSION, BrokerError, EmbeddedKafka
from streams.broker.ports import brokers_known, free_ports

__all__ = ["committed", "cut", "grow", "kafka_for_tests", "make_topics", "read", "remove_topic", "write"]

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
UP_WITHIN = 60.0  # seconds, after the image has been pulled


@contextmanager
def kafka_for_tests(folder: Path) -> Iterator[str]:
    """Yield the address of the broker the environment asks for; stop it afterwards if it was started here."""
    if running := os.environ.get("REVMARK_BROKER"):
        yield running
    elif os.environ.get("REVMARK_TEST_BROKER") == "docker":
        with _container() as address:
            yield address
    else:
        with EmbeddedKafka.start(folder=folder) as kafka:
            yield kafka.address


@contextmanager
def _container() -> Iterator[str]:
    """Run Apache's own image; its port must be the same inside and outside, for Kafka tells clients where to go."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - looks for an engine when imported

    (port,) = free_ports(1)
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    with DockerContainer(IMAGE).with_envs(**settings).with_bind_ports(port, port):
        deadline = time.monotonic() + UP_WITHIN
        while not brokers_known(port):
            if time.monotonic() > deadline:
                raise BrokerError(f"{IMAGE} did not answer on port {port} within {UP_WITHIN:.0f} seconds.")
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"


async def make_topics(address: str, partitions: Mapping[str, int], **config: str) -> None:
    """Create topics and wait until every partition can be written."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(t, n, 1, topic_configs=config) for t, n in partitions.items()])
        deadline = time.monotonic() + UP_WITHIN
        while time.monotonic() < deadline:
            found = await admin.describe_topics(list(partitions))
            if all(t["error_code"] == 0 and all(p["leader"] >= 0 for p in t["partitions"]) for t in found):
                return
        raise BrokerError(f"{', '.join(partitions)} did not get leaders.")
    finally:
        await admin.close()


async def remove_topic(address: str, topic: str) -> None:
    """Delete a topic and wait until it is gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        deadline = time.monotonic() + UP_WITHIN
        while topic in await admin.list_topics():
            if time.monotonic() > deadline:
                raise BrokerError(f"{topic} was not deleted.")
    finally:
        await admin.close()


async def cut(address: str, topic: str, before: Mapping[int, int]) -> None:
    """Remove the records of partitions before an offset."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(topic, partition): RecordsToDelete(offset) for partition, offset in before.items()}
        )
    finally:
        await admin.close()


async def grow(address: str, topic: str, partitions: int) -> None:
    """Give a topic more partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_partitions({topic: NewPartitions(partitions)})
    finally:
        await admin.close()


async def write(address: str, topic: str, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
    """Write records and wait until all are acknowledged."""
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all", linger_ms=5)
    await producer.start()
    try:
        await asyncio.gather(*[await producer.send(topic, value, key=key) for key, value in records])
    finally:
        await producer.stop()


async def read(address: str, *topics: str) -> list[Any]:
    """Return every record the topics hold now, partition by partition in order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(t, p) for t in topics for p in sorted(await _partitions(consumer, t))]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        begins = await consumer.beginning_offsets(places)
        left = {place for place in places if ends[place] > begins[place]}
        records: list[Any] = []
        while left:
            for found in (await consumer.getmany(*left, timeout_ms=1000)).values():
                records += found
            left = {place for place in left if await consumer.position(place) < ends[place]}
        return records
    finally:
        await consumer.stop()


async def _partitions(consumer: Any, topic: str) -> set[int]:
    deadline = time.monotonic() + UP_WITHIN
    while time.monotonic() < deadline:
        await consumer._client.force_metadata_update()  # noqa: SLF001 - a consumer without group has no public way
        found: set[int] | None = consumer.partitions_for_topic(topic)
        if found:
            return found
        await consumer._client.add_topic(topic)  # noqa: SLF001 - same
    raise BrokerError(f"{topic} does not exist.")


async def committed(address: str, group: str) -> dict[tuple[str, int], int]:
    """Return a group's committed offsets."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        try:
            offsets = await admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:  # no group has met on this broker yet, so nothing is committed
            return {}
        return {(place.topic, place.partition): where.offset for place, where in offsets.items()}
    finally:
        await admin.close()
