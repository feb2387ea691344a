"""Fact sheets as schema.org JSON-LD: organizations, products and their offers.

In: fact sheets. Out: one document with a graph. Only settled facts go out, and no person: contacts are no part of a
sheet. Prices are decimal strings with their ISO 4217 currency.
Source: schema.org, types Organization, PostalAddress, Product, Offer and PropertyValue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from console.facts.sheet import SELLER, FactSheet
from console.facts.spelling import country_key, domain_key, members
from schemas.names import Entity

CONTEXT = "https://schema.org"
_PARTS = {
    "street": "streetAddress", "city": "addressLocality", "region": "addressRegion", "postal_code": "postalCode",
    "country": "addressCountry",
}  # fmt: skip
CODE = 2  # letters of a country's code


def graph(sheets: Iterable[FactSheet], *, seller: FactSheet | None = None, ids: bool = False) -> dict[str, Any]:
    """The document. `seller` makes the offers of products; `ids`: with the platforms' own ids."""
    return {"@context": CONTEXT, "@graph": [node(each, seller=seller, ids=ids) for each in sheets]}


def written(sheets: Iterable[FactSheet], *, seller: FactSheet | None = None, ids: bool = False) -> Iterator[bytes]:
    """The same document as it is sent, a node a line, so that a large one is never whole in memory."""
    yield b'{"@context": ' + orjson.dumps(CONTEXT) + b', "@graph": ['
    for place, each in enumerate(sheets):
        yield (b",\n" if place else b"\n") + orjson.dumps(node(each, seller=seller, ids=ids))
    yield b"\n]}\n"


def node(sheet: FactSheet, *, seller: FactSheet | None = None, ids: bool = False) -> dict[str, Any]:
    """One record."""
    made = _product(sheet, seller) if sheet.entity is Entity.PRODUCT else _organization(sheet)
    named = [
        {"@type": "PropertyValue", "propertyID": ref.rpartition("/")[0] or side.value, "value": ref.rpartition("/")[2]}
        for side, ref in sheet.refs
    ]
    return {"@type": made.pop("@type"), "@id": _id(sheet), **made, **({"identifier": named} if ids and named else {})}


def unsettled(sheets: Iterable[FactSheet]) -> int:
    """How many facts are left out because nobody has settled them."""
    return sum(not fact.settled for sheet in sheets for fact in sheet.facts)


def _id(sheet: FactSheet) -> str:
    """Within the document: what it is called elsewhere is for whoever publishes it."""
    return "#" + sheet.record.replace(":", "-")


def _organization(sheet: FactSheet) -> dict[str, Any]:
    name, domain, address = (sheet.value(fact) for fact in ("name", "domain", "address"))
    found = {
        "@type": "Organization",
        "name": name or sheet.label,
        "legalName": sheet.value("legal_name"),
        "alternateName": [each for each in members(sheet.value("trading_names")) if each != name],
        "url": f"https://{domain_key(domain)}" if domain else None,
        "telephone": sheet.value("phone"),
        "taxID": sheet.value("tax_number"),
        "address": _address(address) if address else None,
        "areaServed": members(sheet.value("service_areas")),
    }
    return _there(found)


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: address.get(part) for part, name in _PARTS.items()}
    code = country_key(str(address.get("country") or ""))
    if len(code) == CODE and code.isascii():
        made["addressCountry"] = code.upper()
    return {"@type": "PostalAddress", **_there(made)}


def _product(sheet: FactSheet, seller: FactSheet | None) -> dict[str, Any]:
    price = sheet.fact("price")
    offer = None
    if price is not None and price.settled:
        areas = members(seller.value("service_areas")) if seller else []
        offer = {
            "@type": "Offer",
            "price": price.value,
            "priceCurrency": price.currency,
            "areaServed": areas,
            "seller": {"@id": f"#{SELLER}"} if seller else None,
        }
    found = {
        "@type": "Product",
        "name": sheet.value("name") or sheet.label,
        "sku": sheet.value("sku"),
        "description": sheet.value("description"),
        "offers": _there(offer) if offer else None,
    }
    return _there(found)


def _there(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in (None, "", [])}
