"""I24: who adds up revenue events has what Xero's books hold: cash, what is invoiced, is open, and was paid out.

In: the topic `revenue`, with the signs of the example reader; Xero's invoices, credit notes, payments, money in advance
and allocations. Customers of whom the first reading showed a document have an opening balance that no event tells.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.xero.balances import amount_due
from tests.simulation.checks.showing import PAPERS, owners
from tests.simulation.witness import Row, Witness
from tests.support.earned import ADVANCES, IDS, LIVE, REFUNDS, money

READER = Path(__file__).parents[3] / "docs/consumers/revenue.py"
Sums = defaultdict[tuple[str, ...], Decimal]
# What is told of an invoice changes what is open of it: posted it is due, paid and credited it is less.
OPENED = {"credit_allocated": -1, "allocation_removed": 1}
# What a refund names that it gives back, by Xero's type of the refund.
PAID_OUT = {
    "ARCREDITPAYMENT": "credit_note", "AROVERPAYMENTPAYMENT": "overpayment", "ARPREPAYMENTPAYMENT": "prepayment",
}  # fmt: skip


def _signs() -> Callable[[Mapping[str, Any]], tuple[int, int]]:
    """The signs of the example reader: whether an event adds to what is booked, and to what is collected."""
    found = importlib.util.spec_from_file_location("reader", READER)
    assert found is not None
    assert found.loader is not None
    reader = importlib.util.module_from_spec(found)
    found.loader.exec_module(reader)
    signs: Callable[[Mapping[str, Any]], tuple[int, int]] = reader.signs
    return signs


SIGNS = _signs()


def misadded(witness: Witness) -> list[str]:
    """Sums of events that are not what Xero's books hold at rest."""
    whose = dict(owners(witness))
    known = {whose.get(each) for each in _history(witness)}
    told, held = _told(witness, whose), _held(witness, whose)
    return [
        f"{' '.join(place)}: events come to {told[place]}, Xero's books to {held[place]}"
        for place in sorted(told.keys() | held.keys())
        if told[place] != held[place] and place[1] not in known
    ]


def _history(witness: Witness) -> Iterator[str]:
    """Ids of what the first reading showed."""
    for row in witness.read(witness.topics.facts):
        if row["type"] == "fact" and row["first"] and row["side"] == "erp":
            yield row["ref"].rpartition("/")[2]


def _told(witness: Witness, whose: Mapping[str, str]) -> Sums:
    sums, seen = Sums(Decimal), set[str]()
    for event in witness.read(witness.topics.revenue):
        if event["id"] in seen or event["money"] is None or "erp" not in event["refs"]:
            continue
        seen.add(event["id"])
        _count(sums, event, whose)
    return sums


def _count(sums: Sums, event: Row, whose: Mapping[str, str]) -> None:
    key = event["refs"]["erp"].rpartition("/")[2]
    (booked, collected), customer = SIGNS(event), whose.get(key, "nobody")
    of = key if event["document"].startswith("invoice:") else event["refs"].get("invoice", "").rpartition("/")[2]
    due = OPENED.get(event["type"], booked - collected) if of else 0
    for told, sign in ((event, 1), (event["before"], -1)):
        if told is not None:
            currency, amount = told["money"]["currency"], sign * Decimal(told["money"]["amount"])
            sums["cash", customer, told["day"][:7], currency] += collected * amount
            sums["invoiced", customer, told["day"][:7], currency] += booked * amount
            if of:
                sums["open", customer, of, currency] += due * amount
            if kind := next((each for each in PAID_OUT.values() if each in event["refs"]), None):
                sums["paid out", customer, event["refs"][kind], currency] -= collected * amount


def _held(witness: Witness, whose: Mapping[str, str]) -> Sums:
    """The same of Xero's books."""
    books, sums = witness.world.platforms.organisation, Sums(Decimal)
    shelves = [(name, IDS[kind]) for kind, name in PAPERS.items()] + [*ADVANCES.items()]
    currency = {row[key]: row.get("CurrencyCode") for name, key in shelves for row in witness.finance.shelf(name)}
    for row in money(witness.finance.shelf):
        if row["Status"] in LIVE:
            sign = -1 if row.get("PaymentType") in REFUNDS else 1
            paid = str(currency[row.get("_target", row["PaymentID"])])
            sums["cash", whose[row["PaymentID"]], _month(row), paid] += sign * row["Amount"]
            if sign < 0:
                of = f"xero/{PAID_OUT[row['PaymentType']]}/{row['_target']}"
                sums["paid out", whose[row["PaymentID"]], of, paid] += row["Amount"]
    for row in witness.finance.invoices():
        if row["Status"] in LIVE:
            sums["invoiced", row["_contact"], _month(row), row["CurrencyCode"]] += row["Total"]
            sums["open", row["_contact"], row["InvoiceID"], row["CurrencyCode"]] += amount_due(books, row)
    for row in witness.finance.shelf("CreditNotes"):
        if row["Status"] in LIVE and row["Type"] == "ACCRECCREDIT":
            sums["invoiced", row["_contact"], _month(row), row["CurrencyCode"]] -= row["Total"]
    return sums


def _month(row: Row) -> str:
    return f"{row['Date']}"[:7]
