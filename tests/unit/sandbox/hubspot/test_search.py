from typing import Any

import httpx
import pytest

from sandbox.clock import VirtualClock

BASE = "/crm/objects/2026-09"
DEALS = [
    {"dealname": "Alpha one", "amount": "9", "closedate": "2026-01-01", "dealstage": "closedwon"},
    {"dealname": "Beta two", "amount": "100", "closedate": "2026-02-01", "dealstage": "closedlost"},
    {"dealname": "alpha three", "amount": "20.50", "dealstage": "contractsent"},
    {"dealname": "Gamma", "closedate": "2026-03-01", "dealstage": "contractsent"},
]


@pytest.fixture
async def deals(hubspot: httpx.AsyncClient, clock: VirtualClock) -> list[str]:
    ids = []
    for values in DEALS:
        reply = await hubspot.post(f"{BASE}/deals", json={"properties": values})
        ids.append(reply.json()["id"])
        await clock.advance(1)
    await clock.advance(10)
    return ids


async def search(hubspot: httpx.AsyncClient, **body: Any) -> Any:
    reply = await hubspot.post(f"{BASE}/deals/search", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    ("operator", "name", "value", "found"),
    [
        ("EQ", "dealname", "ALPHA ONE", [0]),
        ("NEQ", "dealstage", "contractsent", [0, 1]),
        ("LT", "amount", "20.5", [0]),
        ("LTE", "amount", "20.5", [0, 2]),
        ("GT", "amount", "20.5", [1]),
        ("GTE", "amount", "20.5", [1, 2]),
        ("GT", "closedate", "1769904000000", [3]),
        ("GTE", "closedate", "2026-02-01", [1, 3]),
        ("BETWEEN", "amount", ["9", "20.5"], [0, 2]),
        ("IN", "dealstage", ["closedwon", "closedlost"], [0, 1]),
        ("NOT_IN", "dealstage", ["closedwon", "closedlost"], [2, 3]),
        ("IN", "amount", ["100.0"], [1]),
        ("HAS_PROPERTY", "amount", None, [0, 1, 2]),
        ("NOT_HAS_PROPERTY", "amount", None, [3]),
        ("CONTAINS_TOKEN", "dealname", "alpha", [0, 2]),
        ("CONTAINS_TOKEN", "dealname", "alph*", [0, 2]),
        ("CONTAINS_TOKEN", "dealname", "alph", []),
        ("NOT_CONTAINS_TOKEN", "dealname", "alpha", [1, 3]),
    ],
)
async def test_operators(
    hubspot: httpx.AsyncClient, deals: list[str], operator: str, name: str, value: Any, found: list[int]
) -> None:
    each: dict[str, Any] = {"propertyName": name, "operator": operator}
    if operator == "BETWEEN":
        each.update(value=value[0], highValue=value[1])
    elif isinstance(value, list):
        each["values"] = value
    elif value is not None:
        each["value"] = value
    body = await search(hubspot, filterGroups=[{"filters": [each]}])
    assert [result["id"] for result in body["results"]] == [deals[number] for number in found]
    assert body["total"] == len(found)


async def test_groups_are_alternatives(hubspot: httpx.AsyncClient, deals: list[str]) -> None:
    won = {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"}
    dear = {"propertyName": "amount", "operator": "GT", "value": "50"}
    body = await search(hubspot, filterGroups=[{"filters": [won]}, {"filters": [dear]}])
    assert {result["id"] for result in body["results"]} == {deals[0], deals[1]}
    assert (await search(hubspot, filterGroups=[{"filters": [won, dear]}]))["total"] == 0


async def test_order_and_pages(hubspot: httpx.AsyncClient, deals: list[str]) -> None:
    sort = [{"propertyName": "amount", "direction": "DESCENDING"}]
    first = await search(hubspot, sorts=sort, limit=3)
    assert [result["id"] for result in first["results"]] == [deals[1], deals[2], deals[0]]
    assert first["total"] == 4
    last = await search(hubspot, sorts=sort, limit=3, after=first["paging"]["next"]["after"])
    assert [result["id"] for result in last["results"]] == [deals[3]]
    assert "paging" not in last
    upward = await search(hubspot, sorts=["amount"])
    assert [result["id"] for result in upward["results"]] == [deals[0], deals[2], deals[1], deals[3]]


async def test_words_and_properties(hubspot: httpx.AsyncClient, deals: list[str]) -> None:
    body = await search(hubspot, query="alpha", properties=["amount"])
    assert {result["id"] for result in body["results"]} == {deals[0], deals[2]}
    assert set(body["results"][0]["properties"]) == {"amount", "createdate", "hs_lastmodifieddate", "hs_object_id"}


async def test_neighbours(hubspot: httpx.AsyncClient, deals: list[str], clock: VirtualClock) -> None:
    firm = (await hubspot.post(f"{BASE}/companies", json={"properties": {"name": "A"}})).json()["id"]
    await hubspot.put(f"{BASE}/deals/{deals[2]}/associations/default/companies/{firm}")
    await clock.advance(10)
    each = {"propertyName": "associations.company", "operator": "EQ", "value": firm}
    assert (await search(hubspot, filterGroups=[{"filters": [each]}]))["results"][0]["id"] == deals[2]


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [{"propertyName": "nonsense", "operator": "EQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "IN", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "BETWEEN", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "HAS_PROPERTY"}] * 7}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "HAS_PROPERTY"}] * 4}] * 5},
        {"sorts": [{"propertyName": "amount"}, {"propertyName": "dealname"}]},
        {"sorts": [{"propertyName": "nonsense"}]},
        {"sorts": [{"propertyName": "amount", "direction": "DOWN"}]},
        {"limit": "many"},
        {"after": "x"},
    ],
)
async def test_what_is_refused(hubspot: httpx.AsyncClient, body: Any) -> None:
    reply = await hubspot.post(f"{BASE}/deals/search", json=body)
    assert (reply.status_code, reply.json()["category"]) == (400, "VALIDATION_ERROR")
