from decimal import Decimal

import pytest

from schemas.errors import Refused
from schemas.names import Entity
from schemas.wire import decode, encode
from streams.platforms.hubspot.translation import sightings
from tests.unit.hubspot.records import GUID, change


def test_a_company_names_its_fields_and_its_keys():
    raw = {
        "name": "Acme Ltd",
        "domain": "ACME.example",
        "phone": " ",
        "revmark_currency": "nzd",
        "revmark_credit_hold": "true",
        "revmark_balance_due": "1250.5",
        "revmark_last_payment_date": "1756684800000",
        "revmark_shipping_city": "Wellington",
        "xero_contact_id": GUID,
        "hs_merged_object_ids": "7;8;12",
        "unasked": "x",
    }
    (sighting,) = sightings(change("company", raw))
    assert sighting.entity is Entity.COMPANY
    assert sighting.ref == "hubspot/company/12"
    assert sighting.fields == {
        "name": "Acme Ltd",
        "domain": "acme.example",
        "phone": None,
        "tax_number": None,
        "currency": "NZD",
        "shipping_address": {"street": "", "city": "Wellington", "region": "", "postal_code": "", "country": ""},
        "payment_terms": None,
        "credit_hold": True,
        "lifecycle": None,
        "balance_due": "1250.50",
        "last_payment_date": "2025-09-01",
        "last_payment_amount": None,
        "erp_id": GUID,
    }
    assert sighting.keys == {"erp_ref": f"xero/contact/{GUID}", "domain": "acme.example", "name": "Acme Ltd"}
    assert sighting.merged_from == ("hubspot/company/7", "hubspot/company/8")


def test_every_field_the_portal_can_hold_is_set_even_when_the_record_is_empty():
    for kind in ("company", "contact", "product", "deal", "invoice"):
        (sighting,) = sightings(change(kind, {}))
        assert {value for key, value in sighting.fields.items() if key != "lines"} == {None}
        assert sighting.keys == {}


def test_the_erp_of_the_deployment_spells_the_cross_reference():
    (sighting,) = sightings(change("product", {"xero_item_id": "i1", "hs_sku": "S-1"}), erp="netsuite")
    assert sighting.keys == {"erp_ref": "netsuite/item/i1", "sku": "S-1"}


def test_a_contact_is_a_person_of_its_first_company():
    (sighting,) = sightings(change("contact", {"email": "Ann@Acme.example"}, associations={"company": ["9", "3"]}))
    assert sighting.fields == {"email": "ann@acme.example", "first_name": None, "last_name": None}
    assert sighting.keys == {"email": "ann@acme.example"}
    assert sighting.parents == {"company": "hubspot/company/9"}


def test_a_deal_carries_its_lines_in_their_order_with_exact_figures():
    lines = [
        {"id": "31", "properties": {"hs_sku": "B", "name": "Bolt", "quantity": "3", "price": "0.0025"}},
        {
            "id": "30",
            "properties": {
                "hs_sku": "A",
                "name": "Anvil",
                "quantity": "2.50",
                "price": "100.00",
                "hs_discount_percentage": "10.0",
                "amount": "225",
                "hs_position_on_quote": "1",
            },
        },
        {"id": "4", "properties": {"description": "Loose", "price": "10", "discount": "2.5", "quantity": None}},
    ]
    raw = {"dealname": "Big", "deal_currency_code": "USD", "amount": "232.5", "closedate": "2026-09-01T10:00:00.250Z"}
    (sighting,) = sightings(
        change(
            "deal", raw, associations={"company": ["9"], "contact": ["5", "6"], "line_item": ["31"]}, line_items=lines
        )
    )
    assert sighting.fields["amount"] == "232.50"
    assert sighting.fields["closed_at"] == "2026-09-01T10:00:00.250Z"
    assert sighting.parents == {"company": "hubspot/company/9", "contact": "hubspot/contact/5"}
    shown = [(line["sku"], line["quantity"], line["unit_price"], line["discount_percent"], line["amount"])
             for line in sighting.fields["lines"]]  # fmt: skip
    assert shown == [
        ("A", "2.5", "100", "10", "225.00"),
        (None, "1", "7.5", None, None),
        ("B", "3", "0.0025", None, None),
    ]


def test_a_yen_has_no_cents_and_a_record_without_a_currency_takes_the_tenants():
    (deal,) = sightings(change("deal", {"amount": "1000", "deal_currency_code": "JPY"}))
    assert deal.fields["amount"] == "1000"
    (product,) = sightings(change("product", {"price": "1000"}), base_currency="JPY")
    assert product.fields["price"] == "1000"
    (deal,) = sightings(change("deal", {"amount": "1000"}), base_currency="JPY")
    assert (deal.fields["amount"], deal.fields["currency"]) == ("1000", None)


def test_an_invoice_mirror_refers_to_the_erps_invoice():
    raw = {"xero_invoice_id": GUID, "revmark_invoice_number": "INV-7", "hs_invoice_date": "2026-09-01T00:00:00Z"}
    (sighting,) = sightings(change("invoice", raw, associations={"company": ["9"], "deal": ["2"]}))
    assert sighting.keys == {"erp_ref": f"xero/invoice/{GUID}", "number": "INV-7"}
    assert sighting.fields["date"] == "2026-09-01"
    assert sighting.parents == {"company": "hubspot/company/9", "deal": "hubspot/deal/2"}
    assert "lines" not in sighting.fields


def test_a_deleted_record_is_only_its_reference():
    (sighting,) = sightings(change("company", deleted=True))
    assert sighting.deleted
    assert (sighting.fields, sighting.keys) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "properties", "code"),
    [
        ("company", {"revmark_balance_due": "a lot"}, "revmark_balance_due"),
        ("company", {"revmark_balance_due": 12.5}, "revmark_balance_due"),
        ("company", {"revmark_credit_hold": "maybe"}, "revmark_credit_hold"),
        ("company", {"revmark_last_payment_date": "soon"}, "revmark_last_payment_date"),
        ("company", {"revmark_last_payment_date": "9" * 30}, "revmark_last_payment_date"),
        ("company", {"name": {"first": "x"}}, "name"),
        ("company", {"hs_merged_object_ids": "7;x"}, "hs_merged_object_ids"),
        ("deal", {"amount": "NaN"}, "amount"),
        ("ticket", {}, "kind"),
    ],
)
def test_a_malformed_record_is_refused_by_the_name_of_its_property_without_the_value(
    kind: str, properties: dict[str, object], code: str
):
    with pytest.raises(Refused) as refused:
        sightings(change(kind, properties))
    assert refused.value.code == code
    assert "a lot" not in refused.value.message


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ("none", "line_items"),
        ([{"id": "3"}], "line_items"),
        ([{"id": "3", "properties": {"price": "cheap"}}], "line_items.price"),
        ([{"id": "3", "properties": {"amount": "x"}}], "line_items.amount"),
    ],
)
def test_a_malformed_line_is_refused(items: object, code: str):
    with pytest.raises(Refused) as refused:
        sightings(change("deal", {}, line_items=items))
    assert refused.value.code == code


def test_a_record_without_properties_is_refused():
    with pytest.raises(Refused, match="properties are missing"):
        sightings(change("company").model_copy(update={"raw": {}}))


def test_numbers_where_strings_are_due_are_read_exactly_and_come_out_of_a_topic_the_same():
    raw = {"revmark_balance_due": Decimal("0.10"), "revmark_credit_hold": True}
    (sighting,) = sightings(change("company", raw))
    assert (sighting.fields["balance_due"], sighting.fields["credit_hold"]) == ("0.10", True)
    assert decode(encode(sighting.fields)) == sighting.fields


def test_a_line_says_how_often_it_is_billed():
    raw = {
        "name": "Licence", "price": "50", "recurringbillingfrequency": "monthly",
        "hs_recurring_billing_start_date": "2026-09-01", "hs_recurring_billing_number_of_payments": "12.0",
        "hs_recurring_billing_period": "P12M",
    }  # fmt: skip
    item = {"id": "1", "properties": raw}
    (sighting,) = sightings(change("deal", {"dealname": "Licences"}, line_items=[item]))
    (line,) = sighting.fields["lines"]
    assert line["recurs"] == {"every": "monthly", "starts_on": "2026-09-01", "payments": "12", "term": "P12M"}


def test_a_line_that_starts_with_a_delay_says_so_unless_it_has_a_day():
    raw = {
        "name": "Licence",
        "recurringbillingfrequency": "weekly",
        "hs_billing_start_delay_type": "hs_billing_start_delay_days",
    }
    dated = {**raw, "hs_recurring_billing_start_date": "2026-09-01"}
    items = [{"id": str(place), "properties": each} for place, each in enumerate((raw, dated))]
    (sighting,) = sightings(change("deal", {"dealname": "Licences"}, line_items=items))
    assert [line["recurs"] for line in sighting.fields["lines"]] == [
        {"every": "weekly", "delayed": True}, {"every": "weekly", "starts_on": "2026-09-01"}
    ]  # fmt: skip


def test_a_day_that_is_none_is_named():
    raw = {"name": "Licence", "recurringbillingfrequency": "weekly", "hs_recurring_billing_start_date": "soon"}
    with pytest.raises(Refused, match="hs_recurring_billing_start_date of line item 1"):
        sightings(change("deal", {"dealname": "Licences"}, line_items=[{"id": "1", "properties": raw}]))
