"""What a create asks for: properties and the associations to make at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.hubspot.actors import Actor
from sandbox.hubspot.association_types import AssociationType
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record
from sandbox.hubspot.routes.lookup import live
from sandbox.hubspot.validation import Claims, checked

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal


@dataclass(slots=True)
class Draft:
    """A create that has passed every check."""

    kind: ObjectType
    values: dict[str, str]
    associations: list[tuple[Record, list[AssociationType]]]
    body: Any


def properties_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Read the properties of an input. Raises `Problem`."""
    properties = raw.get("properties", {})
    if not isinstance(properties, dict):
        raise invalid("Invalid input JSON: properties must be an object")
    return properties


def draft(
    portal: "Portal", kind: ObjectType, raw: Mapping[str, Any], claims: Claims | None = None
) -> Draft:  # fmt: skip
    """Check a create and change nothing. Raises `Problem`."""
    properties = properties_of(raw)
    values = checked(portal, kind, properties, claims=claims)
    associations = [
        _association(portal, kind, each) for each in raw.get("associations") or [] if isinstance(each, dict)
    ]
    return Draft(kind, values, associations, properties)


def _association(
    portal: "Portal", kind: ObjectType, raw: Mapping[str, Any]
) -> tuple[Record, list[AssociationType]]:  # fmt: skip
    wanted = raw.get("types") or []
    if not wanted:
        raise invalid("An association needs types.")
    to_id = (raw.get("to") or {}).get("id")
    found: list[AssociationType] = []
    for each in wanted:
        type_id = int(each["associationTypeId"])
        found.append(_type_from(portal, kind, type_id, str(each.get("associationCategory"))))
    target = live(portal, portal.catalogue.get(found[0].to_type), to_id)
    return target, found


def _type_from(portal: "Portal", kind: ObjectType, type_id: int, category: str) -> AssociationType:
    for other in portal.catalogue.types:
        for each in portal.associations.types(kind.type_id, other.type_id):
            if each.id == type_id and each.category == category:
                return each
    raise invalid(f"Invalid association type: {category} {type_id} is not defined from {kind.singular}")


def commit(portal: "Portal", made: Draft, actor: Actor) -> Record:
    """Make the record and its associations."""
    record = portal.writer.create(made.kind, made.values, actor, made.body)
    for target, types in made.associations:
        portal.writer.associate(record, target, types, actor)
    return record
