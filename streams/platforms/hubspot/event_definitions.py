"""The custom events that a portal must know, and how they are defined there.

In: a contract, a door to the portal. Out: what is lacking; the same, made. Invariants: a definition that is there is
never changed, it only gets the properties that it lacks; one of another object, or that goes by another name, is
refused, for what is sent would come to nothing.
Sources: HubSpot's guide to defining custom events (Enterprise; neither the name nor the object can be changed later).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from schemas.contract import Contract
from schemas.contract.automations import labelled
from schemas.errors import Parked, Refused
from streams.platforms.hubspot.shapes import SHAPES

TIER = (
    "custom events need an Enterprise subscription of HubSpot; without one, take event out of the contract's "
    "automations: set and task say the same on every tier"
)
Json = dict[str, Any]


class EventPortal(Protocol):
    """What is needed of a portal, as the client has it."""

    async def event_definition(self, name: str) -> Json | None:
        """A definition with its properties; None where it is not there."""
        ...

    async def define_event(self, body: Json) -> None:
        """Make a definition."""
        ...

    async def extend_event(self, name: str, body: Json) -> None:
        """Give a definition another property."""
        ...


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """An event of the contract's: of which kind of record, and its properties. `there`: only these are lacking."""

    name: str
    of: str
    properties: tuple[str, ...]
    there: bool = False

    @property
    def body(self) -> Json:
        """As HubSpot is given it."""
        return {
            "name": self.name,
            "label": labelled(self.name),
            "description": "Told by an automation of Revmark's contract, once for each cause",
            "primaryObject": self.of.upper(),
            "propertyDefinitions": [_property(each) for each in self.properties],
            "includeDefaultProperties": False,
        }

    @property
    def words(self) -> list[str]:
        """What is to be made, each in a line's words."""
        if self.there:
            return [f"property {each} of the event {self.name}" for each in self.properties]
        return [f"event {self.name} of {self.of}"]


def events_of(contract: Contract | None) -> list[EventDefinition]:
    """What a contract's automations send; several may send the same event, with other properties."""
    found: dict[str, EventDefinition] = {}
    for each in contract.automations if contract is not None else ():
        if (event := each.event) is not None:
            before = found.get(event.name, EventDefinition(event.name, event.of, ()))
            names = tuple(dict.fromkeys((*before.properties, *event.properties)))
            found[event.name] = replace(before, properties=names)
    return list(found.values())


async def lacking_events(portal: EventPortal, contract: Contract | None) -> tuple[EventDefinition, ...]:
    """What the portal lacks of them; nothing is changed.

    Raises:
        Parked: the token may not read definitions, or the portal's tier has no events; the message says which.
        Refused: an event of that name is there and is not ours to send.
        Throttled, Transient: try again.
    """
    found = []
    for each in events_of(contract):
        try:
            there = await portal.event_definition(each.name)
        except Parked as error:
            raise Parked(f"{error.message} ({TIER})", until=error.until, code=error.code) from error
        if there is None:
            found.append(each)
            continue
        _usable(each, there)
        known = {str(one.get("name")) for one in there.get("properties") or []}
        if missing := tuple(name for name in each.properties if name not in known):
            found.append(replace(each, properties=missing, there=True))
    return tuple(found)


async def define_events(portal: EventPortal, wanted: tuple[EventDefinition, ...]) -> None:
    """Make what is lacking.

    Raises:
        Parked: the app may not, or the portal's tier has no events; the message says which.
        Refused: HubSpot refuses a definition; the message is its own.
        Throttled, Transient: try again, nothing is made twice.
    """
    for each in wanted:
        try:
            if not each.there:
                await portal.define_event(each.body)
                continue
            for name in each.properties:
                await portal.extend_event(each.name, _property(name))
        except Parked as error:
            raise Parked(f"{error.message} ({TIER})", until=error.until, code=error.code) from error


def _usable(wanted: EventDefinition, there: Json) -> None:
    of, full = there.get("primaryObjectId"), str(there.get("fullyQualifiedName") or "")
    if of in {None, SHAPES[wanted.of].type_id} and full.startswith("pe") and full.partition("_")[2] == wanted.name:
        return
    raise Refused(
        f"the event {wanted.name} is there as {full}, of the object {of}: what is sent of a {wanted.of} would not come "
        "to it, and HubSpot lets neither be changed. Nothing was changed. Next: give it another name in the contract, "
        "then: revmark provision",
        code="event",
    )


def _property(name: str) -> Json:
    return {"name": name, "label": labelled(name), "type": "string"}
