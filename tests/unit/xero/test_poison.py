"""Records that nobody should send: only `Refused` leaves the translator, with the name of the field and no value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.change import Change
from schemas.errors import Refused
from schemas.names import Side
from schemas.wire import encode
from streams.platforms.xero import records, wire
from streams.platforms.xero.kinds import CONTACT, KINDS
from streams.platforms.xero.translation import sightings

ID = "11111111-1111-4111-8111-111111111111"
ODD = st.sampled_from(
    ["²", "1e99999999", "1_000", "9" * 40, "NaN", "", "\x00", "a|b", "/Date(999999999999999)/", "/Date(-1)/",
     "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "ACCREC", "ACCRECCREDIT", "AUTHORISED", "STREET", ID]
)  # fmt: skip
NAMES = [
    "AccountCode", "Addresses", "AddressType", "Amount", "AmountDue", "City", "Code", "Contact", "ContactGroups",
    "ContactID", "ContactNumber", "ContactStatus", "CreditNote", "CreditNoteID", "CurrencyCode", "Date", "DateString",
    "Day", "DefaultCurrency", "DiscountRate", "EmailAddress", "Invoice", "InvoiceID", "InvoiceNumber", "IsCustomer",
    "IsSupplier", "ItemID", "LineItems", "MergedToContactID", "Name", "Overpayment", "OverpaymentID", "PaymentID",
    "PaymentTerms", "PaymentType", "PhoneNumber", "Phones", "PhoneType", "Quantity", "RemainingCredit", "Sales",
    "SalesDetails", "Status", "Total", "Type", "UnitAmount", "UnitPrice", "Website",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | ODD, inner, max_size=5),
    max_leaves=12,
)
RIGHT = {  # what lets a record get past the first fields
    "invoice": {"Type": "ACCREC", "Status": "PAID"},
    "credit_note": {"Type": "ACCRECCREDIT", "Status": "PAID"},
    "payment": {"Invoice": {"InvoiceID": ID}, "Status": "AUTHORISED"},
    "prepayment": {"Type": "RECEIVE-PREPAYMENT", "Status": "PAID"},
    "overpayment": {"Type": "RECEIVE-OVERPAYMENT", "Status": "VOIDED"},
    "item": {"Code": "W-1"},
    "contact": {},
}


def change(kind: str, raw: dict[str, Any], record_id: str = ID, *, deleted: bool = False) -> Change:
    return Change(
        tenant="acme", platform="xero", side=Side.ERP, kind=kind, record_id=record_id, version=1,
        seen_at=datetime(2026, 9, 1, tzinfo=UTC), deleted=deleted, raw=raw,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS])
@given(raw=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=12), right=st.booleans(), deleted=st.booleans())
def test_whatever_a_record_holds_only_a_refusal_leaves(kind: str, raw: dict[str, Any], *, right: bool, deleted: bool):
    shown = {**raw, KINDS[kind].id_field: ID, **RIGHT[kind]} if right else raw
    try:
        found = sightings(change(kind, shown, deleted=deleted))
    except Refused:
        return
    for sighting in found:
        encode([sighting.fields, sighting.keys, sighting.parents])
        named = [sighting.ref, *sighting.parents.values(), *(sighting.keys.get(n) for n in ("crm_ref", "merged_into"))]
        assert all("|" not in ref and ref.count("/") == 2 for ref in named if ref)


@given(st.dictionaries(st.sampled_from(["UpdatedDateUTC", "UpdatedDateUTCString", "ContactID"]), JSON))
def test_a_record_always_has_a_version_that_can_be_written(raw: dict[str, Any]):
    seen = records.seen(CONTACT, raw, 7)
    assert change("contact", {}, "x").model_copy(update={"version": seen.version}).to_bytes()
    assert Change.model_validate({**change("contact", {}).model_dump(), "version": seen.version})


@pytest.mark.parametrize("record_id", ["", "a|b", "a/b", "a\nb", "../Organisation?x=1", "ada@acme.example"])
@pytest.mark.parametrize("deleted", [True, False])
def test_a_record_whose_id_is_none_is_refused_and_not_quoted(record_id: str, *, deleted: bool):
    raw = {} if deleted else {"ContactID": record_id}
    with pytest.raises(Refused) as refused:
        sightings(change("contact", raw, record_id, deleted=deleted))
    assert refused.value.code == "id"
    assert not record_id or record_id not in refused.value.message


@pytest.mark.parametrize("name", ["a|b", "a/b", "a\x00b"])
def test_a_record_names_others_by_their_ids_only(name: str):
    for kind, raw, field in (
        ("contact", {"ContactID": ID, "MergedToContactID": name}, "MergedToContactID"),
        ("invoice", {"InvoiceID": ID, "Type": "ACCREC", "Status": "PAID", "Contact": {"ContactID": name}}, "ContactID"),
        ("payment", {"PaymentID": ID, "Invoice": {"InvoiceID": name}}, "InvoiceID"),
    ):
        with pytest.raises(Refused, match=field) as refused:
            sightings(change(kind, raw))
        assert name not in refused.value.message


@pytest.mark.parametrize("number", ["ACME/01", "A|1", "A\t1"])
def test_a_contact_number_that_is_no_id_is_the_companys_own_and_no_reference(number: str):
    company, _ = sightings(change("contact", {"ContactID": ID, "ContactNumber": number}))
    assert company.fields["crm_id"] == number
    assert "crm_ref" not in company.keys


@pytest.mark.parametrize(("value", "text"), [("1e27", "1" + "0" * 27), ("-0", "0"), ("2.50", "2.5"), ("100", "100")])
def test_a_number_is_written_with_its_digits(value: str, text: str):
    assert wire.number_text(value) == text
