"""Both pretend platforms with a day of many invoices in them, served over TCP, and what was planted there.

In: how many. Out: addresses and credentials, as settings of Revmark. The platforms hold in one process what they would
in theirs; what reads them is another, so that its memory is its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from console.sandboxes import as_settings
from sandbox.clock import SystemClock
from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.hubspot.portal import DAY_LIMIT, Portal
from sandbox.hubspot.quota import BURST, Quota
from sandbox.server import serving
from sandbox.wire import decode, encode
from sandbox.xero.app import create_app as xero_app
from sandbox.xero.organisation import Organisation
from streams.platforms.hubspot.auth import StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.limits import BATCH
from streams.platforms.hubspot.properties import create_properties
from streams.platforms.hubspot.reading import chunks
from tests.volume.ledgers import price

NIGHT = "2025-11-20"  # of a day that has passed on every machine
PLENTY = 10**9  # calls, while the books are made: nobody waits for that
PAID = 10  # every so manieth invoice is paid in part on the day
SPOILT = 997  # every so manieth mirror has another total; a prime, so that it meets every place on a page
LOST = 1499  # every so manieth invoice has no mirror
VERSION = "2026-09"


@dataclass
class Ledger:
    """A day's books. `planted`: what is wrong with an invoice, by its number; every so manieth is."""

    invoices: int
    spoilt: int = SPOILT
    lost: int = LOST
    planted: dict[str, str] = field(default_factory=dict)
    documents: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    async def fill(self, hubspot: httpx.AsyncClient, xero: httpx.AsyncClient) -> None:
        """Enter the invoices in Xero, and their mirrors in HubSpot, all but those that are planted as missing."""
        contact = (await _asked(xero, "PUT", "/_sandbox/people/Contacts", {"Name": "Harakeke"}))["Contacts"][0]
        for some in chunks(range(self.invoices), BATCH):
            made = await _asked(xero, "PUT", "/_sandbox/people/Invoices", {
                "Invoices": [_invoice(contact["ContactID"], number) for number in some],
            })  # fmt: skip
            rows = list(zip(some, made["Invoices"], strict=True))
            paid = [row for number, row in rows if not number % PAID]
            await _asked(xero, "PUT", "/_sandbox/people/Payments", {"Payments": [_payment(row) for row in paid]})
            mirrors = [self._mirror(number, row) for number, row in rows if not self._plant(number, row)]
            await _asked(hubspot, "POST", f"/crm/objects/{VERSION}/invoices/batch/create", {
                "inputs": [{"properties": each, "associations": []} for each in mirrors],
            })  # fmt: skip
            self.documents += len(rows) + len(paid) + len(mirrors)

    def _plant(self, number: int, row: dict[str, Any]) -> bool:
        """Note what is wrong with an invoice; whether it has no mirror."""
        lost = number % self.lost == self.lost - 1
        if lost or self._spoilt(number):
            self.planted[row["InvoiceNumber"]] = "missing" if lost else "amount"
        return lost

    def _spoilt(self, number: int) -> bool:
        return number % self.spoilt == self.spoilt - 1

    def _mirror(self, number: int, row: dict[str, Any]) -> dict[str, str]:
        total, paid = row["Total"], "0" if number % PAID else "1.00"
        return {
            "xero_invoice_id": row["InvoiceID"], "revmark_invoice_number": row["InvoiceNumber"],
            "hs_invoice_date": NIGHT, "hs_currency": row["CurrencyCode"],
            "revmark_total": "0.01" if self._spoilt(number) else str(total), "revmark_invoice_status": "posted",
            "revmark_amount_due": str(total if number % PAID else total - 1), "revmark_amount_paid": paid,
            "revmark_amount_credited": "0", "hs_invoice_billable": "false",
        }  # fmt: skip


def _invoice(contact: str, number: int) -> dict[str, Any]:
    line = {"Description": "Honey", "Quantity": "1", "UnitAmount": price(number), "AccountCode": "200",
            "TaxType": "NONE"}  # fmt: skip
    return {
        "Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": contact}, "Date": NIGHT, "DueDate": NIGHT,
        "InvoiceNumber": f"INV-{number:06}", "LineItems": [line],
    }  # fmt: skip


def _payment(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "090"}, "Date": NIGHT, "Amount": "1.00",
    }  # fmt: skip


async def _asked(client: httpx.AsyncClient, method: str, path: str, body: Any) -> Any:
    reply = await client.request(method, path, content=encode(body), headers={"Content-Type": "application/json"})
    assert reply.is_success, f"{path}: {reply.status_code} {reply.text[:500]}"
    said = decode(reply.content)
    assert not isinstance(said, dict) or not said.get("errors"), said
    return said


@contextmanager
def served(ledger: Ledger) -> Iterator[Ledger]:
    """Make a day's books, then answer within the platforms' own limits."""
    clock = SystemClock()
    portal = Portal(clock=clock, search_lag=0, burst_limit=PLENTY, day_limit=PLENTY)
    organisation = Organisation(clock=clock)
    portal.seed_defaults()
    organisation.seed_defaults()
    ways = hubspot_app(portal, clock=clock), xero_app(organisation, clock=clock)
    asyncio.run(_filled(ledger, portal, *ways))
    portal.quota = Quota(clock, BURST, DAY_LIMIT, portal.time_zone)
    with serving(ways[0]) as hubspot, serving(ways[1]) as xero:
        known = {
            "hubspot": {"url": hubspot, **portal.credentials()},
            "xero": {"url": xero, **organisation.credentials()},
        }
        ledger.settings = as_settings(known)
        yield ledger


async def _filled(ledger: Ledger, portal: Portal, hubspot: Any, xero: Any) -> None:
    through = httpx.ASGITransport(hubspot)
    client = HubSpotClient("http://hubspot", VERSION, StaticToken(portal.token), transport=through)
    await create_properties(client)
    token = {"Authorization": f"Bearer {portal.token}"}
    async with (
        httpx.AsyncClient(transport=through, base_url="http://hubspot", headers=token) as sales,
        httpx.AsyncClient(transport=httpx.ASGITransport(xero), base_url="http://xero") as finance,
    ):
        await ledger.fill(sales, finance)
