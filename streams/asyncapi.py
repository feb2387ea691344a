"""The AsyncAPI 3 document of the public topics: `python -m streams.asyncapi` writes it.

In: the topics and the models of their values. Out: `docs/asyncapi.json`, for code generators and catalogues.
Source: the AsyncAPI specification 3.0.0 and its Kafka bindings 0.5.0.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from schemas.published import PUBLISHED
from schemas.wire import Wire
from streams.topics import Topic, Topics
from streams.tracing import TRACEPARENT

FILE = Path(__file__).parents[1] / "docs" / "asyncapi.json"
BINDING = "0.5.0"  # of the Kafka bindings
Json = dict[str, Any]

VALUES: dict[str, type[Wire]] = {topic.name: PUBLISHED[topic.name] for topic in Topics() if topic.public}
SAID = {
    "revenue": "What finance counts has happened. An event may come more than once: drop an `id` that was seen.",
    "totals": "The sums of one day, currency, subsidiary and side; a newer record of a key replaces the older one.",
    "variances": "A difference between the sides, with its document; a newer record of an id replaces the older one.",
}
HEADERS: Json = {
    "type": "object",
    "properties": {
        TRACEPARENT: {
            "type": "string",
            "description": "The trace that the record belongs to, as W3C Trace Context has it; most records have none.",
        },
    },
}


def document(topics: Topics) -> Json:
    """The document of a deployment's public topics."""
    _, told = models_json_schema(
        [(kind, "serialization") for kind in VALUES.values()], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Revmark",
            "version": version("revmark"),
            "description": "Revenue on which a CRM and an ERP agree. Amounts are decimal strings, times are UTC.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(topics, topic) for name, topic in _public(topics).items()},
        "operations": {f"publish_{name}": _operation(name) for name in _public(topics)},
        "components": {
            "messages": {VALUES[name].__name__: _message(topic) for name, topic in _public(topics).items()},
            "schemas": told["$defs"],
        },
    }


def _public(topics: Topics) -> dict[str, Topic]:
    return {topic.name: topic for topic in topics if topic.public}


def _channel(topics: Topics, topic: Topic) -> Json:
    kind = VALUES[topic.name].__name__
    kept = {name: int(value) for name, value in topic.config().items() if name in {"retention.ms", "max.message.bytes"}}
    return {
        "address": topics.name(topic),
        "description": SAID[topic.name],
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"}},
        "bindings": {
            "kafka": {
                "topic": topics.name(topic),
                "partitions": topics.partitions,
                "topicConfiguration": {"cleanup.policy": [topic.cleanup], **kept},
                "bindingVersion": BINDING,
            }
        },
    }


def _operation(name: str) -> Json:
    kind = VALUES[name].__name__
    channel = f"#/channels/{name}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{kind}"}],
    }


def _message(topic: Topic) -> Json:
    kind = VALUES[topic.name].__name__
    return {
        "name": kind,
        "contentType": "application/json",
        "headers": HEADERS,
        "payload": {"$ref": f"#/components/schemas/{kind}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": BINDING}},
    }


def text(topics: Topics | None = None) -> str:
    """The document as it is written."""
    return json.dumps(document(topics or Topics()), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
