"""How canonical values are spelt in a HubSpot property, and read back.

In: property values, which are strings or null on the wire whatever their type. Out: canonical JSON values, and the
strings that make them. Invariant: `write` then `read` gives the value again, and no amount is ever a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Literal

from schemas.instants import from_millis, instant_text, parse_instant
from schemas.money import amount_text, exact, plain
from streams.platforms.hubspot.stages import ORDERS

Spelling = Literal["text", "lower", "currency", "bool", "amount", "day", "instant", "settled", "stage", "count"]
# A payment's state in HubSpot's words. It has none for a payment that was taken back before it counted but this one.
SETTLED = {"received": "succeeded", "refunded": "refunded", "reversed": "failed"}
_STATES = {theirs: ours for ours, theirs in SETTLED.items()}
STAGED = {stage.status: stage.id for stage in ORDERS.stages}  # an order's status: the stage that its record is in
_STATUSES = {stage: status for status, stage in STAGED.items()}
_COUNT = re.compile(r"[0-9]{1,9}")  # of what is counted one by one
_MILLIS = re.compile(r"-?\d{5,}")  # shorter numbers are years to ISO 8601


def read(spelling: Spelling, value: Any, currency: str = "") -> str | int | None:
    """The canonical value of a property; `currency` gives amounts their digits.

    Raises:
        ValueError: the property holds something else; the text is without the value, which may be personal.
    """
    text = _text(value)
    if text is None:
        return None
    return _amount(text, currency) if spelling == "amount" else _READERS[spelling](text)


def write(spelling: Spelling, value: Any) -> str:
    """The property's string for a canonical value; None clears the property, which HubSpot spells as an empty string.

    Raises:
        ValueError: the value is not one of this spelling (a float is no amount).
    """
    return "" if value is None else _WRITERS[spelling](value)


def exact_text(value: Any) -> str | None:
    """A quantity or a unit price: all its digits, without trailing zeros, so that 2.50 and 2.5 are equal."""
    text = _text(value)
    if text is None:
        return None
    try:
        number = exact(text)
    except ValueError as error:
        raise ValueError("is no number") from error
    return plain(number.normalize() + Decimal(0)) if number else "0"


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):  # as nearly all are
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | dict | list):
        raise ValueError("is no property value")  # noqa: TRY004 - one error for all that a property cannot be
    return str(value).strip() or None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a text")  # noqa: TRY004 - one error for all that cannot be spelt
    return value.strip()


def _truth(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError as error:
        raise ValueError("is not true or false") from error


def _truth_text(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    raise ValueError("is not true or false")


def _amount(text: str, currency: str) -> str | None:
    try:
        return amount_text(text, currency)
    except ValueError as error:
        raise ValueError("is no amount") from error


def _amount_text(value: Any) -> str:
    try:
        return plain(exact(value))
    except ValueError as error:
        raise ValueError("is no amount") from error


def _moment(text: str) -> datetime:
    """A date or datetime property: milliseconds since 1970, YYYY-MM-DD (midnight UTC), or ISO 8601."""
    try:
        return from_millis(int(text)) if _MILLIS.fullmatch(text) else parse_instant(text)
    except (ValueError, OverflowError, OSError) as error:  # a huge number overflows in the C library
        raise ValueError("is no date") from error


def _day(text: str) -> str:
    return _moment(text).date().isoformat()


def _instant(text: str) -> str:
    return instant_text(_moment(text))


def _state(words: Mapping[str, str], what: str, text: str) -> str:
    if text not in words:
        raise ValueError(f"is no state of {what} that is known here")
    return words[text]


def _count(text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise ValueError("is no whole number")
    return int(text)


def _count_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("is no whole number")
    return str(value)


_READERS: dict[Spelling, Callable[[str], str | int]] = {
    "text": str,
    "lower": str.lower,  # HubSpot lowers these itself; a value that came by another way must compare equal
    "currency": str.upper,
    "bool": _truth,
    "day": _day,
    "instant": _instant,
    "settled": partial(_state, _STATES, "a payment"),
    "stage": partial(_state, _STATUSES, "an order"),
    "count": _count,
}
_WRITERS: dict[Spelling, Callable[[Any], str]] = {
    "text": _string,
    "lower": lambda value: _string(value).lower(),
    "currency": lambda value: _string(value).upper(),
    "bool": _truth_text,
    "amount": _amount_text,
    "day": lambda value: _day(_string(value)),
    "instant": lambda value: _instant(_string(value)),
    "settled": lambda value: _state(SETTLED, "a payment", _string(value)),
    "stage": lambda value: _state(STAGED, "an order", _string(value)),
    "count": _count_text,
}
