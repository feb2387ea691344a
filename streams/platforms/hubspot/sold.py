"""Sold: the shapes of orders and subscriptions, which are only told to HubSpot and never read.

In: nothing. Out: a shape of each kind; the contract says on which object.
Sources: HubSpot's guides to orders and to subscriptions, of its own names. A subscription bills nobody as long as its
`hs_invoice_creation` is off, as it is unless somebody says otherwise: it is never written, nor is `hs_status`, which is
HubSpot's own.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.names import Entity
from streams.platforms.hubspot.shape import CUSTOM, Column, Shape, object_path
from streams.platforms.hubspot.stages import ORDERS

STAGE = "hs_pipeline_stage"

# One record of each order that the contract makes of a deal; its status is its stage.
ORDER = Shape(
    kind="order",
    entity=Entity.ORDER,
    path="orders",
    type_id="0-123",
    key="revmark_order_key",
    currency="hs_currency_code",
    followed=False,
    whole=True,
    on_create=(("hs_pipeline", ORDERS.id),),
    columns=(
        Column("name", "hs_order_name"),
        Column("status", "revmark_order_status"),
        Column("status", STAGE, "stage"),
        Column("detail", "revmark_order_detail"),
        Column("placed_on", "revmark_ordered_on", "day"),
        Column("amount", "hs_total_price", "amount"),
        Column("currency", "hs_currency_code", "currency"),
        Column("bills", "revmark_bills"),
        Column("billed", "revmark_billed", "amount"),
        Column("paid", "revmark_paid", "amount"),
        Column("due", "revmark_due", "amount"),
    ),
)

# One record of each subscription that the contract bills.
SUBSCRIPTION = Shape(
    kind="subscription",
    entity=Entity.SUBSCRIPTION,
    path="subscriptions",
    type_id="0-69",
    key="revmark_subscription_key",
    currency="hs_currency_code",
    followed=False,
    whole=True,
    columns=(
        Column("name", "hs_name"),
        Column("status", "revmark_subscription_status"),
        Column("detail", "revmark_subscription_detail"),
        Column("every", "hs_recurring_billing_frequency"),
        Column("started_on", "hs_recurring_billing_start_date", "day"),
        Column("next_on", "revmark_next_bill_on", "day"),
        Column("ends_on", "revmark_ends_on", "day"),
        Column("amount", "revmark_amount", "amount"),
        Column("currency", "hs_currency_code", "currency"),
        Column("periods", "revmark_periods", "count"),
    ),
)

# What only HubSpot's own objects have under these names; on another they are ours.
_OWN_NAMES = {
    "hs_order_name": "revmark_name", "hs_name": "revmark_name", "hs_total_price": "revmark_amount",
    "hs_currency_code": "revmark_currency", "hs_recurring_billing_frequency": "revmark_every",
    "hs_recurring_billing_start_date": "revmark_started_on",
}  # fmt: skip


def custom_sold(shape: Shape, name: str) -> Shape:
    """Orders or subscriptions on a custom object of this name, which has no pipeline."""
    return replace(
        unstaged(shape),
        path=object_path(name),
        type_id=CUSTOM,
        columns=tuple(
            replace(each, property=_OWN_NAMES.get(each.property, each.property)) for each in unstaged(shape).columns
        ),
        currency="revmark_currency",
    )


def unstaged(shape: Shape) -> Shape:
    """With the stage of its records left alone."""
    return replace(shape, on_create=(), columns=tuple(each for each in shape.columns if each.property != STAGE))
