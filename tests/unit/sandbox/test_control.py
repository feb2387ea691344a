import asyncio

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.faults import Faults
from sandbox.hubspot.portal import Portal

BASE = "/crm/objects/2026-09/companies"


async def test_calls_and_writes_are_told_apart_by_actor(hubspot: httpx.AsyncClient) -> None:
    made = (await hubspot.post(BASE, json={"properties": {"name": "A", "domain": "a.com"}})).json()
    await hubspot.patch(f"/_sandbox/people/companies/{made['id']}", json={"properties": {"name": "B"}})
    await hubspot.post(f"/_sandbox/tamper/companies/{made['id']}", json={"properties": {"name": "C"}})
    await hubspot.get(f"{BASE}/404")
    writes = (await hubspot.get("/_sandbox/writes")).json()
    assert [(w["sequence"], w["actor"], w["action"]) for w in writes] == [
        (1, "api", "create"),
        (2, "person", "update"),
        (3, "tamper", "update"),
    ]
    assert writes[0]["keys"] == {"domain": "a.com"}
    assert writes[0]["body"] == {"name": "A", "domain": "a.com"}
    mine = (await hubspot.get("/_sandbox/writes", params={"actor": "api"})).json()
    assert [(w["resource"], w["id"]) for w in mine] == [("companies", made["id"])]
    calls = (await hubspot.get("/_sandbox/calls")).json()
    assert [(c["method"], c["status"]) for c in calls] == [("POST", 201), ("GET", 404)]
    assert len((await hubspot.get("/_sandbox/calls", params={"since": "1"})).json()) == 1


async def test_refused_writes_are_not_in_the_log(hubspot: httpx.AsyncClient) -> None:
    await hubspot.post(BASE, json={"properties": {"nonsense": "A"}})
    await hubspot.post(f"{BASE}/batch/create", json={"inputs": [{"properties": {"name": "A"}}, {}]})
    assert (await hubspot.get("/_sandbox/writes")).json() == []


async def test_faults_over_http(hubspot: httpx.AsyncClient, faults: Faults) -> None:
    wanted = {"kind": "status", "path": "companies", "times": 1, "params": {"status": 429}}
    made = await hubspot.post("/_sandbox/faults", json=wanted)
    assert made.status_code == 201
    assert (await hubspot.get("/_sandbox/faults")).json()[0]["kind"] == "status"
    refused = await hubspot.get(BASE)
    assert (refused.status_code, refused.json()["errorType"]) == (429, "RATE_LIMIT")
    assert (await hubspot.get(BASE)).status_code == 200
    assert (await hubspot.delete("/_sandbox/faults", params={"id": made.json()["id"]})).status_code == 204
    assert (await hubspot.delete("/_sandbox/faults", params={"id": "99"})).status_code == 404
    await hubspot.post("/_sandbox/faults", json={"kind": "latency", "rate": 0.5})
    assert (await hubspot.delete("/_sandbox/faults")).status_code == 204
    assert faults.listing() == []
    assert (await hubspot.post("/_sandbox/faults", json={"kind": "lightning"})).status_code == 400
    assert (await hubspot.post("/_sandbox/faults", json={})).status_code == 400


async def test_statuses_come_with_the_vendors_bodies(hubspot: httpx.AsyncClient) -> None:
    seen = {}
    for status in (423, 477, 500, 503, 418):
        fault = {"kind": "status", "times": 1, "params": {"status": status}}
        await hubspot.post("/_sandbox/faults", json=fault)
        seen[status] = await hubspot.get(BASE)
    assert {status: reply.status_code for status, reply in seen.items()} == {s: s for s in seen}
    assert seen[477].headers["retry-after"] == "60"
    assert seen[503].headers["content-type"].startswith("text/html")
    assert seen[500].json()["correlationId"]


async def test_the_clock_can_be_seen_and_moved(hubspot: httpx.AsyncClient, clock: VirtualClock) -> None:
    before = (await hubspot.get("/_sandbox/clock")).json()["now"]
    await hubspot.post("/_sandbox/clock", json={"seconds": 60})
    assert (await hubspot.get("/_sandbox/clock")).json()["now"] > before
    assert clock.now().minute == 1


async def test_the_state_shows_everything(hubspot: httpx.AsyncClient, portal: Portal) -> None:
    made = (await hubspot.post(BASE, json={"properties": {"name": "A"}})).json()
    state = (await hubspot.get("/_sandbox/state")).json()
    assert state["objects"]["companies"][0]["properties"]["name"] == "A"
    assert state["objects"]["companies"][0]["id"] == made["id"]
    assert state["portal_id"] == portal.portal_id


async def test_webhooks_can_be_aimed_and_drained(hubspot: httpx.AsyncClient) -> None:
    aimed = await hubspot.post("/_sandbox/webhooks", json={"target_url": "http://127.0.0.1:9/"})
    assert aimed.json()["target_url"] == "http://127.0.0.1:9/"
    await hubspot.post("/_sandbox/webhooks", json={"target_url": None})
    await hubspot.post(BASE, json={"properties": {"name": "A"}})
    assert (await hubspot.post("/_sandbox/drain")).json() == {"drained": True, "pending": 0}
    assert (await hubspot.get("/_sandbox/webhooks")).json()["counts"]["unsubscribed"] >= 1


async def test_latency_before_or_after_the_write(hubspot: httpx.AsyncClient, clock: VirtualClock) -> None:
    for after, count in ((False, 0), (True, 1)):
        fault = {"kind": "latency", "method": "POST", "times": 1, "params": {"seconds": 30, "after": after}}
        await hubspot.post("/_sandbox/faults", json=fault)
        call = asyncio.create_task(hubspot.post(BASE, json={"properties": {"name": "A"}}))
        await asyncio.sleep(0.05)
        assert not call.done()
        assert len((await hubspot.get("/_sandbox/writes")).json()) == count
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await clock.advance(30)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "calls?since=yesterday", None),
        ("GET", "writes?since=1.5", None),
        ("DELETE", "faults?id=all", None),
        ("POST", "faults", b"[1]"),
        ("POST", "webhooks", b'"http://127.0.0.1"'),
        ("POST", "drain", b'{"timeout_seconds": "long"}'),
        ("POST", "clock", b"{}"),
        ("POST", "clock", b"{"),
    ],
)
async def test_a_request_that_cannot_be_read_is_told_so(
    hubspot: httpx.AsyncClient, method: str, path: str, body: bytes | None
) -> None:
    answer = await hubspot.request(method, f"/_sandbox/{path}", content=body)
    assert answer.status_code == 400
    assert answer.json()["message"]
