"""Sandbox HubSpots: in this process, for the tests of its surprises, and over TCP, for HubSpot's own Python client."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest
from hubspot import HubSpot

from sandbox.clock import VirtualClock
from sandbox.faults import Faults
from sandbox.hubspot.app import create_app
from sandbox.hubspot.portal import Portal
from sandbox.server import serving
from tests.support.trap import Trap


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def trap(faults: Faults) -> AsyncIterator[Trap]:
    clock = VirtualClock(automatic=True)
    portal = Portal(clock=clock, token="pat-test", client_secret="secret")
    portal.seed_defaults()
    heard: list[Any] = []

    async def receiver(_scope: Any, receive: Any, send: Any) -> None:
        heard.extend(orjson.loads((await receive())["body"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with httpx.AsyncClient(transport=httpx.ASGITransport(receiver)) as hooks:
        app = create_app(portal, clock=clock, faults=faults, webhook_client=hooks)
        app.state.deliverer.target_url = "https://revmark.example.com/hooks/hubspot"
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://hubspot",
            headers={"Authorization": "Bearer pat-test"},
        ) as client:
            trap = Trap(client, portal, clock, app.state.deliverer)
            trap.received = heard
            yield trap


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
def portal(clock: VirtualClock) -> Portal:
    portal = Portal(clock=clock, burst_limit=100_000)
    portal.seed_defaults()
    return portal


@pytest.fixture(scope="module")
def address(portal: Portal, clock: VirtualClock) -> Iterator[str]:
    with serving(create_app(portal, clock=clock)) as url:
        yield url


@pytest.fixture
def client(portal: Portal, address: str, clock: VirtualClock) -> HubSpot:
    clock.move(10)  # search shows what earlier tests wrote, and allows five more
    return HubSpot(access_token=portal.token, host=address, base_url=address)
