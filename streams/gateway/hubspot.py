"""HubSpot's events as hints.

In: the parsed body, an array of events. Out: hints. Pure.
Invariant: an event that names a record of a kind we follow is never dropped; one that cannot be understood is counted.
Source: HubSpot's webhook guide and the 2026-09 subscription types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.command import Event
from schemas.errors import Refused
from streams.gateway.hints import Hints, named
from streams.gateway.objects import TYPES, kind_of

MAX_EVENTS = 100  # HubSpot's own cap of a request
ID_DIGITS = 19  # of a number of 64 bits, which ids are; Python would not even read thousands of them

_KINDS = {"company": "company", "contact": "contact", "product": "product", "deal": "deal", "line_item": "line_item"}
_RECORD_ACTIONS = {"propertyChange", "creation", "deletion", "restore", "privacyDeletion"}
_PLAIN = {"propertyChange", "creation"}  # read, a record tells all that these are about; ends and merges tell more
_TELLING = {"deal", "contact", "invoice"}  # whose own reading shows the association; the other end's does not
_ENDS = {"CONTACT": "contact", "COMPANY": "company", "DEAL": "deal", "INVOICE": "invoice", "LINE_ITEM": "line_item"}


def hubspot_hints(body: Any, portal: str, types: Mapping[str, str] = TYPES) -> Hints:
    """Read a request's events. An empty `portal` means that this deployment has only one and does not check it.

    `types`: the object types that are followed under the contract.

    Raises:
        Refused: the body is no array of at most 100 events (code 400).
    """
    if not isinstance(body, list):
        raise Refused("an array of events is expected", code="400")
    if len(body) > MAX_EVENTS:
        raise Refused(f"more than {MAX_EVENTS} events", code="400")
    hints = Hints()
    for event in body:
        hints.results[_take(event, portal, hints, types)] += 1
    return hints


def _take(event: Any, portal: str, hints: Hints, types: Mapping[str, str]) -> str:
    if not isinstance(event, dict) or not isinstance(event.get("subscriptionType"), str):
        return "malformed"
    if portal and str(event.get("portalId")) != portal:
        return "unknown_connection"
    name, _, action = event["subscriptionType"].partition(".")
    if action == "associationChange":
        return _take_association(event, hints, types)
    kind = kind_of(event.get("objectTypeId"), types) if name == "object" else _KINDS.get(name)
    if kind is None or action not in _RECORD_ACTIONS | {"merge"}:
        return "ignored"
    if action == "merge":
        merged = event.get("mergedObjectIds")
        parts = [event.get("newObjectId"), event.get("primaryObjectId"), *(merged if isinstance(merged, list) else [])]
        ids = [number for part in parts if (number := _id(part))]
    else:
        ids = [number] if (number := _id(event.get("objectId"))) else []
    if not ids:
        return "malformed"
    hints.add(kind, ids, _named(event) if action in _PLAIN else None)
    if action == "privacyDeletion":
        hints.erased.setdefault(kind, {}).update(dict.fromkeys(ids))
    return "accepted"


def _named(event: dict[str, Any]) -> Event | None:
    """The event, whose name is all of it but how often it was sent: ids of events are not unique."""
    occurred = event.get("occurredAt")
    if type(occurred) is not int or type(event.get("eventId")) is not int:
        return None
    field = event.get("propertyName")
    says = (field, event["propertyValue"]) if isinstance(field, str) and "propertyValue" in event else None
    return named(occurred, {part: value for part, value in event.items() if part != "attemptNumber"}, says=says)


def _take_association(event: dict[str, Any], hints: Hints, types: Mapping[str, str]) -> str:
    kinds = _ends(event, types)
    ids = _id(event.get("fromObjectId")), _id(event.get("toObjectId"))
    if not all(ids):
        return "malformed"
    family = kinds == ("company", "company")  # a parent: the child's own reading shows it
    ends = zip(kinds, ids, strict=True)
    telling = [(kind, number) for kind, number in ends if kind and number and (family or kind in _TELLING)]
    for kind, number in telling:
        hints.add(kind, [number])
    return "accepted" if telling else "ignored"


def _ends(event: dict[str, Any], types: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The kinds at both ends: by type id, else by the older spelling, as in DEAL_TO_COMPANY."""
    source, _, target = str(event.get("associationType") or "").partition("_TO_")
    origin, end = event.get("fromObjectTypeId"), event.get("toObjectTypeId")
    return (
        kind_of(origin, types) if origin else _ENDS.get(source),
        kind_of(end, types) if end else _ENDS.get(target),
    )


def _id(value: Any) -> str | None:
    """A record's id: a positive number, whether it came as a number or as its digits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return text if len(text) <= ID_DIGITS and text.isascii() and text.isdigit() and int(text) > 0 else None
