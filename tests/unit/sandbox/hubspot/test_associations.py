from typing import Any

import httpx
import pytest

from sandbox.hubspot.associations import Associations
from sandbox.hubspot.errors import Problem

BASE = "/crm/objects/2026-09"
BATCH = "/crm/associations/2026-09"
PRIMARY = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
GUIDE = {  # the ids of HubSpot's guides
    ("0-1", "0-2"): (279, 1), ("0-2", "0-1"): (280, 2), ("0-3", "0-1"): (3,), ("0-1", "0-3"): (4,),
    ("0-3", "0-2"): (341, 5), ("0-2", "0-3"): (342, 6), ("0-3", "0-8"): (19,), ("0-8", "0-3"): (20,),
    ("0-14", "0-1"): (69,), ("0-14", "0-2"): (71,), ("0-14", "0-3"): (64,), ("0-14", "0-8"): (67,),
    ("0-8", "0-14"): (68,), ("0-53", "0-1"): (177,), ("0-1", "0-53"): (178,), ("0-53", "0-2"): (179,),
    ("0-2", "0-53"): (180,), ("0-53", "0-3"): (175,), ("0-3", "0-53"): (176,), ("0-53", "0-8"): (409,),
    ("0-8", "0-53"): (410,), ("0-53", "0-101"): (541,), ("0-101", "0-53"): (542,), ("0-53", "0-14"): (407,),
    ("0-53", "0-84"): (411,), ("0-53", "0-85"): (413,), ("0-53", "0-86"): (415,), ("0-101", "0-1"): (387,),
    ("0-101", "0-2"): (389,), ("0-101", "0-3"): (391,), ("0-101", "0-8"): (395,), ("0-101", "0-14"): (397,),
    ("0-101", "0-123"): (524,),
}  # fmt: skip


async def make(hubspot: httpx.AsyncClient, kind: str, **values: str) -> str:
    reply = await hubspot.post(f"{BASE}/{kind}", json={"properties": values})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def deal(hubspot: httpx.AsyncClient) -> str:
    return await make(hubspot, "deals", dealname="D", dealstage="contractsent")


async def read(hubspot: httpx.AsyncClient, origin: str, record: str, target: str) -> dict[str, set[int]]:
    reply = await hubspot.post(f"{BATCH}/{origin}/{target}/batch/read", json={"inputs": [{"id": record}]})
    results = reply.json()["results"]
    return {
        to["toObjectId"]: {kind["typeId"] for kind in to["associationTypes"]}
        for result in results
        for to in result["to"]
    }


@pytest.mark.parametrize(("pair", "ids"), GUIDE.items())
def test_type_ids(pair: tuple[str, str], ids: tuple[int, ...]) -> None:
    assert tuple(kind.id for kind in Associations().types(*pair)) == ids


def test_every_type_has_an_inverse() -> None:
    book = Associations()
    for origin, target in GUIDE:
        for kind in book.types(origin, target):
            assert book.type(target, origin, kind.inverse).inverse == kind.id
    with pytest.raises(Problem):
        book.type("0-1", "0-2", 999)
    with pytest.raises(Problem):
        book.default("0-7", "0-1")


async def test_one_primary_company(hubspot: httpx.AsyncClient) -> None:
    one, two = await make(hubspot, "companies", name="One"), await make(hubspot, "companies", name="Two")
    record = await deal(hubspot)
    for firm in (one, two):
        reply = await hubspot.put(f"{BASE}/deals/{record}/associations/companies/{firm}", json=[PRIMARY])
        assert (reply.status_code, reply.json()["labels"]) == (200, ["Primary"])
    assert await read(hubspot, "deals", record, "companies") == {one: {341}, two: {5, 341}}
    assert await read(hubspot, "companies", two, "deals") == {record: {6, 342}}


async def test_a_put_replaces_labels_and_a_delete_removes_all(hubspot: httpx.AsyncClient) -> None:
    firm, record = await make(hubspot, "companies", name="One"), await deal(hubspot)
    body = {"name": "payer", "label": "Payer"}
    label = (await hubspot.post(f"{BATCH}/deals/companies/labels", json=body)).json()["results"][0]
    assert label["category"] == "USER_DEFINED"
    path = f"{BASE}/deals/{record}/associations/companies/{firm}"
    await hubspot.put(path, json=[PRIMARY])
    mine = {"associationCategory": "USER_DEFINED", "associationTypeId": label["typeId"]}
    await hubspot.put(path, json=[mine])
    assert await read(hubspot, "deals", record, "companies") == {firm: {341, label["typeId"]}}
    unlabel = {"inputs": [{"from": {"id": record}, "to": {"id": firm}, "types": [mine]}]}
    assert (await hubspot.post(f"{BATCH}/deals/companies/batch/labels/archive", json=unlabel)).status_code == 200
    assert await read(hubspot, "deals", record, "companies") == {firm: {341}}
    assert (await hubspot.delete(path)).status_code == 204
    assert await read(hubspot, "deals", record, "companies") == {}


async def test_batches_and_their_statuses(hubspot: httpx.AsyncClient) -> None:
    firm, record = await make(hubspot, "companies", name="One"), await deal(hubspot)
    pair: dict[str, Any] = {"from": {"id": record}, "to": {"id": firm}}
    typed = {"inputs": [{**pair, "types": [PRIMARY]}]}
    assert (await hubspot.post(f"{BATCH}/deals/companies/batch/create", json=typed)).status_code == 200
    assert (await hubspot.post("/crm/v4/associations/deals/companies/batch/create", json=typed)).status_code == 201
    plain = await hubspot.post(f"{BATCH}/deals/companies/batch/associate/default", json={"inputs": [pair]})
    assert {each["associationSpec"]["associationTypeId"] for each in plain.json()["results"]} == {341, 342}
    numbers = await hubspot.post("/crm/v4/associations/deals/companies/batch/read", json={"inputs": [{"id": record}]})
    assert numbers.json()["results"][0]["to"][0]["toObjectId"] == int(firm)
    part = {"inputs": [{"from": {"id": record}, "to": [{"id": firm}]}]}
    assert (await hubspot.post("/crm/v4/associations/deals/companies/batch/archive", json=part)).status_code == 204
    assert (await hubspot.post(f"{BATCH}/deals/companies/batch/archive", json=part)).status_code == 200


async def test_what_is_refused(hubspot: httpx.AsyncClient) -> None:
    firm, record = await make(hubspot, "companies", name="One"), await deal(hubspot)
    path = f"{BASE}/deals/{record}/associations/companies/{firm}"
    for types in ([], [{"associationTypeId": "x"}], [{**PRIMARY, "associationCategory": "USER_DEFINED"}]):
        assert (await hubspot.put(path, json=types)).status_code == 400
    wrong = [{**PRIMARY, "associationTypeId": 3}]
    assert (await hubspot.put(path, json=wrong)).status_code == 400
    assert (await hubspot.put(f"{BASE}/deals/{record}/associations/default/companies/1")).status_code == 404
    assert (await hubspot.put(f"{BASE}/deals/{record}/associations/default/products/1")).status_code == 404
    assert (await hubspot.post(f"{BATCH}/deals/companies/labels", json={"name": "x"})).status_code == 400
    many = {"inputs": [{"id": "1"}] * 1_001}
    assert (await hubspot.post(f"{BATCH}/deals/companies/batch/read", json=many)).status_code == 400


async def test_pages(hubspot: httpx.AsyncClient) -> None:
    record = await deal(hubspot)
    people = [await make(hubspot, "contacts", email=f"{number}@example.com") for number in range(5)]
    for person in people:
        await hubspot.put(f"{BASE}/deals/{record}/associations/default/contacts/{person}")
    await hubspot.delete(f"{BASE}/contacts/{people[0]}")
    seen: list[str] = []
    after = ""
    while True:
        params = {"limit": "2", **({"after": after} if after else {})}
        path = f"/crm/objects/2026-03/deals/{record}/associations/contacts"
        page = (await hubspot.get(path, params=params)).json()
        seen += [each["toObjectId"] for each in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert seen == people[1:]


async def test_associating_moves_the_modified_date_of_both(hubspot: httpx.AsyncClient, clock: Any) -> None:
    firm, record = await make(hubspot, "companies", name="One"), await deal(hubspot)
    await clock.advance(5)
    await hubspot.put(f"{BASE}/deals/{record}/associations/default/companies/{firm}")
    for path in (f"{BASE}/deals/{record}", f"{BASE}/companies/{firm}"):
        assert (await hubspot.get(path)).json()["updatedAt"] == "2026-09-01T09:00:05.000Z"


async def above(hubspot: httpx.AsyncClient, company: str) -> str:
    shown = await hubspot.get(f"{BASE}/companies/{company}", params={"properties": "hs_parent_company_id"})
    return str(shown.json()["properties"]["hs_parent_company_id"] or "")


async def family(hubspot: httpx.AsyncClient, child: str, parent: str, type_id: int = 14) -> None:
    body = {"to_type": "companies", "to_id": parent, "type_ids": [type_id]}
    assert (await hubspot.post(f"/_sandbox/people/companies/{child}/associate", json=body)).status_code == 204


async def test_a_company_has_one_parent_and_says_which(hubspot: httpx.AsyncClient) -> None:
    child, one, two = [await make(hubspot, "companies", name=f"Firm {number}") for number in range(3)]
    await family(hubspot, child, one)
    assert [await above(hubspot, each) for each in (child, one)] == [one, ""]
    await family(hubspot, two, child, 13)  # as said from above
    assert await above(hubspot, child) == two
    assert 14 not in (await read(hubspot, "companies", child, "companies"))[one]
    refused = await hubspot.patch(f"{BASE}/companies/{child}", json={"properties": {"hs_parent_company_id": one}})
    assert refused.status_code == 400
    await hubspot.post(f"/_sandbox/people/companies/{child}/dissociate", json={"to_type": "companies", "to_id": two})
    assert await above(hubspot, child) == ""


async def test_a_parent_that_goes_is_named_no_more_and_one_that_is_merged_by_its_new_id(
    hubspot: httpx.AsyncClient,
) -> None:
    child, one, two = [await make(hubspot, "companies", name=f"Firm {number}") for number in range(3)]
    await family(hubspot, child, one)
    await hubspot.delete(f"{BASE}/companies/{one}")
    assert await above(hubspot, child) == ""
    await hubspot.post(f"/_sandbox/people/companies/{one}/restore", json={})
    assert await above(hubspot, child) == one
    body = {"primaryObjectId": one, "objectIdToMerge": two}
    merged = (await hubspot.post(f"{BASE}/companies/merge", json=body)).json()["id"]
    assert await above(hubspot, child) == merged
