"""A pretend HubSpot in this process, on a clock that stands still."""

from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.faults import Faults
from sandbox.hubspot.app import create_app
from sandbox.hubspot.portal import Portal


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def portal(clock: VirtualClock) -> Portal:
    portal = Portal(clock=clock, token="pat-test", client_secret="secret")
    portal.seed_defaults()
    return portal


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def hubspot(portal: Portal, clock: VirtualClock, faults: Faults) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(portal, clock=clock, faults=faults)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://hubspot",
        headers={"Authorization": "Bearer pat-test"},
    ) as client:
        yield client
