"""Companies and products as both systems show them."""

from __future__ import annotations

from typing import Any

import orjson

from console.facts.sheet import FactSheet, sheet
from console.projection.delivery import Delivery
from schemas.contract import Contract, parse_contract, template
from schemas.names import Entity, Side
from tables.customers import CustomerState
from tables.entities import EntityState, to_row
from tests.unit.console.records import delivery

COMPANY, LEAD, PRODUCT = (f"{kind}:{nth:016x}" for kind, nth in (("company", 1), ("company", 2), ("product", 3)))
OWN = """
mappings:
  company:
    custom_legal: {crm: legal_name}
    custom_trading: {kind: set, crm: trading_names}
    custom_areas: {kind: set, crm: service_areas}
facts:
  company: {legal_name: custom_legal, trading_names: custom_trading, service_areas: custom_areas}
  seller:
    name: Harbour Instruments
    legal_name: Harbour Instruments Ltd
    domain: harbour.example
    phone: +64 9 555 0100
    tax_number: "123-456-789"
    address: {street: 5 Quay Street, city: Auckland, postal_code: "1010", country: New Zealand}
    service_areas: [New Zealand, Australia]
"""
PLACE = {"street": "12 Kiwi Road", "city": "Wellington", "region": "", "postal_code": "6011", "country": "New Zealand"}
ACME: dict[str, Any] = {
    "name": "Acme Ltd", "phone": "+64 4 123 4567", "tax_number": "98-765-432", "shipping_address": PLACE,
}  # fmt: skip
ARM: dict[str, Any] = {"sku": "ARM-7", "name": "Robot arm", "description": "Seven axes", "price": "1380.00"}


def contract(pattern: str = "erp_led", more: str = OWN) -> Contract:
    return parse_contract(template(pattern) + more)  # type: ignore[arg-type]


def state(record: str, crm: dict[str, Any] | None, erp: dict[str, Any] | None, **more: Any) -> EntityState:
    """A record that is there on the sides that are given."""
    entity = Entity(record.partition(":")[0])
    found = EntityState(entity=entity, id=record, **more)
    for side, fields in ((Side.CRM, crm), (Side.ERP, erp)):
        if fields is not None:
            place = found.side(side)
            place.ref, place.version, place.fields = f"{side.value}/{entity.value}/{record[-1]}", 1, fields
    return found


def made(
    crm: dict[str, Any] | None, erp: dict[str, Any] | None, record: str = "company:1", agreed: Contract | None = None
) -> FactSheet:
    """Its sheet; the customer has ordered."""
    customer = CustomerState(id=record, ordered=True)
    return sheet(state(record, crm, erp), customer, agreed or contract())


def row(offset: int, record: str, crm: dict[str, Any] | None, erp: dict[str, Any] | None) -> Delivery:
    """The row of a record in the workers' table."""
    key = orjson.dumps(f"r|main|{record}|{record}").decode()
    return delivery("tables.accounts", offset, orjson.dumps(to_row(state(record, crm, erp))), key)
