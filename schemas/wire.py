"""The wire: how records are written to and read from topics and tables.

JSON by orjson; Decimals go out as strings and platform numbers with a fraction come in as Decimals,
so that no amount is ever a float. Invariant: nothing that a platform shows stops the worker that reads it; what cannot
be written again is refused.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Never, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticSerializationError

from schemas.errors import Refused
from schemas.money import exact
from schemas.names import digest


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


def fingerprint(value: Any) -> str:
    """16 hex digits that depend on the value's canonical bytes."""
    return digest(encode(value).decode())


def value_hash(value: Any) -> str:
    """16 hex digits for a value as its platform shows it; one that was cleared is the empty text."""
    return fingerprint("" if value is None else value)


def decode(data: bytes | str) -> Any:
    """Parse our own JSON (it holds no fractional numbers)."""
    return orjson.loads(data)


def decode_platform(data: bytes | str) -> Any:
    """Parse a platform's JSON with fractional numbers as Decimal.

    A number beyond every amount stays the text that it was, so that its field is refused and not its page. Halves of
    characters, which no UTF-8 holds, become a question mark.

    Raises:
        ValueError: it is no JSON. NaN and Infinity are none, nor is what is nested beyond what can be read.
    """
    try:
        text = data.decode(json.detect_encoding(data), "surrogatepass") if isinstance(data, bytes) else data
        value = _READER.decode(text)
        return _whole(value) if "\\u" in text and "\\ud" in text.lower() else value
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def decode_answer(data: bytes) -> dict[str, Any]:
    """The object in a platform's answer, as `decode_platform` reads it; empty where it holds none."""
    try:
        value = decode_platform(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _number(text: str) -> Decimal | str:
    try:
        return exact(text)
    except ValueError:
        return text


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


_READER = json.JSONDecoder(parse_float=_number, parse_constant=_no_constant)  # made once: it takes as long as a page


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(each) for name, each in value.items()}
    return value


class Wire(BaseModel):
    """A frozen record of a topic: unknown keys are ignored, so that an older worker reads a newer record."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_bytes(self) -> bytes:
        """The record's value on its topic.

        Raises:
            Refused: something in it does not go on the wire, as what is nested beyond two hundred levels.
        """
        try:
            return self.__pydantic_serializer__.to_json(self)  # as `model_dump_json`, which makes a text of these bytes
        except (PydanticSerializationError, UnicodeEncodeError, RecursionError) as error:
            raise Refused(f"a {type(self).__name__} cannot be written: {type(error).__name__}", code="wire") from error

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
        f"{'.'.join(str(part) for part in item['loc']) or 'record'}: {_fault(item['type'], item['msg'])}"
        for item in error.errors(include_input=False, include_url=False)
    )


def _fault(kind: str, message: str) -> str:
    """In words of a person's; pydantic's own of a type repeat the value."""
    return {"union_tag_invalid": "an unknown type", "union_tag_not_found": "it does not say its type"}.get(
        kind, message
    )
