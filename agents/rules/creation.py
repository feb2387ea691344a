"""Creation: a record that is on one side only is made on the other, where the contract says so.

The command carries a natural key, so that a lost answer is looked up and never turns into a second record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agents.rules import instead
from agents.rules.case import Case
from agents.rules.decision import is_empty
from agents.rules.guards import isolation_guard
from schemas.contract.lint import FINANCE_FIELDS
from schemas.names import Entity, Side, record_id
from schemas.wire import fingerprint
from tables.entities import EntityState

# What a platform has to be told before it can hold the record at all.
INTRINSIC = {
    Entity.COMPANY: ("name", "domain"),
    Entity.CONTACT: ("email", "first_name", "last_name"),
    Entity.PRODUCT: ("sku", "name", "description", "price"),
    Entity.INVOICE: (
        "number", "status", "date", "due_date", "currency", "total", "amount_due", "amount_paid", "amount_credited",
    ),
}  # fmt: skip
REQUIRED = {
    Entity.COMPANY: ("name",),
    Entity.CONTACT: ("email",),
    Entity.PRODUCT: ("sku", "name"),
    Entity.INVOICE: ("number", "date", "currency", "total"),
}
# What the rule means, in a sentence for people.
SAYS = {"create": "It exists on one side only, and the contract has it made on the other."}
MIRRORED = {"posted", "paid"}


@dataclass(slots=True)
class Plan:
    """What a creation needs: who it waits for, or its key and links."""

    waits: bool = False
    natural_key: str | None = None
    links: dict[str, str] = field(default_factory=dict)


def create_missing(case: Case, state: EntityState) -> None:
    """Ask for the record on the side where it is known to be missing."""
    clause = case.contract.clause(state.entity)
    if clause is None or state.entity not in INTRINSIC or not state.marks.get("alone"):
        return
    for side in (Side.CRM, Side.ERP):
        source = state.side(side.other)
        missing = state.side(side).ref is None and not any(f.kind == "create" for f in state.flights[side.value])
        wish = clause.create.crm if side is Side.CRM else clause.create.erp
        wanted = wish == "always" or (wish == "when_ordered" and case.customer.ordered)
        if missing and wanted and source.present:
            _create(case, state, side)


def _create(case: Case, state: EntityState, side: Side) -> None:
    entity = state.entity
    fields, by = instead.applied(state, side, _fields(case, state, side))
    if any(is_empty(fields.get(name)) for name in REQUIRED[entity]):
        lacking = ", ".join(name for name in REQUIRED[entity] if is_empty(fields.get(name)))
        case.verdict(state, "", "wait", "required", f"cannot be made in the {side.value.upper()} without: {lacking}")
        return
    if entity is Entity.COMPANY and side is Side.ERP:
        isolated = isolation_guard(case.contract, state.crm.fields)
        if isolated is not None:
            case.verdict(state, "", "hold", *isolated)
            return
    plan = _plan(case, state, side)
    if plan is None:
        return
    if plan.waits:
        case.customer.wait(state.id)
        return
    mark = fingerprint(fields)
    if state.blocked[side.value].get("*") == mark:
        return
    reason = f"it exists in the {side.other.value.upper()} only"
    command = case.command(
        state, side, "create", fields, reason=reason, rules=("create",), natural_key=plan.natural_key, links=plan.links
    )
    if entity is Entity.CONTACT and side is Side.ERP:
        case.customer.person = state.id
    case.verdict(state, "", "create", "create", reason, written_to=side, command=command, by=by)


def _fields(case: Case, state: EntityState, side: Side) -> dict[str, Any]:
    """What the new record is given: what its source holds, except what the new record's own side decides."""
    entity = state.entity
    clause = case.contract.entities[entity]
    shown = state.shown(side.other)
    finance = FINANCE_FIELDS.get(entity, frozenset()) if side is Side.ERP else frozenset()
    names = [*INTRINSIC[entity], *(name for name in clause.fields if name not in INTRINSIC[entity])]
    found = {name: shown[name] for name in names if name not in finance and not is_empty(shown.get(name))}
    if entity is Entity.COMPANY and side is Side.CRM and case.contract.books:
        found["subsidiary"] = case.contract.books
    return found


def _plan(case: Case, state: EntityState, side: Side) -> Plan | None:
    """None: it is not to be made (yet)."""
    source = state.side(side.other).ref or ""
    match state.entity:
        case Entity.INVOICE:
            return _mirror(case, state, source) if side is Side.CRM else None
        case Entity.CONTACT:
            return _person(case, state, side)
        case Entity.PRODUCT if side is Side.ERP:
            return Plan(natural_key=state.shown(Side.CRM)["sku"])
        case _:
            return Plan(natural_key=record_id(source))


def _person(case: Case, state: EntityState, side: Side) -> Plan | None:
    customer = case.customer
    if side is Side.ERP and customer.person not in {None, state.id}:
        case.result.counts["crm_only_person"] += 1  # Xero keeps one primary person per customer
        return None
    company = customer.crm if side is Side.CRM else customer.erp
    if company is None:
        return Plan(waits=True)
    key = state.shown(Side.ERP)["email"] if side is Side.CRM else record_id(company)
    return Plan(natural_key=key, links={"company": company})


def _mirror(case: Case, state: EntityState, source: str) -> Plan | None:
    if state.erp.fields.get("status") not in MIRRORED:
        return None
    if case.customer.crm is None:
        return Plan(waits=True)
    links = {"company": case.customer.crm}
    deal = state.related.get("deal")
    if deal:
        sold = case.known(deal).crm
        if sold.present and sold.ref:  # with one that is gone nothing can be linked: the mirror would be refused
            links["deal"] = sold.ref
    return Plan(natural_key=record_id(source), links=links)
