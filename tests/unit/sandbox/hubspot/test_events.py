"""What webhooks carry, compared with the table of HubSpot's webhooks guide."""

from typing import Any

import httpx
import pytest

from sandbox.hubspot.portal import Portal

BASE = "/crm/objects/2026-09"


@pytest.fixture
def events(portal: Portal, hubspot: httpx.AsyncClient) -> list[dict[str, Any]]:  # noqa: ARG001 - the app comes first
    caught: list[dict[str, Any]] = []
    portal.announcer.publish = caught.append
    return caught


async def make(hubspot: httpx.AsyncClient, kind: str, **values: str) -> int:
    reply = await hubspot.post(f"{BASE}/{kind}", json={"properties": values})
    assert reply.status_code == 201, reply.text
    return int(reply.json()["id"])


async def test_creation_by_our_app(hubspot: httpx.AsyncClient, events: list[Any], portal: Portal) -> None:
    record = await make(hubspot, "contacts", email="a@example.com")
    created, changed = events
    assert created == {
        "eventId": created["eventId"],
        "subscriptionId": created["subscriptionId"],
        "portalId": portal.portal_id,
        "appId": portal.app_id,
        "occurredAt": 1_788_253_200_000,
        "subscriptionType": "contact.creation",
        "attemptNumber": 0,
        "objectId": record,
        "changeFlag": "CREATED",
        "changeSource": "INTEGRATION",
        "sourceId": str(portal.app_id),
    }
    assert (changed["subscriptionType"], changed["propertyName"], changed["propertyValue"]) == (
        "contact.propertyChange",
        "email",
        "a@example.com",
    )


async def test_a_persons_edit(hubspot: httpx.AsyncClient, events: list[Any]) -> None:
    deal = await make(hubspot, "deals", dealname="D", dealstage="contractsent", closedate="2026-09-01")
    events.clear()
    reply = await hubspot.patch(
        f"/_sandbox/people/deals/{deal}", json={"properties": {"dealstage": "closedwon", "dealname": "D"}}
    )
    assert reply.json()["properties"]["hs_is_closed_won"] == "true"
    assert [(e["propertyName"], e["propertyValue"]) for e in events] == [("dealstage", "closedwon")]
    assert (events[0]["changeSource"], events[0]["sourceId"]) == ("CRM_UI", "userId:123")


async def test_types_without_names_of_their_own_are_generic(
    hubspot: httpx.AsyncClient, events: list[Any]
) -> None:  # fmt: skip
    invoice = await make(hubspot, "invoices", hs_currency="USD", hs_due_date="2026-09-01")
    created = next(e for e in events if e["subscriptionType"].endswith(".creation"))
    assert (created["subscriptionType"], created["objectTypeId"]) == ("object.creation", "0-53")
    due = next(e for e in events if e.get("propertyName") == "hs_due_date")
    assert (due["objectId"], due["propertyValue"]) == (invoice, "1788220800000")


async def test_associations_are_told_in_both_directions(hubspot: httpx.AsyncClient, events: list[Any]) -> None:
    person = await make(hubspot, "contacts", email="a@example.com")
    firm = await make(hubspot, "companies", name="A")
    events.clear()
    body = {"to_type": "companies", "to_id": str(firm), "primary": True}
    await hubspot.post(f"/_sandbox/people/contacts/{person}/associate", json=body)
    told = {(e["associationTypeId"], e["fromObjectId"], e["isPrimaryAssociation"]) for e in events}
    assert told == {(1, person, True), (2, firm, True), (279, person, False), (280, firm, False)}
    first = events[0]
    assert first["subscriptionType"] == "contact.associationChange"
    assert first["associationType"] == "CONTACT_TO_COMPANY"
    assert first["associationCategory"] == "HUBSPOT_DEFINED"
    assert (first["fromObjectTypeId"], first["toObjectTypeId"]) == ("0-1", "0-2")
    assert first["associationRemoved"] is False
    assert "objectId" not in first
    events.clear()
    await hubspot.post(f"/_sandbox/people/contacts/{person}/dissociate", json=body)
    assert {e["associationRemoved"] for e in events} == {True}


async def test_deletion_and_restoration(hubspot: httpx.AsyncClient, events: list[Any]) -> None:
    firm = await make(hubspot, "companies", name="A")
    events.clear()
    assert (await hubspot.delete(f"/_sandbox/people/companies/{firm}")).status_code == 204
    assert (await hubspot.post(f"/_sandbox/people/companies/{firm}/restore")).status_code == 200
    assert (await hubspot.post(f"/_sandbox/people/companies/{firm}/restore")).status_code == 404
    assert [e["subscriptionType"] for e in events] == ["company.deletion", "company.restore"]


async def test_a_merge(hubspot: httpx.AsyncClient, events: list[Any]) -> None:
    one, two = [await make(hubspot, "companies", name=name) for name in ("A", "B")]
    events.clear()
    body = {"primaryObjectId": one, "objectIdToMerge": two}
    merged = (await hubspot.post("/_sandbox/people/companies/merge", json=body)).json()
    (event,) = events
    assert event["subscriptionType"] == "company.merge"
    assert (event["primaryObjectId"], event["mergedObjectIds"]) == (one, [two])
    assert event["newObjectId"] == int(merged["id"])
    assert event["numberOfPropertiesMoved"] == 1


async def test_an_erasure_is_two_events(hubspot: httpx.AsyncClient, events: list[Any]) -> None:
    person = await make(hubspot, "contacts", email="gone@example.com")
    events.clear()
    await hubspot.post(f"/_sandbox/people/contacts/{person}/erase")
    assert [e["subscriptionType"] for e in events] == ["contact.privacyDeletion", "contact.deletion"]
    back = await hubspot.post(f"{BASE}/contacts", json={"properties": {"email": "gone@example.com"}})
    assert back.status_code == 400


async def test_writing_what_is_there_tells_nobody(hubspot: httpx.AsyncClient, events: list[Any]) -> None:
    firm = await make(hubspot, "companies", name="A")
    events.clear()
    before = (await hubspot.get(f"{BASE}/companies/{firm}")).json()["updatedAt"]
    await hubspot.patch(f"{BASE}/companies/{firm}", json={"properties": {"name": "A"}})
    assert events == []
    assert (await hubspot.get(f"{BASE}/companies/{firm}")).json()["updatedAt"] == before


async def test_subscriptions_of_the_apps_own(
    hubspot: httpx.AsyncClient, portal: Portal, events: list[Any]
) -> None:  # fmt: skip
    for subscription in list(portal.announcer.subscriptions):
        portal.announcer.unsubscribe(subscription)
    base = f"/app-webhooks/2026-09/{portal.app_id}"
    assert (await hubspot.get(f"{base}/settings")).status_code == 404
    settings = {"targetUrl": "https://a.example.com/", "throttling": {"maxConcurrentRequests": 8}}
    assert (await hubspot.put(f"{base}/settings", json=settings)).json()["targetUrl"] == "https://a.example.com/"
    body = {"eventType": "company.propertyChange", "propertyName": "name"}
    made = (await hubspot.post(f"{base}/subscriptions", json=body)).json()
    assert made["active"] is False
    await make(hubspot, "companies", name="A", domain="a.com")
    assert events == []
    await hubspot.patch(f"{base}/subscriptions/{made['id']}", json={"active": True})
    await make(hubspot, "companies", name="B", domain="b.com")
    assert [(e["propertyName"], e["subscriptionId"]) for e in events] == [("name", int(made["id"]))]
    generic = {"eventType": "object.creation", "objectTypeId": "0-2", "active": True}
    await hubspot.post(f"{base}/subscriptions", json=generic)
    await make(hubspot, "companies", name="C")
    assert events[-2]["subscriptionType"] == "object.creation"
    for refused in (
        {"eventType": "company.propertyChange", "propertyName": "hs_lastmodifieddate"},
        {"eventType": "company.propertyChange"},
        {"eventType": "invoice.creation"},
        {"eventType": "company.nonsense"},
    ):
        assert (await hubspot.post(f"{base}/subscriptions", json=refused)).status_code == 400
    batch = {"inputs": [{"id": made["id"], "active": False}]}
    done = await hubspot.post(f"{base}/subscriptions/batch/update", json=batch)
    assert done.json()["results"][0]["active"] is False
    assert len((await hubspot.get(f"{base}/subscriptions")).json()["results"]) == 2
    assert (await hubspot.delete(f"{base}/subscriptions/{made['id']}")).status_code == 204
    assert (await hubspot.get(f"{base}/subscriptions/{made['id']}")).status_code == 404
    wrong = await hubspot.get(f"/webhooks/v3/{portal.app_id}/settings", params={"hapikey": "wrong"})
    assert wrong.status_code == 401
    assert (await hubspot.get("/webhooks/v3/1/settings")).status_code == 404
    assert (await hubspot.delete(f"{base}/settings")).status_code == 204
