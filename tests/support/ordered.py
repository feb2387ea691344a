"""Orders as HubSpot shows them against both platforms: what is missing, there twice, or billed otherwise.

In: HubSpot's records of orders, on its own object or another, what each order's deal says of itself, and Xero's
invoices, as the platforms keep them. Out: every difference, with the deal. Nothing of ours is asked: bills are found by
their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
KEY, SUBSCRIPTION_KEY = "revmark_order_key", "revmark_subscription_key"
NUMBER = re.compile(r"RM-([0-9]+)(?:-[0-9]+)?(?:\.[0-9]+)?")  # a part's, and what is added to a period's
GONE = {"VOIDED", "DELETED"}
SUMS = {"revmark_billed": "Total", "revmark_paid": "AmountPaid", "revmark_due": "AmountDue"}
OFF, HELD, WHOLE = "called off", ("held: ", "invoice refused: "), ("running: ", "paused: ", "ended: ")


def standing(invoices: Iterable[Row], deal: str) -> list[Row]:
    """A deal's bills that were neither voided nor deleted."""
    found = ((row, NUMBER.fullmatch(row["InvoiceNumber"])) for row in invoices if row["Status"] not in GONE)
    return [row for row, number in found if number and number[1] == deal]


def unlike(shown: Iterable[Row], orders: Mapping[str, str], said: Mapping[str, str], books: list[Row]) -> Iterator[str]:
    """Where records and platforms differ.

    `orders`: the deal of each order's key; `said`: what deals say of themselves, of those that can; `books`: invoices.
    """
    held: dict[str, Row] = {}
    for row in shown:
        name = str(row[KEY])
        if name in held:
            yield f"order {name} has two records"
        held[name] = row
    for name, deal in orders.items():
        record, bills = held.pop(name, None), standing(books, deal)
        if record is None:
            yield f"the order of deal {deal} is not shown"
            continue
        yield from _billed(deal, record, bills)
        if deal in said:
            yield from _alike(deal, record, bills, said[deal])
    yield from (f"order {name} is nobody's" for name in held)


def _billed(deal: str, record: Row, bills: list[Row]) -> Iterator[str]:
    numbers, named = sorted(row["InvoiceNumber"] for row in bills), record.get("revmark_bills") or ""
    if sorted(named.split(", ") if named else []) != numbers:
        yield f"the order of deal {deal} names {named or 'no bills'}, and {numbers} stand"
    for name, stated in SUMS.items():
        whole = sum((Decimal(str(row[stated])) for row in bills), Decimal(0))
        if Decimal(record[name]) != whole:
            yield f"the order of deal {deal} shows {name} of {record[name]}, and it is {whole}"


def _alike(deal: str, record: Row, bills: list[Row], words: str) -> Iterator[str]:
    status = _status(bills, words)
    if record["revmark_order_status"] != status:
        yield f"the order of deal {deal} is {record['revmark_order_status']}, and it is {status}: {words}"
    if record["revmark_order_detail"] != words:
        yield f"the order of deal {deal} says {record['revmark_order_detail']!r}, and its deal {words!r}"


def _status(bills: list[Row], words: str) -> str:
    """How far an order is, by what its deal says and its bills."""
    if words.startswith(OFF):
        return "cancelled"
    if words.startswith(HELD):
        return "held"
    if not bills:
        return "ordered"
    if words != "created" and not words.startswith(WHOLE):
        return "part_billed"
    return "paid" if {row["Status"] for row in bills} == {"PAID"} else "billed"
