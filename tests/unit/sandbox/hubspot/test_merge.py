from typing import Any

import httpx
import pytest

from sandbox.hubspot.portal import Portal

BASE = "/crm/objects/2026-09"


async def make(hubspot: httpx.AsyncClient, kind: str, **values: str) -> str:
    reply = await hubspot.post(f"{BASE}/{kind}", json={"properties": values})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def merge(hubspot: httpx.AsyncClient, kind: str, primary: str, other: str) -> Any:
    body = {"primaryObjectId": primary, "objectIdToMerge": other}
    return await hubspot.post(f"{BASE}/{kind}/merge", json=body)


async def test_chains_of_merges_lead_to_the_last_record(hubspot: httpx.AsyncClient) -> None:
    ids = [await make(hubspot, "companies", name=f"Firm {number}") for number in range(4)]
    survivor = ids[0]
    for other in ids[1:]:
        survivor = (await merge(hubspot, "companies", survivor, other)).json()["id"]
    for old in ids:
        shown = (await hubspot.get(f"{BASE}/companies/{old}", params={"properties": "hs_merged_object_ids"})).json()
        assert shown["id"] == survivor
        assert set(ids) <= set(shown["properties"]["hs_merged_object_ids"].split(";"))
    listed = (await hubspot.get(f"{BASE}/companies")).json()["results"]
    assert [each["id"] for each in listed] == [survivor]


async def test_the_address_that_gives_way_still_finds_the_record(hubspot: httpx.AsyncClient) -> None:
    one = await make(hubspot, "contacts", email="one@example.com")
    two = await make(hubspot, "contacts", email="two@example.com")
    new = (await merge(hubspot, "contacts", one, two)).json()
    assert new["properties"]["hs_additional_emails"] == "two@example.com"
    found = await hubspot.get(f"{BASE}/contacts/two@example.com", params={"idProperty": "email"})
    assert found.json()["id"] == new["id"]
    again = await hubspot.post(f"{BASE}/contacts", json={"properties": {"email": "two@example.com"}})
    assert (again.status_code, again.json()["message"]) == (409, f"Contact already exists. Existing ID: {new['id']}")
    await hubspot.delete(f"{BASE}/contacts/{new['id']}")
    await make(hubspot, "contacts", email="two@example.com")


async def test_the_primarys_values_win(hubspot: httpx.AsyncClient) -> None:
    one = await make(hubspot, "companies", name="One", domain="one.com")
    two = await make(hubspot, "companies", name="Two", domain="two.com", city="Town")
    values = (await merge(hubspot, "companies", one, two)).json()["properties"]
    assert (values["name"], values["city"], values["hs_additional_domains"]) == ("One", "Town", "two.com")


async def test_merges_that_are_refused(hubspot: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = await make(hubspot, "companies", name="One"), await make(hubspot, "companies", name="Two")
    line = await make(hubspot, "line_items", name="W")
    assert (await merge(hubspot, "companies", one, one)).status_code == 400
    assert (await merge(hubspot, "companies", one, "1")).status_code == 404
    assert (await merge(hubspot, "companies", one, "x")).status_code == 400
    assert (await merge(hubspot, "line_items", line, line)).status_code == 400
    await merge(hubspot, "companies", one, two)
    assert (await merge(hubspot, "companies", one, two)).status_code == 400
    monkeypatch.setattr("sandbox.hubspot.merge.MERGES_LIMIT", 2)
    three = await make(hubspot, "companies", name="Three")
    assert (await merge(hubspot, "companies", one, three)).status_code == 414


async def test_batches_can_be_made_to_know_old_ids(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    one, two = await make(hubspot, "companies", name="One"), await make(hubspot, "companies", name="Two")
    new = (await merge(hubspot, "companies", one, two)).json()["id"]
    portal.quirks.merged_ids_in_batch = True
    read = await hubspot.post(f"{BASE}/companies/batch/read", json={"inputs": [{"id": one}]})
    assert [each["id"] for each in read.json()["results"]] == [new]


async def test_only_contacts_are_erased(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    firm = await make(hubspot, "companies", name="A")
    person = await make(hubspot, "contacts", email="a@example.com")
    await hubspot.put(f"{BASE}/contacts/{person}/associations/default/companies/{firm}")
    assert (await hubspot.post(f"{BASE}/companies/gdpr-delete", json={"objectId": firm})).status_code == 405
    assert (await hubspot.post(f"{BASE}/contacts/gdpr-delete", json={"objectId": person})).status_code == 204
    assert (await hubspot.post(f"{BASE}/contacts/gdpr-delete", json={"objectId": person})).status_code == 404
    gone = await hubspot.get(f"{BASE}/contacts/{person}", params={"archived": "true"})
    assert gone.status_code == 404
    assert portal.associations.listing() == []
    portal.quirks.gdpr_blocks_email = False
    await make(hubspot, "contacts", email="a@example.com")
