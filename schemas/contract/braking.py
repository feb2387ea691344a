"""Finds brakes that cannot be meant: that can never act, twice the same, or about a rule that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Literal, get_args

from schemas.contract.brakes import ANY, HUNDRED, Brake
from schemas.contract.model import Contract, FieldRule, Guards
from schemas.contract.objects import SHOWN
from schemas.names import Entity

POLICIES: tuple[str, ...] = get_args(FieldRule.model_fields["policy"].annotation)
# Rules that write and are no policy of a field.
OTHERS = ("person", "identity", "create", "timing", "revenue", "receipt", "order", "subscription")
NOT_SHOWN = {
    Entity.REVENUE: "the contract shows no revenue in HubSpot",
    Entity.RECEIPT: "the contract shows no payments in HubSpot",
    Entity.ORDER: "the contract shows no orders in HubSpot",
    Entity.SUBSCRIPTION: "the contract shows no subscriptions in HubSpot",
}
Fault = tuple[Literal["error", "warning"], str, str]


def brake_faults(contract: Contract) -> Iterator[Fault]:
    """Level, path and message of each fault."""
    taken: set[tuple[Entity, str]] = set()
    for place, brake in enumerate(contract.brakes):
        path = f"brakes.{place}"
        if (brake.about, brake.rule) in taken:
            yield "error", path, f"there is a brake for {brake.rule!r} of {brake.about.value} already"
        taken.add((brake.about, brake.rule))
        yield from ((level, path, message) for level, message in _numbers(brake))
        known = _rules(contract)
        if brake.rule not in known:
            near = difflib.get_close_matches(brake.rule, known, n=1)
            hint = f": did you mean {near[0]!r}?" if near else f": there are {', '.join(known)}"
            yield "error", path, f"no rule is named {brake.rule!r}{hint}"
        elif idle := _idle_shown(contract, brake, shown) if (shown := _shown(brake)) else _idle(contract, brake):
            yield "warning", path, f"it can never act: {idle}"


def _numbers(brake: Brake) -> Iterator[tuple[Literal["error", "warning"], str]]:
    if brake.records is None and brake.percent is None:
        yield "error", "it can never act: give it 'records', 'percent' or both"
    if brake.records is not None and brake.records < 1:
        yield "error", "'records' is 1 or more: with none, the rule would never write at all"
    if brake.percent is not None and not 1 <= brake.percent < HUNDRED:
        yield "error", "'percent' is from 1 to 99: more than all records cannot be touched"
    if brake.at_least < 0:
        yield "error", "'at_least' is 0 or more"
    if brake.percent is None and "at_least" in brake.model_fields_set:
        yield "warning", "'at_least' goes with 'percent', and there is none"
    if brake.records is not None and brake.percent is not None and brake.at_least >= brake.records:
        yield "warning", "'percent' can never act: 'records' stops the rule before 'at_least' is reached"


def _rules(contract: Contract) -> list[str]:
    guards = [name for name in Guards.model_fields if name != "own"]
    return [
        ANY,
        *POLICIES,
        *OTHERS,
        *(f"guard.{name}" for name in [*guards, *(own.guard for own in contract.guards.own)]),
    ]


def _idle(contract: Contract, brake: Brake) -> str:
    """Why the brake can never act; empty where it can."""
    clause = contract.clause(brake.about)
    name = brake.about.value.replace("_", " ")
    if clause is None:
        return f"the contract says nothing of {name}"
    creates = (clause.create.crm, clause.create.erp) != ("never", "never")
    billed = brake.about is Entity.INVOICE and contract.timing.invoice_when != "never"
    if not (clause.fields or creates or billed):
        return f"nothing of {name} is written"
    if brake.rule in POLICIES and all(rule.policy != brake.rule for rule in clause.fields.values()):
        return f"no field of {name} is decided by {brake.rule!r}"
    if brake.rule == "create" and not creates:
        return f"no {name} is made on either side"
    if brake.rule == "timing" and not billed:
        return f"{name} is not what a deal's timing writes"
    return ""


def _shown(brake: Brake) -> Entity | None:
    """The kind of record made only for HubSpot that a brake is about: each is written by the rule of its name."""
    return next((each for each in SHOWN if brake.about is each or brake.rule == each.value), None)


def _idle_shown(contract: Contract, brake: Brake, shown: Entity) -> str:
    """The same of a brake about such records."""
    name = shown.value
    if brake.about is not shown or brake.rule not in {ANY, name}:
        return f"{name} is what the rule {name!r} writes, and no other does"
    if brake.records is None:
        return f"how many records of {name} there are is not read: give it 'records'"
    return "" if getattr(contract.platforms.objects, SHOWN[shown]) is not None else NOT_SHOWN[shown]
