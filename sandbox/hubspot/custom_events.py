"""Custom events: what the portal has defined, and what was sent of it.

In: definitions and occurrences, as calls bring them. Out: both, for routes and recounts. Sources: HubSpot's guides to
defining and to sending custom events, and its reference of the send call. Invariant: within a year a uuid counts once
for each event, unless the quirk says that nobody looks.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.errors import Problem, invalid
from sandbox.wire import iso

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

NAME = re.compile(r"^[a-z][a-z0-9_-]{0,49}$")
OBJECTS = {"CONTACT": "0-1", "COMPANY": "0-2", "DEAL": "0-3", "TICKET": "0-5"}
TYPES = ("string", "number", "enumeration", "datetime")
DEFINITIONS = 500  # of an account
PROPERTIES = 50  # of an event
LABEL = 100  # characters
VALUE = 1024  # characters; the guide gives it for every property
A_YEAR = timedelta(days=365)  # the reference: "within a year"


@dataclass(slots=True)
class EventDefinition:
    """One event that the portal knows."""

    name: str
    label: str
    description: str
    primary: str  # type id of the object on whose records it shows
    full: str  # fullyQualifiedName
    number: int
    made: datetime
    properties: dict[str, dict[str, object]] = field(default_factory=dict)

    def shown(self) -> dict[str, object]:
        """Give it as the API does."""
        return {
            "id": str(self.number),
            "name": self.name,
            "labels": {"singular": self.label, "plural": self.label},
            "description": self.description,
            "fullyQualifiedName": self.full,
            "objectTypeId": f"6-{self.number}",
            "primaryObjectId": self.primary,
            "properties": list(self.properties.values()),
            "archived": False,
            "createdAt": iso(self.made),
        }


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event that happened."""

    event: str  # the definition's name
    uuid: str
    object_id: str
    properties: Mapping[str, str]
    occurred: str
    received: datetime


class CustomEvents:
    """The portal's own events."""

    def __init__(self, portal: "Portal") -> None:
        self._portal = portal
        self.definitions: dict[str, EventDefinition] = {}
        self.occurrences: list[Occurrence] = []
        self._counted: dict[tuple[str, str], datetime] = {}  # event and uuid -> when it last counted

    def find(self, name: str) -> EventDefinition:
        """Give a definition by its name or its full one. Raises `Problem`."""
        for each in self.definitions.values():
            if name in {each.name, each.full}:
                return each
        raise Problem(404, f"No event definition {name} was found.", "OBJECT_NOT_FOUND")

    def define(self, raw: Mapping[str, Any]) -> EventDefinition:
        """Make a definition. Raises `Problem`."""
        self._need_enterprise()
        label = str(raw.get("label") or "")
        name = str(raw.get("name") or re.sub(r"[^a-z0-9]+", "_", label.lower()))
        primary = str(raw.get("primaryObject") or "CONTACT")
        if not label or len(label) > LABEL or not NAME.match(name):
            raise invalid(f"An event needs a label of up to {LABEL} characters and a name of a-z, 0-9, _ and -.")
        if primary not in OBJECTS:
            raise invalid(f"{primary} is no object that an event can be of.")
        if name in self.definitions:
            raise Problem(409, f"An event definition with the name {name} exists already.", "OBJECT_ALREADY_EXISTS")
        if len(self.definitions) >= DEFINITIONS:
            raise invalid(f"An account has at most {DEFINITIONS} event definitions.")
        number = 1000 + len(self.definitions)
        full = f"pe{self._portal.portal_id}_{name}"
        made = EventDefinition(
            name, label, str(raw.get("description") or ""), OBJECTS[primary], full, number, self._portal.now()
        )
        for each in raw.get("propertyDefinitions") or []:
            self.add(made, each)
        self.definitions[name] = made
        return made

    def add(self, to: EventDefinition, raw: Mapping[str, Any]) -> dict[str, object]:
        """Give a definition another property. Raises `Problem`."""
        self._need_enterprise()
        label, type_ = str(raw.get("label") or ""), str(raw.get("type") or "")
        name = str(raw.get("name") or re.sub(r"[^a-z0-9]+", "_", label.lower()))
        if not label or type_ not in TYPES or not NAME.match(name):
            raise invalid(f"A property needs a label, a name and a type of {', '.join(TYPES)}.")
        if name in to.properties:
            raise Problem(409, f"A property with the name {name} exists already.", "OBJECT_ALREADY_EXISTS")
        if len(to.properties) >= PROPERTIES:
            raise invalid(f"An event has at most {PROPERTIES} properties.")
        made: dict[str, object] = {"name": name, "label": label, "type": type_, "fieldType": "text"}
        to.properties[name] = made
        return made

    def read(self, raw: Mapping[str, Any]) -> Occurrence:
        """Read what is sent. Nothing looks whether the record is there. Raises `Problem`."""
        self._need_enterprise()
        if not raw.get("eventName"):
            raise Problem(400, "eventName is required.", context={"eventName": ["This property is required"]})
        event = next((each for each in self.definitions.values() if each.full == raw["eventName"]), None)
        if event is None:
            raise invalid(f"There is no event with the name {raw['eventName']}.")
        if not (raw.get("objectId") or raw.get("email") or raw.get("utk")):
            raise invalid("One of objectId, email and utk is required.")
        given = dict(raw.get("properties") or {})
        for name, value in given.items():
            if name not in event.properties and not name.startswith("hs_"):
                raise invalid(f"The event {event.name} has no property {name}.")
            if not isinstance(value, str) or len(value) > VALUE:
                raise invalid(f"The value of {name} must be a text of up to {VALUE} characters.")
        now = self._portal.now()
        own = str(raw.get("uuid") or uuid.UUID(int=self._portal.lots.getrandbits(128)))
        occurred = str(raw.get("occurredAt") or iso(now))
        return Occurrence(event.name, own, str(raw.get("objectId") or ""), given, occurred, now)

    def take(self, told: Occurrence) -> None:
        """Count it, unless its uuid was there within a year. Raises `Problem` where the quirk says so."""
        repeats = self._portal.quirks.repeated_event
        before = self._counted.get((told.event, told.uuid))
        known = before is not None and told.received - before < A_YEAR
        if known and repeats == "refused":
            raise Problem(409, f"An event with the uuid {told.uuid} exists already.", "CONFLICT")
        if not known or repeats == "counted":
            self.occurrences.append(told)
            self._counted[told.event, told.uuid] = told.received
            role, keys = self._portal.app.role, {"uuid": told.uuid}
            self._portal.writes.record(told.received, role, "create", "events", told.uuid, keys, dict(told.properties))

    def _need_enterprise(self) -> None:
        if not self._portal.enterprise:
            raise Problem(403, "Custom events need an Enterprise subscription.", "MISSING_SCOPES")

    def state(self) -> list[dict[str, object]]:
        """Show what was sent, for recounts."""
        return [
            {"event": each.event, "uuid": each.uuid, "object_id": each.object_id, "properties": dict(each.properties),
             "occurred_at": each.occurred}
            for each in self.occurrences
        ]  # fmt: skip
