"""JSON in and out of the emulators.

In: bytes from clients; values from the emulators. Out: the other. Invariant: no amount passes through a
float: fractions are read as `Decimal` and written with the digits they have.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

import orjson
from starlette.responses import Response

JSON_TYPE = "application/json;charset=utf-8"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _spell(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _whole(text: str) -> int | Decimal:
    """A whole number; one of more than 64 bits, which an answer could not repeat as it is, without its bounds."""
    return int(text) if len(text) <= SHORT else Decimal(text)


SHORT = 18  # digits, and a sign, that surely fit into 64 bits
# Made once: that takes longer than to read.
_READER = json.JSONDecoder(parse_float=Decimal, parse_int=_whole, parse_constant=_refuse)


def decode(body: bytes) -> Any:  # what a client sent has no type yet
    """Read JSON strictly; numbers with a fraction become `Decimal`. Raises `ValueError`."""
    return _READER.decode(body.decode(json.detect_encoding(body)))


def encode(value: object) -> bytes:
    """Write JSON; a `Decimal` keeps its digits, an aware datetime becomes ISO 8601 with ``Z``."""
    return orjson.dumps(value, default=_spell, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


@lru_cache(maxsize=10_000)  # a record's dates are shown each time that it is read
def iso(instant: datetime) -> str:
    """Spell an instant as the vendors do: UTC, milliseconds, ``Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(instant: datetime) -> int:
    """Count whole milliseconds since 1970."""
    return int(instant.timestamp()) * 1000 + instant.microsecond // 1000


RawHeaders = list[tuple[bytes, bytes]]


def raw(headers: Mapping[str, str]) -> RawHeaders:
    """Spell headers as they stand on the wire."""
    return [_header(name, value) for name, value in headers.items()]


@lru_cache(maxsize=2_000)  # most of them are said with each answer
def _header(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode("latin-1"), value.encode("latin-1")


class Reply(Response):
    """A JSON answer."""

    media_type = JSON_TYPE

    def render(self, content: object) -> bytes:
        """Encode the content."""
        return encode(content)
