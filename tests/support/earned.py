"""Records of revenue in HubSpot against Xero's own books: what is missing, too much, or of another amount.

In: HubSpot's records, Xero's invoices, credit notes and money, as the platforms keep them. Out: every difference,
with the document. Nothing of ours is asked; an amount is the sum of a document's records, however it is split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = Mapping[str, Any]
KEY, ERP_PARTS = "revmark_revenue_key", 3  # of a key: xero, the kind, the ERP's id; then its part and its share
IDS = {"invoice": "InvoiceID", "credit_note": "CreditNoteID", "payment": "PaymentID"}
TYPES = {"invoice": "ACCREC", "credit_note": "ACCRECCREDIT"}
ADVANCES = {"Prepayments": "PrepaymentID", "Overpayments": "OverpaymentID"}
LIVE = {"AUTHORISED", "PAID"}
CENT = Decimal("0.01")


def money(shelf: Callable[[str], Iterable[Row]]) -> list[Row]:
    """All money of sales: Xero's payments, and what came before an invoice or beyond it in the form of one."""
    found = [*shelf("Payments")]
    for kind, key in ADVANCES.items():
        rows = (row for row in shelf(kind) if row["Type"].startswith("RECEIVE"))
        found += [{**row, "PaymentID": row[key], "Amount": row["Total"]} for row in rows]
    return found


def unlike(shown: Iterable[Row], shelves: Mapping[str, Iterable[Row]], base: str) -> Iterator[str]:
    """Where records and books differ; `shelves` are Xero's, by our word for what is on them."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    bases: defaultdict[str, Decimal] = defaultdict(Decimal)
    held: dict[str, Row] = {}
    for row in shown:
        name = ":".join(str(row[KEY]).split(":")[1:ERP_PARTS])
        held.setdefault(name, row)
        sums[name] += Decimal(row["revmark_amount"] or 0)
        bases[name] += Decimal(row["revmark_base_amount"] or 0)
        if row["revmark_status"] == "void" and Decimal(row["revmark_amount"] or 0):
            yield f"{name} is void and worth {row['revmark_amount']}"
    for kind, rows in shelves.items():
        for paper in rows:
            name, worth = f"{kind}:{paper[IDS[kind]]}", _worth(kind, paper)
            if worth != sums.pop(name, Decimal(0)):
                yield f"{name} is worth {worth}, and its records come to another amount"
            elif worth:
                yield from _alike(name, paper, held[name], base, worth, bases[name])
    yield from (f"{name} is in nobody's books and comes to {amount}" for name, amount in sums.items() if amount)


def _worth(kind: str, paper: Row) -> Decimal:
    if paper["Status"] not in LIVE:
        return Decimal(0)
    if kind == "payment":
        return Decimal(paper["Amount"]) * (-1 if paper.get("PaymentType") in REFUNDS else 1)
    return Decimal(paper["Total"]) * (-1 if kind == "credit_note" else 1)


REFUNDS = {"ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT"}


def _alike(name: str, paper: Row, shown: Row, base: str, worth: Decimal, in_base: Decimal) -> Iterator[str]:
    """Day, currency, and what it comes to in the base currency, at the document's own rate."""
    if shown["revmark_date"] != f"{paper['Date']}"[:10]:
        yield f"{name} is of {paper['Date']}, and is shown on {shown['revmark_date']}"
    currency = paper.get("CurrencyCode") or shown["revmark_currency"]
    if shown["revmark_currency"] != currency or shown["revmark_base_currency"] != base:
        yield f"{name} is in {currency}, and is shown in {shown['revmark_currency']}"
    rate = Decimal(shown["revmark_rate"] or 0) if currency != base else Decimal(1)
    # What is allocated is converted part by part: each may be off by half a cent.
    by_part = name.startswith("credit_note") or "Total" in paper
    slack = CENT * 20 if by_part and not name.startswith("invoice") and rate != 1 else Decimal(0)
    if rate and abs(in_base - (worth / rate).quantize(CENT, ROUND_HALF_UP)) > slack:
        yield f"{name} comes to {in_base} {base}, not {worth} at {rate}"
