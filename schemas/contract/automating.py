"""Finds automations that cannot be meant: twice the same, that do nothing, or that name what there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Literal

from schemas.contract.automations import MOST_PROPERTIES, Automation, EventWanted, named
from schemas.contract.mappings import PROPERTY, TAKEN
from schemas.contract.model import Contract
from schemas.names import Entity, Side

DAYS = {  # what the days are counted from
    "invoice.overdue": "how many days after its due date: days: 14",
    "subscription.renewal_due": "how many days before the end of its term: days: 30",
}
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
    if each.set is None and each.task is None and each.event is None:
        yield "it does nothing: give it 'set', 'task' or 'event', or several of them"
    if (each.when in DAYS) is (each.days is None):
        yield (
            f"say {DAYS[each.when]}"
            if each.days is None
            else f"'days' goes with {' and '.join(DAYS)}, and this is {each.when}"
        )
    if each.when.startswith("subscription.") and contract.timing.subscriptions is None:
        yield "no deal is billed period by period, so no term ends: name timing.subscriptions, or leave this out"
    for place, text in each.texts.items():
        for name in dict.fromkeys(named(text)):
            if name not in each.known:
                near = difflib.get_close_matches(name, each.known, n=1)
                hint = f"did you mean {{{near[0]}}}?" if near else f"there are {', '.join(sorted(each.known))}"
                yield f"{place} knows no {{{name}}}: {hint}"
    if each.set is not None:
        yield from _property(contract, each, each.set.of, each.set.property)
    if each.event is not None:
        yield from _event(contract, each, each.event)
    if each.needs_consent and contract.consent is None:
        yield "nothing says who has agreed, so it never acts: name consent, or leave needs_consent out"


def _event(contract: Contract, each: Automation, event: EventWanted) -> Iterator[str]:
    """An event that is of another object elsewhere, has HubSpot's own names, or is of what nobody would find."""
    if each.when.startswith("credit_hold.") and event.of != "company":
        yield f"a credit hold is a customer's: the event is of company, not of {event.of}"
    others = [one.event for one in contract.automations if one.event is not None and one.event.name == event.name]
    if others[0].of != event.of:
        yield f"the event {event.name} is of {others[0].of} already, and HubSpot has an event on one kind of record"
    if len({name for one in others for name in one.properties}) > MOST_PROPERTIES:
        yield f"the event {event.name} has more than {MOST_PROPERTIES} properties, the most that HubSpot lets it have"
    for name in event.properties:
        if name.startswith("hs_"):
            yield f"the property {name} of the event {event.name} begins as HubSpot's own do: name it otherwise"


def _property(contract: Contract, each: Automation, on: str, name: str) -> Iterator[str]:
    """A property that is not an automation's to write."""
    if name in TAKEN or name.startswith(("hs_", "hubspot_")) or not PROPERTY.fullmatch(name):
        yield f"{name!r} is no property's name in HubSpot, or one of Revmark's or HubSpot's own"
    if on != "company" and each.when.startswith("credit_hold."):
        yield f"a credit hold is a customer's: set it of company, not of {on}"
    if on == "invoice" and each.when.startswith("subscription."):
        yield "a subscription is a deal's: set it of deal or company, not of invoice"
    elif on == "invoice":
        clause = contract.clause(Entity.INVOICE)
        if clause is None or clause.create.crm == "never":
            yield "no invoice is mirrored in the CRM: set it of deal or company, or give invoice create: {crm: always}"
    entity = Entity(on)
    places = {mapped.on(Side.CRM).at: f"{on}.{own}" for own, mapped in contract.mapped(entity).items()}
    if contract.subsidiary is not None:
        places[contract.subsidiary.crm] = "subsidiary"
    if contract.consent is not None and entity is Entity.COMPANY:
        places[contract.consent.property] = "consent"
    if name in places:
        yield f"{name} is the place of {places[name]} already"
