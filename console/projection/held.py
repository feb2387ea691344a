"""A quarantined record: what could not go on, where it lay and why; and its bytes, to put it back.

The parser takes what it finds: quarantine is where broken things are, so a broken quarantine record is shown as it is
and never refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from console.projection.delivery import Delivery
from schemas.instants import Instant, from_millis
from schemas.quarantine import Edit, Settlement, place_name


@dataclass(frozen=True, slots=True)
class Bytes:
    """A quarantined record as it lay on its topic. Not `complete`: its bytes did not fit into quarantine."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    complete: bool = True

    @classmethod
    def parse(cls, raw: str) -> Bytes | None:
        """Read a quarantine record's value; None where it does not say what lay where."""
        try:
            found = orjson.loads(raw)
            return cls(
                topic=found["topic"],
                partition=int(found["partition"]),
                offset=int(found["offset"]),
                key=_bytes(found["key"]),
                value=_bytes(found["value"]),
                headers=tuple((str(name), _bytes(value)) for name, value in found.get("headers") or ()),
                complete=bool(found.get("complete", True)),
            )
        except (ValueError, KeyError, TypeError):
            return None


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value, validate=True)


class Held(BaseModel):
    """One record in quarantine. `key` and `value` are texts where the bytes were text, else base64.

    `about` is the record of a platform, or the canonical id, that it tells of, where that can still be read.
    `settlement` says what became of it; None: it is held. `edit` is what a person put in place of the value. `earlier`
    are the names it was quarantined under before it was put back, oldest first.
    """

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
    about: str = ""
    settlement: Settlement | None = None
    edit: Edit | None = None
    earlier: tuple[str, ...] = ()

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return len(self.earlier) + 1

    @property
    def origin(self) -> tuple[str, int, int]:
        """Where it lay at first: what orders it among others, wherever it was put back to."""
        offset = self.earlier[0].rpartition("-")[2] if self.earlier else str(self.offset)
        return self.topic, self.partition, int(offset)

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
            "name": place_name(topic, partition, offset),
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "key": _unpacked(record.get("key")),
            "value": _unpacked(record.get("value")),
            "reason": str(record.get("reason") or "no reason was written"),
            "code": str(record.get("code") or ""),
            "at": at,
            "about": _about(_unpacked(record.get("value"))),
        }
        try:
            return cls(**parts, **more)
        except ValidationError:  # a key of ours with a value that is none: show the parts that can be shown
            return cls(**parts)


_KNOWN = {
    "name",
    "topic",
    "partition",
    "offset",
    "key",
    "value",
    "reason",
    "code",
    "at",
    "about",
    "settlement",
    "edit",
    "earlier",
}


def _about(value: str | None) -> str:
    """What a change, fact, command, document or event is about."""
    try:
        found = orjson.loads(value or "null")
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(found, Mapping):
        return ""
    parts = [found.get(name) for name in ("platform", "kind", "record_id")]
    if all(isinstance(part, str) for part in parts):
        return "/".join(map(str, parts))
    named = [found.get(name) for name in ("record", "document", "id")]
    return next((name for name in named if isinstance(name, str) and ":" in name), "")


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
