from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.change import Change, parse_arrival
from schemas.errors import Refused
from schemas.names import Entity, Side
from schemas.sighting import Sighting
from streams.platforms.xero.kinds import KINDS
from streams.platforms.xero.translation import sightings

CONTACT = "11111111-1111-4111-8111-111111111111"
INVOICE = "22222222-2222-4222-8222-222222222222"
NOTE = "33333333-3333-4333-8333-333333333333"
PAYMENT = "44444444-4444-4444-8444-444444444444"
ITEM = "55555555-5555-4555-8555-555555555555"
AT = datetime(2026, 9, 1, tzinfo=UTC)


def change(kind: str, record_id: str, raw: dict[str, Any], *, deleted: bool = False) -> Change:
    return Change(
        tenant="acme", platform="xero", side=Side.ERP, kind=kind, record_id=record_id, version=1, seen_at=AT,
        deleted=deleted, raw=raw,
    )  # fmt: skip


def contact(**more: Any) -> dict[str, Any]:
    return {
        "ContactID": CONTACT,
        "ContactNumber": "9001",
        "ContactStatus": "ACTIVE",
        "Name": "Acme Ltd",
        "FirstName": "Ada",
        "LastName": "Byron",
        "EmailAddress": "Ada@Acme.example",
        "TaxNumber": "123-456",
        "DefaultCurrency": "NZD",
        "Addresses": [
            {"AddressType": "STREET", "AddressLine1": "1 High St", "AddressLine2": "Floor 2", "City": "Leeds",
             "Region": "", "PostalCode": "LS1", "Country": "UK"},
            {"AddressType": "POBOX", "AddressLine1": "PO 7"},
        ],
        "Phones": [
            {"PhoneType": "FAX", "PhoneNumber": "9"},
            {"PhoneType": "DEFAULT", "PhoneNumber": "123456", "PhoneAreaCode": "113", "PhoneCountryCode": "44"},
        ],
        "PaymentTerms": {"Sales": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}},
        "ContactGroups": [{"ContactGroupID": "g", "Name": "Credit Hold"}],
        "IsCustomer": True,
        "IsSupplier": False,
        **more,
    }  # fmt: skip


def invoice(**more: Any) -> dict[str, Any]:
    return {
        "Type": "ACCREC",
        "InvoiceID": INVOICE,
        "InvoiceNumber": "RM-1",
        "Reference": "deal 7",
        "Status": "AUTHORISED",
        "Date": "/Date(1788220800000+0000)/",
        "DateString": "2026-09-01T00:00:00",
        "DueDate": "/Date(1790812800000+0000)/",
        "CurrencyCode": "NZD",
        "SubTotal": Decimal("100.0"),
        "TotalTax": Decimal("15.00"),
        "Total": Decimal("115.00"),
        "AmountDue": 115,
        "AmountPaid": 0,
        "AmountCredited": Decimal("0.00"),
        "Contact": {"ContactID": CONTACT, "Name": "Acme Ltd"},
        "LineItems": [
            {"ItemCode": "W-1", "Description": "Widget", "Quantity": Decimal("2.0000"),
             "UnitAmount": Decimal("50.1250"), "DiscountRate": Decimal("10.00"), "LineAmount": Decimal("90.23"),
             "AccountCode": "200", "TaxType": "OUTPUT2"},
            {"Description": "Words only"},
        ],
        **more,
    }  # fmt: skip


def only(found: list[Sighting]) -> Sighting:
    assert len(found) == 1
    return found[0]


def company(**more: Any) -> Sighting:
    return sightings(change("contact", CONTACT, contact(**more)))[0]


def test_a_contact_is_a_company_and_a_person():
    first, second = sightings(change("contact", CONTACT, contact()))
    assert (first.entity, first.ref) == (Entity.COMPANY, f"xero/contact/{CONTACT}")
    assert first.fields == {
        "name": "Acme Ltd",
        "phone": "44 113 123456",
        "tax_number": "123-456",
        "currency": "NZD",
        "shipping_address": {
            "street": "1 High St, Floor 2", "city": "Leeds", "region": "", "postal_code": "LS1", "country": "UK",
        },
        "payment_terms": "30 DAYSAFTERBILLDATE",
        "credit_hold": True,
        "crm_id": "9001",
    }  # fmt: skip
    assert first.keys == {"crm_ref": "hubspot/company/9001", "name": "Acme Ltd", "domain": "acme.example"}
    assert (second.entity, second.ref) == (Entity.CONTACT, f"xero/person/{CONTACT}")
    assert second.fields == {"email": "ada@acme.example", "first_name": "Ada", "last_name": "Byron"}
    assert second.keys == {"email": "ada@acme.example"}
    assert second.parents == {"company": f"xero/contact/{CONTACT}"}


def test_an_empty_contact_sets_every_field_to_none():
    raw = {"ContactID": CONTACT, "ContactGroups": [], "PaymentTerms": {}, "Addresses": [{"AddressType": "STREET"}]}
    first, second = sightings(change("contact", CONTACT, raw))
    names = {"name", "phone", "tax_number", "currency", "shipping_address", "payment_terms", "crm_id"}
    assert first.fields == {**dict.fromkeys(names), "credit_hold": False}
    assert second.fields == {"email": None, "first_name": None, "last_name": None}
    assert first.keys == second.keys == {}


def test_what_a_reply_does_not_carry_is_unknown_and_not_cleared():
    raw = contact()
    del raw["ContactGroups"], raw["PaymentTerms"]
    fields = sightings(change("contact", CONTACT, raw))[0].fields
    assert "credit_hold" not in fields
    assert "payment_terms" not in fields


@pytest.mark.parametrize(
    ("email", "website", "domain"),
    [
        ("a@gmail.com", None, None),
        ("a@gmail.com", "https://www.acme.example/about", "acme.example"),
        (None, "WWW.Acme.Example", "acme.example"),
        ("a@mail.acme.example", "other.example", "mail.acme.example"),
        ("nonsense", "http://[broken", None),
        (None, None, None),
    ],
)
def test_the_domain_comes_from_business_mail_or_the_website(email: str | None, website: str | None, domain: str | None):
    assert company(EmailAddress=email, Website=website).keys.get("domain") == domain


def test_the_hold_group_and_the_crm_are_named_by_the_caller():
    raw = contact(ContactGroups=[{"Name": "On stop"}])
    found = sightings(change("contact", CONTACT, raw), hold_group="on stop ", crm="salesforce")[0]
    assert found.fields["credit_hold"] is True
    assert found.keys["crm_ref"] == "salesforce/company/9001"


@pytest.mark.parametrize("status", ["ARCHIVED", "GDPRREQUEST"])
def test_an_archived_contact_is_deleted_and_says_where_it_was_merged(status: str):
    first, second = sightings(change("contact", CONTACT, contact(ContactStatus=status, MergedToContactID=NOTE)))
    assert first.deleted
    assert second.deleted
    assert first.keys["merged_into"] == f"xero/contact/{NOTE}"


def test_contacts_that_only_supply_are_left_out_unless_asked_for():
    supplier = change("contact", CONTACT, contact(IsSupplier=True, IsCustomer=False))
    assert sightings(supplier) == []
    assert len(sightings(supplier, suppliers=True)) == 2


def test_an_item_is_a_product():
    raw = {
        "ItemID": ITEM, "Code": "W-1", "Name": "Widget", "Description": "A widget",
        "SalesDetails": {"UnitPrice": Decimal("12.5000")},
    }  # fmt: skip
    found = only(sightings(change("item", ITEM, raw), base_currency="NZD"))
    assert found.fields == {"sku": "W-1", "name": "Widget", "description": "A widget", "price": "12.50"}
    assert found.keys == {"sku": "W-1"}
    assert found.ref == f"xero/item/{ITEM}"


@pytest.mark.parametrize(
    ("price", "currency", "text"),
    [("12.5000", "NZD", "12.50"), ("1200.00", "JPY", "1200"), ("1", "KWD", "1.000"), ("0", "NZD", "0.00")],
)
def test_prices_are_in_the_minor_unit_of_the_base_currency(price: str, currency: str, text: str):
    raw = {"ItemID": ITEM, "Code": "W-1", "SalesDetails": {"UnitPrice": Decimal(price)}}
    assert only(sightings(change("item", ITEM, raw), base_currency=currency)).fields["price"] == text


def test_an_invoice_is_taken_as_stated():
    found = only(sightings(change("invoice", INVOICE, invoice())))
    assert found.fields == {
        "number": "RM-1",
        "status": "posted",
        "date": "2026-09-01",
        "due_date": "2026-10-01",
        "currency": "NZD",
        "reference": "deal 7",
        "subtotal": "100.00",
        "tax": "15.00",
        "total": "115.00",
        "amount_due": "115.00",
        "amount_paid": "0.00",
        "amount_credited": "0.00",
        "currency_rate": None,
        "lines": [
            {"sku": "W-1", "description": "Widget", "quantity": "2", "unit_price": "50.125", "discount_percent": "10",
             "amount": "90.23", "account": "200", "tax_type": "OUTPUT2"},
            {"description": "Words only", "sku": None, "quantity": "0", "unit_price": "0", "discount_percent": None,
             "amount": None, "account": None, "tax_type": None},
        ],
    }  # fmt: skip
    assert found.keys == {"number": "RM-1"}
    assert found.parents == {"company": f"xero/contact/{CONTACT}"}


@pytest.mark.parametrize(
    ("word", "status"),
    [("DRAFT", "draft"), ("SUBMITTED", "submitted"), ("PAID", "paid"), ("VOIDED", "voided"), ("DELETED", "deleted")],
)
def test_statuses(word: str, status: str):
    found = only(sightings(change("invoice", INVOICE, invoice(Status=word))))
    assert found.fields["status"] == status
    assert not found.deleted  # a voided document is still a document


def test_amounts_of_a_currency_without_cents():
    fields = only(sightings(change("invoice", INVOICE, invoice(CurrencyCode="JPY", Total=Decimal("1150.00"))))).fields
    assert fields["total"] == "1150"


def test_purchases_are_no_business_of_revenue():
    assert sightings(change("invoice", INVOICE, invoice(Type="ACCPAY"))) == []
    bill = {"CreditNoteID": NOTE, "Type": "ACCPAYCREDIT"}
    assert sightings(change("credit_note", NOTE, bill)) == []
    paid = {"PaymentID": PAYMENT, "PaymentType": "ACCPAYPAYMENT", "Invoice": {"InvoiceID": INVOICE}}
    assert sightings(change("payment", PAYMENT, paid)) == []


def test_a_credit_note():
    raw = {
        "CreditNoteID": NOTE, "CreditNoteNumber": "CN-1", "Type": "ACCRECCREDIT", "Status": "PAID",
        "Date": "/Date(1788220800000)/", "CurrencyCode": "NZD", "Total": Decimal(20), "RemainingCredit": 0,
        "Contact": {"ContactID": CONTACT}, "CurrencyRate": Decimal("0.750000"),
        "LineItems": [{"ItemCode": "W-1", "LineAmount": Decimal(20)}],
        "Allocations": [
            {"Amount": Decimal(15), "Date": "/Date(1788220800000)/", "Invoice": {"InvoiceID": INVOICE}},
            {"Amount": Decimal(5), "Invoice": {"InvoiceID": INVOICE}, "IsDeleted": True},
        ],
    }  # fmt: skip
    found = only(sightings(change("credit_note", NOTE, raw)))
    assert [each.pop("sku") for each in found.fields.pop("lines")] == ["W-1"]
    assert found.fields == {
        "number": "CN-1", "status": "paid", "date": "2026-09-01", "currency": "NZD", "total": "20.00",
        "remaining": "0.00", "currency_rate": "0.75", "allocations": [{"invoice": INVOICE, "amount": "15.00"}],
    }  # fmt: skip
    assert found.parents == {"company": f"xero/contact/{CONTACT}"}


def payment_on(holder: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "PaymentID": PAYMENT, "Date": "/Date(1788220800000+0000)/", "Amount": Decimal("57.50"), "Reference": "wire 9",
        "CurrencyRate": Decimal("1.0"),
        **holder, **more,
    }  # fmt: skip


def test_a_payment_listed_and_a_payment_found_in_its_invoice_are_one():
    holder = {"Invoice": {"InvoiceID": INVOICE, "InvoiceNumber": "RM-1", "Type": "ACCREC", "CurrencyCode": "NZD",
                          "Contact": {"ContactID": CONTACT}}}  # fmt: skip
    listed = payment_on(holder, Status="AUTHORISED", PaymentType="ACCRECPAYMENT")
    found = only(sightings(change("payment", PAYMENT, payment_on(holder))))
    assert found == only(sightings(change("payment", PAYMENT, listed)))
    assert found.fields == {
        "date": "2026-09-01", "amount": "57.50", "currency": "NZD", "reference": "wire 9", "status": "received",
        "refund": False, "document": INVOICE, "currency_rate": "1",
    }  # fmt: skip
    assert found.parents == {"company": f"xero/contact/{CONTACT}", "invoice": f"xero/invoice/{INVOICE}"}


@pytest.mark.parametrize("stated", ["ARCREDITPAYMENT", None])
def test_a_payment_on_a_credit_note_is_a_refund(stated: str | None):
    holder = {"CreditNote": {"CreditNoteID": NOTE, "CurrencyCode": "NZD", "Type": "ACCRECCREDIT"}}
    found = only(sightings(change("payment", PAYMENT, payment_on(holder, PaymentType=stated, Status="DELETED"))))
    assert found.fields["refund"] is True
    assert found.fields["status"] == "deleted"
    assert found.parents == {"credit_note": f"xero/credit_note/{NOTE}"}


@pytest.mark.parametrize(
    ("stated", "parent"),
    [
        ("ARCREDITPAYMENT", {"credit_note": f"xero/credit_note/{NOTE}"}),
        ("ARPREPAYMENTPAYMENT", {}),
        ("AROVERPAYMENTPAYMENT", {}),
    ],
)
def test_a_refund_that_is_listed_under_an_invoice_is_of_what_it_gives_back(stated: str, parent: dict[str, str]):
    # as in the example of GET /Payments in Xero's OpenAPI document: the id is that of the credit note
    holder = {"Invoice": {"InvoiceID": NOTE, "CurrencyCode": "NZD", "Type": "ACCRECCREDIT"}}
    found = only(sightings(change("payment", PAYMENT, payment_on(holder, PaymentType=stated, Status="AUTHORISED"))))
    of = {"ARCREDITPAYMENT": "credit_note", "ARPREPAYMENTPAYMENT": "prepayment"}.get(stated, "overpayment")
    assert (found.fields["refund"], found.fields["gives_back"], found.fields["document"]) == (True, of, NOTE)
    assert found.parents == parent


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("Overpayment", "AROVERPAYMENTPAYMENT"), ("Overpayment", None),
        ("Prepayment", "ARPREPAYMENTPAYMENT"), ("Prepayment", None),
    ],
)  # fmt: skip
def test_money_in_advance_given_back_is_a_refund_that_names_it(name: str, stated: str | None):
    nested = {
        f"{name}ID": NOTE,
        "CurrencyCode": "NZD",
        "Contact": {"ContactID": CONTACT},
        "Type": f"RECEIVE-{name}".upper(),
    }
    raw = payment_on({name: nested}, PaymentType=stated, Status="AUTHORISED")
    found = only(sightings(change("payment", PAYMENT, raw)))
    told = found.fields["refund"], found.fields["gives_back"], found.fields["document"]
    assert told == (True, name.lower(), NOTE)
    assert found.parents == {"company": f"xero/contact/{CONTACT}"}


def test_the_journey_through_a_topic_changes_nothing():
    before = change("invoice", INVOICE, invoice())
    after = parse_arrival(before.to_bytes())
    assert isinstance(after, Change)
    assert sightings(after) == sightings(before)


@pytest.mark.parametrize("kind", [*KINDS])
def test_a_record_that_is_gone_is_deleted_without_fields(kind: str):
    found = sightings(change(kind, "x", {}, deleted=True))
    assert found
    assert all(each.deleted and each.fields == {} and each.ref.endswith("/x") for each in found)


@pytest.mark.parametrize(
    ("kind", "record_id", "raw", "name"),
    [
        ("contact", CONTACT, {}, "ContactID"),
        ("contact", INVOICE, contact(), "ContactID"),
        ("contact", CONTACT, contact(Name=7), "Name"),
        ("contact", CONTACT, contact(IsSupplier="yes"), "IsSupplier"),
        ("contact", CONTACT, contact(Phones="none"), "Phones"),
        ("contact", CONTACT, contact(PaymentTerms=[]), "PaymentTerms"),
        ("item", ITEM, {"ItemID": ITEM}, "Code"),
        ("invoice", INVOICE, invoice(Total=1.5), "Total"),
        ("invoice", INVOICE, invoice(Total="much"), "Total"),
        ("invoice", INVOICE, invoice(Status="NEW"), "Status"),
        ("invoice", INVOICE, invoice(DueDate="soon"), "DueDate"),
        ("invoice", INVOICE, invoice(DueDate="/Date(999999999999999)/"), "DueDate"),
        ("invoice", INVOICE, invoice(LineItems=[{"Quantity": True}]), r"LineItems\[0\]: Quantity"),
        ("payment", PAYMENT, {"PaymentID": PAYMENT}, "Invoice"),
        ("payment", PAYMENT, {"PaymentID": PAYMENT, "Invoice": {"CurrencyCode": "NZD"}}, "InvoiceID"),
    ],
)
def test_a_malformed_record_is_refused_by_its_field(kind: str, record_id: str, raw: dict[str, Any], name: str):
    with pytest.raises(Refused, match=rf"xero {kind} .*{name}") as error:
        sightings(change(kind, record_id, raw))
    assert error.value.code == "malformed"
    assert "much" not in error.value.message


def test_a_kind_of_another_platform_is_refused():
    with pytest.raises(Refused, match="no kind"):
        sightings(change("deal", "1", {}))


def test_what_of_a_credited_amount_came_in_advance_is_told_apart():
    credit = {"CreditNoteID": NOTE, "AppliedAmount": "15.00"}
    raw = invoice(
        AmountCredited="55.50", CreditNotes=[credit], Prepayments=[{"PrepaymentID": NOTE, "AppliedAmount": "40.00"}],
        Overpayments=[{"OverpaymentID": NOTE, "AppliedAmount": Decimal("0.5")}],
    )  # fmt: skip
    shown = only(sightings(change("invoice", INVOICE, raw))).fields
    assert (shown["amount_credited"], shown["amount_prepaid"]) == ("55.50", "40.50")


def test_an_invoice_without_any_has_none_of_it_and_a_reply_that_is_silent_about_it_says_nothing():
    here, silent = invoice(Prepayments=[], Overpayments=[]), invoice()
    assert only(sightings(change("invoice", INVOICE, here))).fields["amount_prepaid"] == "0.00"
    assert "amount_prepaid" not in only(sightings(change("invoice", INVOICE, silent))).fields
