"""Whether a broker answers and has the topics, asked before anything of the worker starts."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from streams.engine.errors import BrokerUnreachable, Misconfigured

__all__ = ["PATIENCE", "largest_record", "look_up_topics"]

PATIENCE = 12.0  # seconds: a broker that starts together with the worker gets its time
ASK_EVERY = 0.5  # seconds between attempts


async def look_up_topics(
    addresses: Sequence[str], needed: Iterable[str], *, security: Mapping[str, object], patience: float
) -> dict[str, int]:
    """Return the partition count of every topic, once a broker answers and has the needed ones.

    Raises:
        BrokerUnreachable: none answers.
        Misconfigured: a needed topic does not exist.
    """
    deadline = monotonic() + patience
    chatter = logging.getLogger("aiokafka")
    level = chatter.level
    chatter.setLevel(logging.CRITICAL)  # it logs each attempt; the error below says it once
    try:
        while True:
            late = monotonic() > deadline - ASK_EVERY
            try:
                async with asyncio.timeout(patience):
                    topics = await _ask(addresses, security)
            except (KafkaError, OSError, TimeoutError) as error:
                if late:
                    raise BrokerUnreachable(
                        f"No Kafka broker answers at {', '.join(addresses)} (tried for {patience:.0f} seconds: "
                        f"{error!r}). Nothing was read or written. Start the broker, or correct its address."
                    ) from error
            else:
                missing = sorted(set(needed) - set(topics))
                if not missing:
                    return topics
                if late:
                    raise Misconfigured(
                        f"The broker at {', '.join(addresses)} has no topic {', '.join(missing)}. "
                        "Nothing was read or written. Create the topics, then start the worker again."
                    )
            await asyncio.sleep(ASK_EVERY)
    finally:
        chatter.setLevel(level)


async def largest_record(addresses: Sequence[str], topic: str, *, security: Mapping[str, object]) -> int | None:
    """Return how many bytes a topic takes in one record (`max.message.bytes`), if the broker tells us."""
    admin = AIOKafkaAdminClient(bootstrap_servers=list(addresses), **security)
    try:
        await admin.start()
        replies = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    except (KafkaError, OSError):  # it may not be for us to know
        return None
    finally:
        await admin.close()
    entries = [entry for reply in replies for code, _, _, _, found in reply.resources if not code for entry in found]
    return next((int(value) for name, value, *_ in entries if name == "max.message.bytes" and value), None)


async def _ask(addresses: Sequence[str], security: Mapping[str, object]) -> dict[str, int]:
    client = AIOKafkaClient(bootstrap_servers=list(addresses), **security)
    try:
        await client.bootstrap()
        cluster = await client.fetch_all_metadata()
        return {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in cluster.topics()}
    finally:
        await client.close()
