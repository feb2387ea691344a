"""Shown: the shapes of what is only told to HubSpot and never read: what documents earned, and payments.

In: nothing. Out: a shape of each kind; the contract says on which object.
Sources: HubSpot's guide to the payments API, of its own names.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.names import Entity
from streams.platforms.hubspot.shape import CUSTOM, Column, Shape, object_path

REVENUE = Shape(
    kind="revenue",
    entity=Entity.REVENUE,
    path="",  # the contract names the object
    type_id=CUSTOM,
    key="revmark_revenue_key",
    currency="revmark_currency",
    followed=False,
    whole=True,
    columns=(
        Column("subject", "revmark_name"),
        Column("kind", "revmark_kind"),
        Column("basis", "revmark_basis"),
        Column("status", "revmark_status"),
        Column("document", "revmark_document_number"),
        Column("date", "revmark_date", "day"),
        Column("amount", "revmark_amount", "amount"),
        Column("currency", "revmark_currency", "currency"),
        Column("base_amount", "revmark_base_amount", "amount", currency="revmark_base_currency"),
        Column("base_currency", "revmark_base_currency", "currency"),
        Column("rate", "revmark_rate"),
        Column("rate_date", "revmark_rate_date", "day"),
        Column("earned_by", "revmark_earned_by"),
        Column("model", "revmark_model"),
        Column("share", "revmark_share"),
    ),
)

# One record of each payment and refund of the ERP.
RECEIPT = Shape(
    kind="receipt",
    entity=Entity.RECEIPT,
    path="commerce_payments",
    type_id="0-101",
    key="xero_payment_id",
    currency="hs_currency_code",
    followed=False,
    whole=True,
    on_create=(("hs_processor_type", "xero"),),
    columns=(
        Column("subject", "revmark_name"),
        Column("kind", "revmark_kind"),
        Column("status", "hs_latest_status", "settled"),
        Column("document", "revmark_document_number"),
        Column("reference", "hs_reference_number"),
        Column("date", "revmark_date", "day"),
        Column("initiated_at", "hs_initiated_date", "instant"),
        Column("paid", "hs_initial_amount", "amount"),
        Column("refunded", "hs_refunds_amount", "amount"),
        Column("amount", "revmark_amount", "amount"),
        Column("currency", "hs_currency_code", "currency"),
    ),
)

# What only HubSpot's own object has under these names; on another they are ours.
_OWN_PAYMENTS = {
    "hs_reference_number": "revmark_reference", "hs_initial_amount": "revmark_paid",
    "hs_refunds_amount": "revmark_refunded", "hs_currency_code": "revmark_currency",
}  # fmt: skip


def custom_receipt(name: str) -> Shape:
    """Payments on a custom object of this name: what only HubSpot's own needs is left out."""
    columns = (
        Column("status", "revmark_status")
        if each.field == "status"
        else replace(each, property=_OWN_PAYMENTS.get(each.property, each.property))
        for each in RECEIPT.columns
        if each.field != "initiated_at"
    )
    return replace(
        RECEIPT, path=object_path(name), type_id=CUSTOM, columns=tuple(columns), currency="revmark_currency",
        on_create=(),
    )  # fmt: skip
