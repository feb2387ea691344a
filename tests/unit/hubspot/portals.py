"""A sandbox portal and the client in front of it, on one virtual clock."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from sandbox.clock import VirtualClock
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.hubspot.app import create_app
from sandbox.hubspot.portal import Portal
from schemas.command import Command
from streams.platforms.hubspot.auth import Auth, OAuthGrant, StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.properties import create_properties
from streams.platforms.hubspot.shapes import SHAPES, Shape
from streams.platforms.interface import Page, Seen, Written

BASE = "https://api.hubapi.com"
VERSION = "2026-09"


@dataclass
class World:
    """One portal, one client, one clock; time passes only in sleeps and when told."""

    settings: dict[str, Any] = field(default_factory=dict)
    oauth: bool = False
    skew_hours: int = 0  # our clock minus HubSpot's
    shapes: dict[str, Shape] = field(default_factory=lambda: SHAPES)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(automatic=True)
        self.portal = Portal(clock=self.clock, **self.settings)
        self.portal.seed_defaults()
        self.faults = Faults()
        self.app = create_app(self.portal, clock=self.clock, faults=self.faults)
        self.transport = httpx.ASGITransport(app=self.app)
        self.kept: list[str] = []
        self.client = HubSpotClient(
            BASE,
            VERSION,
            self.auth(),
            transport=self.transport,
            clock=lambda: self.clock.now() + timedelta(hours=self.skew_hours),
            sleep=self.clock.sleep,
            shapes=self.shapes,
        )
        self.browser = httpx.AsyncClient(transport=self.transport, base_url=BASE)

    def auth(self) -> Auth:
        if not self.oauth:
            return StaticToken(self.portal.token)

        async def keep(token: str) -> None:
            self.kept.append(token)

        return OAuthGrant(
            self.portal.access.client_id,
            self.portal.client_secret,
            self.portal.access.grant.refresh_token,
            base_url=BASE,
            version=VERSION,
            clock=self.clock.now,
            transport=self.transport,
            keep=keep,
        )

    async def furnish(self) -> "World":
        """Give the portal our properties."""
        await create_properties(self.client)
        return self

    async def person(self, path: str, method: str = "POST", **body: Any) -> dict[str, Any]:
        """Let somebody do something in HubSpot's own pages."""
        answer = await self.browser.request(method, f"/_sandbox/people/{path}", json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    async def made(self, kind: str, **properties: str) -> str:
        """A record that a person made; its id."""
        return str((await self.person(kind, properties=properties))["id"])

    async def edited(self, kind: str, record: str, **properties: str) -> None:
        """A person changes a record."""
        await self.person(f"{kind}/{record}", "PATCH", properties=properties)

    def fault(self, kind: FaultKind, path: str, method: str = "POST", times: int | None = 1, **params: object) -> Fault:
        return self.faults.add(Fault(kind, method, path, times=times, params=params))

    def calls(self, part: str = "") -> list[str]:
        """The API calls so far."""
        return [f"{call.method} {call.path}" for call in self.portal.calls.calls if part in call.path]

    def later(self, seconds: float = 60) -> None:
        """Let time pass, so that search has caught up."""
        self.clock.move(seconds)

    async def write(self, *commands: Command) -> list[Written]:
        return await self.client.write(commands)

    async def written(self, one: Command) -> Written:
        (answer,) = await self.client.write([one])
        return answer

    async def one(self, kind: str, record: str) -> Seen:
        (seen,) = await self.client.read(kind, [record])
        return seen

    async def pages(self, kind: str, cursor: str | None = None, *, sweep: bool = False) -> list[Page]:
        return [page async for page in self.client.poll(kind, cursor, sweep=sweep)]

    async def polled(self, kind: str, cursor: str | None = None, *, sweep: bool = False) -> tuple[list[Seen], str]:
        pages = await self.pages(kind, cursor, sweep=sweep)
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        return [seen for page in pages for seen in page.records], pages[-1].cursor
