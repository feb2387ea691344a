"""What is kept of a record that cannot go on: where it was, why, and its raw bytes."""

import base64
from typing import Any

import orjson
from faust.types import TP

from streams.engine.record import Record

__all__ = ["quarantined"]

REASON = 1_000  # characters kept of a reason that leaves no room: what went wrong is said at its beginning


def quarantined(tp: TP, record: Record, reason: str, *, limit: int) -> bytes:
    """Return the JSON kept for a record; without its bytes when they would not fit into `limit`.

    A record without bytes can still be fetched by its topic, partition and offset while its topic keeps it.
    """
    kept: dict[str, Any] = {
        "topic": tp.topic,
        "partition": tp.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "reason": reason,
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [[name, _text(value)] for name, value in record.headers],
        "complete": True,
    }
    raw = orjson.dumps(kept)
    if len(raw) > limit:
        kept |= {"value": None, "headers": [], "complete": False}
        raw = orjson.dumps(kept)
    if len(raw) > limit:  # a large key, or a reason that repeats the record
        kept |= {"key": None, "reason": reason[:REASON]}
        raw = orjson.dumps(kept)
    return raw


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()
