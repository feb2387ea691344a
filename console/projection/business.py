"""The business list: what finance wants to see of the whole book, counted from the rows of both sides.

In: the workers' tables as the projection holds them, revenue events, the contract's words. Out: counts, ages and
shares, never an amount: what Prometheus keeps are floats. A record that has left a customer has no present side there,
so that each counts once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from agents.rules.bills import POSTED
from console.projection.intake import instant_text
from console.projection.store import Store
from schemas.contract import Contract
from schemas.instants import business_day, parse_instant
from schemas.money import exact

LOOKED_BACK = timedelta(days=30)  # a month's orders: enough for a quantile, and old enough to see it move
_INVOICES = (
    "SELECT json_extract(body, '$.erp.fields.currency') AS currency,"
    " json_extract(body, '$.erp.fields.amount_due') AS due,"
    " json_extract(body, '$.erp.fields.amount_paid') AS paid, json_extract(body, '$.erp.fields.due_date') AS due_date,"
    " json_extract(body, '$.erp.fields.status') AS status, json_extract(body, '$.related.deal') AS deal,"
    " json_extract(body, '$.crm.ref') IS NOT NULL AND NOT json_extract(body, '$.crm.deleted') AS mirrored"
    " FROM states WHERE drawer = 'accounts.r' AND record >= 'invoice:' AND record < 'invoice;'"
    " AND json_extract(body, '$.erp.ref') IS NOT NULL AND NOT json_extract(body, '$.erp.deleted')"
)
_DEALS = (
    "SELECT key, json_extract(body, '$.crm.fields.stage') AS stage FROM states"
    " WHERE drawer = 'accounts.r' AND record >= 'deal:' AND record < 'deal;'"
    " AND json_extract(body, '$.crm.ref') IS NOT NULL AND NOT json_extract(body, '$.crm.deleted')"
    " AND json_extract(body, '$.marks.historic') IS NULL"
)
_CUSTOMERS = "SELECT key FROM states WHERE drawer = 'accounts.c' AND json_extract(body, '$.erp') IS NOT NULL"
_BILLED = (
    "WITH posted AS (SELECT json_extract(body, '$.deal') AS deal, min(json_extract(body, '$.occurred_at')) AS sent"
    " FROM events WHERE type = 'invoice_posted' GROUP BY 1),"
    # Of an order that was called off, and perhaps wanted again, the last word counts.
    " orders AS (SELECT type, at, json_extract(body, '$.deal') AS of, json_extract(body, '$.occurred_at') AS won,"
    " max(json_extract(body, '$.sequence')) FROM events WHERE type IN ('order_created', 'order_cancelled')"
    " GROUP BY json_extract(body, '$.document'))"
    " SELECT won, sent FROM orders LEFT JOIN posted ON deal = of WHERE type = 'order_created' AND at >= ?"
)


@dataclass(frozen=True, slots=True)
class Book:
    """The posted invoices of one currency. `paid_share`: of what is, or was, to pay, credit off; None: nothing."""

    posted: int = 0
    paid: int = 0
    overdue: int = 0
    paid_share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Business:
    """The whole book at one moment.

    `billing` holds, for each order of the last 30 days that was billed, how long its first invoice took; `unbilled`,
    for each that was not, how long it has waited.
    """

    books: dict[str, Book] = field(default_factory=dict)
    invoices_without_deal: int = 0
    invoices_not_mirrored: int = 0
    won_deals_without_customer: int = 0
    billing: list[timedelta] = field(default_factory=list)
    unbilled: list[timedelta] = field(default_factory=list)


def business(store: Store, contract: Contract, now: datetime) -> Business:
    """Count the book; days are those of the contract's zone."""
    today = business_day(now, contract.timezone)
    rows = [row for row in store.rows(_INVOICES) if row["status"] in POSTED]
    books: dict[str, list[tuple[Decimal, Decimal, str]]] = {}
    for row in rows:
        books.setdefault(row["currency"] or "", []).append(
            (exact(row["paid"] or "0"), exact(row["due"] or "0"), row["due_date"] or "")
        )
    billing: list[timedelta] = []
    unbilled: list[timedelta] = []
    for won, sent in _billed(store, now):
        (unbilled if sent is None else billing).append(max(timedelta(0), (sent or now) - won))
    return Business(
        books={currency: _book(each, today) for currency, each in sorted(books.items())},
        invoices_without_deal=sum(row["deal"] is None for row in rows),
        invoices_not_mirrored=sum(not row["mirrored"] for row in rows),
        won_deals_without_customer=_strangers(store, contract),
        billing=sorted(billing),
        unbilled=sorted(unbilled),
    )


def quantile(times: list[timedelta], share: float) -> timedelta | None:
    """The time that this share of the sorted `times` does not exceed; None: there are none."""
    return times[min(len(times) - 1, int(share * len(times)))] if times else None


def _book(invoices: list[tuple[Decimal, Decimal, str]], today: str) -> Book:
    paid = sum((each[0] for each in invoices), Decimal(0))
    due = sum((each[1] for each in invoices), Decimal(0))
    return Book(
        posted=len(invoices),
        paid=sum(each[1] == 0 for each in invoices),
        overdue=sum(each[1] > 0 and each[2] < today for each in invoices if each[2]),
        paid_share=paid / (paid + due) if paid + due > 0 else None,
    )


def _strangers(store: Store, contract: Contract) -> int:
    """Won deals whose customer the ERP does not know: nobody can be billed for them."""
    known = {row["key"].removeprefix("accounts|c|") for row in store.rows(_CUSTOMERS)}
    won = (row["key"].removeprefix("accounts|r|") for row in store.rows(_DEALS) if contract.timing.won(row["stage"]))
    return sum(key.rpartition("|")[0] not in known for key in won)


def _billed(store: Store, now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """When each recent order was won, and when its first invoice stood in the ERP's books."""
    for row in store.rows(_BILLED, [instant_text(now - LOOKED_BACK)]):
        yield parse_instant(row["won"]), parse_instant(row["sent"]) if row["sent"] else None
