"""Cleaning: everything that carries a run's mark is taken away again, as far as each platform lets it.

In: a run, perhaps one that was cut short. Out: steps, and what is left. Invariants: what is removed carries the mark;
each removal may be asked for twice; the deal goes first where it is not billed yet, so that no bill follows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from schemas.errors import RevmarkError
from schemas.names import Entity
from streams.verification import figures
from streams.verification.books import Books
from streams.verification.pacing import Overdue, Pacing
from streams.verification.portal import MARKS, Portal
from streams.verification.recipe import Recipe
from streams.verification.run import Run
from streams.verification.steps import Step, Stopped, Walk
from streams.verification.verification import shown

Row = dict[str, Any]
INDEXED = 10.0  # seconds after which HubSpot's search knows what was made just before the run was cut short
SETTLING = 20.0  # seconds in which an invoice still comes that was asked for before its deal was deleted


@dataclass(slots=True)
class Cleaning:
    """Takes one run's records away. `left` says of each role why it is still there."""

    walk: Walk
    portal: Portal
    books: Books
    recipe: Recipe | None
    """What HubSpot has to show once workers have brought it there; None: it is not waited for."""

    left: dict[str, str] = field(default_factory=dict)
    found: dict[str, list[str]] = field(default_factory=dict)

    async def clean(self) -> None:
        """Find, void, wait, delete.

        Raises:
            Stopped: not even what there is could be found.
        """
        await self._find()
        invoice = await self._invoice()
        if invoice is None:
            await self._delete("deal")
            invoice = await self._late()
        if invoice is not None:
            await self._mirrored(invoice)
            await self._void(invoice)
        await self._deleted()
        await self._put_away()

    async def _find(self) -> None:
        """What a lost answer or a kill has left out of the run's file is found by its mark."""
        walk, run = self.walk, self.walk.run
        async with walk.step("what carries the mark is looked for") as said:
            for kind, by_name in (await marked(self.portal, run, walk.pacing)).items():
                known = run.left.get(f"hubspot/{kind}")
                self.found[kind] = list(dict.fromkeys([*([known] if known else []), *by_name]))
                if self.found[kind] and not known:
                    walk.made(f"hubspot/{kind}", self.found[kind][0])
            contact = await walk.pacing.ask(partial(self.books.contact, run))
            archived = contact is None or contact.get("ContactStatus") == "ARCHIVED"
            self._note("xero/contact", None if archived else contact, "ContactID")
            self._note("xero/item", await walk.pacing.ask(partial(self.books.item, run)), "ItemID")
            said.append(f"{len(run.left)} records")

    def _note(self, role: str, row: Row | None, key: str) -> None:
        """What is there of a role, and what is gone already."""
        if row is not None:
            self.walk.made(role, str(row[key]))
        elif role in self.walk.run.left:
            self.walk.gone(role)

    async def _invoice(self) -> Row | None:
        """The run's invoice, voided or not, if it was made."""
        deal = self.walk.run.made.get("hubspot/deal")
        if deal is None:
            return None
        number = f"{self.walk.run.prefix}{deal}"
        invoice = await self._asked(f"xero: invoice {number}", lambda: self.books.invoice(number))
        if invoice is None:
            return None
        if (invoice.get("Contact") or {}).get("Name") != self.walk.run.name:
            self.left["xero/invoice"] = f"{number} is of another customer, and was not touched"
            return None
        self.walk.made("xero/invoice", str(invoice["InvoiceID"]))
        return invoice

    async def _late(self) -> Row | None:
        """An invoice that was on its way while its deal was deleted; without workers none is."""
        if self.recipe is None or "hubspot/deal" not in self.walk.run.made:
            return await self._invoice()
        return await self.walk.pacing.awhile(self._invoice, SETTLING)

    async def _mirrored(self, invoice: Row) -> None:
        """HubSpot's record of the invoice, which workers may be about to make: a void one might not be shown at all."""
        walk, role = self.walk, "hubspot/invoice"
        if role in walk.run.left:
            return

        async def look() -> tuple[str | None, str]:
            mirror = await self.portal.mirror(str(invoice["InvoiceID"]))
            return (None, "HubSpot has no record of the invoice") if mirror is None else (mirror[0], "")

        expected = self.recipe is not None and self.recipe.fields[Entity.INVOICE]
        if not expected or invoice.get("Status") == "VOIDED":
            found, _ = await walk.pacing.ask(look)
            if found is not None:
                walk.made(role, found)
            return
        with suppress(Stopped):
            async with walk.step("hubspot shows the invoice"):
                walk.made(role, await walk.pacing.until(look))

    async def _void(self, invoice: Row) -> None:
        """Payment, then invoice; then HubSpot has to say so as well."""
        walk, books = self.walk, self.books
        if invoice.get("Status") == "VOIDED":
            walk.gone("xero/invoice")
            return
        for payment in await books.payments(walk.run, invoice):
            walk.made("xero/payment", payment)
            await self._remove("xero/payment", "xero: the payment is removed", partial(books.unpay, payment))
        if "xero/payment" in self.left:
            self.left["xero/invoice"] = "its payment has to be removed before"
            return
        standing = await self._asked("xero: the invoice", lambda: books.invoice(str(invoice["InvoiceNumber"])))
        void = standing or invoice
        await self._remove("xero/invoice", "xero: the invoice is voided", lambda: books.void(void))
        there = {"hubspot/invoice", "hubspot/deal", "hubspot/company"} <= walk.run.left.keys()
        if self.recipe is not None and there and "xero/invoice" not in self.left:
            await self._followed(str(invoice["InvoiceNumber"]), self.recipe)

    async def _followed(self, number: str, recipe: Recipe) -> None:
        """HubSpot shows the void; where it does not in time, that is said and the cleaning goes on."""
        walk = self.walk

        async def look() -> tuple[int | None, str]:
            invoice = await self.books.invoice(number)
            if invoice is None:
                return 0, ""
            return await shown(walk, self.portal, figures.expected(invoice, recipe, paid=False))

        with suppress(Stopped):
            async with walk.step("hubspot shows the void, and the balance") as said:
                said.append(f"{await walk.pacing.until(look)} figures agree")

    async def _deleted(self) -> None:
        """HubSpot's records, what belongs to another first."""
        if (mirror := self.walk.run.left.get("hubspot/invoice")) is not None:
            self.found["invoice"] = [mirror]
        for kind in ("invoice", *MARKS):
            await self._delete(kind)

    async def _delete(self, kind: str) -> None:
        ids = self.found.pop(kind, [])
        if ids:
            named = f"hubspot: the {kind.replace('_', ' ')} is deleted"
            await self._remove(f"hubspot/{kind}", named, lambda: self.portal.delete(kind, ids))

    async def _put_away(self) -> None:
        left = self.walk.run.left
        if (contact := left.get("xero/contact")) is not None:
            await self._remove("xero/contact", "xero: the contact is archived", lambda: self.books.archive(contact))
        if (item := left.get("xero/item")) is not None:
            await self._remove("xero/item", "xero: the item is deleted", lambda: self.books.remove(item))

    async def _remove(self, role: str, name: str, remove: Callable[[], Awaitable[None]]) -> None:
        """Take one thing away; what is refused stays, with the reason, and its neighbours go all the same."""
        at = self.walk.pacing.begin()
        try:
            await self.walk.pacing.ask(remove)
        except (RevmarkError, Overdue) as error:
            self.left[role] = str(error)
            self.walk.done(Step(name, ok=False, seconds=round(self.walk.pacing.since(at), 1), detail=str(error)))
            return
        self.walk.gone(role)
        self.walk.done(Step(name, ok=True, seconds=round(self.walk.pacing.since(at), 1)))

    async def _asked(self, name: str, ask: Callable[[], Awaitable[Row | None]]) -> Row | None:
        """A reading without which nothing is removed.

        Raises:
            Stopped: it cannot be read now.
        """
        at = self.walk.pacing.begin()
        try:
            return await self.walk.pacing.ask(ask)
        except (RevmarkError, Overdue) as error:
            step = Step(name, ok=False, seconds=round(self.walk.pacing.since(at), 1), detail=str(error))
            self.walk.done(step)
            raise Stopped(step) from error


async def marked(portal: Portal, run: Run, pacing: Pacing) -> dict[str, list[str]]:
    """By kind, HubSpot's records that carry the run's mark; what is missing is looked for until search would show it.

    Raises:
        Overdue, Refused, Parked, Unknown: not even what there is could be found.
    """
    found: dict[str, list[str]] = {}

    async def look() -> bool | None:
        for kind in MARKS:
            if not found.get(kind):
                found[kind] = await pacing.ask(partial(portal.find, kind, run))
        return True if all(found.values()) else None

    if not await look():
        with suppress(Overdue):  # what was found until then stands
            await pacing.awhile(look, INDEXED)
    return found
