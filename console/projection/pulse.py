"""The pulse: how many records passed each stop of the flow, in buckets of ten seconds.

Only the last hour is kept; it is shown, never reckoned with.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson

from console.projection.delivery import Delivery
from schemas.instants import to_millis

BUCKET = timedelta(seconds=10)  # fine enough for "the last minute" to move while one watches
KEPT = timedelta(hours=1)  # older counts are not shown
# Topics of which every record counts at one stop.
_WHOLE = {"decisions": "arbitrate", "totals": "reconcile", "revenue": "publish", "quarantine": "quarantine"}
_LANE = {"read": "hint", "command": "lane"}
_SETTLED = {"applied", "refused", "superseded"}


def bucket_of(instant: datetime) -> int:
    """The bucket an instant falls into."""
    return to_millis(instant) // int(BUCKET.total_seconds() * 1000)


def stops(delivery: Delivery) -> Iterable[str]:
    """The stops that a record on this topic has just passed."""
    found = {} if delivery.topic in _WHOLE and delivery.topic != "quarantine" else _peek(delivery.value)
    kind = found.get("type")
    if (stop := _WHOLE.get(delivery.topic)) is not None:
        if kind != "settlement":  # a person's word, and no record that stopped
            yield stop
        return
    if delivery.topic == "ledger":
        if found.get("state") in _SETTLED:
            verb = "written" if found["state"] == "applied" else "declined"
            yield f"{verb}.{(found.get('command') or {}).get('platform')}"
    elif delivery.topic == "changes" and kind == "change":
        yield f"seen.{found.get('platform')}"
    elif delivery.topic == "facts" and kind == "fact":
        yield "capture"
    elif delivery.topic.startswith("lanes.") and kind in _LANE:
        yield f"{_LANE[kind]}.{delivery.topic.removeprefix('lanes.')}"


def _peek(value: bytes | None) -> dict[str, Any]:
    try:
        found = orjson.loads(value or b"null")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
