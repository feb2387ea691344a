"""Holdings: what each platform is known to hold of what it keeps unique.

In: rows of tables, commands. Out: the record that is there already, or the platform's refusal of a
second one. Pure. What nobody has read is not known here, and a platform may still refuse for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.rules.decision import is_empty
from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Entity, Side
from streams.platforms.interface import Unique
from streams.platforms.registry import Forecast

Name = tuple[str, Entity, str]  # platform, kind, value


@dataclass(frozen=True, slots=True)
class Held:
    """A record that is there, as it was last seen; `customer`: whose it is, as far as that is known."""

    ref: str
    fields: Mapping[str, Any]
    customer: str = ""


@dataclass(slots=True)
class Holdings:
    """All of one tenant's platforms."""

    forecasts: Mapping[str, Forecast]
    _held: dict[Name, Held] = field(default_factory=dict)
    _names: dict[tuple[str, Entity], Name] = field(default_factory=dict)
    _further: dict[Name, str] = field(default_factory=dict)

    def read(self, known: Mapping[str, Any], accounts: Mapping[str, Any]) -> None:
        """Take in what the tables hold, those that cannot go on yet among them: they are there all the same."""
        for entity, reference, fields, customer in sorted(
            [*_waiting(known), *_placed(accounts)], key=lambda one: one[1]
        ):
            self.note(entity, reference, fields, customer)

    def note(self, entity: Entity, reference: str, fields: Mapping[str, Any], customer: str = "") -> None:
        """A record shows these fields now."""
        before = self._names.pop((reference, entity), None)
        if before is not None and self._held.get(before, Held("", {})).ref == reference:
            del self._held[before]
        unique = self._unique(reference.partition("/")[0], entity)
        if unique is None or is_empty(fields.get(unique.field)):
            return
        name = _name(reference.partition("/")[0], entity, fields[unique.field])
        self._held.setdefault(name, Held(reference, fields, customer))
        self._names[reference, entity] = name

    def known_by(self, platform: str, entity: Entity, values: Mapping[str, str]) -> None:
        """Records are found by these values as well, which they do not show: value -> reference."""
        self._further |= {_name(platform, entity, value): reference for value, reference in values.items()}

    def joined(self, command: Command) -> Held | None:
        """The record that a command would find there already, and take as its own.

        Raises:
            Refused: another record has what the command would write, and the platform lets no two have it.
        """
        unique = self._unique(command.platform, command.entity)
        if unique is None or is_empty(command.fields.get(unique.field)):
            return None
        value = command.fields[unique.field]
        held = self._holder(_name(command.platform, command.entity, value))
        if held is None or held.ref == command.ref:
            return None
        if command.kind == "create" and unique.joins:
            if unique.apart and held.customer not in {"", command.customer}:
                raise Refused(unique.apart.format(value=value, ref=held.ref), code="taken")
            return held
        raise Refused(unique.said.format(value=value), code="duplicate")

    def _holder(self, name: Name) -> Held | None:
        held, reference = self._held.get(name), self._further.get(name)
        if held is not None or reference is None:
            return held
        shown = self._names.get((reference, name[1]))
        return self._held[shown] if shown else Held(reference, {})

    def _unique(self, platform: str, entity: Entity) -> Unique | None:
        forecast = self.forecasts.get(platform)
        return forecast.unique.get(entity) if forecast else None


def _name(platform: str, entity: Entity, value: Any) -> Name:
    return platform, entity, str(value).strip().casefold()


def _placed(accounts: Mapping[str, Any]) -> Iterator[tuple[Entity, str, Mapping[str, Any], str]]:
    """Both sides of the records that were judged, those that are there."""
    for key, row in accounts.items():
        if not key.startswith("r|"):
            continue
        for side in Side:
            shown = row[side.value]
            if shown["ref"] is not None and not shown["deleted"]:
                yield Entity(row["entity"]), shown["ref"], shown["fields"], key.rpartition("|")[0].rpartition("|")[2]


def _waiting(known: Mapping[str, Any]) -> Iterator[tuple[Entity, str, Mapping[str, Any], str]]:
    """Records that were read and cannot go on yet."""
    for key, row in known.items():
        if key.startswith("v|"):
            for each in row.get("s", ()):
                if not each["deleted"]:
                    yield Entity(each["entity"]), each["ref"], each["fields"], ""
