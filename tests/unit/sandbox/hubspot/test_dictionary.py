from typing import Any

import httpx
import pytest

from sandbox.hubspot.portal import Portal

PATH = "/crm/properties/2026-09/deals"
FIELD: dict[str, Any] = {
    "name": "erp_id", "label": "ERP", "type": "string", "fieldType": "text", "groupName": "dealinformation",
}  # fmt: skip


async def test_a_property_comes_changes_and_goes(hubspot: httpx.AsyncClient) -> None:
    made = await hubspot.post(PATH, json=FIELD)
    assert made.status_code == 201
    assert made.json()["hasUniqueValue"] is False
    again = await hubspot.post(PATH, json=FIELD)
    assert (again.status_code, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    changed = await hubspot.patch(f"{PATH}/erp_id", json={"label": "ERP id", "hasUniqueValue": True})
    assert (changed.json()["label"], changed.json()["hasUniqueValue"]) == ("ERP id", False)
    assert (await hubspot.delete(f"{PATH}/erp_id")).status_code == 204
    assert (await hubspot.get(f"{PATH}/erp_id")).status_code == 404
    assert (await hubspot.get(f"{PATH}/erp_id", params={"archived": "true"})).json()["archivedAt"]
    values = {"dealname": "D", "dealstage": "contractsent", "erp_id": "1"}
    refused = await hubspot.post("/crm/objects/2026-09/deals", json={"properties": values})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "1st"}, {"name": "with space"}, {"type": "text"}, {"fieldType": "number"},
        {"groupName": "nowhere"}, {"type": "bool", "fieldType": "booleancheckbox", "hasUniqueValue": True},
    ],
)  # fmt: skip
async def test_definitions_that_are_refused(hubspot: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await hubspot.post(PATH, json={**FIELD, **wrong})).status_code == 400


async def test_ten_unique_properties_and_no_more(hubspot: httpx.AsyncClient) -> None:
    for number in range(10):
        body = {**FIELD, "name": f"u{number}", "hasUniqueValue": True}
        assert (await hubspot.post(PATH, json=body)).status_code == 201
    body = {**FIELD, "name": "u10", "hasUniqueValue": True}
    assert (await hubspot.post(PATH, json=body)).status_code == 400


async def test_hubspots_own_definitions_stay(hubspot: httpx.AsyncClient) -> None:
    assert (await hubspot.delete(f"{PATH}/dealname")).status_code == 400
    assert (await hubspot.patch(f"{PATH}/dealname", json={"groupName": "x"})).status_code == 400
    stage = (await hubspot.get(f"{PATH}/dealstage")).json()
    assert [option["value"] for option in stage["options"]][-2:] == ["closedwon", "closedlost"]
    assert stage["hubspotDefined"] is True


async def test_batches(hubspot: httpx.AsyncClient) -> None:
    bad = {"inputs": [{**FIELD, "name": "one"}, {**FIELD, "type": "x"}]}
    assert (await hubspot.post(f"{PATH}/batch/create", json=bad)).status_code == 400
    good = {"inputs": [{**FIELD, "name": "one"}, {**FIELD, "name": "two"}]}
    assert (await hubspot.post(f"{PATH}/batch/create", json=good)).status_code == 201
    names = {"inputs": [{"name": "one"}, {"name": "nine"}], "archived": False}
    read = await hubspot.post(f"{PATH}/batch/read", json=names)
    assert (read.status_code, read.json()["results"][0]["name"], read.json()["numErrors"]) == (207, "one", 1)
    assert (await hubspot.post(f"{PATH}/batch/archive", json=names)).status_code == 204
    assert (await hubspot.get(f"{PATH}/one")).status_code == 404


async def test_groups(hubspot: httpx.AsyncClient) -> None:
    groups = f"{PATH}/groups"
    assert (await hubspot.post(groups, json={"name": "erp", "label": "ERP"})).status_code == 201
    assert (await hubspot.post(groups, json={"name": "erp", "label": "ERP"})).status_code == 409
    assert (await hubspot.post(groups, json={"name": "x"})).status_code == 400
    assert (await hubspot.patch(f"{groups}/erp", json={"label": "Xero"})).json()["label"] == "Xero"
    assert (await hubspot.get(f"{groups}/erp")).json()["label"] == "Xero"
    await hubspot.post(PATH, json={**FIELD, "groupName": "erp"})
    assert (await hubspot.delete(f"{groups}/erp")).status_code == 400
    assert (await hubspot.get(f"{groups}/none")).status_code == 404
    await hubspot.post(groups, json={"name": "empty", "label": "Empty"})
    assert (await hubspot.delete(f"{groups}/empty")).status_code == 204


async def test_multi_select_values_add_up(hubspot: httpx.AsyncClient) -> None:
    options = [{"label": value.upper(), "value": value} for value in ("a", "b", "c")]
    await hubspot.post(PATH, json={**FIELD, "type": "enumeration", "fieldType": "checkbox", "options": options})
    base = "/crm/objects/2026-09/deals"
    values = {"dealname": "D", "dealstage": "contractsent", "erp_id": "a;b"}
    deal = (await hubspot.post(base, json={"properties": values})).json()["id"]
    added = await hubspot.patch(f"{base}/{deal}", json={"properties": {"erp_id": ";c"}})
    assert added.json()["properties"]["erp_id"] == "a;b;c"


async def test_custom_objects_need_enterprise_and_an_empty_bin(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    schemas = "/crm-object-schemas/2026-09/schemas"
    number = {"name": "number", "label": "Number", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    body = {
        "name": "credit_memo", "labels": {"singular": "Credit memo", "plural": "Credit memos"},
        "primaryDisplayProperty": "number", "requiredProperties": ["number"], "properties": [number],
        "associatedObjects": ["0-2"],
    }  # fmt: skip
    portal.enterprise = False
    assert (await hubspot.post(schemas, json=body)).status_code == 403
    portal.enterprise = True
    broken = {**body, "properties": [{**number, "type": "x"}]}
    assert (await hubspot.post(schemas, json=broken)).status_code == 400
    made = (await hubspot.post(schemas, json=body)).json()
    assert (await hubspot.post(schemas, json=body)).status_code == 409
    assert {each["toObjectTypeId"] for each in made["associations"]} == {"0-2"}
    path = f"/crm/objects/2026-09/{made['fullyQualifiedName']}"
    assert (await hubspot.post(path, json={"properties": {}})).status_code == 400
    record = (await hubspot.post(path, json={"properties": {"number": "CN-1"}})).json()["id"]
    by_number = await hubspot.get(f"{path}/CN-1", params={"idProperty": "number"})
    assert by_number.json()["id"] == record
    assert (await hubspot.delete(f"{schemas}/credit_memo")).status_code == 400
    await hubspot.delete(f"{path}/{record}")
    changed = await hubspot.patch(f"{schemas}/credit_memo", json={"name": "other", "description": "Credits"})
    assert (changed.json()["name"], changed.json()["description"]) == ("credit_memo", "Credits")
    linked = await hubspot.post(f"{schemas}/credit_memo/associations", json={"toObjectTypeId": "0-53"})
    assert linked.status_code == 201
    assert len((await hubspot.get(schemas)).json()["results"]) == 1
    assert (await hubspot.get(f"{schemas}/deals")).json()["objectTypeId"] == "0-3"
    assert (await hubspot.delete(f"{schemas}/deals")).status_code == 400
    assert (await hubspot.delete(f"{schemas}/credit_memo")).status_code == 204
    assert (await hubspot.get(path)).status_code == 400


async def test_pipelines_change(hubspot: httpx.AsyncClient) -> None:
    path = "/crm/pipelines/2026-09/deals"
    stage = {"label": "S", "displayOrder": 0, "metadata": {"probability": "0.5"}}
    assert (await hubspot.post(path, json={"label": "P"})).status_code == 400
    made = (await hubspot.post(path, json={"label": "P", "displayOrder": 2, "stages": [stage]})).json()
    again = await hubspot.post(path, json={"label": "P", "displayOrder": 2, "stages": [stage]})
    assert again.status_code == 409
    one = f"{path}/{made['id']}"
    assert (await hubspot.patch(one, json={"label": "Q"})).json()["label"] == "Q"
    assert (await hubspot.post(f"{one}/stages", json={"label": "T", "metadata": {}})).status_code == 400
    added = (await hubspot.post(f"{one}/stages", json={**stage, "label": "T", "displayOrder": 1})).json()
    assert [each["label"] for each in (await hubspot.get(f"{one}/stages")).json()["results"]] == ["S", "T"]
    won = await hubspot.patch(f"{one}/stages/{added['id']}", json={"metadata": {"probability": "1.0"}})
    assert won.json()["metadata"] == {"probability": "1.0", "isClosed": "true"}
    assert (await hubspot.get(f"{one}/stages/{added['id']}")).json()["label"] == "T"
    assert (await hubspot.delete(f"{one}/stages/{added['id']}")).status_code == 204
    assert (await hubspot.get(f"{one}/stages/{added['id']}")).status_code == 404
    replaced = await hubspot.put(one, json={"label": "R", "displayOrder": 0, "stages": [stage]})
    assert replaced.json()["id"] == made["id"]


async def test_owners(hubspot: httpx.AsyncClient) -> None:
    path = "/crm/owners/2026-09"
    assert (await hubspot.get(f"{path}/7002")).json()["email"] == "ben@sandbox.example.com"
    by_user = await hubspot.get(f"{path}/124", params={"idProperty": "userId"})
    assert by_user.json()["id"] == "7002"
    assert (await hubspot.get(f"{path}/7003")).status_code == 404
    found = await hubspot.get(path, params={"email": "ada@sandbox.example.com"})
    assert [owner["id"] for owner in found.json()["results"]] == ["7001"]
