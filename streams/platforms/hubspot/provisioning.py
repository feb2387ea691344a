"""Provisioning: what a portal lacks of what a contract asks for, and how it is made there, once.

In: a door to the portal, a contract. Out: what is lacking: the custom object that the contract chooses, what it may be
associated with, properties. Then the same, made. Invariants: what is there is never changed; asked again, it finds what
has been made; an external id that two records could share is refused, for a mirror could then be made twice.
Source: HubSpot's guide to custom objects (Enterprise; the name never changes; `associatedObjects` makes unlabelled
association types, one that is missing is made by itself).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.contract import Contract
from schemas.errors import Parked, Refused
from streams.platforms.hubspot.properties import (
    Portal,
    PortalProperty,
    create_properties,
    missing_properties,
    properties_of,
)
from streams.platforms.hubspot.shapes import INVOICE, SHAPES, Shape, shapes_of

FORBIDDEN = "MISSING_SCOPES"  # the category of a 403, of a scope and of a tier alike
LABELS = {"singular": "Xero invoice", "plural": "Xero invoices"}
Json = dict[str, Any]


class SchemaPortal(Portal, Protocol):
    """What is needed of a portal besides properties, as the client has it."""

    async def schemas(self) -> list[Json]:
        """The portal's custom objects."""
        ...

    async def create_schema(self, body: Json) -> None:
        """Make a custom object."""
        ...

    async def associate_types(self, source: str, target: str, name: str) -> None:
        """Let records of two types be associated."""
        ...


@dataclass(frozen=True, slots=True)
class Association:
    """A custom object's association with one of HubSpot's types. `source` is empty where the object comes with it."""

    name: str
    source: str
    target: str  # type ids


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a portal lacks. `object`: the custom object that the contract chooses, empty where it chooses none."""

    object: str = ""
    schema: Json | None = None  # of the object, where it is not there
    associations: tuple[Association, ...] = ()
    properties: tuple[PortalProperty, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether all is there."""
        return not (self.schema or self.associations or self.properties)

    @property
    def words(self) -> list[str]:
        """Each thing in a line's words."""
        found = [f"object {self.object}"] if self.schema else []
        found += [f"association {each.name}" for each in self.associations]
        return found + [f"property {each.kind}.{each.name}" for each in self.properties]

    def document(self) -> Json:
        """As JSON: the schema as HubSpot is given it."""
        return {
            "object": self.object or None,
            "schemas": [self.schema] if self.schema else [],
            "associations": [each.name for each in self.associations],
            "properties": [
                {"object": each.kind, "name": each.name, "label": each.label, "type": each.type, "unique": each.unique}
                for each in self.properties
            ],
            "pipelines": [],  # no object that is chosen needs one
        }


async def lacking(portal: SchemaPortal, contract: Contract | None) -> Lacking:
    """What the portal lacks of what the contract asks for; nothing is changed.

    Raises:
        Parked: the token may not read definitions; the message names the scope.
        Refused: the object is there and cannot be used as it is.
        Throttled, Transient: try again.
    """
    needed = properties_of(contract)
    chosen = "native" if contract is None else contract.platforms.objects.invoice
    if contract is None or chosen == "native":
        shapes = SHAPES if contract is None else shapes_of(contract)
        return Lacking(properties=tuple(await missing_properties(portal, needed, shapes)))
    shapes, name = shapes_of(contract), chosen.custom
    there = next((each for each in await portal.schemas() if each.get("name") == name), None)
    if there is None:
        others = [each for each in needed if each.kind != INVOICE.kind]
        own = [each for each in needed if each.kind == INVOICE.kind]
        missing = [*await missing_properties(portal, others, shapes), *own]
        return Lacking(name, _schema(name, own), _associations(name, shapes[INVOICE.kind]), tuple(missing))
    _unique(name, there)
    missing = await missing_properties(portal, needed, shapes)
    return Lacking(name, None, _unassociated(name, shapes[INVOICE.kind], there), tuple(missing))


async def provision(portal: SchemaPortal, contract: Contract | None, wanted: Lacking) -> None:
    """Make what is lacking. A custom object comes with its properties and associations, in one call.

    Raises:
        Parked: the app may not, or the portal's tier has no custom objects; the message says which.
        Refused: HubSpot refuses a definition; the message is its own.
        Throttled, Transient: try again, nothing is made twice.
    """
    properties = list(wanted.properties)
    if wanted.schema is not None:
        try:
            await portal.create_schema(wanted.schema)
        except Parked as error:
            raise Parked(f"{error.message} ({TIER})", until=error.until, code=error.code) from error
        properties = [each for each in properties if each.kind != INVOICE.kind]
    for each in wanted.associations if wanted.schema is None else ():
        await portal.associate_types(each.source, each.target, each.name)
    if properties:
        await create_properties(portal, properties, SHAPES if contract is None else shapes_of(contract))


TIER = (
    "custom objects need an Enterprise subscription of HubSpot; without one, take platforms.objects out of the "
    "contract, and invoices are mirrored on HubSpot's own object"
)


def _schema(name: str, properties: Sequence[PortalProperty]) -> Json:
    return {
        "name": name,
        "labels": LABELS,
        "description": "Invoices as Xero has them; made and kept by Revmark",
        "primaryDisplayProperty": "revmark_invoice_number",
        "secondaryDisplayProperties": ["revmark_invoice_status", "revmark_total"],
        "requiredProperties": [INVOICE.key],
        "searchableProperties": ["revmark_invoice_number", INVOICE.key],
        "properties": [each.body(group="") for each in properties],
        "associatedObjects": [each.upper() for each in INVOICE.parents],
    }


def _associations(name: str, shape: Shape, source: str = "") -> tuple[Association, ...]:
    return tuple(Association(f"{name}_to_{kind}", source, SHAPES[kind].type_id) for kind in shape.parents)


def _unassociated(name: str, shape: Shape, there: Json) -> tuple[Association, ...]:
    ends = {str(each.get("toObjectTypeId")) for each in there.get("associations") or []}
    wanted = _associations(name, shape, str(there.get("objectTypeId") or ""))
    return tuple(each for each in wanted if each.target not in ends)


def _unique(name: str, there: Json) -> None:
    key = next((each for each in there.get("properties") or [] if each.get("name") == INVOICE.key), None)
    if key is not None and not key.get("hasUniqueValue"):
        raise Refused(
            f"the property {INVOICE.key} of the custom object {name} is not unique, and HubSpot makes none so later: "
            "an invoice could have two mirrors. Nothing was changed. Next: delete that property in HubSpot, then: "
            "revmark provision --yes",
            code="not_unique",
        )
