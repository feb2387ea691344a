"""One of Xero's records, read field by field.

In: the raw record of a change (amounts as Decimals, or as exact strings after a topic). Out: canonical values.
Invariant: a field of the wrong form is Refused by its name, never guessed; the message holds no value, which may be
personal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from schemas.errors import Refused
from schemas.money import amount_text
from streams.platforms.xero import wire
from streams.platforms.xero.kinds import is_id

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Record:
    """A raw record and where it stands, for messages."""

    raw: dict[str, Any]
    place: str

    def refuse(self, name: str, why: str) -> Refused:
        """The error that names a field."""
        return Refused(f"{self.place}: {name}: {why}", code="malformed")

    def text(self, name: str) -> str | None:
        """A text without outer blanks; None when empty or absent."""
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.refuse(name, "a text is expected")
        return value.strip() or None

    def required(self, name: str) -> str:
        """A text that every such record has."""
        value = self.text(name)
        if value is None:
            raise self.refuse(name, "it is missing")
        return value

    def identity(self, name: str) -> str:
        """The id of a record, of this one or of one that it names."""
        value = self.required(name)
        if not is_id(value):
            raise self.refuse(name, "it is no id of Xero's")
        return value

    def flag(self, name: str) -> bool:
        """True or false; absent is false."""
        value = self.raw.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refuse(name, "true or false is expected")
        return bool(value)

    def amount(self, name: str, currency: str) -> str | None:
        """An amount in the currency's minor unit."""
        return self._read(name, lambda value: amount_text(value, currency))

    def number(self, name: str) -> str | None:
        """A quantity, a unit price or a percentage, with all its digits."""
        return self._read(name, wire.number_text)

    def day(self, name: str) -> str | None:
        """A calendar day: from `<name>String` where Xero gives that companion, else from `/Date()/`."""
        companion = f"{name}String"
        return self._read(companion if self.raw.get(companion) else name, wire.day)

    def inner(self, name: str) -> Record:
        """A nested object; empty when absent."""
        value = self.raw.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.refuse(name, "an object is expected")
        return Record(value or {}, f"{self.place}: {name}")

    def rows(self, name: str) -> list[Record]:
        """A list of nested objects; empty when absent."""
        value = self.raw.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.refuse(name, "a list of objects is expected")
        return [Record(row, f"{self.place}: {name}[{index}]") for index, row in enumerate(value)]

    def _read(self, name: str, read: Callable[[Any], Value]) -> Value | None:
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        try:
            return read(value)
        except ValueError as error:
            raise self.refuse(name, "a number is expected" if "Date" not in name else "a day is expected") from error
