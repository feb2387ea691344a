"""Fact sheets: the value, the system that owns it, and what both say."""

from __future__ import annotations

from typing import Any

import pytest

from console.facts.sheet import SELLER, FactSheet, sellers
from tests.unit.facts.records import ACME, ARM, contract, made

OTHER = ACME | {"name": "Acme Holdings", "phone": "+64 4 765 4321"}


def owners(found: FactSheet) -> dict[str, str]:
    return {each.name: each.owner for each in found.facts}


def test_each_fact_has_the_value_of_the_system_that_owns_it():
    found = made(OTHER | {"domain": "acme.example", "custom_areas": ["Otago"]}, ACME)
    assert owners(found) == {
        "name": "Xero", "tax_number": "Xero", "address": "Xero", "domain": "HubSpot", "phone": "a person",
        "service_areas": "HubSpot",
    }  # fmt: skip
    assert (found.value("name"), found.value("domain")) == ("Acme Ltd", "acme.example")
    assert found.refs[0][1].startswith("crm/company/")


def test_the_heaviest_come_first():
    assert [each.name for each in made(ARM, ARM, "product:1").facts] == ["name", "sku", "price", "description"]


def test_what_nobody_owns_is_unsettled_until_both_say_the_same():
    found = made(OTHER, ACME)
    phone = found.fact("phone")
    assert phone is not None
    assert (phone.settled, found.value("phone")) == (False, None)
    assert phone.values == ("+64 4 765 4321", "+64 4 123 4567")
    assert made(ACME, ACME).value("phone") == ACME["phone"]


def test_a_price_is_in_the_base_currency_and_a_sku_is_the_erps():
    found = made(ARM, ARM, "product:1")
    price = found.fact("price")
    assert price is not None
    assert (price.value, price.currency, owners(found)["sku"]) == ("1380.00", "NZD", "Xero")


def test_where_the_owner_says_nothing_the_other_counts():
    assert made(ACME, ACME | {"tax_number": None}).value("tax_number") == "98-765-432"


def test_a_record_on_one_side_has_a_sheet_too():
    assert made(ACME, None).value("name") == "Acme Ltd"


@pytest.mark.parametrize("value", [None, "", []])
def test_what_nobody_says_is_no_fact(value: Any):
    assert made({"custom_legal": value}, ACME).fact("legal_name") is None


def test_the_seller_is_the_contracts():
    (found,) = sellers(contract())
    assert (found.record, found.value("legal_name")) == (SELLER, "Harbour Instruments Ltd")
    assert set(owners(found).values()) == {"the contract"}
    assert sellers(contract(more="")) == []


def test_its_names_are_all_that_it_is_called():
    found = made(OTHER | {"custom_legal": "Acme Holdings Ltd", "custom_trading": ["Acme Tools"]}, ACME)
    assert found.names == ["Acme Holdings Ltd", "Acme Ltd", "Acme Holdings", "Acme Tools"]
