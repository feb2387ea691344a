"""Payments as HubSpot shows them against Xero's own: what is missing, there twice, or of another amount or state.

In: HubSpot's records, on its own object or another, and Xero's money, as `earned.money` has it. Out: every
difference, with the payment. Nothing of ours is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.support.earned import LIVE, REFUNDS

Row = Mapping[str, Any]
KEY = "xero_payment_id"
RECEIVED, REFUNDED, REVERSED = {"succeeded", "received"}, {"refunded"}, {"failed", "reversed"}


def unlike(shown: Iterable[Row], payments: Iterable[Row]) -> Iterator[str]:
    """Where records and payments differ."""
    held: dict[str, Row] = {}
    for row in shown:
        name = str(row[KEY])
        if name in held:
            yield f"payment {name} has two records"
        held[name] = row
    for paper in payments:
        row, live = held.pop(paper["PaymentID"], None), paper["Status"] in LIVE
        if row is not None:
            yield from _alike(paper, row, live=live)
        elif live:
            yield f"payment {paper['PaymentID']} of {paper['Amount']} is not shown"
    yield from (f"payment {name} is in nobody's books" for name in held)


def _alike(paper: Row, row: Row, *, live: bool) -> Iterator[str]:
    name, gross = paper["PaymentID"], Decimal(paper["Amount"])
    back = paper.get("PaymentType") in REFUNDS
    states = (REFUNDED if back else RECEIVED) if live else REVERSED
    worth = (-gross if back else gross) if live else Decimal(0)
    status, paid = _one(row, "hs_latest_status", "revmark_status"), _one(row, "hs_initial_amount", "revmark_paid")
    if status not in states:
        yield f"payment {name} is {status}, not {' or '.join(sorted(states))}"
    if Decimal(row["revmark_amount"]) != worth or Decimal(paid) != gross:
        yield f"payment {name} of {gross} is shown as {paid}, and comes to {row['revmark_amount']}, not {worth}"
    refunded = Decimal(_one(row, "hs_refunds_amount", "revmark_refunded"))
    if refunded != (gross if back else 0):
        yield f"payment {name} is shown with {refunded} refunded"
    if row["revmark_date"] != f"{paper['Date']}"[:10]:
        yield f"payment {name} is of {paper['Date']}, and is shown on {row['revmark_date']}"


def _one(row: Row, *names: str) -> str:
    return next(str(row[name]) for name in names if row.get(name))
