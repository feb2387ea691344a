"""Readers for the fields a client may write: type, length, choice.

A wrong JSON type spoils the whole request (``Malformed``); a value that breaks a rule spoils its
element (``Invalid``). A field that is not in a resource's table is read-only or unknown, and is
ignored: the official SDK sends ``HasErrors: false`` and the like. ``null`` means not given.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sandbox.xero.problems import Invalid, Malformed
from sandbox.xero.wire import Record, parse_day

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
LARGEST = Decimal(10**15)  # of a number, so that one alone has fewer digits than arithmetic keeps [K]
Reader = Callable[[str, Any], Any]
Table = Mapping[str, Reader]


def text(limit: int = 4000) -> Reader:
    """Text of at most this many characters (wording of the refusal not recorded)."""

    def read(name: str, value: object) -> str:
        if not isinstance(value, str):
            raise Malformed(f"{name} must be a string")
        if len(value) > limit:
            raise Invalid(f"{name} must not be longer than {limit} characters")
        return value

    return read


def email(name: str, value: object) -> str:
    """An address or nothing [K on the wording]."""
    address: str = text(255)(name, value)
    if address and not _EMAIL.match(address):
        raise Invalid("Email address must be valid.")
    return address


def choice(*allowed: str) -> Reader:
    """One of the words the API knows."""

    def read(name: str, value: object) -> str:
        if not isinstance(value, str):
            raise Malformed(f"{name} must be a string")
        if value not in allowed:
            raise Invalid(f"{name} '{value}' is not valid")
        return value

    return read


def number(name: str, value: object) -> Decimal:
    """A JSON number, or digits in a string; never through a float (wording of the bound not recorded)."""
    if isinstance(value, Decimal | int | str) and not isinstance(value, bool):
        try:
            parsed = Decimal(value)
        except InvalidOperation:
            raise Malformed(f"{name}: could not convert '{value}' to a decimal") from None
        if parsed.is_finite():
            if abs(parsed) >= LARGEST:
                raise Invalid(f"{name} '{value}' is out of range")
            return parsed
    raise Malformed(f"{name} must be a number")


def day(name: str, value: object) -> date:
    """A calendar day."""
    if isinstance(value, str) and (parsed := parse_day(value)) is not None:
        return parsed
    raise Malformed(f"{name}: '{value}' is not a date")


def flag(name: str, value: object) -> bool:
    """True or false, also as text of any case."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise Malformed(f"{name} must be true or false")


def guid(name: str, value: object) -> str:
    """An identifier, kept in lower case."""
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise Malformed(f"{name}: '{value}' is not a GUID") from None


def whole(name: str, value: object) -> Record:
    """A nested object, read later."""
    if not isinstance(value, dict):
        raise Malformed(f"{name} must be an object")
    return value


def rows(name: str, value: object) -> list[Record]:
    """A list of nested objects."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Malformed(f"{name} must be a list of objects")
    return value


def read(element: Record, table: Table) -> Record:
    """The writable fields of an element, all broken rules told at once."""
    found: Record = {}
    messages: list[str] = []
    for name, reader in table.items():
        value = element.get(name)
        if value is None:
            continue
        try:
            found[name] = reader(name, value)
        except Invalid as problem:
            messages.extend(problem.messages)
    if messages:
        raise Invalid(*messages)
    return found
