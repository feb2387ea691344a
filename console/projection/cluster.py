"""The broker's side of the projection: who the cluster is, which of our topics are there, a consumer over them.

Topics are looked up and never asked for by name, because a broker may create a topic that is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError

from schemas.errors import Transient
from streams.kafka import Broker, reach, refused_hint
from streams.topics import Topics

PATIENCE = 10.0  # seconds for a broker to answer before it counts as unreachable
CALL_TIMEOUT = 5_000  # milliseconds, of one request


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the broker said of itself: its id, and the partitions of those topics of ours that exist."""

    identity: str
    partitions: dict[str, list[int]]


def unreachable(broker: Broker, error: BaseException) -> Transient:
    """The error for a broker that does not answer."""
    why = "" if isinstance(error, KafkaConnectionError | TimeoutError) else f": {error}"
    return Transient(f"no Kafka answers at {broker}{refused_hint(broker)}{why}", code="broker")


@asynccontextmanager
async def admin(broker: Broker) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected admin client.

    Raises:
        Transient: the broker does not answer.
    """
    client = AIOKafkaAdminClient(**reach(broker), request_timeout_ms=CALL_TIMEOUT, client_id="revmark-console")
    try:
        async with asyncio.timeout(PATIENCE):
            await client.start()
        yield client
    except (KafkaError, OSError, TimeoutError) as error:
        raise unreachable(broker, error) from error
    finally:
        await client.close()


async def describe(broker: Broker, topics: Topics, names: Iterable[str]) -> Cluster:
    """Ask the broker who it is and which of the topics `names` (bare names) it has.

    Raises:
        Transient: it does not answer.
    """
    wanted = {f"{topics.prefix}{name}": name for name in names}
    async with admin(broker) as client:
        identity = (await client.describe_cluster()).get("cluster_id") or "unnamed"
        there = [name for name in await client.list_topics() if name in wanted]
        found = await client.describe_topics(there) if there else []
    partitions = {
        wanted[item["topic"]]: sorted(part["partition"] for part in item["partitions"])
        for item in found
        if item["topic"] in wanted
    }
    return Cluster(f"{identity}/{topics.prefix}", partitions)


@asynccontextmanager
async def consumer(broker: Broker) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer of no group.

    Raises:
        Transient: the broker does not answer.
    """
    client = AIOKafkaConsumer(
        **reach(broker),
        client_id="revmark-console",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=CALL_TIMEOUT,
        fetch_max_wait_ms=250,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await client.start()
        yield client
    except (KafkaError, OSError, TimeoutError) as error:
        raise unreachable(broker, error) from error
    finally:
        await client.stop()


@asynccontextmanager
async def producer(broker: Broker) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer, whose records are there once and on every replica; what goes wrong is its caller's to say."""
    client = AIOKafkaProducer(**reach(broker), acks="all", enable_idempotence=True)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


def partitions_of(cluster: Cluster, topics: Topics) -> dict[TopicPartition, str]:
    """Every partition of the cluster's topics of ours, with the topic's bare name."""
    return {
        TopicPartition(f"{topics.prefix}{name}", number): name
        for name, numbers in cluster.partitions.items()
        for number in numbers
    }


async def ends(broker: Broker, topics: Topics, names: Iterable[str]) -> dict[tuple[str, int], tuple[int, int]]:
    """Where each partition of these topics (bare names) begins and ends now.

    Raises:
        Transient: the broker does not answer.
    """
    places = partitions_of(await describe(broker, topics, names), topics)
    async with consumer(broker) as client:
        begin = await client.beginning_offsets(list(places))
        end = await client.end_offsets(list(places))
    return {(name, place.partition): (begin[place], end[place]) for place, name in places.items()}
