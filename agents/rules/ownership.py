"""Ownership: who decides about a field as things stand, and which line of the contract says so.

In: the contract, the customer, both sides of the record. Out: one answer for each field, from the same rules that judge
it; nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agents.rules.decision import NAMES
from agents.rules.guards import field_guard, waits_for_history
from agents.rules.situations import WAITS, holder, possible
from schemas.contract import Contract, FieldRule
from schemas.names import Entity, Side
from tables.customers import CustomerState
from tables.entities import EntityState

Decides = Literal["crm", "erp", "newest", "review", "merge", "waits", "nobody"]
IDS = {"erp_id": Side.ERP, "crm_id": Side.CRM}  # what each side keeps of the other is never decided about


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who decides. `by` is the rule's name, as verdicts have it; `path` is the place in the contract."""

    decides: Decides
    by: str
    path: str
    why: str


def ownership(contract: Contract, customer: CustomerState, state: EntityState, name: str) -> Ownership:
    """Who decides about a field of a record now."""
    clause = contract.clause(state.entity)
    if clause is None:
        said = f"the contract does not speak of {_word(state.entity)} records: they are read and never written"
        return Ownership("nobody", "", "entities", said)
    path = f"entities.{state.entity.value}.fields.{name}"
    rule = clause.fields.get(name)
    if rule is None:
        return _unlisted(contract, customer, state, name)
    return _guarded(contract, customer, state, name, path) or _ruled(contract, customer, state, rule, path)


def _unlisted(contract: Contract, customer: CustomerState, state: EntityState, name: str) -> Ownership:
    """A field that the contract lists no rule for."""
    if name in IDS:
        return Ownership(_side(IDS[name]), "identity", "identity", f"{NAMES[IDS[name]]}'s id of this record, kept here")
    if (state.entity, name) == (Entity.COMPANY, "consent"):
        return Ownership("crm", "", "consent", "the CRM alone keeps it, and no edit in the ERP changes it")
    if (state.entity, name) == (Entity.COMPANY, "lifecycle") and contract.guards.lifecycle_gating:
        return _lifecycle(contract, customer)
    path = f"entities.{state.entity.value}"
    sides = [side for side in Side if name in state.side(side).fields or (side is Side.ERP and name in state.derived)]
    only = f"only {NAMES[sides[0]]} holds it, and " if len(sides) == 1 else ""
    return Ownership("nobody", "", path, f"{only}the contract does not list it: it is read and never written")


def _guarded(contract: Contract, customer: CustomerState, state: EntityState, name: str, path: str) -> Ownership | None:
    guard = field_guard(contract, customer, state.entity, name, state.shown(Side.ERP))
    if guard is not None:
        return Ownership("erp", guard[0], _guard_path(contract, guard[0]), guard[1])
    if waits_for_history(contract, customer, state.entity, name):
        why = "not all invoices have been read yet, so nobody can say whether the customer ever ordered"
        return Ownership("waits", "owner", path, why)
    return None


def _ruled(contract: Contract, customer: CustomerState, state: EntityState, rule: FieldRule, path: str) -> Ownership:
    if rule.policy == "newest":
        why = f"the later edit stands; within {rule.tolerance_seconds} s of each other a person is asked"
        return Ownership("newest", "newest", path, why)
    if rule.policy == "review":
        return Ownership("review", "review", path, "where both sides changed it, a person is asked")
    if rule.policy == "merge":
        return Ownership("merge", "merge", path, "what either side adds or removes is added or removed on both")
    return _owned(contract, customer, state, rule, path)


def _owned(contract: Contract, customer: CustomerState, state: EntityState, rule: FieldRule, path: str) -> Ownership:
    owner, now = holder(contract, customer, state, rule), _now(contract, customer, state, rule)
    if owner == WAITS:
        why = f"it is owned by state, and nobody can say yet which this is{now}"
        return Ownership("waits", rule.policy, path, why)
    if owner == "review":
        return Ownership("review", "review", path, f"where both sides changed it, a person is asked{now}")
    if not isinstance(owner, Side):
        return Ownership("nobody", rule.policy, path, "nobody owns it in this state: a person is asked")
    why = f"{NAMES[owner]} owns it{now}{_since(customer, rule)}{_falls(rule)}"
    return Ownership(_side(owner), rule.policy, path, why)


def _now(contract: Contract, customer: CustomerState, state: EntityState, rule: FieldRule) -> str:
    """The state that an owner by state depends on."""
    if not isinstance(rule.owner, dict):
        return ""
    return f" while it is {' or '.join(sorted(possible(contract, customer, state)))}".replace("_", " ")


def _since(customer: CustomerState, rule: FieldRule) -> str:
    if rule.until is None:
        return ""
    return ", now that the customer has ordered" if customer.ordered else " until the customer's first order"


def _falls(rule: FieldRule) -> str:
    return "; where it would fall without a refund, a person is asked" if rule.policy == "monotonic" else ""


def _lifecycle(contract: Contract, customer: CustomerState) -> Ownership:
    path, stages = "guards.lifecycle_gating", ", ".join(contract.lifecycle.gated)
    if customer.ordered:
        return Ownership("crm", "guard.lifecycle_gating", path, "the CRM sets it; the customer has ordered")
    return Ownership("crm", "guard.lifecycle_gating", path, f"the CRM sets it, but not to {stages} before an order")


def _guard_path(contract: Contract, rule: str) -> str:
    name = rule.removeprefix("guard.")
    own = [place for place, each in enumerate(contract.guards.own) if each.guard == name]
    return f"guards.own.{own[0]}" if own else f"guards.{name}"


def _side(side: Side) -> Literal["crm", "erp"]:
    return "crm" if side is Side.CRM else "erp"


def _word(entity: Entity) -> str:
    return entity.value.replace("_", " ")
