"""Provisioning: what a portal lacks of what a contract asks for, and how it is made there, once.

In: a door to the portal, a contract. Out: what is lacking: the custom objects that the contract chooses, what they may
be associated with, properties, pipelines, custom events. Then the same, made. Invariants: what is there is never
changed; asked again, it finds what has been made; an external id that two records could share is refused, for a
document could then be shown twice.
Source: HubSpot's guide to custom objects (Enterprise; the name never changes; `associatedObjects` makes unlabelled
association types, one that is missing is made by itself).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.contract import Contract
from schemas.errors import Parked, Refused
from streams.platforms.hubspot.event_definitions import EventDefinition, EventPortal, define_events, lacking_events
from streams.platforms.hubspot.pipelines import PipelinePortal, Wanted, lacking_pipelines, make_pipelines, pipelines_of
from streams.platforms.hubspot.properties import (
    Portal,
    PortalProperty,
    create_properties,
    missing_properties,
    properties_of,
)
from streams.platforms.hubspot.shapes import INVOICE, ORDER, RECEIPT, REVENUE, SHAPES, SUBSCRIPTION, Shape, shapes_of
from streams.platforms.hubspot.stages import Pipeline

HUBSPOTS = "HubSpot's own object"
SHOWN = {
    ORDER.kind: "Orders are", SUBSCRIPTION.kind: "Subscriptions are", RECEIPT.kind: "Payments are",
    REVENUE.kind: "Revenue is",
}  # fmt: skip
Json = dict[str, Any]


class SchemaPortal(Portal, EventPortal, PipelinePortal, Protocol):
    """What is needed of a portal besides properties, pipelines and events, as the client has it."""

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
    """A custom object's association with another type. `source` is empty where the object comes with it.

    Both ends are type ids, or the name of a custom object that has none yet.
    """

    name: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """A custom object that the contract chooses: its name, what it holds, and how people see it."""

    name: str
    shape: Shape
    singular: str
    plural: str
    says: str
    display: str
    secondary: tuple[str, ...]
    ends: tuple[str, ...]  # kinds that its records may be associated with, and that it comes with
    later: tuple[tuple[str, str], ...] = ()  # the same, made after it: how it is called, its type id or its own name

    def schema(self, properties: Sequence[PortalProperty]) -> Json:
        """As HubSpot is given it."""
        return {
            "name": self.name,
            "labels": {"singular": self.singular, "plural": self.plural},
            "description": self.says,
            "primaryDisplayProperty": self.display,
            "secondaryDisplayProperties": list(self.secondary),
            "requiredProperties": [self.shape.key],
            "searchableProperties": [self.display, self.shape.key],
            "properties": [each.body(group="") for each in properties],
            "associatedObjects": [each.upper() for each in self.ends],
        }

    def associations(self, source: str = "") -> tuple[Association, ...]:
        """All that it may be associated with."""
        with_it = tuple(Association(f"{self.name}_to_{kind}", source, SHAPES[kind].type_id) for kind in self.ends)
        return with_it + tuple(
            Association(f"{self.name}_to_{called}", source or self.name, target) for called, target in self.later
        )


def chosen(contract: Contract | None) -> list[Chosen]:
    """The custom objects of a contract, in the order in which they are made."""
    if contract is None:
        return []
    objects, shapes, found = contract.platforms.objects, shapes_of(contract), []
    if objects.invoice != "native":
        paid = ((RECEIPT.kind, RECEIPT.type_id),) if objects.payment == "native" else ()
        found.append(
            Chosen(
                objects.invoice.custom, shapes[INVOICE.kind], "Xero invoice", "Xero invoices",
                "Invoices as Xero has them; made and kept by Revmark", "revmark_invoice_number",
                ("revmark_invoice_status", "revmark_total"), INVOICE.parents, paid,
            )
        )  # fmt: skip
    if objects.payment is not None and objects.payment != "native":
        mirror = INVOICE.type_id if objects.invoice == "native" else objects.invoice.custom
        found.append(
            Chosen(
                objects.payment.custom, shapes[RECEIPT.kind], "Xero payment", "Xero payments",
                "Payments and refunds as Xero has them; made and kept by Revmark", "revmark_name",
                ("revmark_amount", "revmark_date"), ("company", "deal", "contact"), ((INVOICE.kind, mirror),),
            )
        )  # fmt: skip
    if objects.order is not None and objects.order != "native":
        found.append(
            Chosen(
                objects.order.custom, shapes[ORDER.kind], "Order", "Orders",
                "Orders as they became of deals; made and kept by Revmark", "revmark_name",
                ("revmark_order_status", "revmark_amount"), ("company", "deal", "contact"),
            )
        )  # fmt: skip
    if objects.subscription is not None and objects.subscription != "native":
        found.append(
            Chosen(
                objects.subscription.custom, shapes[SUBSCRIPTION.kind], "Subscription", "Subscriptions",
                "Subscriptions as Revmark bills them; made and kept by Revmark", "revmark_name",
                ("revmark_subscription_status", "revmark_amount"), ("company", "deal", "contact"),
            )
        )  # fmt: skip
    if objects.revenue is not None:
        found.append(
            Chosen(
                objects.revenue.custom, shapes[REVENUE.kind], "Revenue", "Revenue",
                "What Xero's invoices, credit notes and payments earned; made and kept by Revmark", "revmark_name",
                ("revmark_base_amount", "revmark_date"), ("company", "deal", "contact"),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a portal lacks. `objects` are the custom objects that the contract chooses, `schemas` those not there."""

    objects: dict[str, str] = field(default_factory=dict)  # kind -> its name
    schemas: tuple[Json, ...] = ()
    associations: tuple[Association, ...] = ()
    properties: tuple[PortalProperty, ...] = ()
    pipelines: tuple[Wanted, ...] = ()
    events: tuple[EventDefinition, ...] = ()
    shown: frozenset[str] = frozenset()  # the kinds that the contract shows
    staged: tuple[Pipeline, ...] = ()  # the pipelines that it asks for, there or not

    @property
    def nothing(self) -> bool:
        """Whether all is there."""
        return not (self.schemas or self.associations or self.properties or self.pipelines or self.events)

    @property
    def words(self) -> list[str]:
        """Each thing in a line's words."""
        found = [f"object {each['name']}" for each in self.schemas]
        found += [f"association {each.name}" for each in self.associations]
        found += [f"property {each.kind}.{each.name}" for each in self.properties]
        found += [line for each in self.pipelines for line in each.words]
        return found + [line for each in self.events for line in each.words]

    @property
    def says(self) -> list[str]:
        """Where what is, in sentences."""
        found = [f"Invoices are mirrored on {self._object(INVOICE.kind)}."]
        found += [f"{name} shown on {self._object(kind)}." for kind, name in SHOWN.items() if kind in self.shown]
        found += [
            f"{each.kind.capitalize()}s go through the stages of the pipeline {each.label}." for each in self.staged
        ]
        return found if self.staged else [*found[:-1], f"{found[-1]} No pipeline is needed."]

    def _object(self, kind: str) -> str:
        return f"the custom object {self.objects[kind]}" if kind in self.objects else HUBSPOTS

    def document(self) -> Json:
        """As JSON: the schema as HubSpot is given it."""
        return {
            "object": self.objects.get(INVOICE.kind),
            "objects": self.objects,
            "schemas": list(self.schemas),
            "associations": [each.name for each in self.associations],
            "properties": [
                {"object": each.kind, "name": each.name, "label": each.label, "type": each.type, "unique": each.unique}
                for each in self.properties
            ],
            "events": [
                {"name": each.name, "of": each.of, "properties": list(each.properties), "there": each.there}
                for each in self.events
            ],
            "pipelines": [each.document() for each in self.pipelines],
        }


async def lacking(portal: SchemaPortal, contract: Contract | None) -> Lacking:
    """What the portal lacks of what the contract asks for; nothing is changed.

    Raises:
        Parked: the token may not read definitions; the message names the scope.
        Refused: an object or an event is there and cannot be used as it is.
        Throttled, Transient: try again.
    """
    needed, shapes = properties_of(contract), SHAPES if contract is None else shapes_of(contract)
    objects = chosen(contract)
    there = {str(each.get("name")): each for each in await portal.schemas()} if objects else {}
    new = {each.shape.kind for each in objects if each.name not in there}
    for each in objects:
        if each.name in there:
            _unique(each, there[each.name])
    present = await missing_properties(portal, [each for each in needed if each.kind not in new], shapes)
    return Lacking(
        objects={each.shape.kind: each.name for each in objects},
        schemas=tuple(
            each.schema([one for one in needed if one.kind == each.shape.kind])
            for each in objects
            if each.name not in there
        ),
        associations=tuple(
            end
            for each in objects
            for end in (_unassociated(each, there) if each.name in there else each.associations())
        ),
        properties=tuple(each for each in needed if each.kind in new or each in present),
        pipelines=await lacking_pipelines(portal, contract, shapes),
        events=await lacking_events(portal, contract),
        shown=frozenset(shapes),
        staged=pipelines_of(contract),
    )


async def provision(portal: SchemaPortal, contract: Contract | None, wanted: Lacking) -> None:
    """Make what is lacking. A custom object comes with its properties and associations, in one call.

    Raises:
        Parked: the app may not, or the portal's tier has no custom objects; the message says which.
        Refused: HubSpot refuses a pipeline or a definition; the message is its own.
        Throttled, Transient: try again, nothing is made twice.
    """
    shapes = SHAPES if contract is None else shapes_of(contract)
    await make_pipelines(portal, wanted.pipelines, shapes)  # first: what refuses one has made nothing else
    made = {each["name"] for each in wanted.schemas}
    for schema in wanted.schemas:
        try:
            await portal.create_schema(schema)
        except Parked as error:
            raise Parked(f"{error.message} ({TIER})", until=error.until, code=error.code) from error
    if apart := [each for each in wanted.associations if each.source]:  # the others have come with their objects
        ids = {str(each.get("name")): str(each.get("objectTypeId") or "") for each in await portal.schemas()}
        for each in apart:
            source, target = (ids.get(end, end) for end in (each.source, each.target))
            await portal.associate_types(source, target, each.name)
    whole = {each.shape.kind for each in chosen(contract) if each.name in made}
    if properties := [each for each in wanted.properties if each.kind not in whole]:
        await create_properties(portal, properties, shapes)
    await define_events(portal, wanted.events)


TIER = (
    "custom objects need an Enterprise subscription of HubSpot; without one, take platforms.objects out of the "
    "contract, and invoices are mirrored on HubSpot's own object, and revenue is reported only; payments, orders and "
    "subscriptions may be shown on HubSpot's own (payment: native)"
)


def _unassociated(wanted: Chosen, there: Mapping[str, Json]) -> tuple[Association, ...]:
    mine = there[wanted.name]
    ends = {str(each.get("toObjectTypeId")) for each in mine.get("associations") or []}
    found = wanted.associations(str(mine.get("objectTypeId") or ""))
    return tuple(each for each in found if str(there.get(each.target, {}).get("objectTypeId", each.target)) not in ends)


def _unique(wanted: Chosen, there: Json) -> None:
    name = wanted.shape.key
    key = next((each for each in there.get("properties") or [] if each.get("name") == name), None)
    if key is not None and not key.get("hasUniqueValue"):
        raise Refused(
            f"the property {name} of the custom object {wanted.name} is not unique, and HubSpot makes none so later: "
            "a document could be shown twice. Nothing was changed. Next: delete that property in HubSpot, then: "
            "revmark provision --yes",
            code="not_unique",
        )
