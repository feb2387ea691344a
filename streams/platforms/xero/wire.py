"""Xero's wire: exact numbers out, `/Date(...)/` in.

In: JSON values. Out: body text, instants in milliseconds, calendar days. Invariant: an amount is a Decimal on both
ways; nothing here makes a float.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.instants import from_millis, parse_instant, to_millis, version_millis
from schemas.money import exact, plain

# "/Date(1726000000123+0000)/": milliseconds since 1970 in UTC; the offset only says how to show it (facts B3).
_DATE = re.compile(r"^/Date\((-?\d{1,15})([+-]\d{4})?\)/$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}")


def body(value: Any) -> bytes:
    """Write JSON with each Decimal as the exact number it is.

    Raises:
        TypeError: a value that is no JSON, or a float.
    """
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(each) for each in value) + "]"
    if isinstance(value, Decimal):
        return plain(value)
    if value is None or isinstance(value, str | bool | int):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} does not go to Xero")


def millis(text: Any) -> int:
    """Milliseconds since 1970 of `/Date(...)/` or of ISO 8601 (which is UTC when it names no zone).

    Raises:
        ValueError: it is neither.
    """
    if isinstance(text, str):
        if found := _DATE.match(text):
            return int(found[1])
        if _DAY.match(text):
            return to_millis(parse_instant(text))
    raise ValueError("not a time of Xero")


def day(text: Any) -> str:
    """The calendar day, YYYY-MM-DD. Xero writes days as midnight in UTC.

    Raises:
        ValueError: it is no day.
    """
    try:
        return from_millis(millis(text)).date().isoformat()
    except OverflowError as error:
        raise ValueError("a day out of range") from error


def modified_since(since_ms: int) -> str:
    """The value of `If-Modified-Since`: UTC to the second, rounded down (facts B4)."""
    return datetime.fromtimestamp(since_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def version(raw: dict[str, Any], fallback: int = 0) -> int:
    """`UpdatedDateUTC` in milliseconds, or `fallback` where the record carries none.

    Raises:
        ValueError: it is there and is no time, or none that anybody can have seen.
    """
    stated = raw.get("UpdatedDateUTC") or raw.get("UpdatedDateUTCString")
    if not stated:
        return fallback
    found = millis(stated)
    if version_millis(found) != found:
        raise ValueError("a time out of range")
    return found


def number_text(value: Any) -> str:
    """The canonical text of a quantity, unit price or percentage: exact, so that 2.50 and 2.5 are equal.

    Raises:
        ValueError: not a number.
    """
    amount = exact(value)
    return plain(amount.normalize()) if amount else "0"
