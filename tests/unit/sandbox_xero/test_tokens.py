import base64
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.xero.organisation import Organisation
from tests.unit.sandbox_xero.conftest import BASE, Xero

DAY = 86400


async def ask(xero: Xero, **form: str) -> httpx.Response:
    identity = xero.organisation.identity
    return await xero.http.post(f"{BASE}/connect/token", data=form, auth=(identity.client_id, identity.client_secret))


def works(xero: Xero, token: str) -> dict[str, str]:
    return {**xero.headers, "Authorization": f"Bearer {token}"}


async def test_an_access_token_dies_after_thirty_minutes(xero: Xero) -> None:
    xero.clock.move(1799)
    assert (await xero.call("GET", "Organisation")).status_code == 200
    xero.clock.move(1)
    reply = await xero.call("GET", "Organisation")
    assert reply.status_code == 401
    assert reply.json() == {
        "Type": None, "Title": "Unauthorized", "Status": 401, "Instance": reply.json()["Instance"], "Extensions": {},
        "Detail": "TokenExpired: token expired at 09/01/2026 09:30:00",
    }  # fmt: skip
    assert (await xero.http.get(f"{BASE}/connections", headers=xero.headers)).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer nope", "Basic abc"])
async def test_other_tokens_are_401(xero: Xero, header: str) -> None:
    assert (await xero.call("GET", "Organisation", Authorization=header)).json()["Title"] == "Unauthorized"


async def test_another_tenant_is_403(xero: Xero) -> None:
    for tenant in ("", "11111111-1111-4111-8111-111111111111"):
        reply = await xero.call("GET", "Organisation", xero_tenant_id=tenant)
        assert (reply.status_code, reply.json()["Detail"]) == (403, "AuthenticationUnsuccessful")


async def test_refresh_rotates_and_the_previous_token_has_thirty_minutes(xero: Xero) -> None:
    first = xero.organisation.credentials()["refresh_token"]
    second = (await ask(xero, grant_type="refresh_token", refresh_token=str(first))).json()
    assert second["refresh_token"] != first
    assert (second["expires_in"], second["token_type"]) == (1800, "Bearer")
    xero.clock.move(1800)
    third = await ask(xero, grant_type="refresh_token", refresh_token=str(first))
    assert third.status_code == 200, "the answer with the second token may have been lost"
    assert (await ask(xero, grant_type="refresh_token", refresh_token=second["refresh_token"])).status_code == 400
    xero.clock.move(1)
    late = await ask(xero, grant_type="refresh_token", refresh_token=str(first))
    assert (late.status_code, late.json()) == (400, {"error": "invalid_grant"})
    fourth = await ask(xero, grant_type="refresh_token", refresh_token=third.json()["refresh_token"])
    assert fourth.status_code == 200


async def test_an_unused_refresh_token_dies_after_sixty_days(xero: Xero) -> None:
    token = str(xero.organisation.credentials()["refresh_token"])
    xero.clock.move(60 * DAY + 1)
    assert (await ask(xero, grant_type="refresh_token", refresh_token=token)).json() == {"error": "invalid_grant"}


async def test_a_revoked_consent_is_over_at_once(xero: Xero) -> None:
    granted = xero.organisation.identity.grant()
    identity = xero.organisation.identity
    reply = await xero.http.post(
        f"{BASE}/connect/revocation",
        data={"token": granted["refresh_token"]},
        auth=(identity.client_id, identity.client_secret),
    )
    assert reply.status_code == 200
    gone = await xero.http.get(f"{BASE}/api.xro/2.0/Organisation", headers=works(xero, granted["access_token"]))
    assert gone.status_code == 401
    assert (await ask(xero, grant_type="refresh_token", refresh_token=granted["refresh_token"])).status_code == 400
    assert (await xero.http.post(f"{BASE}/connect/revocation", data={"token": "x"})).status_code == 400


async def test_the_browser_flow(xero: Xero) -> None:
    identity = xero.organisation.identity
    query = f"response_type=code&client_id={identity.client_id}&redirect_uri=http://me/back&state=s"
    page = f"{BASE}/identity/connect/authorize?{query}"
    assert (await xero.http.get(f"{page}&scope=offline_access+accounting.contacts")).json()["error"] == "invalid_scope"
    assert (await xero.http.get(f"{BASE}/identity/connect/authorize")).status_code == 400
    reply = await xero.http.get(f"{page}&scope=offline_access%20accounting.contacts")
    found = parse_qs(urlsplit(reply.headers["location"]).query)
    assert (reply.status_code, found["state"]) == (302, ["s"])
    body = {"grant_type": "authorization_code", "code": found["code"][0], "redirect_uri": "http://me/back",
            "client_id": identity.client_id, "client_secret": identity.client_secret}  # fmt: skip
    granted = (await xero.http.post(f"{BASE}/connect/token", data=body)).json()
    assert granted["scope"] == "offline_access accounting.contacts"
    assert (await xero.http.post(f"{BASE}/connect/token", data=body)).json() == {"error": "invalid_grant"}
    allowed = await xero.call("GET", "Contacts", Authorization=f"Bearer {granted['access_token']}")
    refused = await xero.call("GET", "Invoices", Authorization=f"Bearer {granted['access_token']}")
    assert (allowed.status_code, refused.status_code) == (200, 401)
    assert "insufficient_scope" in refused.headers["www-authenticate"]


async def test_read_scopes_read_and_granular_scopes_write(xero: Xero) -> None:
    identity = xero.organisation.identity
    read = identity.grant("accounting.contacts.read accounting.invoices.read accounting.payments")
    headers = {"Authorization": f"Bearer {read['access_token']}"}
    assert (await xero.call("GET", "Contacts", **headers)).status_code == 200
    assert (await xero.call("PUT", "Contacts", {"Name": "x"}, **headers)).status_code == 401
    assert (await xero.call("GET", "CreditNotes", **headers)).status_code == 200
    assert (await xero.call("PUT", "Payments", {}, **headers)).status_code == 400


async def test_other_grants(xero: Xero) -> None:
    custom = (await ask(xero, grant_type="client_credentials")).json()
    assert "refresh_token" not in custom
    assert (await ask(xero, grant_type="password")).json() == {"error": "unsupported_grant_type"}
    wrong = await xero.http.post(f"{BASE}/connect/token", data={"client_id": "x", "client_secret": "y"})
    assert wrong.json() == {"error": "invalid_client"}
    bad = {"Authorization": "Basic " + base64.b64encode(b"\xff").decode()}
    assert (await xero.http.post(f"{BASE}/connect/token", headers=bad)).status_code == 400


async def test_pkce_needs_no_secret(xero: Xero) -> None:
    code = xero.organisation.identity.authorise("offline_access")
    form = {"grant_type": "authorization_code", "code": code, "client_id": xero.organisation.identity.client_id}
    assert (await xero.http.post(f"{BASE}/connect/token", data=form)).status_code == 400
    reply = await xero.http.post(f"{BASE}/connect/token", data={**form, "code_verifier": "v"})
    assert reply.status_code == 200


async def test_disconnecting_an_organisation(xero: Xero) -> None:
    listed = (await xero.http.get(f"{BASE}/connections", headers=xero.headers)).json()
    path = f"{BASE}/connections/{listed[0]['id']}"
    assert (await xero.http.delete(path, headers=xero.headers)).status_code == 204
    assert (await xero.http.delete(path, headers=xero.headers)).status_code == 404
    assert (await xero.http.post(f"{BASE}/connections", headers=xero.headers)).status_code == 405
    assert (await xero.call("GET", "Organisation")).status_code == 403


def test_the_same_story_gives_the_same_ids() -> None:
    one, two = Organisation(), Organisation()
    assert [one.new_id() for _ in range(3)] == [two.new_id() for _ in range(3)]
    assert one.new_id() not in {Organisation("Another").new_id() for _ in range(4)}


async def test_unknown_doors(xero: Xero) -> None:
    for path in ("/", "/connect/nothing", "/connections/a/b"):
        assert (await xero.http.get(BASE + path)).status_code == 404
