"""What HubSpot shows of revenue, payments and orders, against Xero's books and the attribution in the base currency.

Flows in: a world at rest, the projection of its topics. Flows out: every difference, with its document or its month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from agents.rules.attribution import attribute
from console.attributing import converted, days
from console.earning import postings
from console.projection.store import Store
from schemas.contract.touches import Basis
from tests.lives.life import REVENUE
from tests.lives.world import LivesWorld
from tests.support import ordered, receipted
from tests.support.earned import money, unlike

DEAL, ORDER = "0-3", "0-123"  # HubSpot's object types


def shown_differences(world: LivesWorld, store: Store) -> Iterator[str]:
    """Documents have what they earned in HubSpot, payments and orders records, and a month what the report says."""
    rows: list[dict[str, Any]] = [row["properties"] for row in world.platforms.records(REVENUE["custom"])]
    base = world.contract.base_currency
    shelves = {
        "invoice": world.platforms.invoices(), "credit_note": world.platforms.shelf("CreditNotes"),
        "payment": money(world.platforms.shelf),
    }  # fmt: skip
    yield from unlike(rows, shelves, base)
    receipts = [row["properties"] for row in world.platforms.records("commerce_payments")]
    yield from receipted.unlike(receipts, shelves["payment"])
    yield from _orders(world)
    months: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        months[row["revmark_date"][:7], row["revmark_basis"]] += Decimal(row["revmark_base_amount"] or 0)
    found, _ = converted(postings(store, world.contract, "product"), base)
    bases: tuple[Basis, Basis] = ("posted", "cash")
    for month in sorted({month for month, _ in months} | {each.day[:7] for each in found}):
        for basis in bases:
            made = attribute(found, basis, *days(month))
            whole = sum((each.net for each in made.totals), Decimal(0))
            if whole != months[month, basis]:
                yield f"{month} {basis} {base}: {months[month, basis]} in HubSpot, {whole} attributed"


def _orders(world: LivesWorld) -> Iterator[str]:
    """Each order has a record of what its bills come to, and each deal that is billed has an order."""
    both, portal = world.platforms, world.platforms.portal
    words = {row["id"]: row["properties"].get("revmark_order_status") for row in both.records("deals")}
    said, rows, bills = {deal: each for deal, each in words.items() if each}, both.records("orders"), both.invoices()
    deals = {
        row["properties"][ordered.KEY]: str(deal)
        for row in rows
        for deal in portal.associations.ids((ORDER, int(row["id"])), DEAL)
    }
    yield from ordered.unlike([row["properties"] for row in rows], deals, said, bills)
    numbers = (ordered.NUMBER.fullmatch(each["InvoiceNumber"]) for each in bills)
    billed = {number[1] for number in numbers if number}
    yield from (f"deal {deal} is billed, and no order of it is shown" for deal in sorted(billed - {*deals.values()}))
