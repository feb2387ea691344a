"""One organisation of the pretend Xero, its people, and our client, on one virtual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from sandbox.clock import VirtualClock
from sandbox.faults import Fault, FaultKind
from sandbox.wire import decode, encode
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from streams.platforms.interface import Page, Seen
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants

URL = "http://xero.test"


@dataclass
class Store:
    """Where grants are kept: a list, newest last."""

    grants: list[Grant] = field(default_factory=list)

    async def load(self) -> Grant | None:
        return self.grants[-1] if self.grants else None

    async def save(self, grant: Grant) -> None:
        self.grants.append(grant)


@dataclass
class Rig:
    """What tests talk to."""

    organisation: Organisation
    clock: VirtualClock
    app: Starlette
    people: httpx.AsyncClient
    store: Store
    client: XeroClient
    make: Callable[..., XeroClient]

    async def act(self, method: str, path: str, body: object = None) -> Any:
        """What a person does at the screen; the first record of the answer."""
        content = None if body is None else encode(body)
        reply = await self.people.request(method, f"/_sandbox/people/{path}", content=content)
        assert reply.is_success, reply.text
        if not reply.content:
            return None
        return next(value for value in decode(reply.content).values() if isinstance(value, list))[0]

    async def contact(self, name: str = "Acme", **more: object) -> str:
        return str((await self.act("PUT", "Contacts", {"Name": name, **more}))["ContactID"])

    async def invoice(self, contact_id: str, amount: object = 10, **more: object) -> str:
        line = {"Description": "Seats", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
        body = {
            "Type": "ACCREC", "Contact": {"ContactID": contact_id}, "LineItems": [line], "Date": "2026-09-01",
            "DueDate": "2026-10-01", "Status": "AUTHORISED", **more,
        }  # fmt: skip
        return str((await self.act("PUT", "Invoices", body))["InvoiceID"])

    async def pay(self, invoice_id: str, amount: object, **more: object) -> str:
        body = {"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": "090"}, "Amount": amount, **more}
        return str((await self.act("PUT", "Payments", body))["PaymentID"])

    async def group(self, *contact_ids: str, name: str = "Credit hold") -> str:
        there = (decode((await self.people.get("/_sandbox/people/ContactGroups")).content))["ContactGroups"]
        found = next((each for each in there if each["Name"] == name), None)
        made = str((found or await self.act("PUT", "ContactGroups", {"Name": name}))["ContactGroupID"])
        await self.join(made, *contact_ids)
        return made

    async def join(self, group: str, *contact_ids: str) -> None:
        if contact_ids:
            body = {"Contacts": [{"ContactID": each} for each in contact_ids]}
            await self.act("PUT", f"ContactGroups/{group}/Contacts", body)

    async def pages(
        self, kind: str, cursor: str | None = None, *, sweep: bool = False, missed: bool = False
    ) -> list[Page]:
        return [page async for page in self.client.poll(kind, cursor, sweep=sweep, missed=missed)]

    async def polled(
        self, kind: str, cursor: str | None = None, *, sweep: bool = False, missed: bool = False
    ) -> tuple[list[Seen], str]:
        pages = await self.pages(kind, cursor, sweep=sweep, missed=missed)
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        return [each for page in pages for each in page.records], pages[-1].cursor

    def calls(self, method: str | None = None) -> list[str]:
        """Paths with their queries, as they came in."""
        made = [call for call in self.app.state.calls.calls if method in {None, call.method}]
        return [f"{call.path}?{call.query}" for call in made if "/api.xro/" in call.path]

    def strike(self, kind: FaultKind, times: int | None = 1, path: str = "api.xro", **params: object) -> None:
        self.app.state.faults.add(Fault(kind, path=path, times=times, params=params))


@asynccontextmanager
async def opened(clock: VirtualClock) -> AsyncIterator[Rig]:
    """An organisation, its people and our client, for the time of a test."""
    organisation = Organisation(clock=clock)
    organisation.seed_defaults()
    app = create_app(organisation, clock=clock)
    transport = httpx.ASGITransport(app=app)
    store = Store()
    credentials = organisation.credentials()
    grants = Grants(
        URL, str(credentials["client_id"]), str(credentials["client_secret"]), load=store.load, save=store.save,
        clock=clock.now, first=str(credentials["refresh_token"]), transport=transport,
    )  # fmt: skip

    def make(
        through: httpx.AsyncBaseTransport = transport,
        wait: Callable[[float], Awaitable[None]] = clock.sleep,
        **more: Any,
    ) -> XeroClient:
        return XeroClient(URL, organisation.tenant_id, grants, clock=clock.now, sleep=wait, transport=through, **more)

    client = make()
    async with httpx.AsyncClient(transport=transport, base_url=URL) as people:
        yield Rig(organisation, clock, app, people, store, client, make)
    await client.close()
