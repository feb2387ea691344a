from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.change import Change
from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Entity, Side
from schemas.sighting import Sighting
from streams.platforms.xero.payloads import draft, written_fields
from streams.platforms.xero.translation import sightings
from streams.platforms.xero.wire import number_text

GUID = "11111111-1111-4111-8111-111111111111"
AT = datetime(2026, 9, 1, tzinfo=UTC)

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
MAYBE = st.none() | WORDS
PRICES = st.decimals(min_value=0, max_value=10**6, places=2).map(lambda price: f"{price:.2f}")
UNIT_PRICES = st.decimals(min_value=1, max_value=10**6, places=4).map(number_text)
DAYS = st.dates().map(lambda day: day.isoformat())
ADDRESSES = st.none() | st.fixed_dictionaries(
    {"street": WORDS, "city": WORDS, "region": WORDS, "postal_code": WORDS, "country": WORDS}
)
TERMS = st.builds(lambda days, basis: f"{days} {basis}", st.integers(0, 31), st.sampled_from(["DAYSAFTERBILLDATE"]))
FIELDS = {
    Entity.COMPANY: {
        "name": WORDS, "phone": MAYBE, "tax_number": MAYBE, "currency": st.sampled_from(["NZD", "EUR"]),
        "shipping_address": ADDRESSES, "payment_terms": TERMS, "crm_id": MAYBE,
    },
    Entity.CONTACT: {
        "email": st.none() | st.emails().map(str.lower), "first_name": MAYBE, "last_name": MAYBE,
    },
    Entity.PRODUCT: {"sku": WORDS, "name": MAYBE, "description": MAYBE, "price": PRICES},
    Entity.INVOICE: {
        "number": WORDS, "status": st.sampled_from(["draft", "submitted", "posted", "voided", "deleted"]),
        "date": DAYS, "due_date": DAYS, "currency": st.sampled_from(["NZD", "EUR"]), "reference": MAYBE,
    },
}  # fmt: skip


def command(entity: Entity, kind: str = "update", **more: Any) -> Command:
    base = {
        "id": "c1", "tenant": "acme", "connection": "acme.xero", "platform": "xero", "side": Side.ERP, "kind": kind,
        "entity": entity, "customer": "company:1", "record": "company:1", "at": AT,
        "ref": f"xero/x/{GUID}" if kind == "update" else None,
    }  # fmt: skip
    return Command.model_validate({**base, **more})


def shown(entity: Entity, element: dict[str, Any]) -> Sighting:
    """What Xero would show of a record that holds just what was written."""
    kind = {Entity.PRODUCT: "item", Entity.INVOICE: "invoice"}.get(entity, "contact")
    blank = {"item": {"Code": "W"}, "invoice": {"Type": "ACCREC", "Status": "DRAFT", "CurrencyCode": "NZD"}}
    raw = {**blank.get(kind, {}), **element}
    change = Change(
        tenant="acme", platform="xero", side=Side.ERP, kind=kind, record_id=GUID, version=1, seen_at=AT, raw=raw
    )
    return next(each for each in sightings(change) if each.entity is entity)


@given(st.data())
@pytest.mark.parametrize("entity", list(FIELDS), ids=str)
def test_what_is_written_is_what_will_be_read(entity: Entity, data: st.DataObject):
    fields = data.draw(st.fixed_dictionaries({}, optional=FIELDS[entity]).filter(bool))
    element = draft(command(entity, fields=fields)).element
    found = shown(entity, element).fields
    assert {name: found[name] for name in fields} == fields


LINES = st.fixed_dictionaries(
    {
        "description": WORDS, "quantity": st.integers(1, 999).map(str), "unit_price": UNIT_PRICES,
        "discount_percent": st.none() | st.integers(1, 99).map(str), "account": MAYBE, "tax_type": MAYBE,
    }
)  # fmt: skip


@given(st.lists(LINES, min_size=1, max_size=4))
def test_lines_are_written_as_they_will_be_read(lines: list[dict[str, Any]]):
    made = draft(command(Entity.INVOICE, fields={"lines": lines}))
    found = shown(Entity.INVOICE, made.element).fields["lines"]
    assert [{name: line[name] for name in lines[0]} for line in found] == lines


def test_a_new_company_is_put_so_that_it_cannot_merge_into_a_namesake():
    made = draft(
        command(Entity.COMPANY, "create", natural_key="9001", fields={"name": "Acme", "domain": "acme.example"})
    )
    assert (made.method, made.kind.path, made.ref_kind) == ("PUT", "Contacts", "contact")
    assert made.element == {"ContactNumber": "9001", "Name": "Acme"}


def test_an_update_carries_only_what_changed():
    made = draft(command(Entity.COMPANY, fields={"tax_number": None}))
    assert (made.method, made.element) == ("POST", {"ContactID": GUID, "TaxNumber": ""})
    assert made.target == GUID


def test_a_person_is_written_into_the_contact_of_the_company():
    made = draft(
        command(Entity.CONTACT, "create", links={"company": f"xero/contact/{GUID}"}, fields={"email": "a@b.c"})
    )
    assert (made.method, made.ref_kind) == ("POST", "person")
    assert made.element == {"ContactID": GUID, "EmailAddress": "a@b.c"}


def test_a_product_is_written_by_its_code():
    made = draft(command(Entity.PRODUCT, "create", natural_key="W-1", fields={"price": "0.0125", "sku": "W-1"}))
    assert (made.method, made.element) == ("PUT", {"Code": "W-1", "SalesDetails": {"UnitPrice": Decimal("0.0125")}})
    changed = draft(command(Entity.PRODUCT, natural_key="W-1", fields={"name": "Widget"}))
    assert changed.element == {"ItemID": GUID, "Code": "W-1", "Name": "Widget"}


def test_a_new_invoice_names_its_contact_by_id_alone():
    made = draft(
        command(
            Entity.INVOICE,
            "create",
            natural_key="RM-7",
            links={"company": f"xero/contact/{GUID}"},
            fields={
                "status": "posted",
                "date": "2026-09-01",
                "due_date": "2026-10-01",
                "currency": "NZD",
                "reference": "deal 7",
                "total": "115.00",
                "lines": [
                    {
                        "sku": "W-1",
                        "item_code": "W-1",
                        "description": "Widget",
                        "quantity": "2",
                        "unit_price": "50.1250",
                        "discount_percent": "10",
                        "account": "200",
                        "tax_type": "OUTPUT2",
                    },
                    {"sku": "NEW-1"},
                ],
            },
        )
    )
    assert made.method == "PUT"
    assert made.element == {
        "Type": "ACCREC",
        "InvoiceNumber": "RM-7",
        "Contact": {"ContactID": GUID},
        "LineAmountTypes": "Exclusive",
        "Status": "AUTHORISED",
        "Date": "2026-09-01",
        "DueDate": "2026-10-01",
        "CurrencyCode": "NZD",
        "Reference": "deal 7",
        "LineItems": [
            {"Description": "Widget", "Quantity": Decimal(2), "UnitAmount": Decimal("50.1250"),
             "DiscountRate": Decimal(10), "ItemCode": "W-1", "AccountCode": "200", "TaxType": "OUTPUT2"},
            {"Description": "NEW-1", "Quantity": Decimal(1), "UnitAmount": Decimal(0)},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize("kind", ["create", "update"])
def test_credit_hold_is_never_written(kind: str, hold: bool):  # noqa: FBT001 - a parameter of the table above
    with pytest.raises(Refused, match=r"credit_hold.*finance"):
        draft(command(Entity.COMPANY, kind, natural_key="9001", fields={"name": "Acme", "credit_hold": hold}))


INVOICE_LINKS = {"company": f"xero/contact/{GUID}"}


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (command(Entity.DEAL, fields={"name": "x"}), "deal is not written"),
        (command(Entity.PAYMENT, "create", fields={"amount": "1"}), "payment is not written"),
        (command(Entity.COMPANY, fields={"domain": "x"}), "no place for domain"),
        (command(Entity.COMPANY, fields={"name": None}), "name: it cannot be emptied"),
        (command(Entity.COMPANY, fields={"name": "x"}, ref=None), "ref: an update needs"),
        (command(Entity.COMPANY, fields={"payment_terms": "soon"}), "payment_terms: '<days>"),
        (command(Entity.COMPANY, fields={"shipping_address": "1 High St"}), "shipping_address"),
        (command(Entity.COMPANY, "create", fields={"name": "x"}), "ContactNumber: without a natural key"),
        (command(Entity.COMPANY, "create", natural_key="1"), "name: a contact needs"),
        (command(Entity.CONTACT, "create", fields={"email": "x"}), "company: the person's company"),
        (command(Entity.PRODUCT, "create"), "sku: an item needs"),
        (command(Entity.PRODUCT, fields={"price": "dear"}), "price: this is not an amount"),
        (command(Entity.INVOICE, "create", natural_key="1", fields={"lines": [{}]}), "company: the customer"),
        (command(Entity.INVOICE, "create", natural_key="1", links=INVOICE_LINKS), "lines: an invoice needs"),
        (
            command(Entity.INVOICE, "create", links=INVOICE_LINKS, fields={"lines": [{}]}),
            "InvoiceNumber: without a natural key",
        ),
        (
            command(Entity.INVOICE, "create", links=INVOICE_LINKS, fields={"lines": [{}], "status": "voided"}),
            "not created as voided",
        ),
        (command(Entity.INVOICE, fields={"status": "paid"}), "status: paid cannot be written"),
        (command(Entity.INVOICE, fields={"line_amount_types": "Gross"}), "line_amount_types"),
        (command(Entity.PRODUCT, fields={"name": "N" * 51}), "name: Xero takes at most 50 characters there"),
        (command(Entity.PRODUCT, fields={"sku": "C" * 31}), "sku: Xero takes at most 30 characters there"),
        (command(Entity.COMPANY, fields={"name": "N" * 256}), "at most 255 characters there, and these are 256"),
    ],
)
def test_what_xero_cannot_or_must_not_take_is_refused_by_its_field(made: Command, said: str):
    with pytest.raises(Refused, match=said):
        draft(made)


def test_every_written_field_has_a_property_above():
    for entity, fields in FIELDS.items():
        assert written_fields(entity) - {"lines", "line_amount_types"} == set(fields)
    assert written_fields(Entity.DEAL) == frozenset()
