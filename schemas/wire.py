"""The wire: how records are written to and read from topics and tables.

JSON by orjson; Decimals go out as strings and platform numbers with a fraction come in as Decimals,
so that no amount is ever a float.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, ClassVar, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import Refused


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    msg = f"{type(value).__name__} does not go on the wire"
    raise TypeError(msg)


def encode(value: Any) -> bytes:
    """Canonical bytes: keys sorted, Decimals as strings.

    Raises:
        Refused: something in it does not go on the wire, as a number beyond 64 bits.
    """
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise Refused(f"cannot be written: {error}", code="wire") from error


def decode(data: bytes | str) -> Any:
    """Parse our own JSON (it holds no fractional numbers)."""
    return orjson.loads(data)


def decode_platform(data: bytes | str) -> Any:
    """Parse a platform's JSON with fractional numbers as Decimal."""
    return json.loads(data, parse_float=Decimal)


class Wire(BaseModel):
    """A frozen record of a topic: unknown keys are ignored, so that an older worker reads a newer record."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    topic_schema: ClassVar[str] = ""

    def to_bytes(self) -> bytes:
        """The record's value on its topic."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, data: bytes | None) -> Self:
        """Parse a record's value.

        Raises:
            Refused: the value is no record of this schema; the message names the fields.
        """
        if data is None:
            msg = f"a {cls.__name__} is expected and the value is empty"
            raise Refused(msg, code="empty")
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise Refused(f"not a {cls.__name__}: {faults(error)}", code="malformed") from error


def faults(error: ValidationError) -> str:
    """The field errors of a validation, on one line, without the values (they may be personal)."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'record'}: {item['msg']}" for item in error.errors()
    )
