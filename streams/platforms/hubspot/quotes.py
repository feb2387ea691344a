"""Quotes: what a deal's quotes say that its customer has accepted.

In: quotes as the client read them. Out: the accepted ones, the oldest first. Pure. Invariant: what has expired, was
voided or only sent out is no acceptance; one that was accepted stays so when its date of expiry passes.
Sources: HubSpot's table of quote properties (`hs_accepted_date`, of legacy quotes and of Revenue Hub's), its guide to
quotes (states). Which of them a portal fills in differs by the kind of quote: any of them counts.
"""

from __future__ import annotations

from typing import Any

from schemas.errors import Refused
from schemas.names import Ref
from streams.platforms.hubspot import spelling
from streams.platforms.hubspot.shapes import is_id

ACCEPTED, SIGNED = "ACCEPTED", "ESIGN_COMPLETED"
RECALLED = {"VOID", "ARCHIVED"}  # taken back by the seller, whatever was signed before
Json = dict[str, Any]


def accepted(properties: Json) -> bool:
    """Whether a quote's customer has said yes, and the seller has not taken it back since."""
    states = {str(properties.get(name) or "").upper() for name in ("hs_status", "hs_quote_status")}
    signed = str(properties.get("hs_sign_status") or "").upper() == SIGNED
    return not states & RECALLED and bool(ACCEPTED in states or signed or properties.get("hs_accepted_date"))


def of_deal(name: Ref, quotes: Any) -> list[tuple[Json, list[Json]]]:
    """The accepted quotes of a deal as the canonical model has them, each with its line items.

    Raises:
        Refused: they are malformed; the message names what.
    """
    if quotes is None:
        return []
    if not isinstance(quotes, list) or not all(isinstance(each, dict) and is_id(each.get("id")) for each in quotes):
        raise Refused(f"{name}: quotes are malformed. Read the deal again", code="quotes")
    if not all(isinstance(each.get("properties"), dict) for each in quotes):
        raise Refused(f"{name}: a quote has no properties. Read the deal again", code="quotes")
    found = [(_quote(name, each), each.get("line_items")) for each in quotes if accepted(each["properties"])]
    return sorted(found, key=lambda pair: (pair[0]["accepted_at"] or "~", int(pair[0]["id"])))


def _quote(name: Ref, quote: Json) -> Json:
    properties = quote["properties"]
    told: Json = {"id": quote["id"]}
    for field, property_, how in (
        ("accepted_at", "hs_accepted_date", "instant"),
        ("currency", "hs_currency", "currency"),
    ):
        try:
            told[field] = spelling.read(how, properties.get(property_))  # type: ignore[arg-type]  # the two above are
        except ValueError as error:
            said = f"{name}: the property {property_} of quote {quote['id']} {error}. Mend it in HubSpot"
            raise Refused(said, code=f"quotes.{property_}") from error
    return told
