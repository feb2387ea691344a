from typing import Any

import httpx
import pytest

from sandbox.hubspot.portal import Portal

BASE = "/crm/objects/2026-09"


async def make(hubspot: httpx.AsyncClient, kind: str, **values: Any) -> str:
    reply = await hubspot.post(f"{BASE}/{kind}", json={"properties": values})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


@pytest.mark.parametrize(
    ("kind", "values", "missing"),
    [
        ("contacts", {"phone": "1"}, "email"),
        ("companies", {"city": "x"}, "domain"),
        ("deals", {"dealname": "D"}, "dealstage"),
        ("deals", {"dealstage": "closedwon"}, "dealname"),
        ("products", {"price": "1"}, "name"),
        ("line_items", {"price": "1"}, "hs_product_id"),
        ("invoices", {"hs_title": "T"}, "hs_currency"),
        ("quotes", {"hs_title": "T"}, "hs_expiration_date"),
        ("commerce_payments", {"hs_initial_amount": "1"}, "hs_initiated_date"),
        ("tasks", {"hs_task_subject": "Call"}, "hs_timestamp"),
    ],
)
async def test_what_a_new_record_must_have(
    hubspot: httpx.AsyncClient, kind: str, values: dict[str, str], missing: str
) -> None:
    reply = await hubspot.post(f"{BASE}/{kind}", json={"properties": values})
    assert reply.status_code == 400
    assert reply.json()["context"]["properties"] == [missing]


async def test_bodies_are_json_objects(hubspot: httpx.AsyncClient) -> None:
    path = f"{BASE}/companies"
    kind = {"Content-Type": "application/json"}
    assert (await hubspot.post(path, content=b"name=A")).status_code == 415
    assert (await hubspot.post(path, content=b"{", headers=kind)).status_code == 400
    assert (await hubspot.post(path, content=b"[]", headers=kind)).status_code == 400
    assert (await hubspot.post(path, json={"properties": []})).status_code == 400
    assert (await hubspot.post(f"{path}/batch/create", json={"inputs": "x"})).status_code == 400
    assert (await hubspot.post(f"{path}/search", json={"filterGroups": "x"})).status_code == 400
    assert (await hubspot.post(f"/_sandbox/people/companies/{1}/associate", json={"type_ids": 1})).status_code == 404
    assert (await hubspot.post(f"{path}/batch/upsert", json={"inputs": [{}]})).status_code == 400


async def test_paths_that_are_not(hubspot: httpx.AsyncClient) -> None:
    unknown = await hubspot.get(f"{BASE}/unicorns")
    assert unknown.json()["message"] == "Unable to infer object type from: unicorns"
    assert (await hubspot.get("/crm/v9/objects/deals")).status_code == 404
    assert (await hubspot.put(f"{BASE}/deals/1")).status_code == 405
    missing = await hubspot.get(f"{BASE}/deals/1")
    assert (missing.status_code, missing.json()["message"]) == (404, "resource not found")
    assert missing.headers["X-HubSpot-Correlation-Id"]
    assert (await hubspot.patch(f"{BASE}/deals/x", json={"properties": {}})).status_code == 404
    assert (await hubspot.delete(f"{BASE}/deals/1")).status_code == 204


async def test_lists(hubspot: httpx.AsyncClient) -> None:
    ids = [await make(hubspot, "companies", name=f"Firm {number}") for number in range(5)]
    first = (await hubspot.get(f"{BASE}/companies", params={"limit": "2"})).json()
    assert [each["id"] for each in first["results"]] == ids[:2]
    following = (await hubspot.get(first["paging"]["next"]["link"])).json()
    assert [each["id"] for each in following["results"]] == ids[2:4]
    await hubspot.delete(f"{BASE}/companies/{ids[4]}")
    last = await hubspot.get(f"{BASE}/companies", params={"after": following["paging"]["next"]["after"]})
    assert last.json() == {"results": []}
    archived = await hubspot.get(f"{BASE}/companies", params={"archived": "true"})
    assert [each["id"] for each in archived.json()["results"]] == [ids[4]]
    for params in ({"limit": "101"}, {"limit": "0"}, {"after": "x"}, {"limit": "51", "propertiesWithHistory": "name"}):
        assert (await hubspot.get(f"{BASE}/companies", params=params)).status_code == 400


async def test_clearing_and_history(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    record = await make(hubspot, "companies", name="A", city="X")
    path = f"{BASE}/companies/{record}"
    cleared = await hubspot.patch(path, json={"properties": {"city": ""}})
    assert cleared.json()["properties"]["city"] == ""
    portal.quirks.cleared_reads_as = None
    assert (await hubspot.get(path, params={"properties": "city"})).json()["properties"]["city"] is None
    for number in range(30):
        await hubspot.patch(path, json={"properties": {"name": str(number)}})
    shown = (await hubspot.get(path, params={"propertiesWithHistory": "name"})).json()
    versions = shown["propertiesWithHistory"]["name"]
    assert [version["value"] for version in versions] == [str(number) for number in range(29, 9, -1)]


async def test_no_op_writes_can_be_made_to_count(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    caught: list[Any] = []
    portal.announcer.publish = caught.append
    record = await make(hubspot, "companies", name="A")
    portal.quirks.noop_bumps_modified = portal.quirks.noop_fires_webhook = True
    caught.clear()
    await hubspot.patch(f"{BASE}/companies/{record}", json={"properties": {"name": "A"}})
    assert [event["propertyName"] for event in caught] == ["name"]


async def test_what_cannot_be_written(hubspot: httpx.AsyncClient) -> None:
    record = await make(hubspot, "deals", dealname="D", dealstage="contractsent")
    for values, code in (
        ({"hs_is_closed_won": "true"}, "READ_ONLY_VALUE"),
        ({"dealstage": "nonsense"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "123"}, "INVALID_OWNER_ID"),
        ({"amount": "lots"}, "INVALID_INTEGER"),
    ):
        reply = await hubspot.patch(f"{BASE}/deals/{record}", json={"properties": values})
        assert reply.status_code == 400
        assert reply.json()["errors"][0]["code"] == code
    owned = await hubspot.patch(f"{BASE}/deals/{record}", json={"properties": {"hubspot_owner_id": "7001"}})
    assert owned.status_code == 200


async def test_a_stage_is_of_its_pipeline(hubspot: httpx.AsyncClient) -> None:
    body = {
        "label": "Renewals", "displayOrder": 1,
        "stages": [{"label": "Renewed", "displayOrder": 0, "metadata": {"probability": "1.0"}}],
    }  # fmt: skip
    made = (await hubspot.post("/crm/pipelines/2026-09/deals", json=body)).json()
    stage = made["stages"][0]["id"]
    wrong = await hubspot.post(f"{BASE}/deals", json={"properties": {"dealname": "D", "dealstage": stage}})
    assert wrong.status_code == 400
    deal = await make(hubspot, "deals", dealname="D", dealstage=stage, pipeline=made["id"])
    shown = await hubspot.get(f"{BASE}/deals/{deal}", params={"properties": "hs_is_closed_won,closedate"})
    assert shown.json()["properties"]["hs_is_closed_won"] == "true"
    assert shown.json()["properties"]["closedate"] == "2026-09-01T09:00:00.000Z"
    used = {"validateReferencesBeforeDelete": "true"}
    path = f"/crm/pipelines/2026-09/deals/{made['id']}"
    assert (await hubspot.delete(f"{path}/stages/{stage}", params=used)).status_code == 400
    assert (await hubspot.delete(path, params=used)).status_code == 400
    assert (await hubspot.delete(path)).status_code == 204
    assert (await hubspot.get(path)).status_code == 404


async def test_a_line_item_copies_its_product_once(hubspot: httpx.AsyncClient) -> None:
    product = await make(hubspot, "products", name="Widget", price="10", hs_sku="W-1")
    line = await make(hubspot, "line_items", hs_product_id=product, quantity="3", discount="1")
    await hubspot.patch(f"{BASE}/products/{product}", json={"properties": {"price": "99"}})
    shown = await hubspot.get(f"{BASE}/line_items/{line}", params={"properties": "name,price,hs_sku,amount"})
    values = shown.json()["properties"]
    assert (values["name"], values["price"], values["hs_sku"], values["amount"]) == ("Widget", "10", "W-1", "27")


async def test_totals_follow_the_lines(hubspot: httpx.AsyncClient) -> None:
    quote = await make(hubspot, "quotes", hs_title="Q", hs_expiration_date="2026-12-01")
    line = await make(hubspot, "line_items", name="W", price="10", hs_tax_rate="15")
    await hubspot.put(f"{BASE}/quotes/{quote}/associations/default/line_items/{line}")
    await hubspot.patch(f"{BASE}/line_items/{line}", json={"properties": {"quantity": "2"}})
    path = f"{BASE}/quotes/{quote}"
    shown = await hubspot.get(path, params={"properties": "hs_quote_amount"})
    assert shown.json()["properties"]["hs_quote_amount"] == "20"
    await hubspot.patch(path, json={"properties": {"hs_status": "APPROVAL_NOT_NEEDED"}})
    assert (await hubspot.patch(path, json={"properties": {"hs_title": "New"}})).status_code == 400
    await hubspot.delete(f"{BASE}/line_items/{line}")
    shown = await hubspot.get(path, params={"properties": "hs_quote_amount,hs_locked"})
    assert shown.json()["properties"]["hs_quote_amount"] == "0"
    assert shown.json()["properties"]["hs_locked"] == "true"


async def test_invoices_that_are_settled_stay(hubspot: httpx.AsyncClient) -> None:
    tracking = await make(hubspot, "invoices", hs_currency="USD", hs_invoice_billable="false", hs_invoice_status="paid")
    assert (await hubspot.delete(f"{BASE}/invoices/{tracking}")).status_code == 204
    voided = await make(hubspot, "invoices", hs_currency="USD")
    path = f"{BASE}/invoices/{voided}"
    assert (await hubspot.patch(path, json={"properties": {"hs_invoice_status": "voided"}})).status_code == 200
    assert (await hubspot.delete(path)).status_code == 400
    paid = {"properties": {"hs_invoice_status": "paid"}}
    assert (await hubspot.patch(path, json=paid)).status_code == 400


async def test_payments_need_payments(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    portal.payments_enabled = False
    values = {"hs_initial_amount": "1", "hs_initiated_date": "2026-09-01"}
    reply = await hubspot.post(f"{BASE}/commerce_payments", json={"properties": values})
    assert reply.status_code == 400


async def test_unique_values_are_free_again_when_archived(hubspot: httpx.AsyncClient) -> None:
    first = await make(hubspot, "contacts", email="a@example.com")
    other = await make(hubspot, "contacts", email="b@example.com")
    taken = await hubspot.patch(f"{BASE}/contacts/{other}", json={"properties": {"email": "A@example.com"}})
    assert taken.status_code == 409
    await hubspot.delete(f"{BASE}/contacts/{first}")
    gone = await hubspot.get(f"{BASE}/contacts/a@example.com", params={"idProperty": "email"})
    assert gone.status_code == 404
    await make(hubspot, "contacts", email="a@example.com")
    assert (await hubspot.get(f"{BASE}/contacts/{first}", params={"archived": "true"})).json()["archivedAt"]
    assert (await hubspot.post(f"/_sandbox/people/contacts/{first}/restore")).status_code == 409
    companies = [await make(hubspot, "companies", domain="same.com") for _ in range(2)]
    assert len(set(companies)) == 2  # the API lets companies share a domain


async def test_batches_of_edits(hubspot: httpx.AsyncClient) -> None:
    one, two = [await make(hubspot, "contacts", email=f"{name}@example.com") for name in ("one", "two")]
    path = f"{BASE}/contacts/batch"
    twice = {"inputs": [{"id": one, "properties": {}}, {"id": one, "properties": {}}]}
    assert (await hubspot.post(f"{path}/update", json=twice)).status_code == 400
    swap = {
        "inputs": [
            {"id": "one@example.com", "idProperty": "email", "properties": {"firstname": "One"}},
            {"id": two, "properties": {"email": "one@example.com"}},
        ]
    }
    assert (await hubspot.post(f"{path}/update", json=swap)).status_code == 409
    untouched = await hubspot.get(f"{BASE}/contacts/{one}", params={"properties": "firstname"})
    assert untouched.json()["properties"]["firstname"] is None
    missing = {"inputs": [{"id": "1", "properties": {}}]}
    reply = await hubspot.post(f"{path}/update", json=missing)
    assert (reply.status_code, reply.json()["numErrors"]) == (207, 1)
    upsert = {
        "inputs": [
            {"id": "one@example.com", "idProperty": "email", "properties": {}, "objectWriteTraceId": "a"},
            {"id": "three@example.com", "idProperty": "email", "properties": {"phone": "3"}, "objectWriteTraceId": "b"},
            {"id": "x", "idProperty": "email", "properties": {}, "objectWriteTraceId": "c"},
        ]
    }
    mixed = await hubspot.post(f"{path}/upsert", json=upsert)
    assert mixed.status_code == 207
    assert {each["objectWriteTraceId"]: each["new"] for each in mixed.json()["results"]} == {"a": False, "b": True}
    assert (await hubspot.post(f"{path}/archive", json={"inputs": [{"id": one}, {"id": "1"}]})).status_code == 204
    archived = await hubspot.post(f"{path}/read", params={"archived": "true"}, json={"inputs": [{"id": one}]})
    assert archived.json()["results"][0]["archived"] is True


async def test_associations_at_creation(hubspot: httpx.AsyncClient) -> None:
    firm = await make(hubspot, "companies", name="A")
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}
    values = {"dealname": "D", "dealstage": "contractsent"}
    body = {"properties": values, "associations": [{"to": {"id": firm}, "types": [spec]}]}
    made = (await hubspot.post(f"{BASE}/deals", json=body)).json()
    shown = (await hubspot.get(f"{BASE}/deals/{made['id']}", params={"associations": "companies"})).json()
    kinds = {each["type"] for each in shown["associations"]["companies"]["results"]}
    assert kinds == {"deal_to_company", "deal_to_company_unlabeled"}
    for bad in (
        {"to": {"id": "1"}, "types": [spec]},
        {"to": {"id": firm}, "types": []},
        {"to": {"id": firm}, "types": [{**spec, "associationTypeId": 999}]},
    ):
        refused = await hubspot.post(f"{BASE}/deals", json={"properties": values, "associations": [bad]})
        assert refused.status_code in {400, 404}
    assert len((await hubspot.get(f"{BASE}/deals")).json()["results"]) == 1


async def test_tasks_are_made_once_by_a_property_of_ones_own_and_hang_on_companies_and_deals(
    hubspot: httpx.AsyncClient,
) -> None:
    own = {"name": "our_key", "label": "Our key", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    group = next(each["name"] for each in (await hubspot.get("/crm/properties/2026-09/tasks/groups")).json()["results"])
    made = await hubspot.post("/crm/properties/2026-09/tasks", json={**own, "groupName": group})
    assert made.status_code == 201, made.text
    properties = {"hs_task_subject": "Call", "hs_timestamp": "2026-09-02T12:00:00Z", "hs_task_priority": "HIGH"}
    wanted = {"inputs": [{"id": "k1", "idProperty": "our_key", "properties": properties | {"our_key": "k1"}}]}
    first, second = [(await hubspot.post(f"{BASE}/tasks/batch/upsert", json=wanted)).json() for _ in range(2)]
    assert [each["results"][0]["new"] for each in (first, second)] == [True, False]
    (task,) = {each["results"][0]["id"] for each in (first, second)}
    company = await make(hubspot, "companies", name="Acme")
    body = {"inputs": [{"from": {"id": task}, "to": {"id": company}}]}
    path = "/crm/associations/2026-09/tasks/companies/batch/associate/default"
    assert (await hubspot.post(path, json=body)).status_code == 200
    wrong = {"inputs": [{"id": task, "properties": {"hs_task_priority": "URGENT"}}]}
    assert (await hubspot.post(f"{BASE}/tasks/batch/update", json=wrong)).status_code == 400
