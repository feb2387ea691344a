"""What an entry of the webhooks journal says: which records have to be read, and what they have to show.

Pure. In: one event as its file holds it. Out: mentions, and what became of it. Invariant: an entry that names a record
of a kind we follow is never dropped; one that cannot be understood is counted.
Source: HubSpot's 2026-09 specification of the journal (actions). What an entry looks like no specification says; it is
taken from a tool that reads them, and is unverified: the time as ISO 8601 or milliseconds, `propertyChanges` as names
with their values, the ends of an association. Where it is otherwise, a record is read once more than it had to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.command import Event
from schemas.instants import parse_instant, to_millis
from streams.gateway.hints import named
from streams.gateway.objects import TYPES, kind_of
from streams.platforms.hubspot.shapes import is_id
from streams.platforms.interface import Mention

PLAIN = frozenset({"CREATE", "UPDATE"})  # read, a record tells all that these are about; ends and merges tell more
ENDS = frozenset({"DELETE", "RESTORE", "MERGE", "SNAPSHOT", "GDPR_DELETE"})
ASSOCIATIONS = frozenset({"ASSOCIATION_ADDED", "ASSOCIATION_REMOVED"})
TELLING = frozenset({"deal", "contact", "invoice"})  # whose own reading shows the association; the other end's does not


def understood(entry: Any, portal: str, types: Mapping[str, str] = TYPES) -> tuple[list[Mention], str]:
    """The records that an entry names, and what became of it. An empty `portal`: there is only one.

    `types`: the object types that are followed under the contract.
    """
    if not isinstance(entry, dict) or not isinstance(action := entry.get("action"), str):
        return [], "malformed"
    if portal and str(entry.get("portalId")) != portal:
        return [], "unknown_connection"
    if action in ASSOCIATIONS:
        return _association(entry, types)
    kind = kind_of(entry.get("objectTypeId"), types)
    if kind is None or action not in PLAIN | ENDS:
        return [], "ignored"
    ids = _merged(entry) if action == "MERGE" else _ids(entry.get("objectId"))
    if not ids:
        return [], "malformed"
    events = _events(entry) if action in PLAIN else ()
    return [Mention(kind, each, events, erased=action == "GDPR_DELETE") for each in ids], "accepted"


def _events(entry: dict[str, Any]) -> tuple[Event, ...]:
    """One event for each property, by names that it has however often it is told; none where the time is none."""
    occurred = _millis(entry.get("occurredAt"))
    if occurred is None:
        return ()
    changes = entry.get("propertyChanges")
    if entry["action"] != "UPDATE" or not isinstance(changes, dict) or not changes:
        found = [named(occurred, entry)]
    else:
        found = [
            named(occurred, entry, name, says=None if isinstance(value, dict | list) else (str(name), value))
            for name, value in changes.items()
        ]
    events = tuple(event for event in found if event is not None)
    return events if len(events) == len(found) else ()


def _association(entry: dict[str, Any], types: Mapping[str, str]) -> tuple[list[Mention], str]:
    ends = [
        (entry.get("fromObjectTypeId", entry.get("objectTypeId")), entry.get("fromObjectId", entry.get("objectId"))),
        (
            entry.get("toObjectTypeId", entry.get("associatedObjectTypeId")),
            entry.get("toObjectId", entry.get("associatedObjectId")),
        ),
    ]
    found = [(kind_of(type_id, types), _ids(number)) for type_id, number in ends]
    if not all(ids for _, ids in found):
        return [], "malformed"
    family = all(kind == "company" for kind, _ in found)  # a parent: the child's own reading shows it
    mentions = [Mention(kind, each) for kind, ids in found if kind and (family or kind in TELLING) for each in ids]
    return mentions, "accepted" if mentions else "ignored"


def _merged(entry: dict[str, Any]) -> list[str]:
    merged = entry.get("mergedObjectIds")
    others = merged if isinstance(merged, list) else []
    return _ids(entry.get("newObjectId"), entry.get("primaryObjectId"), entry.get("objectId"), *others)


def _ids(*values: Any) -> list[str]:
    """Those that are a record's id, as a number or as its digits, each once."""
    texts = [str(value) for value in values if isinstance(value, int | str) and not isinstance(value, bool)]
    return list(dict.fromkeys(text for text in texts if is_id(text) and int(text) > 0))


def _millis(value: Any) -> int | None:
    if type(value) is int:
        return value
    try:
        return to_millis(parse_instant(value))
    except (TypeError, ValueError, AttributeError):
        return None
