"""Fields: each field of a record as it stands on both sides, with its owner."""

from __future__ import annotations

from typing import Any

from agents.rules.decision import same
from agents.rules.ownership import ownership
from console.explain.contract import Agreed
from console.explain.document import FieldNow, FieldState, Owner
from schemas.entities import ENTITIES
from schemas.names import Entity, Side
from tables.customers import CustomerState
from tables.entities import EntityState

NO_CONTRACT = Owner(decides="unknown", why="the contract could not be read here")


def fields(state: EntityState, customer: CustomerState, agreed: Agreed | None, asked: set[str]) -> list[FieldNow]:
    """Every field of the record; `asked` are those that a person was asked about."""
    crm, erp = state.crm.fields, {**state.erp.fields, **state.derived}
    return [_field(state, customer, agreed, name, crm, erp, asked) for name in _names(state, agreed, crm, erp)]


def sighted(row: dict[str, Any], agreed: Agreed | None) -> list[FieldNow]:
    """The fields of a record that is known on one side only, and that nobody knows the owner of yet."""
    state = EntityState(entity=Entity(row["entity"]), id=row["ref"])
    side = state.side(Side(row["side"]))
    side.ref, side.version, side.fields, side.deleted = row["ref"], row["version"], row["fields"], row["deleted"]
    return fields(state, CustomerState(id=""), agreed, set())


def _names(state: EntityState, agreed: Agreed | None, crm: dict[str, Any], erp: dict[str, Any]) -> list[str]:
    """In the contract's order, then in the order of the entity, then whatever else is there."""
    clause = agreed.contract.clause(state.entity) if agreed else None
    present = {*crm, *erp, *state.baseline}
    flying = {name for flights in state.flights.values() for flight in flights for name in flight.fields}
    ordered = [*(clause.fields if clause else ()), *ENTITIES[state.entity].model_fields, *sorted(present | flying)]
    listed = set(clause.fields) if clause else set()
    return [name for name in dict.fromkeys(ordered) if name in present | flying | listed]


def _field(
    state: EntityState,
    customer: CustomerState,
    agreed: Agreed | None,
    name: str,
    crm: dict[str, Any],
    erp: dict[str, Any],
    asked: set[str],
) -> FieldNow:
    flying = {
        side: flight.fields[name] for side in Side for flight in state.flights[side.value] if name in flight.fields
    }
    owner = _owner(state, customer, agreed, name)
    return FieldNow(
        field=name,
        crm=crm.get(name),
        erp=erp.get(name),
        agreed=state.baseline.get(name),
        ever_agreed=name in state.baseline,
        on_its_way=flying,
        state="on its way" if flying else _standing(state, name, crm, erp, owner, asked),
        owner=owner,
    )


def _owner(state: EntityState, customer: CustomerState, agreed: Agreed | None, name: str) -> Owner:
    if agreed is None:
        return NO_CONTRACT
    found = ownership(agreed.contract, customer, state, name)
    return Owner(decides=found.decides, rule=found.by, why=found.why, contract=agreed.line(found.path))


def _standing(
    state: EntityState, name: str, crm: dict[str, Any], erp: dict[str, Any], owner: Owner, asked: set[str]
) -> FieldState:
    if state.crm.deleted or state.erp.deleted:
        return "gone"
    if name not in crm or name not in erp:
        return "one side only"
    if same(crm[name], erp[name]):
        return "agreed"
    refused = any(name in blocked for blocked in state.blocked.values())
    found: tuple[tuple[bool, FieldState], ...] = (
        (name in asked, "asked"),
        (refused, "refused"),
        (owner.decides == "waits", "waits"),
        (owner.decides == "nobody" and not owner.rule, "not compared"),
    )
    return next((word for holds, word in found if holds), "differs")
