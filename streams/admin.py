"""The broker's topics: made as `streams.topics` lists them, or the mismatch named with how to mend it."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError

from schemas.errors import Fatal
from streams.topics import Topic, Topics

CREATE_TIMEOUT_MS = 30_000  # a new broker makes two dozen topics in about two seconds


async def ensure_topics(broker: str, topics: Topics) -> list[str]:
    """Create what is missing and check what is there; returns the names that were created.

    Raises:
        Fatal: the broker cannot be reached, or a topic has another partition count or cleanup policy.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    try:
        await admin.start()
    except (KafkaConnectionError, OSError) as error:
        raise Fatal(
            f"no Kafka answers at {broker}. Nothing was read or written. "
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
                topic_configs=wanted[name].config(),
            )
            for name in missing
        ]
        reply = await admin.create_topics(new, timeout_ms=CREATE_TIMEOUT_MS)
        for name, code, *rest in reply.topic_errors:
            if code and code != TopicAlreadyExistsError.errno:
                raise Fatal(f"topic {name} could not be made: {rest[0] if rest else code}", code="topic")
    present = {name: wanted[name] for name in wanted if name in there}
    if present:
        await _check(admin, topics, present)
    return missing


async def _check(admin: AIOKafkaAdminClient, topics: Topics, present: dict[str, Topic]) -> None:
    for described in await admin.describe_topics(list(present)):
        count = len(described["partitions"])
        if count != topics.partitions:
            raise Fatal(
                f"topic {described['topic']} has {count} partitions and this deployment is set to {topics.partitions}. "
                f"Nothing was read or written. Set REVMARK_PARTITIONS={count}, or use another REVMARK_TOPIC_PREFIX: "
                "partitions decide which worker keeps a customer and cannot change in place",
                code="partitions",
            )
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in present]
    for reply in await admin.describe_configs(resources):
        for _code, _message, _kind, name, entries in reply.resources:
            policy = next((entry[1] for entry in entries if entry[0] == "cleanup.policy"), None)
            wish = present[name].cleanup
            if policy is not None and policy != wish:
                raise Fatal(
                    f"topic {name} has cleanup.policy={policy} and must have {wish}. Nothing was read or written. Mend "
                    f"it: kafka-configs.sh --alter --entity-type topics --entity-name {name} "
                    f"--add-config cleanup.policy={wish}",
                    code="cleanup",
                )
