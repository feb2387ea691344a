"""A sandbox HubSpot and the few calls that tests of its surprises make all the time."""

from typing import Any

import httpx

from sandbox.clock import VirtualClock
from sandbox.delivery import Deliverer
from sandbox.hubspot.portal import Portal

__all__ = ["BASE", "Trap"]

BASE = "/crm/objects/2026-09"


class Trap:
    """A portal, a client of it, and the few calls the tests make all the time."""

    def __init__(self, client: httpx.AsyncClient, portal: Portal, clock: VirtualClock, deliverer: Deliverer) -> None:
        self.client = client
        self.portal = portal
        self.clock = clock
        self.deliverer = deliverer
        self.received: list[Any] = []

    async def make(self, kind: str, associations: list[Any] | None = None, **values: object) -> str:
        body = {"properties": values, "associations": associations or []}
        reply = await self.client.post(f"{BASE}/{kind}", json=body)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    async def batch(self, kind: str, verb: str, *inputs: object, **more: object) -> httpx.Response:
        return await self.client.post(f"{BASE}/{kind}/batch/{verb}", json={"inputs": list(inputs), **more})

    async def search(self, kind: str, *filters: object, **more: object) -> httpx.Response:
        body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}
        return await self.client.post(f"{BASE}/{kind}/search", json=body)

    async def set(self, kind: str, record_id: str, **values: object) -> httpx.Response:
        return await self.client.patch(f"{BASE}/{kind}/{record_id}", json={"properties": values})

    async def get(self, kind: str, record_id: str, **params: str) -> Any:
        reply = await self.client.get(f"{BASE}/{kind}/{record_id}", params=params)
        assert reply.status_code == 200, reply.text
        return reply.json()
