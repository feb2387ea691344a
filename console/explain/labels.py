"""Labels: what people call a record, a field, a side or a platform."""

from __future__ import annotations

from console.projection.naming import payment
from schemas.names import Entity, Side
from tables.entities import EntityState

SIDES = {Side.CRM: "CRM", Side.ERP: "ERP"}
PLATFORMS = {"hubspot": "HubSpot", "xero": "Xero"}


def called(state: EntityState) -> str:
    """What a record is called."""
    fields = {**state.crm.fields, **state.erp.fields}
    if state.label != state.id or state.entity is not Entity.PAYMENT:
        return state.label
    return payment(fields) or state.id


def spelt(reference: str) -> str:
    """A reference as `revmark explain` takes it."""
    return reference.replace("/", ":", 2)


def words(name: str) -> str:
    """A name of ours in words."""
    return name.replace("_", " ")
