"""Fact sheets as schema.org JSON-LD."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.facts.linked import graph, node, unsettled
from console.facts.sheet import sellers
from tests.unit.facts.records import ACME, ARM, PLACE, contract, made

CONTRACT = contract()
(SELLER,) = sellers(CONTRACT)
# What schema.org knows of the types that are used, as far as it is used.
TYPES: dict[str, set[str]] = {
    "Organization": {"name", "legalName", "alternateName", "url", "telephone", "taxID", "address", "areaServed"},
    "Product": {"name", "sku", "description", "offers"},
    "Offer": {"price", "priceCurrency", "seller", "areaServed"},
    "PostalAddress": {"streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry"},
    "PropertyValue": {"propertyID", "value"},
}
COMPANY = ACME | {
    "domain": "https://www.acme.example/", "custom_legal": "Acme Holdings Ltd", "custom_trading": ["Acme Tools"],
    "custom_areas": ["Otago", "Southland"], "phone": ACME["phone"],
}  # fmt: skip


def shaped(found: Any, ids: set[str]) -> None:
    """Every node is of a known type and holds what that type knows; a bare @id leads to a node; nothing is empty."""
    assert found not in (None, "", [], {})
    if isinstance(found, list):
        for each in found:
            shaped(each, ids)
    elif isinstance(found, dict):
        if set(found) == {"@id"}:
            assert found["@id"] in ids
            return
        known = TYPES[found["@type"]] | {"@type", "@id", "identifier"}
        assert set(found) <= known, found
        for value in found.values():
            shaped(value, ids)
    else:
        assert isinstance(found, str)


def test_a_company_is_an_organization():
    assert node(made(COMPANY, ACME)) == {
        "@type": "Organization",
        "@id": "#company-1",
        "name": "Acme Ltd",
        "legalName": "Acme Holdings Ltd",
        "alternateName": ["Acme Tools"],
        "url": "https://acme.example",
        "telephone": "+64 4 123 4567",
        "taxID": "98-765-432",
        "address": {
            "@type": "PostalAddress",
            "streetAddress": "12 Kiwi Road",
            "addressLocality": "Wellington",
            "postalCode": "6011",
            "addressCountry": "NZ",
        },
        "areaServed": ["Otago", "Southland"],
    }


def test_a_product_has_an_offer_of_the_sellers_with_an_exact_price():
    assert node(made(ARM, ARM, "product:1"), seller=SELLER) == {
        "@type": "Product",
        "@id": "#product-1",
        "name": "Robot arm",
        "sku": "ARM-7",
        "description": "Seven axes",
        "offers": {
            "@type": "Offer",
            "price": "1380.00",
            "priceCurrency": "NZD",
            "areaServed": ["New Zealand", "Australia"],
            "seller": {"@id": "#seller"},
        },
    }
    assert "seller" not in node(made(ARM, ARM, "product:1"))["offers"]


def test_what_nobody_has_settled_is_left_out_and_counted():
    found = made(ACME | {"phone": "+64 4 000 0000"}, ACME)
    assert "telephone" not in node(found)
    assert unsettled([found, made(ARM, ARM, "product:1")]) == 1


def test_ids_of_the_platforms_go_out_only_when_asked_for():
    found = made(ACME, ACME)
    assert "identifier" not in node(found)
    assert node(found, ids=True)["identifier"] == [
        {"@type": "PropertyValue", "propertyID": "crm/company", "value": "1"},
        {"@type": "PropertyValue", "propertyID": "erp/company", "value": "1"},
    ]


def test_a_country_that_is_not_known_stays_as_it_is_written():
    place = PLACE | {"country": "Ruritania"}
    assert node(made(None, ACME | {"shipping_address": place}))["address"]["addressCountry"] == "Ruritania"


TEXT = st.none() | st.text(max_size=6)


@given(
    company=st.fixed_dictionaries({
        "name": TEXT, "phone": TEXT, "tax_number": TEXT, "domain": TEXT,
        "shipping_address": st.none() | st.fixed_dictionaries({part: st.text(max_size=4) for part in PLACE}),
        "custom_areas": st.none() | st.lists(st.text(min_size=1, max_size=4), min_size=1),
    }),
    price=st.none() | st.decimals(min_value=0, max_value=10**9, places=2),
)  # fmt: skip
def test_whatever_a_record_holds_the_graph_is_of_that_shape(company: dict[str, Any], price: Decimal | None):
    product = ARM | {"price": None if price is None else str(price), "sku": None, "description": ""}
    sheets = [SELLER, made(company, company, agreed=CONTRACT), made(product, None, "product:1", CONTRACT)]
    found = graph(sheets, seller=SELLER, ids=True)
    assert found["@context"] == "https://schema.org"
    shaped(found["@graph"], {each["@id"] for each in found["@graph"]})
