"""What a deal's quotes say: which are accepted, and whose lines the deal sells."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import Refused
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.hubspot.translation import sightings
from tests.support.contracts import contract
from tests.unit.hubspot.records import change

SHAPES = shapes_of(contract({"timing": {"order_when": "quote_accepted"}}))
OWN = [{"id": "1", "properties": {"name": "The deal's own", "price": "1"}}]


def quoted(*quotes: Any) -> dict[str, Any]:
    """The fields of a deal with quotes."""
    raw = change("deal", {"dealname": "Big", "deal_currency_code": "NZD"}, line_items=OWN, quotes=list(quotes))
    (sighting,) = sightings(raw, shapes=SHAPES)
    return sighting.fields


def quote(number: str, **properties: str) -> dict[str, Any]:
    """A quote as the client reads it."""
    lines = [{"id": f"{number}0", "properties": {"name": f"Line of {number}", "price": "5"}}]
    return {"id": number, "properties": properties, "line_items": lines}


@pytest.mark.parametrize(
    ("properties", "accepted"),
    [
        ({"hs_status": "ACCEPTED"}, True),
        ({"hs_quote_status": "ACCEPTED"}, True),
        ({"hs_accepted_date": "2026-09-01T10:00:00Z"}, True),
        ({"hs_sign_status": "ESIGN_COMPLETED"}, True),
        ({"hs_sign_status": "ESIGN_COMPLETED", "hs_quote_status": "EXPIRED"}, True),
        ({"hs_accepted_date": "2026-09-01T10:00:00Z", "hs_quote_status": "VOID"}, False),
        ({"hs_status": "APPROVED"}, False),
        ({"hs_status": "APPROVAL_NOT_NEEDED", "hs_quote_status": "EXPIRED"}, False),
        ({"hs_sign_status": "PENDING_SIGNATURE"}, False),
        ({}, False),
    ],
)
def test_a_quote_counts_once_its_customer_has_accepted_it(properties: dict[str, str], accepted: bool):  # noqa: FBT001 - a column of the table
    fields = quoted(quote("7", **properties))
    assert [each["id"] for each in fields["quotes"]] == ["7"] * accepted
    assert [each["description"] for each in fields["lines"]] == ["Line of 7"] * accepted, "never the deal's own lines"


def test_of_several_the_one_that_was_accepted_first_is_sold():
    dates = {"7": "2026-09-02T10:00:00Z", "8": "2026-09-01T10:00:00Z", "9": ""}
    fields = quoted(
        *(quote(each, hs_status="ACCEPTED", hs_accepted_date=at, hs_currency="nzd") for each, at in dates.items())
    )
    assert [(each["id"], each["accepted_at"], each["currency"]) for each in fields["quotes"]] == [
        ("8", "2026-09-01T10:00:00Z", "NZD"), ("7", "2026-09-02T10:00:00Z", "NZD"), ("9", None, "NZD"),
    ]  # fmt: skip
    assert [each["description"] for each in fields["lines"]] == ["Line of 8"]


@pytest.mark.parametrize(
    ("quotes", "code"),
    [
        ("many", "quotes"),
        ([{"id": "7"}], "quotes"),
        ([{"id": "x", "properties": {}}], "quotes"),
        ([quote("7", hs_accepted_date="soon")], "quotes.hs_accepted_date"),
        ([quote("7", hs_status="ACCEPTED") | {"line_items": "some"}], "line_items"),
    ],
)
def test_malformed_quotes_are_refused(quotes: Any, code: str):
    with pytest.raises(Refused) as refused:
        sightings(change("deal", {}, quotes=quotes), shapes=SHAPES)
    assert refused.value.code == code


def test_where_the_contract_orders_by_stage_nothing_of_quotes_is_read():
    (sighting,) = sightings(change("deal", {}, line_items=OWN, quotes=[quote("7", hs_status="ACCEPTED")]))
    assert "quotes" not in sighting.fields
    assert [each["description"] for each in sighting.fields["lines"]] == ["The deal's own"]
