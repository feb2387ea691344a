"""Vendors as the gateway meets them: signed requests, and a topic that keeps what is produced."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.applications import Starlette

from schemas.command import Command, Poll, Read, Resume, parse_work
from schemas.errors import Transient
from schemas.instants import to_millis
from schemas.wire import encode
from streams.engine.record import Headers
from streams.gateway.app import Gateway, create_app
from streams.gateway.signatures import hubspot_signature, xero_signature
from streams.settings import Settings

START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
SECRET = "hubspot-secret"
KEYS = "xero-key-one,xero-key-two"
PORTAL = "62515"
ORGANISATION = "dd3a3f01-8c61-4c1b-8b2e-1f0d36f4a9d1"
URL = "https://hooks.example"
HUBSPOT = "/webhooks/hubspot"
XERO = "/webhooks/xero"


@dataclass
class Log:
    """A topic in memory; `away` makes it refuse, `slow` makes it hang."""

    records: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    headers: list[Headers] = field(default_factory=list)
    away: bool = False
    slow: bool = False

    async def __call__(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> None:
        if self.slow:
            await asyncio.Event().wait()
        if self.away:
            raise Transient("the broker is away")
        self.records.append((topic, key, value))
        self.headers.append(headers)

    def work(self) -> list[Command | Read | Poll | Resume]:
        return [parse_work(value) for topic, _, value in self.records if ".lanes." in topic]

    def reads(self) -> dict[str, list[str]]:
        return {work.kind: work.record_ids for work in self.work() if isinstance(work, Read)}


@dataclass
class Hand:
    """A clock that is moved by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Callers:
    """Both vendors in front of one gateway."""

    log: Log = field(default_factory=Log)
    clock: Hand = field(default_factory=Hand)
    secret: str = SECRET
    keys: str = KEYS
    portal: str = PORTAL
    prefix: str = "revmark."

    def __post_init__(self) -> None:
        settings = Settings(
            contract=Path("contract.yaml"),
            gateway_url=URL,
            topic_prefix=self.prefix,
            hubspot_client_secret=self.secret,
            hubspot_portal=self.portal,
            xero_webhook_key=self.keys,
            xero_tenant=ORGANISATION,
        )
        self.app: Starlette = create_app(settings, self.log, self.clock)
        self.gateway: Gateway = self.app.state.gateway

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://internal:8080")

    async def send(
        self,
        path: str,
        body: bytes,
        headers: list[tuple[str, str]],
        method: str = "POST",
    ) -> httpx.Response:
        async with self.client() as client:
            return await client.request(method, path, content=body, headers=headers)

    def hubspot_headers(self, body: bytes, uri: str = URL + HUBSPOT) -> list[tuple[str, str]]:
        timestamp = str(to_millis(self.clock.now))
        return [
            ("content-type", "application/json"),
            ("x-hubspot-signature-v3", hubspot_signature(SECRET, "POST", uri, body, timestamp)),
            ("x-hubspot-request-timestamp", timestamp),
        ]

    def xero_headers(self, body: bytes, key: str = "xero-key-one") -> list[tuple[str, str]]:
        return [("content-type", "application/json; charset=utf-8"), ("x-xero-signature", xero_signature(key, body))]

    async def hubspot(self, *events: dict[str, object]) -> int:
        body = encode([{"portalId": int(PORTAL), **event} for event in events])
        return (await self.send(HUBSPOT, body, self.hubspot_headers(body))).status_code

    async def xero(self, *events: dict[str, object], first: int = 1, last: int | None = None) -> int:
        body = encode(
            {
                "events": [{"tenantId": ORGANISATION, "tenantType": "ORGANISATION", **event} for event in events],
                "firstEventSequence": first,
                "lastEventSequence": last if last is not None else first + len(events) - 1,
                "entropy": "S0m3r4Nd0mt3xt",
            }
        )
        return (await self.send(XERO, body, self.xero_headers(body))).status_code
