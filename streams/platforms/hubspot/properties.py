"""The properties that a portal must have, and how they are made there.

In: a door to the portal. Out: what is missing; the missing ones, made. Invariant: an existing property is never
changed, and amounts are numbers beside a currency of their own.
Source: HubSpot's guide to the properties API (type, fieldType, hasUniqueValue, at most ten unique ones per object).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.contract import Contract
from schemas.contract.mappings import PREFIX
from schemas.names import Side
from streams.platforms.hubspot.shapes import (
    BELONGS,
    LINE_ITEM,
    SHAPES,
    SHIPPED,
    TASK,
    Shape,
    path_of,
)

GROUP = "revmark"
_YES_NO = (("Yes", "true"), ("No", "false"))
_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "bool": "booleancheckbox",
}


@dataclass(frozen=True, slots=True)
class PortalProperty:
    """One property of one object type. `kind` is our word for the object type."""

    kind: str
    name: str
    label: str
    type: str = "string"
    unique: bool = False

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Label and value of each choice."""
        return _YES_NO if self.type == "bool" else ()

    def body(self, group: str = GROUP) -> dict[str, Any]:
        """The property as HubSpot's API creates it, in a group that is there; in HubSpot's own where it is empty."""
        body: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": _FIELD_TYPES[self.type],
        }
        if group:
            body["groupName"] = group
        if self.unique:
            body["hasUniqueValue"] = True
        if self.options:
            body["options"] = [
                {"label": label, "value": value, "displayOrder": place, "hidden": False}
                for place, (label, value) in enumerate(self.options)
            ]
        return body


PORTAL_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("company", "xero_contact_id", "Xero contact id", unique=True),
    PortalProperty("company", "revmark_currency", "Billing currency"),
    PortalProperty("company", "revmark_payment_terms", "Payment terms"),
    PortalProperty("company", "revmark_credit_hold", "Credit hold", "bool"),
    PortalProperty("company", "revmark_balance_due", "Balance due", "number"),
    PortalProperty("company", "revmark_last_payment_date", "Last payment date", "date"),
    PortalProperty("company", "revmark_last_payment_amount", "Last payment amount", "number"),
    PortalProperty("company", "revmark_tax_number", "Tax number"),
    PortalProperty("company", "revmark_shipping_street", "Shipping street"),
    PortalProperty("company", "revmark_shipping_city", "Shipping city"),
    PortalProperty("company", "revmark_shipping_region", "Shipping region"),
    PortalProperty("company", "revmark_shipping_postal_code", "Shipping postal code"),
    PortalProperty("company", "revmark_shipping_country", "Shipping country"),
    PortalProperty("product", "xero_item_id", "Xero item id", unique=True),
    PortalProperty("deal", "revmark_key", "Revmark key", unique=True),
    PortalProperty("deal", "revmark_order_status", "Order status"),
    PortalProperty("deal", "revmark_invoice_number", "Invoice number"),
    PortalProperty("deal", "revmark_invoice_status", "Invoice status"),
    PortalProperty("deal", "revmark_amount_due", "Amount due", "number"),
    PortalProperty("deal", "revmark_amount_paid", "Amount paid", "number"),
    PortalProperty("invoice", "xero_invoice_id", "Xero invoice id", unique=True),
    PortalProperty("invoice", "revmark_invoice_number", "Invoice number"),
    PortalProperty("invoice", "revmark_invoice_status", "Invoice status"),
    PortalProperty("invoice", "revmark_total", "Total", "number"),
    PortalProperty("invoice", "revmark_amount_due", "Amount due", "number"),
    PortalProperty("invoice", "revmark_amount_paid", "Amount paid", "number"),
    PortalProperty("invoice", "revmark_amount_credited", "Amount credited", "number"),
)

# What HubSpot's own invoices have under names of its own.
CUSTOM_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("invoice", "revmark_invoice_date", "Invoice date", "date"),
    PortalProperty("invoice", "revmark_due_date", "Due date", "date"),
    PortalProperty("invoice", "revmark_currency", "Currency"),
)

# Of the object that shows revenue. Everything is text, days or numbers, so that any report of the portal can take it.
REVENUE_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("revenue", "revmark_revenue_key", "Revenue key", unique=True),
    PortalProperty("revenue", "revmark_name", "Name"),
    PortalProperty("revenue", "revmark_kind", "Kind"),
    PortalProperty("revenue", "revmark_basis", "Basis"),
    PortalProperty("revenue", "revmark_status", "Status"),
    PortalProperty("revenue", "revmark_document_number", "Document number"),
    PortalProperty("revenue", "revmark_date", "Date", "date"),
    PortalProperty("revenue", "revmark_amount", "Amount", "number"),
    PortalProperty("revenue", "revmark_currency", "Currency"),
    PortalProperty("revenue", "revmark_base_amount", "Amount in base currency", "number"),
    PortalProperty("revenue", "revmark_base_currency", "Base currency"),
    PortalProperty("revenue", "revmark_rate", "Rate", "number"),
    PortalProperty("revenue", "revmark_rate_date", "Date of the rate", "date"),
    PortalProperty("revenue", "revmark_earned_by", "Earned by"),
    PortalProperty("revenue", "revmark_model", "Attribution model"),
    PortalProperty("revenue", "revmark_share", "Share"),
)

# Of the object that shows payments, HubSpot's own or another.
RECEIPT_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("receipt", "xero_payment_id", "Xero payment id", unique=True),
    PortalProperty("receipt", "revmark_name", "Name"),
    PortalProperty("receipt", "revmark_kind", "Kind"),
    PortalProperty("receipt", "revmark_document_number", "Document number"),
    PortalProperty("receipt", "revmark_date", "Date", "date"),
    PortalProperty("receipt", "revmark_amount", "Amount net of refunds", "number"),
)

# What HubSpot's own payments have under names of its own.
CUSTOM_RECEIPT_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("receipt", "revmark_status", "Status"),
    PortalProperty("receipt", "revmark_reference", "Reference"),
    PortalProperty("receipt", "revmark_paid", "Amount paid", "number"),
    PortalProperty("receipt", "revmark_refunded", "Amount refunded", "number"),
    PortalProperty("receipt", "revmark_currency", "Currency"),
)


# Of the object that shows orders, HubSpot's own or another.
ORDER_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("order", "revmark_order_key", "Order key", unique=True),
    PortalProperty("order", "revmark_order_status", "Order status"),
    PortalProperty("order", "revmark_order_detail", "How far it is"),
    PortalProperty("order", "revmark_ordered_on", "Ordered on", "date"),
    PortalProperty("order", "revmark_bills", "Bills"),
    PortalProperty("order", "revmark_billed", "Amount billed", "number"),
    PortalProperty("order", "revmark_paid", "Amount paid", "number"),
    PortalProperty("order", "revmark_due", "Amount due", "number"),
)

# What HubSpot's own orders have under names of its own.
CUSTOM_ORDER_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("order", "revmark_name", "Name"),
    PortalProperty("order", "revmark_amount", "Amount ordered", "number"),
    PortalProperty("order", "revmark_currency", "Currency"),
)

# Of the object that shows subscriptions, HubSpot's own or another.
SUBSCRIPTION_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("subscription", "revmark_subscription_key", "Subscription key", unique=True),
    PortalProperty("subscription", "revmark_subscription_status", "Subscription status"),
    PortalProperty("subscription", "revmark_subscription_detail", "How far it is"),
    PortalProperty("subscription", "revmark_next_bill_on", "Next billed on", "date"),
    PortalProperty("subscription", "revmark_ends_on", "Ends on", "date"),
    PortalProperty("subscription", "revmark_amount", "Amount of a period", "number"),
    PortalProperty("subscription", "revmark_periods", "Periods billed", "number"),
)

# What HubSpot's own subscriptions have under names of its own.
CUSTOM_SUBSCRIPTION_PROPERTIES: tuple[PortalProperty, ...] = (
    PortalProperty("subscription", "revmark_name", "Name"),
    PortalProperty("subscription", "revmark_every", "Billed every"),
    PortalProperty("subscription", "revmark_started_on", "Started on", "date"),
    PortalProperty("subscription", "revmark_currency", "Currency"),
)


class Portal(Protocol):
    """What is needed of a portal: the property endpoints, as the client has them."""

    async def property_names(self, path: str) -> set[str]:
        """The names of an object type's properties."""
        ...

    async def create_group(self, path: str, name: str, label: str) -> None:
        """Make a property group unless it is there."""
        ...

    async def create_properties(self, path: str, bodies: Sequence[dict[str, Any]]) -> None:
        """Make properties."""
        ...


SHIPPED_QUANTITY = PortalProperty(LINE_ITEM, SHIPPED, "Shipped quantity", "number")


def properties_of(contract: Contract | None) -> tuple[PortalProperty, ...]:
    """The properties that a portal needs under a contract: all of ours, and what its own words ask for."""
    if contract is None:
        return PORTAL_PROPERTIES
    ships = contract.timing.invoice_when == "shipped"
    objects = contract.platforms.objects
    more = (
        (SHIPPED_QUANTITY,) if ships else (),
        CUSTOM_PROPERTIES if objects.invoice != "native" else (),
        RECEIPT_PROPERTIES if objects.payment is not None else (),
        CUSTOM_RECEIPT_PROPERTIES if objects.payment not in {None, "native"} else (),
        ORDER_PROPERTIES if objects.order is not None else (),
        CUSTOM_ORDER_PROPERTIES if objects.order not in {None, "native"} else (),
        SUBSCRIPTION_PROPERTIES if objects.subscription is not None else (),
        CUSTOM_SUBSCRIPTION_PROPERTIES if objects.subscription not in {None, "native"} else (),
        REVENUE_PROPERTIES if objects.revenue is not None else (),
    )
    asked = _asked(contract)
    return (*PORTAL_PROPERTIES, *(each for some in more for each in some), *_own(contract), *asked)


def _own(contract: Contract) -> Iterator[PortalProperty]:
    """The customer's own fields, and what names a subsidiary or a consent.

    What a portal has stays; what it lacks is made a text.
    """
    for kind, shape in SHAPES.items():
        for name, mapped in contract.mapped(shape.entity).items():
            yield PortalProperty(kind, mapped.on(Side.CRM).at, name.removeprefix(PREFIX).replace("_", " ").capitalize())
        if contract.subsidiary is not None and shape.entity in BELONGS:
            yield PortalProperty(kind, contract.subsidiary.crm, "Subsidiary")
    if contract.consent is not None:
        yield PortalProperty("company", contract.consent.property, "Consent")


def _asked(contract: Contract) -> Iterator[PortalProperty]:
    """What automations set, and by which a task is found again. Two may set the same property."""
    wanted = [each.set for each in contract.automations if each.set is not None]
    for on, name in dict.fromkeys((each.of, each.property) for each in wanted):
        yield PortalProperty(on, name, name.replace("_", " ").capitalize())
    if any(each.task for each in contract.automations):
        yield PortalProperty(TASK.kind, TASK.key, "Revmark key", unique=True)


async def missing_properties(
    portal: Portal, needed: Sequence[PortalProperty] = PORTAL_PROPERTIES, shapes: Mapping[str, Shape] = SHAPES
) -> list[PortalProperty]:
    """The properties that the portal lacks, in our order.

    Raises:
        Parked: the token may not read property definitions; the message names the scope.
        Throttled, Transient: try again.
    """
    there = {kind: await portal.property_names(path_of(kind, shapes)) for kind in _kinds(needed)}
    return [wanted for wanted in needed if wanted.name not in there[wanted.kind]]


async def create_properties(
    portal: Portal, wanted: Iterable[PortalProperty] | None = None, shapes: Mapping[str, Shape] = SHAPES
) -> list[PortalProperty]:
    """Make the missing properties (or `wanted`), and tell which were made.

    Raises:
        Parked: the token may not write property definitions; the message names the scope.
        Refused: HubSpot refuses a definition; the message is its own.
        Throttled, Transient: try again, nothing is made twice.
    """
    missing = list(wanted) if wanted is not None else await missing_properties(portal)
    for kind in _kinds(missing):
        path = path_of(kind, shapes)
        await portal.create_group(path, GROUP, "Revmark")
        await portal.create_properties(path, [each.body() for each in missing if each.kind == kind])
    return missing


def _kinds(properties: Iterable[PortalProperty]) -> list[str]:
    return list(dict.fromkeys(each.kind for each in properties))
