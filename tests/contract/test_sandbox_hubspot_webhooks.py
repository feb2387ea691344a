"""Webhooks over TCP, judged by HubSpot's own client."""

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from hubspot.utils.signature import Signature
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import SystemClock
from sandbox.hubspot.app import create_app
from sandbox.hubspot.portal import Portal
from sandbox.server import serving

Received = list[tuple[httpx.Headers, bytes]]
DAY = 1 / 86_400  # a day of retries in about a second


@pytest.fixture
def received() -> Received:
    return []


@pytest.fixture
def answers() -> list[int]:
    return []


@pytest.fixture
def target(received: Received, answers: list[int]) -> Iterator[str]:
    async def hook(request: Request) -> Response:
        received.append((httpx.Headers(request.headers.raw), await request.body()))
        return Response(status_code=answers.pop(0) if answers else 204)

    with serving(Starlette(routes=[Route("/hooks/hubspot", hook, methods=["POST"])])) as url:
        yield url + "/hooks/hubspot?tenant=a%2Cb"


@pytest.fixture
def client(target: str) -> Iterator[httpx.Client]:
    clock = SystemClock()
    portal = Portal(clock=clock, token="pat-test", client_secret="secret")
    portal.seed_defaults()
    with (
        serving(create_app(portal, clock=clock, retry_scale=DAY)) as url,
        httpx.Client(base_url=url, headers={"Authorization": "Bearer pat-test"}) as client,
    ):
        client.post("/_sandbox/webhooks", json={"target_url": target})
        yield client


def events(received: Received) -> list[Any]:
    return [event for _, body in received for event in orjson.loads(body)]


def test_the_vendors_client_finds_the_signature_valid(client: httpx.Client, received: Received, target: str) -> None:
    client.post("/_sandbox/people/companies", json={"properties": {"name": "Ünïcode & Söhne"}})
    assert client.post("/_sandbox/drain").json()["drained"]
    headers, body = received[0]
    assert headers["content-type"] == "application/json"
    decoded = target.replace("%2C", ",")  # the SDK does not decode the address, as the guide says to
    arguments = ("secret", body.decode(), decoded, "POST", "v3", headers["x-hubspot-request-timestamp"])
    assert Signature.is_valid(headers["x-hubspot-signature-v3"], *arguments)
    assert Signature.is_valid(headers["x-hubspot-signature"], "secret", body.decode(), target, "POST", "v1")


def test_a_batch_is_told_in_arrays_of_at_most_a_hundred(client: httpx.Client, received: Received) -> None:
    inputs = [{"properties": {"name": f"Firm {number}", "city": "X"}} for number in range(100)]
    made = client.post("/crm/objects/2026-09/companies/batch/create", json={"inputs": inputs}).json()
    assert client.post("/_sandbox/drain").json()["drained"]
    told = events(received)
    assert len(told) == 300
    assert max(len(orjson.loads(body)) for _, body in received) == 100
    ids = {str(event["objectId"]) for event in told if event["subscriptionType"] == "company.creation"}
    assert ids == {each["id"] for each in made["results"]}


def test_a_failure_is_told_again_with_the_attempt_counted(
    client: httpx.Client, received: Received, answers: list[int]
) -> None:
    answers += [503, 404]
    client.post("/_sandbox/people/companies", json={"properties": {"name": "A"}})
    assert client.post("/_sandbox/drain").json()["drained"]
    assert [orjson.loads(body)[0]["attemptNumber"] for _, body in received] == [0, 1, 2]
    first, last = (orjson.loads(body) for _, body in (received[0], received[-1]))
    assert [event["eventId"] for event in first] == [event["eventId"] for event in last]
    counts = client.get("/_sandbox/webhooks").json()["counts"]
    assert (counts["failed_attempts"], counts["delivered"]) == (2, 2)


def test_lost_webhooks_are_lost(client: httpx.Client, received: Received) -> None:
    client.post("/_sandbox/faults", json={"kind": "webhook_lose", "path": "creation", "times": 1})
    client.post("/_sandbox/people/companies", json={"properties": {"name": "A"}})
    client.post("/_sandbox/drain")
    assert [event["subscriptionType"] for event in events(received)] == ["company.propertyChange"]
