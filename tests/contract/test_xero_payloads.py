"""Every element that we send, held against the models of the vendor's own client."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import xero_python.accounting as models

from schemas.command import Command
from schemas.names import Entity, Side
from streams.platforms.xero.payloads import draft

GUID = "11111111-1111-4111-8111-111111111111"
ADDRESS = {"street": "1 High St", "city": "Leeds", "region": "W", "postal_code": "LS1", "country": "UK"}
LINE = {
    "sku": "W-1", "item_code": "W-1", "description": "Widget", "quantity": "2", "unit_price": "0.0125",
    "discount_percent": "10", "account": "200", "tax_type": "OUTPUT2",
}  # fmt: skip
FIELDS: dict[Entity, dict[str, Any]] = {
    Entity.COMPANY: {
        "name": "Acme", "phone": "123", "tax_number": "77", "currency": "NZD", "shipping_address": ADDRESS,
        "payment_terms": "30 DAYSAFTERBILLDATE", "crm_id": "9001",
    },
    Entity.CONTACT: {"email": "ada@acme.example", "first_name": "Ada", "last_name": "Byron"},
    Entity.PRODUCT: {"sku": "W-1", "name": "Widget", "description": "A widget", "price": "12.50"},
    Entity.INVOICE: {
        "status": "posted", "date": "2026-09-01", "due_date": "2026-10-01", "currency": "NZD", "reference": "deal 7",
        "line_amount_types": "Inclusive", "lines": [LINE],
    },
    Entity.CREDIT_NOTE: {
        "number": "RM-7-CR", "status": "posted", "date": "2026-09-01", "currency": "NZD", "reference": "deal 7",
        "line_amount_types": "Inclusive", "lines": [LINE],
    },
}  # fmt: skip
MODELS = {
    "Contacts": models.Contact,
    "Items": models.Item,
    "Invoices": models.Invoice,
    "CreditNotes": models.CreditNote,
}


def strangers(element: dict[str, Any], model: type[Any], place: str) -> list[str]:
    """Names that the vendor's model does not have, and words that are not among its enumerations."""
    known = {wire: name for name, wire in model.attribute_map.items()}
    found: list[str] = []
    for wire, value in element.items():
        if wire not in known:
            found.append(f"{place}.{wire}")
            continue
        type_ = model.openapi_types[known[wire]]
        inner = re.fullmatch(r"list\[(\w+)\]", type_)
        nested = getattr(models, inner[1] if inner else type_, None)
        for each in value if inner else [value]:
            if isinstance(each, dict):
                found += strangers(each, nested, f"{place}.{wire}") if nested else [f"{place}.{wire}"]
            elif nested and not isinstance(each, dict) and hasattr(nested, "__members__"):
                found += [] if each in {one.value for one in nested} else [f"{place}.{wire}={each}"]
            elif isinstance(each, str) and not nested:
                setattr(model.__new__(model), known[wire], each)  # the model checks lengths and words of its own
    return found


def command(entity: Entity, kind: str) -> Command:
    return Command(
        id="c1", tenant="acme", connection="acme.xero", platform="xero", side=Side.ERP, kind=kind, entity=entity,
        customer="company:1", record="x", at=datetime(2026, 9, 1, tzinfo=UTC), fields=FIELDS[entity],
        natural_key="KEY-1", ref=f"xero/x/{GUID}" if kind == "update" else None,
        links={"company": f"xero/contact/{GUID}"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "kind"), [(entity, kind) for entity in FIELDS for kind in ("create", "update")
                         if (entity, kind) != (Entity.CREDIT_NOTE, "update")], ids=str,
)  # fmt: skip
def test_every_name_and_word_is_one_of_the_vendors(entity: Entity, kind: str):
    made = draft(command(entity, kind))
    assert strangers(made.element, MODELS[made.kind.path], made.kind.path) == []


def test_an_allocation_is_one_of_the_vendors():
    row = {"invoice": GUID, "amount": "10.00", "date": "2026-09-01"}
    asked = command(Entity.CREDIT_NOTE, "create").model_copy(
        update={"kind": "update", "ref": f"xero/credit_note/{GUID}", "fields": {"allocations": [row]}}
    )
    made = draft(asked)
    assert (made.under, made.method) == (GUID, "PUT")
    assert strangers(made.element, models.Allocation, "Allocations") == []


def test_a_name_that_is_not_the_vendors_is_found():
    assert strangers({"ContactNo": "1", "Phones": [{"Kind": "x"}]}, models.Contact, "Contacts") == [
        "Contacts.ContactNo",
        "Contacts.Phones.Kind",
    ]
