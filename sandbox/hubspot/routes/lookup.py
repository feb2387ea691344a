"""Finding the record a request names."""

from typing import TYPE_CHECKING

from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.gate import record_id
from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal


def check_id_property(portal: "Portal", kind: ObjectType, name: str | None) -> None:
    """Demand that a property identifies records. Raises `Problem`."""
    if name in (None, "hs_object_id") or (name == "email" and kind.name == "contacts"):
        return
    definition = portal.dictionary.find(kind, str(name))
    if definition is None or not definition.unique:
        raise invalid(f"Property {name} is not a unique property of {kind.singular}; idProperty needs one.")


def find(
    portal: "Portal", kind: ObjectType, identity: object, id_property: str | None = None, *,
    through_merges: bool = True,
) -> Record | None:  # fmt: skip
    """Give the record of an id, or of a unique value; archived ones are found by id only."""
    if id_property not in (None, "hs_object_id"):
        return portal.store.holder(kind, str(id_property), str(identity))
    number = record_id(identity)
    if number is None:
        return None
    return portal.store.get(kind, number) if through_merges else portal.store.at(kind, number)


def live(portal: "Portal", kind: ObjectType, identity: object) -> Record:
    """Give a record that is there and not archived. Raises `Problem`."""
    record = find(portal, kind, identity)
    if record is None or record.archived:
        raise Problem(
            404,
            f"{kind.singular.upper()} {identity} does not exist",
            "OBJECT_NOT_FOUND",
            context={"ids": [str(identity)]},
        )
    return record
