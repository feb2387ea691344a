import asyncio
from collections import Counter

import httpx

from sandbox.clock import VirtualClock
from sandbox.xero.app import create_app
from sandbox.xero.limits import MINUTE, Limits, Window
from sandbox.xero.organisation import Organisation
from tests.unit.sandbox_xero.conftest import BASE, Xero


async def limited(xero: Xero, **limits: int) -> None:
    reply = await xero.http.post(f"{BASE}/_sandbox/settings", json=limits)
    assert reply.status_code == 200, reply.text


async def test_the_minute_empties_and_refills(xero: Xero) -> None:
    await limited(xero, minute_limit=3)
    for left in (2, 1, 0):
        assert (await xero.call("GET", "Organisation")).headers["X-MinLimit-Remaining"] == str(left)
    xero.clock.move(33.5)
    reply = await xero.call("GET", "Organisation")
    assert (reply.status_code, reply.content) == (429, b"")
    assert "content-type" not in reply.headers
    assert (reply.headers["X-Rate-Limit-Problem"], reply.headers["Retry-After"]) == ("minute", "27")
    assert reply.headers["X-MinLimit-Remaining"] == "0"
    xero.clock.move(26.5)
    assert (await xero.call("GET", "Organisation")).status_code == 200


async def test_the_day_limit_names_itself(xero: Xero) -> None:
    await limited(xero, day_limit=1)
    assert (await xero.call("GET", "Organisation")).headers["X-DayLimit-Remaining"] == "0"
    reply = await xero.call("GET", "Organisation")
    assert (reply.headers["X-Rate-Limit-Problem"], reply.headers["Retry-After"]) == ("day", "86400")


async def test_refused_calls_cost_nothing_and_errors_do(xero: Xero) -> None:
    await limited(xero, minute_limit=2)
    assert (await xero.call("GET", "Invoices/none")).headers["X-MinLimit-Remaining"] == "1"
    assert (await xero.call("PUT", "Contacts", {})).headers["X-MinLimit-Remaining"] == "0"
    for _ in range(3):
        assert (await xero.call("GET", "Organisation")).status_code == 429
    assert (await xero.call("GET", "Organisation")).headers["X-DayLimit-Remaining"] == "4998"


async def test_people_have_no_quota(xero: Xero) -> None:
    await limited(xero, minute_limit=1)
    await xero.call("GET", "Organisation")
    assert (await xero.call("GET", f"{BASE}/_sandbox/people/api.xro/2.0/Organisation")).status_code == 200


async def test_five_at_once(xero: Xero) -> None:
    replies = await asyncio.gather(*(xero.call("GET", "Organisation") for _ in range(8)))
    assert Counter(reply.status_code for reply in replies) == {200: 5, 429: 3}
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in refused.headers
    assert (await xero.call("GET", "Organisation")).status_code == 200


async def test_two_organisations_share_the_app_minute_and_nothing_else() -> None:
    clock = VirtualClock()
    one = Organisation("One", clock=clock, app_minute_limit=3)
    two = Organisation("Two", clock=clock)
    app = create_app(one, clock=clock, others=[two])
    token = one.credentials()["access_token"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as http:

        async def ask(organisation: Organisation) -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}", "xero-tenant-id": organisation.tenant_id,
                       "Accept": "application/json"}  # fmt: skip
            return await http.get("/api.xro/2.0/Organisation", headers=headers)

        assert (await ask(one)).json()["Organisations"][0]["Name"] == "One"
        second = await ask(two)
        assert second.json()["Organisations"][0]["Name"] == "Two"
        assert (second.headers["X-MinLimit-Remaining"], second.headers["X-AppMinLimit-Remaining"]) == ("59", "1")
        await ask(one)
        assert (await ask(two)).headers["X-Rate-Limit-Problem"] == "appminute"


def test_a_window_that_never_opened_waits_a_second() -> None:
    clock = VirtualClock()
    assert Window(0, MINUTE).wait(clock.now()) == 1
    limits = Limits(minute=0, day=1, concurrent=1, app=Window(1, MINUTE))
    refusal = limits.enter(clock.now())
    assert refusal is not None
    assert (refusal.problem, refusal.retry_after) == ("minute", 1)
