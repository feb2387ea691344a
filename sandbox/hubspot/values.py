"""Property values: what a client may send, and what is kept.

In: a JSON value and the definition it is for. Out: the string that goes over the wire, or what is wrong
with it.
Invariant: pure; every kept value is a string; numbers sent as text keep their digits, and no float is
involved.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from sandbox.hubspot.definitions import Definition
from sandbox.hubspot.errors import Fault
from sandbox.wire import epoch_ms, iso

TEXT_LIMIT = 65_536  # characters in a text property
EMAIL = re.compile(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")
NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
WHOLE = re.compile(r"^-?\d+$")


class Invalid(Exception):
    """A value the property does not take."""

    def __init__(self, definition: Definition, code: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(definition.name, code, message)


def text_of(value: object) -> str:
    """Spell a JSON value as text: HubSpot coerces numbers and booleans (its own examples send them)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


def clean(definition: Definition, value: object, current: str = "") -> str:
    """Give the string to keep for a value. Raises `Invalid`."""
    if isinstance(value, dict | list):
        raise Invalid(definition, "INVALID_VALUE", f"{value!r} is not a property value")
    text = text_of(value)
    if not text.strip():
        return ""
    if text != text.strip():
        if definition.type not in {"string", "phone_number"}:
            message = f"{text!r} has leading or trailing whitespace"  # refused since April 2025
            raise Invalid(definition, "LEADING_TRAILING_WHITESPACE", message)
        text = text.strip()
    if definition.type == "enumeration":
        return _choice(definition, text, current)
    return _CLEANERS.get(definition.type, _text)(definition, text)


def _text(definition: Definition, text: str) -> str:
    if len(text) > TEXT_LIMIT:
        message = f"{definition.name} is longer than {TEXT_LIMIT} characters"
        raise Invalid(definition, "VALUE_TOO_LONG", message)
    if definition.name == "email" and not EMAIL.match(text):
        raise Invalid(definition, "INVALID_EMAIL", f"Email address {text} is invalid")
    return text.lower() if definition.name == "email" else text


def _number(definition: Definition, text: str) -> str:
    try:
        if NUMBER.match(text) and Decimal(text).is_finite():
            return text
    except InvalidOperation:
        pass
    raise Invalid(definition, "INVALID_INTEGER", f"{text} was not a valid number.")


def _boolean(definition: Definition, text: str) -> str:
    if text.lower() in {"true", "false"}:
        return text.lower()
    message = f"{text} was not one of the allowed options: [true, false]"
    raise Invalid(definition, "INVALID_OPTION", message)


def _parsed(text: str) -> datetime:
    if WHOLE.match(text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def _instant(definition: Definition, text: str) -> datetime:
    try:
        return _parsed(text)
    except (ValueError, OverflowError):
        raise Invalid(definition, "INVALID_LONG", f"{text} was not a valid long.") from None


def _date(definition: Definition, text: str) -> str:
    instant = _instant(definition, text)
    if (instant.hour, instant.minute, instant.second, instant.microsecond) != (0, 0, 0, 0):
        message = f"{text} is at {instant.time()} UTC, not midnight!"
        raise Invalid(definition, "INVALID_DATE", message)
    return instant.date().isoformat()


def _moment(definition: Definition, text: str) -> str:
    return iso(_instant(definition, text))


_CLEANERS = {"number": _number, "bool": _boolean, "date": _date, "datetime": _moment}


def _choice(definition: Definition, text: str, current: str) -> str:
    if not definition.multiple:
        _check_choices(definition, [text])
        return text
    added = [part for part in text.split(";") if part]
    _check_choices(definition, added)
    kept = [part for part in current.split(";") if part] if text.startswith(";") else []
    return ";".join(dict.fromkeys(kept + added))


def _check_choices(definition: Definition, wanted: list[str]) -> None:
    allowed = definition.choices
    for each in wanted:
        if each not in allowed:
            message = f"{each} was not one of the allowed options: [{', '.join(allowed)}]"
            raise Invalid(definition, "INVALID_OPTION", message)


def comparable(definition: Definition | None, text: str) -> Decimal | str:
    """Give the form in which the search index orders values: numbers and dates by size, text lower-cased."""
    return _comparable(definition.type if definition else "string", text)


@lru_cache(maxsize=100_000)  # a search looks at every record: dates must not be read anew each time
def _comparable(kind: str, text: str) -> Decimal | str:
    try:
        if kind == "number":
            return Decimal(text)
        if kind in {"date", "datetime"}:
            return Decimal(epoch_ms(_parsed(text)))
    except (ValueError, OverflowError, InvalidOperation):
        return text
    return text if kind == "enumeration" else text.lower()


def raw(definition: Definition | None, text: str) -> str:
    """Give the form in which webhooks show a value: dates as epoch milliseconds."""
    if definition is not None and definition.type in {"date", "datetime"} and text:
        return str(epoch_ms(_instant(definition, text)))
    return text
