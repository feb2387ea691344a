"""When two values are one fact, written in two ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.duplicates import name_key
from console.facts.sheet import WEIGHTY
from console.facts.spelling import address_keys, alike, compact, country_key, domain_key, folded, street_key

KIWI = {"street": "12 Kiwi Road", "city": "Wellington", "region": "", "postal_code": "6011", "country": "New Zealand"}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "address": st.fixed_dictionaries({part: st.text(max_size=8) for part in KIWI}),
    "price": st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**6).map(str),
    "trading_names": st.lists(st.text(max_size=8), max_size=3),
    "service_areas": st.lists(st.text(max_size=8), max_size=3),
}


@pytest.mark.parametrize(
    ("fact", "left", "right", "expected"),
    [
        ("name", "Acme Ltd", "ACME Limited", "variant"),
        ("name", "Acme™", "acme tm", "contradiction"),
        ("name", "Acme™", "acmetm", "variant"),
        ("name", "Société Générale", "Societe Generale S.A.", "variant"),
        ("name", "Smith & Sons", "Smith and Sons", "variant"),
        ("name", "Acme Ltd", "Apex Ltd", "contradiction"),
        ("phone", "+64 4 123 4567", "04 123 4567", "variant"),
        ("phone", "+44 (0)20 7946 0958", "+442079460958", "variant"),
        ("phone", "+64 4 123 4567", "+64 4 123 4568", "contradiction"),
        ("phone", "4567", "+64 4 123 4567", "contradiction"),
        ("tax_number", "GB 123 4567 89", "123456789", "variant"),
        ("tax_number", "GB123456789", "DE123456789", "contradiction"),
        ("domain", "https://www.acme.example/", "acme.example", "variant"),
        ("domain", "acme.example", "acme.test", "contradiction"),
        ("sku", "ARM-7", "arm 7", "variant"),
        ("sku", "ARM-7", "ARM-77", "contradiction"),
        ("price", "10.0", "10.00", "variant"),
        ("price", "10.00", "10.01", "contradiction"),
        ("trading_names", ["Acme", "Bolt"], ["bolt", "ACME"], "variant"),
        ("service_areas", ["Wellington"], ["Wellington", "Otago"], "contradiction"),
        ("description", "Seven  axes", "seven axes.", "variant"),
        ("address", KIWI, KIWI | {"street": "12 Kiwi Rd."}, "variant"),
        ("address", KIWI, KIWI | {"country": "NZ", "region": "Wellington"}, "variant"),
        ("address", KIWI, KIWI | {"street": "14 Kiwi Road"}, "contradiction"),
        ("address", KIWI, KIWI | {"postal_code": "6012"}, "contradiction"),
        ("address", KIWI | {"street": "Hauptstraße 5"}, KIWI | {"street": "Hauptstr. 5"}, "variant"),
    ],
)
def test_a_form_is_told_from_a_fact_either_way_round(fact: str, left: Any, right: Any, expected: str):
    assert alike(fact, left, right) == expected
    assert alike(fact, right, left) == expected


@pytest.mark.parametrize("key", [name_key, folded, compact, street_key, country_key, domain_key])
@given(text=st.text(max_size=30))
def test_the_key_of_a_key_is_that_key(key: Any, text: str):
    assert key(key(text)) == key(text)


@pytest.mark.parametrize("fact", WEIGHTY)
@given(data=st.data())
def test_it_does_not_matter_who_says_which_and_nobody_contradicts_himself(fact: str, data: st.DataObject):
    left, right = (data.draw(VALUES.get(fact, st.text(max_size=12))) for _ in range(2))
    assert alike(fact, left, right) == alike(fact, right, left)
    assert alike(fact, left, left) == "same"


def test_an_address_without_a_common_part_is_another():
    assert alike("address", {"city": "Wellington"}, {"street": "12 Kiwi Road"}) == "contradiction"
    assert address_keys({"city": None})["city"] == ""
