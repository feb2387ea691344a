"""Properties: what a record may hold.

In: HubSpot's standard properties, and definitions clients create. Out: definitions and groups in HubSpot's
form.
Invariant: `hasUniqueValue` never changes once set; HubSpot's own definitions are read-only.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.hubspot.object_types import ObjectType
from sandbox.wire import iso

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)  # when HubSpot made its own definitions, for lack of a better date
FIELD_TYPES = {
    "bool": ("booleancheckbox", "calculation_equation", "radio", "select"),
    "date": ("date",),
    "datetime": ("date",),
    "enumeration": ("booleancheckbox", "checkbox", "radio", "select", "calculation_equation"),
    "number": ("number", "calculation_equation"),
    "phone_number": ("phonenumber",),
    "string": ("file", "text", "textarea", "phonenumber", "html", "calculation_equation"),
}


@dataclass(slots=True)
class Definition:
    """One property of a type."""

    name: str
    type: str = "string"
    label: str = ""
    field_type: str = ""
    group: str = "information"
    options: list[dict[str, object]] = field(default_factory=list)
    unique: bool = False
    read_only: bool = False
    hubspot: bool = True
    owners: bool = False  # the options are the portal's owners
    description: str = ""
    display_order: int = -1
    hidden: bool = False
    form_field: bool = False
    currency_symbol: bool = False
    created: datetime = EPOCH
    updated: datetime = EPOCH
    archived_at: datetime | None = None

    def __post_init__(self) -> None:
        self.label = self.label or self.name.removeprefix("hs_").replace("_", " ").capitalize()
        self.field_type = self.field_type or FIELD_TYPES[self.type][0]

    @property
    def choices(self) -> list[str]:
        """Give the allowed values of an enumeration."""
        return [str(option["value"]) for option in self.options]

    @property
    def multiple(self) -> bool:
        """Tell whether several values may be set at once."""
        return self.type == "enumeration" and self.field_type == "checkbox"

    def wire(self) -> dict[str, object]:
        """Give the form of the properties API."""
        shown: dict[str, object] = {
            "updatedAt": iso(self.updated),
            "createdAt": iso(self.created),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": self.options,
            "displayOrder": self.display_order,
            "calculated": self.read_only and self.hubspot,
            "externalOptions": self.owners,
            "archived": self.archived_at is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.hubspot,
            "modificationMetadata": {
                "archivable": not self.hubspot,
                "readOnlyDefinition": self.hubspot,
                "readOnlyValue": self.read_only,
            },
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
        }
        if self.archived_at is not None:
            shown["archivedAt"] = iso(self.archived_at)
        if self.owners:
            shown["referencedObjectType"] = "OWNER"
        return shown


@dataclass(frozen=True, slots=True)
class Rule:
    """An administrator's check on a property: since 2026-09 the API's writes must pass it as well."""

    kind: str  # the type's name
    property_name: str
    pattern: str  # a regular expression the whole value must match
    code: str = "INVALID_ALPHA"

    def allows(self, value: str) -> bool:
        """Tell whether a value passes; clearing always does."""
        return not value or re.fullmatch(self.pattern, value) is not None


@dataclass(slots=True)
class Group:
    """A heading properties stand under."""

    name: str
    label: str
    display_order: int = -1

    def wire(self) -> dict[str, object]:
        """Give the form of the properties API."""
        return {
            "name": self.name,
            "label": self.label,
            "displayOrder": self.display_order,
            "archived": False,
        }


class Dictionary:
    """The properties and groups of every type."""

    def __init__(self) -> None:
        self._definitions: dict[str, dict[str, Definition]] = {}
        self._groups: dict[str, dict[str, Group]] = {}
        self.rules: list[Rule] = []

    def of(self, kind: ObjectType) -> dict[str, Definition]:
        """Give a type's properties by name, archived ones included."""
        return self._definitions.setdefault(kind.type_id, {})

    def groups(self, kind: ObjectType) -> dict[str, Group]:
        """Give a type's groups by name."""
        return self._groups.setdefault(kind.type_id, {})

    def find(self, kind: ObjectType, name: str) -> Definition | None:
        """Give a property in use."""
        definition = self.of(kind).get(name)
        return None if definition is None or definition.archived_at else definition

    def add(self, kind: ObjectType, definitions: Iterable[Definition]) -> None:
        """Make properties known."""
        known = self.of(kind)
        for definition in definitions:
            known[definition.name] = definition
            self.groups(kind).setdefault(
                definition.group, Group(definition.group, definition.group.replace("_", " ").capitalize())
            )

    def unique_names(self, kind: ObjectType) -> list[str]:
        """Give the names of the properties whose values identify a record."""
        return [each.name for each in self.of(kind).values() if each.unique and each.archived_at is None]


def choices(pairs: Mapping[str, str] | Iterable[str]) -> list[dict[str, object]]:
    """Give options from values, or from values with labels."""
    labels = dict(pairs) if isinstance(pairs, Mapping) else {value: value for value in pairs}
    return [
        {"value": value, "label": label, "displayOrder": order, "hidden": False, "description": ""}
        for order, (value, label) in enumerate(labels.items())
    ]
