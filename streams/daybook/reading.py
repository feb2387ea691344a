"""Reading: everything of one day that both sides have to be compared by, put on the spool.

In: both daybooks, a day. Out: a full spool, and what could not be read. Invariants: a document of the day on one side
is looked for on the other whatever day that has it on; an invoice that was paid or credited on the day is read as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from schemas.audit import Paper
from schemas.errors import Parked, Refused, RevmarkError, Transient
from streams.daybook.spool import Spool
from streams.platforms.hubspot.daybook import Daybook as Portal
from streams.platforms.xero.daybook import Daybook as Books
from streams.platforms.xero.kinds import CREDIT_NOTE, INVOICE, OVERPAYMENT, PAYMENT, PREPAYMENT, Kind

WORDS = {
    CREDIT_NOTE: "credit notes",
    PAYMENT: "payments and refunds",
    PREPAYMENT: "prepayments",
    OVERPAYMENT: "overpayments",
}


@dataclass(slots=True)
class Outcome:
    """What came of a reading: `gaps` were not read, and totals are without them."""

    gaps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def read(day: str, books: Books, portal: Portal | None, spool: Spool) -> Outcome:
    """Read a day; without a portal only the ERP's side.

    Raises:
        Transient: the invoices of one side could not be read, so that nothing can be compared.
    """
    outcome = Outcome()
    sides = [_books(day, books, spool, outcome)]
    if portal is not None:
        sides.append(_take("hubspot", portal.of_day(day), spool))
    await asyncio.gather(*sides)
    await _take("xero", books.named("IDs", spool.wanted("invoices")), spool)
    if portal is not None:
        await _take("xero", books.named("InvoiceNumbers", spool.wanted("numbers")), spool)
        await _take("hubspot", portal.named(spool.wanted("mirrors")), spool)
        if portal.passed:
            outcome.notes.append(f"{portal.passed} invoices of HubSpot's own are no record of Xero's: not compared")
    unread = {**books.unread, **(portal.unread if portal is not None else {})}
    spool.drop(unread)  # what stands on the other side is not missing: nobody can say
    outcome.gaps += unread.values()
    return outcome


async def _books(day: str, books: Books, spool: Spool, outcome: Outcome) -> None:
    await _take("xero", books.of_day(INVOICE, day), spool)
    for kind in WORDS:
        try:
            await _take("xero", books.of_day(kind, day), spool)
        except RevmarkError as error:  # the invoices can be compared all the same
            outcome.gaps.append(_gap(kind, error))


def _gap(kind: Kind, error: RevmarkError) -> str:
    return f"Xero's {WORDS[kind]} could not be read ({error.message.rstrip('.')}): they are not counted"


async def _take(platform: str, pages: AsyncIterator[list[Paper]], spool: Spool) -> None:
    try:
        async for papers in pages:
            spool.put(papers)
    except (Parked, Refused) as error:
        raise Transient(f"{platform} cannot be read: {error.message}. Nothing was written", code=error.code) from error
