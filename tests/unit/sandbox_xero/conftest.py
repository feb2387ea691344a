"""One organisation, a virtual clock, and a client that says as little as possible."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.clock import VirtualClock
from sandbox.wire import decode, encode
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation

BASE = "http://xero.test"
API = BASE + "/api.xro/2.0/"


@dataclass
class Xero:
    """What tests talk to."""

    organisation: Organisation
    clock: VirtualClock
    app: Starlette
    http: httpx.AsyncClient
    headers: dict[str, str]

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """One API call; header names are given with underscores."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else encode(body)
        url = path if path.startswith("http") else API + path
        return await self.http.request(method, url, content=content, headers={**self.headers, **more})

    def later(self, seconds: float) -> None:
        """Move the clock and take a fresh token, as the old one may be stale by then."""
        self.clock.move(seconds)
        self.headers["Authorization"] = f"Bearer {self.organisation.credentials()['access_token']}"

    async def get(self, path: str, **headers: str) -> Any:
        """The parsed answer to a read that must succeed."""
        reply = await self.call("GET", path, **headers)
        assert reply.status_code == 200, reply.text
        return decode(reply.content)

    async def save(self, verb: str, path: str, body: object) -> Any:
        """The first record of the answer to a write that must succeed."""
        reply = await self.call(verb, path, body)
        assert reply.status_code == 200, reply.text
        parsed = decode(reply.content)
        return next(value for value in parsed.values() if isinstance(value, list))[0]

    async def refused(self, verb: str, path: str, body: object) -> list[str]:
        """The messages of a write that must be refused whole."""
        reply = await self.call(verb, path, body)
        assert reply.status_code == 400, reply.text
        parsed = decode(reply.content)
        assert parsed["Type"] == "ValidationException", parsed
        return [error["Message"] for element in parsed["Elements"] for error in element["ValidationErrors"]]

    async def contact(self, name: str = "Acme", **more: object) -> str:
        """A new contact's id."""
        return str((await self.save("PUT", "Contacts", {"Name": name, **more}))["ContactID"])

    async def invoice(self, contact_id: str, amount: object = 10, **more: object) -> Any:
        """A new authorised sales invoice of one line, without tax unless told otherwise."""
        return await self.save("PUT", "Invoices", sale(contact_id, amount, **more))

    async def pay(self, invoice_id: str, amount: object, **more: object) -> Any:
        """A payment into the bank."""
        body = {"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": "090"}, "Amount": amount, **more}
        return await self.save("PUT", "Payments", body)


def sale(contact_id: str, amount: object = 10, **more: object) -> dict[str, object]:
    """The body of an authorised sales invoice."""
    line = {"Description": "Seats", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
    return {
        "Type": "ACCREC",
        "Contact": {"ContactID": contact_id},
        "LineItems": [line],
        "Date": "2026-09-01",
        "DueDate": "2026-10-01",
        "Status": "AUTHORISED",
        **more,
    }


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def organisation(clock: VirtualClock) -> Organisation:
    made = Organisation(clock=clock, minute_limit=10_000)
    made.seed_defaults()
    return made


@pytest.fixture
async def xero(organisation: Organisation, clock: VirtualClock) -> AsyncIterator[Xero]:
    app = create_app(organisation, clock=clock)
    credentials = organisation.credentials()
    headers = {
        "Authorization": f"Bearer {credentials['access_token']}",
        "xero-tenant-id": organisation.tenant_id,
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as http:
        yield Xero(organisation, clock, app, http, headers)
