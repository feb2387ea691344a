import httpx

from sandbox.clock import VirtualClock
from sandbox.hubspot.portal import Portal

DEALS = "/crm/objects/2026-09/deals"
READ = "/crm/associations/2026-09/deals/companies/batch/read"


async def test_190_calls_in_ten_seconds(hubspot: httpx.AsyncClient, clock: VirtualClock) -> None:
    for number in range(190):
        reply = await hubspot.get(DEALS)
        assert reply.headers["X-HubSpot-RateLimit-Remaining"] == str(189 - number)
        await clock.advance(0.01)
    refused = await hubspot.get(DEALS)
    body = refused.json()
    assert refused.status_code == 429
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert body["correlationId"]
    assert "retry-after" not in refused.headers
    await clock.advance(10 - 1.9)
    assert (await hubspot.get(DEALS)).status_code == 200  # the first call has left the window, the others not
    assert (await hubspot.get(DEALS)).status_code == 429
    await clock.advance(10)
    assert (await hubspot.get(DEALS)).headers["X-HubSpot-RateLimit-Remaining"] == "189"


async def test_the_day_ends_at_the_accounts_midnight(
    hubspot: httpx.AsyncClient, portal: Portal, clock: VirtualClock
) -> None:
    portal.quota.spend(portal.quota.day_limit - 1)
    last = await hubspot.get(DEALS)
    assert last.headers["X-HubSpot-RateLimit-Daily"] == "625000"
    assert last.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "0"
    refused = await hubspot.get(DEALS)
    assert (refused.status_code, refused.json()["policyName"]) == (429, "DAILY")
    assert refused.json()["message"] == "You have reached your daily limit."
    assert (await hubspot.post(f"{DEALS}/search", json={})).json()["policyName"] == "DAILY"
    await clock.advance(15 * 3_600)  # from nine in the morning
    assert (await hubspot.get(DEALS)).status_code == 200


async def test_associations_are_counted_apart(hubspot: httpx.AsyncClient) -> None:
    for _ in range(150):
        assert (await hubspot.post(READ, json={"inputs": []})).status_code == 200
    assert (await hubspot.post(READ, json={"inputs": []})).status_code == 429
    assert (await hubspot.get(DEALS)).status_code == 200


async def test_an_oauth_app_has_110_and_no_daily_headers(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    form = {
        "grant_type": "refresh_token", "client_id": portal.access.client_id, "client_secret": "secret",
        "refresh_token": portal.access.grant.refresh_token,
    }  # fmt: skip
    token = (await hubspot.post("/oauth/2026-09/token", data=form)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    replies = [await hubspot.get(DEALS, headers=headers) for _ in range(111)]
    assert [reply.status_code for reply in replies] == [200] * 110 + [429]
    assert replies[0].headers["X-HubSpot-RateLimit-Max"] == "110"
    assert "X-HubSpot-RateLimit-Daily" not in replies[0].headers


async def test_refused_calls_use_nothing_up(hubspot: httpx.AsyncClient, clock: VirtualClock) -> None:
    for _ in range(5):
        await hubspot.post(f"{DEALS}/search", json={})
    for _ in range(50):
        assert (await hubspot.post(f"{DEALS}/search", json={})).status_code == 429
    await clock.advance(1)
    assert (await hubspot.post(f"{DEALS}/search", json={})).status_code == 200


async def test_the_account_tells_its_usage(hubspot: httpx.AsyncClient) -> None:
    await hubspot.get(DEALS)
    usage = (await hubspot.get("/account-info/2026-09/api-usage/daily/private-apps")).json()["results"][0]
    assert (usage["usageLimit"], usage["currentUsage"]) == (625_000, 1)
    assert usage["resetsAt"] == "2026-09-02T00:00:00.000Z"
