"""Topics on a real broker: made as asked for, and what is there otherwise is named with how to mend it."""

from __future__ import annotations

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.errors import Fatal
from streams.admin import _differences, ensure_topics
from streams.topics import Topics

WANTED = {"cleanup.policy": "compact", "max.message.bytes": "4194304"}


@pytest.fixture
def topics(names: str) -> Topics:
    return Topics(prefix=f"{names}.", partitions=2)


async def make(broker: str, topics: Topics, name: str, partitions: int = 2, **config: str) -> str:
    """One of the topics, as somebody made it by hand."""
    (topic,) = [each for each in topics if each.name == name]
    settings = topic.config() | {entry.replace("_", "."): value for entry, value in config.items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topics.name(topic), partitions, 1, topic_configs=settings)])
    finally:
        await admin.close()
    return topics.name(topic)


@pytest.mark.broker
async def test_topics_are_made_once_and_as_asked_for(broker: str, topics: Topics):
    made = await ensure_topics(broker, topics)
    assert made == [topics.name(topic) for topic in topics]
    assert await ensure_topics(broker, topics) == []
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    (reply,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topics.name(topics.facts))])
    await admin.close()
    effective = {entry[0]: entry[1] for entry in reply.resources[0][4]}
    assert topics.facts.config().items() <= effective.items()


@pytest.mark.broker
@pytest.mark.parametrize(
    ("name", "entry", "value"),
    [
        ("facts", "retention.ms", "604800000"),
        ("revenue", "retention.ms", "604800000"),
        ("facts", "cleanup.policy", "compact"),
        ("ledger", "cleanup.policy", "delete"),
        ("ledger", "cleanup.policy", "compact,delete"),
        ("changes", "max.message.bytes", "1048588"),
    ],
)
async def test_a_setting_that_is_otherwise_is_named_with_its_command(
    broker: str, topics: Topics, name: str, entry: str, value: str
):
    full = await make(broker, topics, name, **{entry.replace(".", "_"): value})
    with pytest.raises(Fatal) as fatal:
        await ensure_topics(broker, topics)
    assert f"topic {full} has {entry}={value}" in fatal.value.message
    (topic,) = [each for each in topics if each.name == name]
    mend = f"--entity-name {full} --add-config {entry}={topic.config()[entry]}"
    assert "kafka-configs.sh --alter" in fatal.value.message
    assert mend in fatal.value.message


@pytest.mark.broker
async def test_every_setting_that_is_otherwise_is_named_at_once(broker: str, topics: Topics):
    full = await make(broker, topics, "facts", retention_ms="1000", max_message_bytes="1000")
    other = await make(broker, topics, "ledger", cleanup_policy="delete")
    with pytest.raises(Fatal) as fatal:
        await ensure_topics(broker, topics)
    assert fatal.value.message.count("kafka-configs.sh") == 3
    assert full in fatal.value.message
    assert other in fatal.value.message


@pytest.mark.broker
async def test_fewer_replicas_than_asked_for_are_named_with_how_to_mend_them(broker: str, topics: Topics):
    await ensure_topics(broker, topics)
    with pytest.raises(Fatal, match="is kept on 1 brokers and this deployment is set to 3") as fatal:
        await ensure_topics(broker, Topics(prefix=topics.prefix, partitions=2, replication=3))
    assert "kafka-reassign-partitions.sh" in fatal.value.message
    assert "REVMARK_REPLICATION=1" in fatal.value.message


@pytest.mark.broker
async def test_another_number_of_partitions_is_named(broker: str, topics: Topics):
    await make(broker, topics, "facts", partitions=3)
    with pytest.raises(Fatal, match="REVMARK_PARTITIONS=3"):
        await ensure_topics(broker, topics)


async def test_a_broker_that_is_not_there_is_named():
    with pytest.raises(Fatal, match=r"no Kafka answers at 127\.0\.0\.1:1"):
        await ensure_topics("127.0.0.1:1", Topics())


def test_a_setting_that_the_broker_does_not_tell_is_not_taken_for_right():
    (said,) = _differences("t", WANTED, {"cleanup.policy": "compact"})
    assert "does not tell its max.message.bytes and must have 4194304" in said
    assert list(_differences("t", WANTED, {**WANTED, "retention.ms": "1"})) == []
