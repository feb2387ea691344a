"""Drift: the worst first, and nothing where both systems say the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.facts.drift import KINDS, Drift, drifts
from tests.unit.facts.records import ACME, ARM, PLACE, contract, made

CONTRACT = contract()
TEXTS = st.text(min_size=1, max_size=8)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXTS, "phone": TEXTS, "tax_number": TEXTS, "domain": TEXTS,
        "shipping_address": st.fixed_dictionaries({part: st.text(max_size=6) for part in PLACE}),
        "custom_areas": st.lists(TEXTS, max_size=3),
    },
)  # fmt: skip


def kinds(found: list[Drift]) -> list[tuple[str, str]]:
    return [(each.kind, each.fact) for each in found]


@given(fields=FIELDS)
def test_a_record_of_which_both_say_the_same_does_not_drift(fields: dict[str, Any]):
    assert drifts([made(fields, fields, agreed=CONTRACT)]) == []


@given(crm=FIELDS, erp=FIELDS)
def test_drifts_come_in_the_order_of_their_ranks_whatever_the_order_of_the_sheets(
    crm: dict[str, Any], erp: dict[str, Any]
):
    both = [made(crm, erp, agreed=CONTRACT), made(erp, crm, "company:2", CONTRACT)]
    found = drifts(both)
    assert found == drifts(both[::-1])
    assert [each.kind for each in found] == sorted((each.kind for each in found), key=KINDS.index)


def test_an_owned_fact_that_is_contradicted_comes_before_a_variant_and_that_before_a_gap():
    crm = ACME | {"name": "ACME Limited", "tax_number": None, "phone": "+64 4 000 0000"}
    crm["shipping_address"] = PLACE | {"city": "Auckland"}
    found = drifts([made(crm, ACME)])
    assert kinds(found) == [
        ("contradiction", "address"), ("unsettled", "phone"), ("variant", "name"), ("missing", "tax_number"),
    ]  # fmt: skip
    assert (found[0].owner, found[0].says) == ("Xero", "Xero owns it, and the other says otherwise")
    assert found[1].says == "it is decided by a person"
    assert (found[3].says, found[0].next) == ("only the ERP says it", "revmark explain company:1")


def test_an_address_in_another_form_is_no_other_address():
    crm = ACME | {"shipping_address": PLACE | {"street": "12 Kiwi Rd", "country": "NZ"}}
    assert kinds(drifts([made(crm, ACME)])) == [("variant", "address")]


def test_prices_are_compared_as_amounts():
    assert kinds(drifts([made(ARM | {"price": "1380.0"}, ARM, "product:1")])) == [("variant", "price")]
    (found,) = drifts([made(ARM | {"price": "1380.01"}, ARM, "product:1")])
    assert (found.kind, found.crm, found.erp) == ("contradiction", "1380.01", "1380.00")


def test_a_product_that_one_system_lacks_is_told_and_a_prospect_is_not():
    (found,) = drifts([made(ARM, None, "product:1"), made(ACME, None)])
    assert (found.kind, found.fact, found.says) == ("missing", "sku", "only one system has it (the CRM)")


def test_two_declared_names_are_variants():
    crm = ACME | {"name": "Kiwi Tools", "custom_legal": "Acme Ltd", "custom_trading": ["Kiwi Tools"]}
    assert kinds(drifts([made(crm, ACME)])) == [("variant", "name")]
    assert kinds(drifts([made(crm | {"custom_trading": None}, ACME)])) == [("contradiction", "name")]


def test_a_place_that_only_one_side_keeps_does_not_drift():
    assert drifts([made(ACME | {"domain": "acme.example"}, ACME)]) == []


def test_records_that_may_be_one_company_are_told_where_they_are_spelt_differently():
    other = ACME | {"name": "ACME Tools"}
    (found,) = drifts([made(ACME, ACME), made(None, other, "company:2")])
    assert (found.kind, found.fact, found.also) == ("variant", "name", "company:2")
    assert found.says == "company:2 may be the same company, as ACME Tools (same tax number: 98765432)"
    assert drifts([made(ACME, ACME), made(None, ACME, "company:2")]) == []


def test_two_products_of_one_sku_are_told():
    found = drifts([made(ARM, ARM, "product:1"), made(ARM | {"sku": "arm 7"}, ARM | {"sku": "arm 7"}, "product:2")])
    assert [(each.fact, each.says) for each in found] == [("sku", "product:2 has the SKU arm 7")]
