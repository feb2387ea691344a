"""HubSpot's object types: which of our kinds an event is about.

In: a contract. Out: kinds by type id. Pure. Source of the ids: HubSpot's table of object type ids; a portal's own
objects are 2-<a number that differs by portal>, so that any of them is read, and one that is no mirror is not found.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.contract import Contract

OWN = "2-"  # how the ids of a portal's own types begin
QUOTES = "0-14"  # only where a contract asks for them: they take a scope of their own
TYPES: Mapping[str, str] = {
    "0-1": "contact",
    "0-2": "company",
    "0-3": "deal",
    "0-7": "product",
    "0-8": "line_item",
    "0-53": "invoice",
}


def types_of(contract: Contract) -> Mapping[str, str]:
    """The types that are followed under a contract."""
    quotes = {QUOTES: "quote"} if contract.timing.order_when == "quote_accepted" else {}
    if contract.platforms.objects.invoice == "native":
        return {**TYPES, **quotes}
    return {number: kind for number, kind in TYPES.items() if kind != "invoice"} | {OWN: "invoice"} | quotes


def kind_of(type_id: object, types: Mapping[str, str] = TYPES) -> str | None:
    """The kind of a type id; None: it is none that is followed."""
    text = str(type_id)
    return types.get(text[: len(OWN)] if text.startswith(OWN) else text)
