"""Xero's JSON: exact numbers, ``/Date(ms+0000)/`` and nothing passed through a float.

Inside the sandbox an amount is a ``Decimal``, a calendar day a ``date`` and an instant an aware
``datetime``; only this module turns them into text (reading JSON is shared by the emulators).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

Record = dict[str, Any]

EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_TICKS = re.compile(r"^/Date\((-?\d+)([+-]\d{4})?\)/$")
_ISO_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$")


@dataclass(frozen=True, slots=True)
class Bare:
    """An instant written without ``+0000``, as on items, quotes and the envelope [REC]."""

    moment: datetime


def millis(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (moment - EPOCH) // _MILLISECOND


def stamp(moment: datetime) -> str:
    """``/Date(1726000000123+0000)/``."""
    return f"/Date({millis(moment)}+0000)/"


def midnight(day: date) -> datetime:
    """The instant Xero writes for a calendar day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def iso_day(day: date) -> str:
    """The ``DateString`` companion: ``2026-09-01T00:00:00`` [REC]."""
    return f"{day.isoformat()}T00:00:00"


def iso_second(moment: datetime) -> str:
    """``UpdatedDateUTCString``, second precision [REC]."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_day(text: str) -> date | None:
    """A day as clients send it: ISO, with or without a time, or ``/Date(ms)/``."""
    if found := _TICKS.match(text):
        return (EPOCH + timedelta(milliseconds=int(found[1]))).date()
    if found := _ISO_DAY.match(text):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return None
    return None


def _default(value: object) -> object:
    match value:
        case Decimal():
            return orjson.Fragment(format(value, "f"))
        case datetime():
            return stamp(value)
        case date():
            return stamp(midnight(value))
        case Bare():
            return f"/Date({millis(value.moment)})/"
        case _:
            raise TypeError(f"{value!r} has no wire form")


def encode(value: object) -> bytes:
    """Write JSON; a ``Decimal`` keeps every digit it has."""
    return orjson.dumps(
        value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
    )
