"""Both pretend platforms with finance's documents in them, and daybooks in front: books to count, and to spoil.

In: invoices, payments, credits as finance enters them, and mirrors as Revmark writes them. Out: what the daybooks read.
Nobody of Revmark is at work here, so what is spoilt stays so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.clock import VirtualClock
from sandbox.hubspot.definitions import choices
from sandbox.wire import decode
from schemas.audit import Paper
from schemas.names import Side
from streams.daybook.patience import Patience
from streams.daybook.reading import Outcome, read
from streams.daybook.spool import PART, Spool
from streams.platforms.hubspot.api import Api
from streams.platforms.hubspot.auth import StaticToken
from streams.platforms.hubspot.daybook import Daybook as Portal
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.xero.daybook import Daybook as Books
from tests.support.contracts import shipped
from tests.unit.hubspot.portals import BASE, VERSION, World
from tests.unit.xero.organisations import Rig, opened

NIGHT = "2026-11-20"
MIRROR = {
    "InvoiceNumber": "revmark_invoice_number", "CurrencyCode": "hs_currency", "Total": "revmark_total",
    "AmountDue": "revmark_amount_due", "AmountPaid": "revmark_amount_paid", "AmountCredited": "revmark_amount_credited",
    "InvoiceID": "xero_invoice_id",
}  # fmt: skip
STATUS = {"AUTHORISED": "posted", "PAID": "paid", "VOIDED": "voided", "DELETED": "deleted", "DRAFT": "draft"}


@dataclass
class Night:
    """One evening in the office."""

    rig: Rig
    world: World
    books: Books
    portal: Portal
    folder: Path

    async def customer(self, name: str) -> str:
        """A customer in Xero."""
        return await self.rig.contact(name)

    async def sell(self, customer: str, amount: str, currency: str = "NZD", **more: Any) -> str:
        """Finance posts an invoice; its id."""
        return await self.rig.invoice(customer, amount, **{"CurrencyCode": currency, "Date": NIGHT, **more})

    async def pay(self, invoice: str, amount: str, **more: Any) -> str:
        """A customer pays."""
        return await self.rig.pay(invoice, amount, **{"Date": NIGHT, **more})

    async def credit(self, customer: str, invoice: str, amount: str, currency: str = "NZD") -> str:
        """Finance credits a part of an invoice; the credit note's id."""
        line = {"Description": "Goodwill", "Quantity": "1", "UnitAmount": amount, "TaxType": "NONE",
                "AccountCode": "200"}  # fmt: skip
        note = await self.rig.act("PUT", "CreditNotes", {
            "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": customer}, "Date": NIGHT,
            "CurrencyCode": currency, "LineItems": [line],
        })  # fmt: skip
        allocation = {"Amount": amount, "Date": NIGHT, "Invoice": {"InvoiceID": invoice}}
        await self.rig.act("PUT", f"CreditNotes/{note['CreditNoteID']}/Allocations", allocation)
        return str(note["CreditNoteID"])

    async def stated(self, invoice: str) -> dict[str, Any]:
        """An invoice as Xero shows it."""
        reply = await self.rig.people.get(f"/_sandbox/people/Invoices/{invoice}")
        (row,) = decode(reply.content)["Invoices"]
        return dict(row)

    async def mirrored(self, invoice: str, **wrong: str) -> str:
        """HubSpot's record of an invoice, as Revmark writes it."""
        row = await self.stated(invoice)
        shown = {to: str(row[name]) for name, to in MIRROR.items()}
        shown |= {"hs_invoice_date": row["DateString"][:10], "revmark_invoice_status": STATUS[row["Status"]]}
        return await self.world.made("invoices", hs_invoice_billable="false", **{**shown, **wrong})

    def later(self, seconds: float = 7200) -> None:
        """Let time pass, on both platforms."""
        self.rig.clock.move(seconds)
        self.world.later(seconds)

    async def read(self, day: str = NIGHT, part: int = PART) -> tuple[list[Paper], list[Paper], Outcome]:
        """Both sides' documents, as an audit gets them."""
        spool = Spool(self.folder)
        try:
            outcome = await read(day, self.books, self.portal, spool)
            crm: list[Paper] = []
            erp: list[Paper] = []
            for left, right in spool.parts(part):
                assert {each.side for each in left} <= {Side.CRM}
                crm, erp = crm + left, erp + right
            return crm, erp, outcome
        finally:
            spool.close()


@asynccontextmanager
async def office(folder: Path, *, page_size: int = 1000) -> AsyncIterator[Night]:
    """Both platforms, empty, for the time of a test."""
    world = await World().furnish()
    held = world.portal.dictionary.find(world.portal.catalogue.get("invoices"), "hs_currency")
    assert held is not None
    held.options = [*held.options, *choices(["KWD"])]  # as an administrator adds a currency to a portal
    async with opened(VirtualClock(automatic=True)) as rig:
        for name in ("JPY", "KWD", "EUR", "AUD", "USD"):
            if name not in rig.organisation.enabled_currencies():
                await rig.act("PUT", "Currencies", {"Code": name})
        patient = Patience(rig.clock.now, rig.clock.sleep)
        api = Api(
            BASE, VERSION, StaticToken(world.portal.token), clock=world.clock.now, sleep=world.clock.sleep,
            transport=world.transport,
        )  # fmt: skip
        waits = Patience(world.clock.now, world.clock.sleep)
        books = Books(rig.client.connection, patient, page_size=page_size)
        yield Night(rig, world, books, Portal(api, shapes_of(shipped()), waits, base_currency="NZD"), folder)
        await api.close()
        await world.client.close()
        await world.browser.aclose()
