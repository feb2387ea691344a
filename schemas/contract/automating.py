"""Finds automations that cannot be meant: twice the same, that do nothing, or that name what there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Literal

from schemas.contract.automations import Automation, named
from schemas.contract.mappings import PROPERTY, TAKEN
from schemas.contract.model import Contract
from schemas.names import Entity, Side

Fault = tuple[Literal["error", "warning"], str, str]


def automation_faults(contract: Contract) -> Iterator[Fault]:
    """Level, path and message of each fault."""
    taken: set[str] = set()
    for place, each in enumerate(contract.automations):
        path = f"automations.{place}"
        if each.automation in taken:
            yield "error", path, f"there is an automation {each.automation!r} already"
        taken.add(each.automation)
        yield from (("error", path, message) for message in _errors(contract, each))
        if each.when.startswith("invoice.") and contract.clause(Entity.INVOICE) is None:
            yield "warning", path, "the contract says nothing of invoices: they are read, and this still acts on them"


def _errors(contract: Contract, each: Automation) -> Iterator[str]:
    if each.set is None and each.task is None:
        yield "it does nothing: give it 'set', 'task' or both"
    if (each.when == "invoice.overdue") is (each.days is None):
        yield (
            "say how many days after its due date: days: 14"
            if each.days is None
            else f"'days' goes with invoice.overdue, and this is {each.when}"
        )
    for place, text in each.texts.items():
        for name in dict.fromkeys(named(text)):
            if name not in each.known:
                near = difflib.get_close_matches(name, each.known, n=1)
                hint = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(sorted(each.known))}"
                yield f"{place} knows no {{{name}}}: {hint}"
    if each.set is not None:
        yield from _property(contract, each, each.set.of, each.set.property)


def _property(contract: Contract, each: Automation, on: str, name: str) -> Iterator[str]:
    """A property that is not an automation's to write."""
    if name in TAKEN or name.startswith(("hs_", "hubspot_")) or not PROPERTY.fullmatch(name):
        yield f"{name!r} is no property's name in HubSpot, or one of Revmark's or HubSpot's own"
    if on != "company" and each.when.startswith("credit_hold."):
        yield f"a credit hold is a customer's: set it of company, not of {on}"
    if on == "invoice":
        clause = contract.clause(Entity.INVOICE)
        if clause is None or clause.create.crm == "never":
            yield "no invoice is mirrored in the CRM: set it of deal or company, or give invoice create: {crm: always}"
    entity = Entity(on)
    places = {mapped.on(Side.CRM).at: f"{on}.{own}" for own, mapped in contract.mapped(entity).items()}
    if contract.subsidiary is not None:
        places[contract.subsidiary.crm] = "subsidiary"
    if name in places:
        yield f"{name} is the place of {places[name]} already"
