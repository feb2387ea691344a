"""Labels: what people call a record, a field, a side or a platform."""

from __future__ import annotations

from schemas.names import Entity, Side
from tables.entities import EntityState

SIDES = {Side.CRM: "CRM", Side.ERP: "ERP"}
PLATFORMS = {"hubspot": "HubSpot", "xero": "Xero"}


def called(state: EntityState) -> str:
    """What a record is called. A payment has no name of its own: its amount and day say which it is."""
    fields = {**state.crm.fields, **state.erp.fields}
    if state.label != state.id or state.entity is not Entity.PAYMENT:
        return state.label
    said = " ".join(str(fields[name]) for name in ("amount", "currency") if fields.get(name))
    return f"{said} on {fields['date']}" if said and fields.get("date") else said or state.id


def spelt(reference: str) -> str:
    """A reference as `revmark explain` takes it."""
    return reference.replace("/", ":", 2)


def words(name: str) -> str:
    """A name of ours in words."""
    return name.replace("_", " ")
