"""The ids Kafka gives topics: a topic that is removed and made anew under its name has another one.

Flows in: topic names. Flows out: their ids, as far as the broker tells them.
aiokafka's own question for topics is of a version from before there were ids, so this one is spelt out here.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion, KafkaError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

__all__ = ["topic_ids"]


class Uuid(AbstractType[uuid.UUID]):  # type: ignore[misc] # aiokafka ships no types
    """Sixteen bytes."""

    @classmethod
    def encode(cls, value: uuid.UUID) -> bytes:
        """Return the bytes."""
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> uuid.UUID:
        """Return the id that comes next."""
        return uuid.UUID(bytes=data.read(16))


TEXT = CompactString("utf-8")


class TopicsResponse(Response):  # type: ignore[misc] # aiokafka ships no types
    """Kafka's answer (Metadata, version 12)."""

    API_KEY = 3
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(("node_id", Int32), ("host", TEXT), ("port", Int32), ("rack", TEXT), ("tags", TaggedFields)),
        ),
        ("cluster_id", TEXT),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", TEXT),
                ("topic_id", Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("in_sync", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class TopicsQuestion(RequestStruct):  # type: ignore[misc] # aiokafka ships no types
    """The same as it is asked."""

    API_KEY = 3
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = TopicsResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", TEXT), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class TopicsRequest(Request[TopicsQuestion]):  # type: ignore[misc] # aiokafka ships no types
    """A question for topics by name."""

    API_KEY = 3

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[TopicsQuestion]) -> TopicsQuestion:
        """Return the question as it goes to the broker."""
        nobody = uuid.UUID(int=0)
        return request_struct_class([(nobody, name, {}) for name in self._topics], False, False, {})  # noqa: FBT003


async def topic_ids(addresses: Sequence[str], topics: Iterable[str], *, security: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids of topics; those are left out that do not exist, and all where the broker has no ids to tell."""
    client = AIOKafkaClient(bootstrap_servers=list(addresses), **security)
    try:
        await client.bootstrap()
        answer = await client.send(client.get_random_node(), TopicsRequest(topics))
    except (IncompatibleBrokerVersion, NotImplementedError, KafkaError):
        return {}
    finally:
        await client.close()
    return told(answer.topics)


def told(topics: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Return the ids in an answer.

    A broker of a cluster that gives no ids yet tells zeros: not an id, and another one after the upgrade.
    """
    return {name: str(found) for error, name, found, *_ in topics if not error and found.int}
