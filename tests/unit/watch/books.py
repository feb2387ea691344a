"""Rows of the workers' tables and events for tests: invoices, deals and customers as the projection holds them."""

from __future__ import annotations

from typing import Any

import orjson

from console.projection.delivery import Delivery
from schemas.names import Entity
from tables.entities import EntityState, SideState, to_row
from tests.unit.console.records import ACME, at, delivery, event

BOOKED = {"status": "posted", "currency": "EUR", "total": "100.00", "amount_due": "100.00", "due_date": "2026-12-20"}


def row(offset: int, name: str, value: dict[str, Any] | None) -> Delivery:
    """A row of the accounts table, or its end."""
    body = None if value is None else orjson.dumps(value)
    return delivery("tables.accounts", offset, body, orjson.dumps(name).decode())


def customer(offset: int, *, erp: str | None = "xero/contact/acme") -> Delivery:
    """What is known across Acme's records."""
    return row(offset, f"c|main|{ACME}", {"id": ACME, "name": "Acme Ltd", "crm": "hubspot/company/1", "erp": erp})


def invoice(
    offset: int, nth: int = 1, *, mirrored: bool = True, deal: str | None = "deal:1", **fields: Any
) -> Delivery:
    """A posted invoice of Acme; `fields` are the ERP's."""
    state = EntityState(entity=Entity.INVOICE, id=f"invoice:{nth}", related={"deal": deal} if deal else {})
    state.erp = SideState(ref=f"xero/invoice/{nth}", version=1, fields=BOOKED | fields)
    if mirrored:
        state.crm = SideState(ref=f"hubspot/invoice/{nth}", version=1, fields={})
    return row(offset, f"r|main|{ACME}|{state.id}", to_row(state))


def settlement(
    offset: int, nth: int = 1, entity: Entity = Entity.PAYMENT, *, deleted: bool = False, **fields: Any
) -> Delivery:
    """A payment or credit note of Acme in the ERP; `fields` are its own."""
    state = EntityState(entity=entity, id=f"{entity.value}:{nth}")
    money = {"date": "2026-11-20", "currency": "EUR"}
    own = {"status": "received", "amount": "50.00"} if entity is Entity.PAYMENT else {"status": "posted", "total": "9"}
    state.erp = SideState(ref=f"xero/{entity.value}/{nth}", version=1, fields=money | own | fields, deleted=deleted)
    return row(offset, f"r|main|{ACME}|{state.id}", to_row(state))


def deal(offset: int, nth: int = 1, *, stage: str = "closedwon", **marks: Any) -> Delivery:
    """A deal of Acme in the CRM."""
    state = EntityState(entity=Entity.DEAL, id=f"deal:{nth}", marks=marks)
    state.crm = SideState(ref=f"hubspot/deal/{nth}", version=1, fields={"stage": stage})
    return row(offset, f"r|main|{ACME}|{state.id}", to_row(state))


def ordered(offset: int, nth: int = 1, *, seconds: float = 0, kind: str = "order_created") -> Delivery:
    """A deal became an order, or was called off."""
    word = event(offset, type=kind, deal=f"deal:{nth}", document=f"order:{nth}", occurred_at=at(seconds))
    return delivery(
        "revenue", offset, word.model_copy(update={"id": f"ordered-{nth}-{offset}", "sequence": offset + 1})
    )


def billed(offset: int, nth: int = 1, *, seconds: float = 0) -> Delivery:
    """Its invoice stands in the ERP's books."""
    word = event(offset, type="invoice_posted", deal=f"deal:{nth}", document=f"invoice:{nth}", occurred_at=at(seconds))
    return delivery("revenue", offset, word.model_copy(update={"id": f"billed-{nth}-{offset}"}))
