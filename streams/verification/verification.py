"""The verification: a won deal becomes an invoice, the invoice is paid, and both sides agree to the cent.

In: both accounts, the contract's recipe. Out: steps. Each is looked at on the platform where it has to show, and never
on our topics: what is verified is what people see.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.contract import Contract
from schemas.instants import business_day
from schemas.money import exact, plain
from schemas.names import Entity
from streams.verification import figures
from streams.verification.books import Books
from streams.verification.portal import Portal
from streams.verification.recipe import Recipe
from streams.verification.steps import Walk

Row = dict[str, Any]


@dataclass(slots=True)
class Verification:
    """One run on both accounts."""

    walk: Walk
    portal: Portal
    books: Books
    contract: Contract
    recipe: Recipe
    clock: Callable[[], datetime]

    @property
    def number(self) -> str:
        """The invoice's."""
        return f"{self.walk.run.prefix}{self.walk.run.made['hubspot/deal']}"

    async def play(self, account: Row) -> None:
        """Make, wait, pay, wait.

        Raises:
            Stopped: a step did not come; what was made is in the run.
        """
        await self._made()
        invoice = await self._billed()
        await self._shown("hubspot shows the invoice", invoice)
        await self._paid(invoice, account)

    async def _made(self) -> None:
        run, portal = self.walk.run, self.portal
        async with self.walk.step("hubspot: company, contact and product are made") as said:
            await self._make("company", lambda: portal.company(run, self.recipe))
            await self._make("contact", lambda: portal.contact(run))
            await self._make("product", lambda: portal.product(run))
            said.append(run.name)
        async with self.walk.step("hubspot: the deal is made and won") as said:
            await self._make("deal", lambda: portal.deal(run, self.recipe, self.contract.base_currency))
            await self._make("line_item", lambda: portal.line(run, self.recipe))
            await self.walk.pacing.ask(lambda: portal.win(run, self.recipe))
            said.append(f"stage {self.recipe.stage}")

    async def _make(self, kind: str, make: Callable[[], Awaitable[str]]) -> None:
        self.walk.made(f"hubspot/{kind}", await self.walk.pacing.ask(make))

    async def _billed(self) -> Row:
        """The invoice in Xero, posted."""
        walk, books, run = self.walk, self.books, self.walk.run

        async def look() -> tuple[Row | None, str]:
            return await books.invoice(self.number), f"Xero has no invoice {self.number}"

        async with walk.step("xero: Revmark has made the invoice") as said:
            invoice = await walk.pacing.until(look)
            walk.made("xero/invoice", str(invoice["InvoiceID"]))
            walk.made("xero/contact", str(invoice["Contact"]["ContactID"]))
            if (item := await walk.pacing.ask(lambda: books.item(run))) is not None:
                walk.made("xero/item", str(item["ItemID"]))
            self._agree(figures.of_invoice(invoice, self.recipe, self.contract.base_currency))
            said.append(f"{self.number} of {plain(exact(invoice['Total']))} {invoice.get('CurrencyCode')}")
        if self.recipe.drafted:
            async with walk.step("xero: the draft is posted, as finance would"):
                await walk.pacing.ask(lambda: books.post_invoice(run.made["xero/invoice"]))
                invoice = await walk.pacing.until(look)
        return invoice

    async def _paid(self, invoice: Row, account: Row) -> None:
        walk, books, run = self.walk, self.books, self.walk.run
        day = max(business_day(self.clock(), self.contract.timezone), str(invoice.get("DateString") or "")[:10])
        async with walk.step("xero: the invoice is paid") as said:
            walk.made("xero/payment", await walk.pacing.ask(lambda: books.pay(run, invoice, account, day)))
            said.append(f"to {account.get('Code') or account.get('Name')}")
            paid = await walk.pacing.ask(lambda: books.invoice(self.number)) or invoice
            self._agree(figures.of_invoice(paid, self.recipe, self.contract.base_currency))
        await self._shown("hubspot shows it paid, and the balance", paid, paid=True)

    async def _shown(self, name: str, invoice: Row, *, paid: bool = False) -> None:
        """Wait until HubSpot shows what Xero states."""
        if not any(self.recipe.fields.values()):
            return
        async with self.walk.step(name) as said:
            wanted = figures.expected(invoice, self.recipe, paid=paid)
            seen = await self.walk.pacing.until(lambda: shown(self.walk, self.portal, wanted))
            said.append(f"{seen} figures agree")

    def _agree(self, differences: list[figures.Difference]) -> None:
        if differences:
            raise figures.Disagreement("; ".join(map(str, differences)), code="differs")


async def shown(walk: Walk, portal: Portal, wanted: dict[Entity, dict[str, Any]]) -> tuple[int | None, str]:
    """How many figures agree once all do, else which do not yet."""
    run = walk.run
    records: dict[Entity, Row] = {}
    for entity in (Entity.DEAL, Entity.COMPANY):
        if entity in wanted:
            records[entity] = await portal.shown(entity.value, run.made[f"hubspot/{entity.value}"]) or {}
    if Entity.INVOICE in wanted:
        mirror = await portal.mirror(run.made["xero/invoice"])
        if mirror is None:
            return None, "HubSpot has no record of the invoice"
        if run.made.get("hubspot/invoice") != mirror[0]:
            walk.made("hubspot/invoice", mirror[0])
        records[Entity.INVOICE] = mirror[1]
    fields = {
        entity: {name: properties.get(portal.property_of(entity, name) or "") for name in wanted[entity]}
        for entity, properties in records.items()
    }
    differences = figures.of_hubspot(fields, wanted)
    if differences:
        return None, "; ".join(map(str, differences))
    return sum(map(len, wanted.values())), ""
