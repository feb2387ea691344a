"""Whether Kafka answers, and whether the topics that are there fit the settings."""

from __future__ import annotations

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.checkup.finding import Finding
from streams.kafka import reach, refused_hint
from streams.settings import Settings
from streams.topics import Topics

PATIENCE = 10.0  # seconds; a broker that is there answers in milliseconds
_START = "start one with `revmark broker`, or set REVMARK_BROKER"


async def finding(settings: Settings) -> Finding:
    """Look; nothing is created."""
    admin = AIOKafkaAdminClient(**reach(settings.kafka))
    topics = Topics(settings.topic_prefix, settings.partitions, settings.replication)
    wanted = {topics.name(topic) for topic in topics}
    try:
        async with asyncio.timeout(PATIENCE):
            await admin.start()
            there = [name for name in await admin.list_topics() if name in wanted]
            described = await admin.describe_topics(there) if there else []
    except (KafkaError, OSError, TimeoutError):
        return Finding(
            "broker",
            ok=False,
            detail=f"no Kafka answers at {settings.broker}{refused_hint(settings.kafka)}",
            next_step=_START,
        )
    finally:
        await admin.close()
    for each in described:
        if (number := len(each["partitions"])) != settings.partitions:
            return Finding(
                "broker",
                ok=False,
                detail=f"{each['topic']} has {number} partitions and the settings say {settings.partitions}",
                next_step=f"set REVMARK_PARTITIONS={number}, or another REVMARK_TOPIC_PREFIX",
            )
    state = f"{len(there)} of {len(wanted)} topics are there" if there else "its topics are made by the first worker"
    return Finding("broker", ok=True, detail=f"{settings.broker} answers; {state}")
