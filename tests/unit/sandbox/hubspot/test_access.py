from typing import Any

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.hubspot.portal import Portal

CONTACTS = "/crm/objects/2026-09/contacts"
BACK = "https://app.example.com/back"


def form(portal: Portal, **values: str) -> dict[str, str]:
    return {"client_id": portal.access.client_id, "client_secret": "secret", **values}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic cGF0LXRlc3Q=", "pat-test"])
async def test_without_a_known_token_401(hubspot: httpx.AsyncClient, header: str) -> None:
    reply = await hubspot.get(CONTACTS, headers={"Authorization": header})
    assert (reply.status_code, reply.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert "X-HubSpot-RateLimit-Max" not in reply.headers


async def test_consent_code_token_refresh_expiry(
    hubspot: httpx.AsyncClient, portal: Portal, clock: VirtualClock
) -> None:
    query = {
        "client_id": portal.access.client_id, "redirect_uri": BACK, "scope": "oauth crm.objects.contacts.read",
        "state": "abc",
    }  # fmt: skip
    consent = await hubspot.get("/oauth/authorize", params=query)
    assert consent.status_code == 302
    answer = httpx.URL(consent.headers["location"]).params
    assert answer["state"] == "abc"
    asked = form(portal, grant_type="authorization_code", redirect_uri=BACK, code=answer["code"])
    granted = (await hubspot.post("/oauth/v3/token", data=asked)).json()
    assert (granted["expires_in"], granted["token_type"], granted["hub_id"]) == (1800, "bearer", portal.portal_id)
    assert granted["scopes"] == ["crm.objects.contacts.read", "oauth"]
    again = await hubspot.post("/oauth/v3/token", data=asked)
    assert (again.status_code, again.json()["status"]) == (400, "BAD_AUTH_CODE")
    token = bearer(granted["access_token"])
    assert (await hubspot.get(CONTACTS, headers=token)).status_code == 200
    await clock.advance(1_800)
    late = await hubspot.get(CONTACTS, headers=token)
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    renew = form(portal, grant_type="refresh_token", refresh_token=granted["refresh_token"])
    renewed = (await hubspot.post("/oauth/v1/token", data=renew)).json()
    assert renewed["refresh_token"] == granted["refresh_token"]
    assert "hub_id" not in renewed
    token = bearer(renewed["access_token"])
    assert (await hubspot.get(CONTACTS, headers=token)).status_code == 200
    portal.access.expire_all()
    assert (await hubspot.get(CONTACTS, headers=token)).status_code == 401


@pytest.mark.parametrize(
    ("values", "error", "status"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant", "BAD_REFRESH_TOKEN"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_grant", "BAD_AUTH_CODE"),
        ({"grant_type": "password"}, "unsupported_grant_type", "BAD_GRANT_TYPE"),
        ({"client_id": "x"}, "invalid_client", "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "invalid_client", "BAD_CLIENT_SECRET"),
    ],
)
async def test_oauth_errors_mix_two_shapes(
    hubspot: httpx.AsyncClient, portal: Portal, values: dict[str, str], error: str, status: str
) -> None:
    reply = await hubspot.post("/oauth/2026-09/token", data=form(portal, **values))
    body = reply.json()
    assert reply.status_code == 400
    assert (body["error"], body["status"]) == (error, status)
    assert body["error_description"] == body["message"]


async def test_token_requests_are_forms(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    assert (await hubspot.post("/oauth/v1/token", json=form(portal))).status_code == 400
    code = portal.access.code(BACK)
    elsewhere = form(portal, grant_type="authorization_code", code=code, redirect_uri="https://evil.example.com")
    assert (await hubspot.post("/oauth/v1/token", data=elsewhere)).json()["status"] == "BAD_REDIRECT_URI"


async def test_scopes(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    portal.access.add_static("pat-narrow", ["crm.objects.contacts.read", "e-commerce", "crm.schemas.deals.read"])
    narrow: dict[str, Any] = {"headers": bearer("pat-narrow")}
    body = {"properties": {"email": "a@example.com"}}
    assert (await hubspot.get(CONTACTS, **narrow)).status_code == 200
    assert (await hubspot.post(f"{CONTACTS}/search", json={}, **narrow)).status_code == 200
    assert (await hubspot.post(f"{CONTACTS}/batch/read", json={"inputs": []}, **narrow)).status_code == 200
    refused = await hubspot.post(CONTACTS, json=body, **narrow)
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
    context = refused.json()["errors"][0]["context"]
    assert context == {"requiredGranularScopes": ["crm.objects.contacts.write"]}
    line = {"properties": {"name": "W", "price": "1"}}
    assert (await hubspot.post("/crm/v3/objects/0-8", json=line, **narrow)).status_code == 201
    assert (await hubspot.get("/crm/properties/2026-09/deals", **narrow)).status_code == 200
    assert (await hubspot.get("/crm/properties/2026-09/companies", **narrow)).status_code == 403
    assert (await hubspot.get("/crm/v3/owners/", **narrow)).status_code == 403
    assert (await hubspot.get("/crm-object-schemas/v3/schemas", **narrow)).status_code == 403
    portal.access.revoke_static("pat-narrow")
    assert (await hubspot.get(CONTACTS, **narrow)).status_code == 401


async def test_introspection_and_revocation(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    refresh = portal.access.grant.refresh_token
    granted = (
        await hubspot.post("/oauth/v3/token", data=form(portal, grant_type="refresh_token", refresh_token=refresh))
    ).json()
    access = granted["access_token"]
    assert (await hubspot.post("/oauth/v3/token/introspect", data={"token": access})).json()["expires_in"] == 1800
    described = await hubspot.post("/oauth/2026-09/token/introspect", data={"token": refresh})
    assert described.json()["client_id"] == portal.access.client_id
    assert (await hubspot.get(f"/oauth/v1/refresh-tokens/{refresh}")).json()["hub_id"] == portal.portal_id
    assert (await hubspot.post("/oauth/v3/token/revoke", data={"token": refresh})).status_code == 200
    assert (await hubspot.get(CONTACTS, headers=bearer(access))).status_code == 401
    assert (await hubspot.get(f"/oauth/v1/refresh-tokens/{refresh}")).status_code == 404
    assert (await hubspot.get("/oauth/v1/access-tokens/unknown")).status_code == 404
    assert (await hubspot.delete(f"/oauth/v1/refresh-tokens/{refresh}")).status_code == 204


async def test_account_details(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    for path in ("/account-info/v3/details", "/account-info/2026-09/details"):
        details = (await hubspot.get(path)).json()
        assert (details["portalId"], details["companyCurrency"]) == (portal.portal_id, "USD")
