"""An outage to be lived through: the lane in front of a pretend Xero or HubSpot, on one virtual clock.

What the platform was asked is counted outside of ours: from the sandbox's own log, and from the bodies on the wire.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

import httpx

from sandbox.faults import FaultKind
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.hubspot.portal import Portal
from sandbox.log import Call
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from schemas.command import Command
from schemas.names import Entity, Side
from streams.platforms.hubspot.auth import StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.properties import create_properties
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from tests.support.weather import Weather
from tests.support.work import command

__all__ = ["HubSpotWeather", "Lost", "XeroWeather", "lost"]

URL = "http://xero.test"
HUBSPOT = "https://api.hubapi.com"


@dataclass(slots=True)
class Wire(httpx.AsyncBaseTransport):
    """The wire to the sandbox, and the names of what was written over it."""

    inner: httpx.AsyncBaseTransport
    sent: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        path = request.url.path
        if request.method in {"PUT", "POST"} and "/api.xro/" in path:
            (rows,) = json.loads(await request.aread()).values()
            self.sent += [str(row.get("ContactNumber") or row.get("ContactID")) for row in rows]
        elif path.endswith(("/batch/upsert", "/batch/update")):
            self.sent += [str(row["id"]) for row in json.loads(await request.aread())["inputs"]]
        return await self.inner.handle_async_request(request)


class XeroWeather(Weather):
    """One organisation; `minute_calls` is what our client knows of the minute's limit."""

    API = "/api.xro/"

    def __init__(self, *, minute_calls: int = 60, **limits: Any) -> None:
        """Begin in calm."""
        super().__init__()
        self.organisation = Organisation(clock=self.clock, **limits)
        self.organisation.seed_defaults()
        self.app = create_app(self.organisation, clock=self.clock)
        self.wire = Wire(httpx.ASGITransport(app=self.app))
        self.grants: list[Grant] = []
        self.stands(self._client(minute_calls), self.app.state.faults, self.app.state.calls.calls)

    def _client(self, minute_calls: int) -> XeroClient:
        async def load() -> Grant | None:
            return self.grants[-1] if self.grants else None

        async def save(grant: Grant) -> None:
            self.grants.append(grant)

        said = self.organisation.credentials()
        grants = Grants(
            URL, str(said["client_id"]), str(said["client_secret"]), load=load, save=save, clock=self.clock.now,
            first=str(said["refresh_token"]), transport=self.wire,
        )  # fmt: skip
        return XeroClient(
            URL,
            self.organisation.tenant_id,
            grants,
            clock=self.clock.now,
            sleep=self.clock.sleep,
            transport=self.wire,
            minute_calls=minute_calls,
        )

    def asked(self, number: int, at: float, **more: Any) -> Command:
        """A company that is to be made, asked for so many seconds after the start."""
        parts = {"natural_key": f"crm-{number}", "fields": {"name": f"Company {number}"}, "tier": 2} | more
        made = command(number, "create", Entity.COMPANY, at=self.start + timedelta(seconds=at), **parts)
        return self.comes(made, at)

    def made(self) -> list[str]:
        """The companies that the sandbox made, by the number we gave them."""
        return [
            str(each.keys.get("ContactNumber"))
            for each in self.app.state.writes.writes
            if each.action == "create" and each.resource == "Contacts" and each.actor == "api"
        ]


class HubSpotWeather(Weather):
    """One portal, with our properties in it."""

    API = "/crm/"

    def __init__(self, **limits: Any) -> None:
        """Begin in calm; `furnish` first."""
        super().__init__()
        self.portal = Portal(clock=self.clock, **limits)
        self.portal.seed_defaults()
        self.app = create_hubspot(self.portal, clock=self.clock)
        self.wire = Wire(httpx.ASGITransport(app=self.app))
        self.client = HubSpotClient(
            HUBSPOT, "2026-09", StaticToken(self.portal.token), transport=self.wire, clock=self.clock.now,
            sleep=self.clock.sleep,
        )  # fmt: skip

    async def furnish(self) -> HubSpotWeather:
        """Give the portal our properties, and begin a while later."""
        await create_properties(self.client)
        self.clock.move(60)
        self.start = self.clock.now()
        self.portal.calls.calls.clear()
        self.stands(self.client, self.app.state.faults, self.portal.calls.calls)
        return self

    def asked(self, number: int, at: float, **more: Any) -> Command:
        """A company that is to be made, asked for so many seconds after the start."""
        about: dict[str, Any] = {"connection": "main.hubspot", "platform": "hubspot", "side": Side.CRM}
        parts = {"natural_key": f"erp-{number}", "fields": {"name": f"Company {number}"}, "tier": 2}
        moment = self.start + timedelta(seconds=at)
        return self.comes(command(number, "create", Entity.COMPANY, at=moment, **(about | parts | more)), at)

    def made(self) -> list[str]:
        """The companies that the sandbox made, by the contact that they are of."""
        return [
            str(each.keys.get("xero_contact_id"))
            for each in self.portal.writes.writes
            if each.action == "create" and each.resource == "companies" and each.actor == "api"
        ]


@dataclass(frozen=True, slots=True)
class Lost:
    """What lost calls came to: `documents` sent for each that was wanted, `looks` the most for one whose answer was."""

    made: int
    twice: int
    applied: int
    struck: int
    documents: float
    looks: int


def named(call: Call) -> list[str]:
    """The companies of ours that a look-up asked for, by the numbers we gave them."""
    listed = re.findall(r'ContactNumber=="([^"]+)"', unquote_plus(call.query))
    return listed or re.findall(r"/Contacts/(crm-\d+)$", call.path)


async def lost(kind: FaultKind, number: int, *, every: float = 1.5, rate: float = 0.1) -> Lost:
    """Let companies be made while a share of the calls is lost, before they are carried out or after."""
    weather = XeroWeather(day_limit=100 * number)
    for each in range(number):
        weather.asked(each, each * every)
    fault = weather.strike(kind, rate=rate, path="Contacts")
    await weather.pass_until_done(number * every + 7200)
    made, sent = weather.made(), len(weather.wire.sent)
    looks = Counter(name for each in weather.calls() if each.method == "GET" for name in named(each))
    return Lost(
        made=len(made),
        twice=len(made) - len(set(made)),
        applied=weather.states().get("applied", 0),
        struck=fault.struck,
        documents=sent / number,
        looks=max(looks.values(), default=0),
    )
