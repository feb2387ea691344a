import httpx

from sandbox.clock import VirtualClock
from sandbox.hubspot.portal import Portal

BASE = "/crm/objects/2026-09/companies"


async def test_switches_over_http(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    granted = portal.access.token(
        {
            "grant_type": "refresh_token",
            "client_id": portal.access.client_id,
            "client_secret": "secret",
            "refresh_token": portal.access.grant.refresh_token,
        }
    )
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert (await hubspot.get(BASE, headers=headers)).status_code == 200
    changed = await hubspot.patch("/_sandbox/settings", json={"search_lag": 60, "expire_tokens": True})
    assert changed.json()["search_lag"] == 60
    assert (await hubspot.get(BASE, headers=headers)).status_code == 401
    await hubspot.patch("/_sandbox/settings", json={"day_spent": 625_000, "revoke_grant": True})
    assert (await hubspot.get(BASE)).json()["policyName"] == "DAILY"
    assert portal.access.grant.revoked
    assert (await hubspot.patch("/_sandbox/settings", json={"nonsense": 1})).status_code == 400
    assert (await hubspot.get("/_sandbox/settings")).json()["day_limit"] == 625_000


async def test_the_index_may_show_a_later_change_first(
    hubspot: httpx.AsyncClient, portal: Portal, clock: VirtualClock
) -> None:
    await hubspot.patch("/_sandbox/settings", json={"search_lag": 10, "search_jitter": 1.0})
    ids = []
    for number in range(20):
        reply = await hubspot.post(BASE, json={"properties": {"name": str(number)}})
        ids.append(reply.json()["id"])
        await clock.advance(0.5)
    await clock.advance(5)
    sort = [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]
    body = {"sorts": sort, "limit": 100}
    seen = [each["id"] for each in (await hubspot.post(f"{BASE}/search", json=body)).json()["results"]]
    assert 0 < len(seen) < 20
    assert seen != ids[: len(seen)]
    for name in ("a", "b", "c"):
        await hubspot.patch(f"{BASE}/{ids[0]}", json={"properties": {"name": name}})
    await clock.advance(20)
    await hubspot.post(f"{BASE}/search", json=body)
    kind = portal.catalogue.get("companies")
    shown = {snapshot.id: snapshot.values["name"] for snapshot in portal.index.shown(kind)}
    assert (len(shown), shown[int(ids[0])]) == (20, "c")


async def test_rules_of_the_account_hold_for_the_api(hubspot: httpx.AsyncClient) -> None:
    rule = {"type": "companies", "property": "name", "pattern": "[A-Za-z ]+"}
    await hubspot.patch("/_sandbox/settings", json={"rules": [rule]})
    refused = await hubspot.post(BASE, json={"properties": {"name": "Firm 1"}})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "INVALID_ALPHA")
    assert (await hubspot.post(BASE, json={"properties": {"name": "Firm"}})).status_code == 201


async def test_addresses_have_an_end(hubspot: httpx.AsyncClient) -> None:
    many = ",".join(f"property_{number}" for number in range(1_500))
    assert (await hubspot.get(BASE, params={"properties": many})).status_code == 414
