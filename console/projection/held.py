"""A quarantined record: what could not go on, where it lay and why.

The parser takes what it finds: quarantine is where broken things are, so a broken quarantine record is shown as it is
and never refused.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from console.projection.delivery import Delivery
from schemas.instants import Instant, from_millis


class Held(BaseModel):
    """One record in quarantine. `key` and `value` are texts where the bytes were text, else base64."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    topic: str
    partition: int
    offset: int
    key: str | None = None
    value: str | None = None
    reason: str
    code: str = ""
    at: Instant

    @classmethod
    def parse(cls, delivery: Delivery) -> Held:
        """Read a quarantine record, whatever it is."""
        found: Any
        try:
            found = orjson.loads(delivery.value or b"null")
        except orjson.JSONDecodeError:
            found = None
        record = found if isinstance(found, dict) else {"value": _text(delivery.value)}
        at = _instant(record.get("at")) or from_millis(delivery.timestamp)
        topic, partition, offset = _place(record, delivery)
        more = {name: value for name, value in record.items() if name not in _KNOWN}
        parts = {
            "name": f"{topic}-{partition}-{offset}",
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "key": _unpacked(record.get("key")),
            "value": _unpacked(record.get("value")),
            "reason": str(record.get("reason") or "no reason was written"),
            "code": str(record.get("code") or ""),
            "at": at,
        }
        try:
            return cls(**parts, **more)
        except ValidationError:  # a key of ours with a value that is none: show the parts that can be shown
            return cls(**parts)


_KNOWN = {"name", "topic", "partition", "offset", "key", "value", "reason", "code", "at"}


def _place(record: dict[str, Any], delivery: Delivery) -> tuple[str, int, int]:
    """Where the record lay; where that was not written, where it lies in quarantine."""
    topic, partition, offset = record.get("topic"), record.get("partition"), record.get("offset")
    if isinstance(topic, str) and isinstance(partition, int) and isinstance(offset, int):
        return topic, partition, offset
    return delivery.topic, delivery.partition, delivery.offset


def _instant(value: Any) -> datetime | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_millis(int(value))
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def _unpacked(value: Any) -> str | None:
    """Base64 as the text inside it, if there is one."""
    if value is None:
        return None
    if not isinstance(value, str):
        return orjson.dumps(value).decode()
    try:
        inner = base64.b64decode(value, validate=True)
        return inner.decode() if inner.decode().isprintable() or "\n" in inner.decode() else value
    except (binascii.Error, UnicodeDecodeError):
        return value


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()
