"""Entities: both sides of one record, what they last agreed on, and what is on its way. Keyed by tenant, customer, id.

The row is the JSON form of `EntityState`; arbitrate is its only writer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from itertools import chain
from operator import attrgetter
from typing import Any

from schemas.names import Entity, Side
from tables.showings import Rows
from tables.view import View


@dataclass(slots=True)
class SideState:
    """One side as last seen. `version` is the highest seen or written, in the platform's milliseconds.

    A deleted record keeps its last fields: what it counted for has to be taken back in its own currency and day.
    `edited` says which versions changed a field whose edits have their own time (`tables.showings`), `heard` which ones
    were heard of: a record's version moves with every write.
    """

    ref: str | None = None
    version: int = -1
    fields: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False
    edited: dict[str, Rows] = field(default_factory=dict)
    heard: list[int] = field(default_factory=list)

    @property
    def present(self) -> bool:
        """Whether the record is there."""
        return self.ref is not None and not self.deleted


@dataclass(slots=True)
class Flight:
    """A write on its way: the command and what it writes; `first`: the first reading asked for it."""

    command: str
    kind: str
    fields: dict[str, Any]
    first: bool = False


@dataclass(slots=True)
class EntityState:
    """All that arbitrate knows of one record.

    `derived` are values that the ERP side states without a field of its own (a deal's invoice status); `blocked` are
    values that a platform refused, not tried again until they change; `noted` are verdicts already given.
    """

    entity: Entity
    id: str
    crm: SideState = field(default_factory=SideState)
    erp: SideState = field(default_factory=SideState)
    baseline: dict[str, Any] = field(default_factory=dict)
    derived: dict[str, Any] = field(default_factory=dict)
    flights: dict[str, list[Flight]] = field(default_factory=lambda: {"crm": [], "erp": []})
    blocked: dict[str, dict[str, Any]] = field(default_factory=lambda: {"crm": {}, "erp": {}})
    noted: dict[str, str] = field(default_factory=dict)
    related: dict[str, str] = field(default_factory=dict)
    counter: int = 0
    marks: dict[str, Any] = field(default_factory=dict)

    def side(self, side: Side) -> SideState:
        """The state of one side."""
        return self.crm if side is Side.CRM else self.erp

    def shown(self, side: Side) -> dict[str, Any]:
        """What a side shows once everything on its way has arrived."""
        state = self.side(side)
        if state.deleted:
            return {}
        values = {**state.fields, **self.derived} if side is Side.ERP else dict(state.fields)
        for flight in self.flights[side]:
            values.update(flight.fields)
        return values

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known of it, and nothing was decided."""
        return self.crm.version < 0 and self.erp.version < 0 and self == EntityState(self.entity, self.id)

    @property
    def label(self) -> str:
        """What people call the record."""
        asked = (flight.fields for flights in self.flights.values() for flight in flights)
        for values in chain((self.crm.fields, self.erp.fields), asked):
            for name in ("number", "name", "email", "sku", "subject"):
                if values.get(name):
                    return str(values[name])
        return self.id


def key(tenant: str, customer: str, record: str) -> str:
    """The row's key: under the partition key, so that a customer's records sit together."""
    return f"{tenant}|{customer}|{record}"


def load(view: View, tenant: str, customer: str, entity: Entity, record: str) -> EntityState:
    """Read a record's state, or begin it."""
    row = view.get(key(tenant, customer, record))
    if row is None:
        return EntityState(entity=entity, id=record)
    row["entity"], row["crm"], row["erp"] = Entity(row["entity"]), _side(row["crm"]), _side(row["erp"])
    for flights in row["flights"].values():
        flights[:] = [Flight(**flight) for flight in flights]
    return EntityState(**row)


def _side(row: dict[str, Any]) -> SideState:
    """A side's state; a row of before fields had histories of their own holds one version for each field."""
    for name, rows in row["edited"].items():
        if isinstance(rows, int):
            row["edited"][name] = [[rows, row["fields"].get(name)]]
    return SideState(**row)


def save(view: View, tenant: str, customer: str, state: EntityState) -> None:
    """Write a record's state; one that was only looked for, and of which nothing is known, has no row."""
    name = key(tenant, customer, state.id)
    if state.is_blank and view.get(name) is None:
        return
    view[name] = to_row(state)


def to_row(state: EntityState) -> dict[str, Any]:
    """The state as JSON. Its values are shared with the state: a view keeps a copy of what it is given."""
    row = dict(zip(_NAMES, _VALUES(state), strict=True))
    row["crm"] = dict(zip(_SIDE, _SIDE_VALUES(state.crm), strict=True))
    row["erp"] = dict(zip(_SIDE, _SIDE_VALUES(state.erp), strict=True))
    row["flights"] = {
        side: [{"command": one.command, "kind": one.kind, "fields": one.fields, "first": one.first} for one in flights]
        for side, flights in state.flights.items()
    }
    return row


_NAMES = tuple(each.name for each in fields(EntityState))
_SIDE = tuple(each.name for each in fields(SideState))
_VALUES, _SIDE_VALUES = attrgetter(*_NAMES), attrgetter(*_SIDE)
