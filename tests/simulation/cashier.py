"""What the cashier takes back, gives back and takes in advance: deeds like those of other people.

Flows in: the platforms as they are, lots drawn for this one deed. Flows out: payments that are no more, refunds, money
that came before an invoice or beyond it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from random import Random
from typing import TypeVar

from sandbox.xero.balances import amount_due, remaining_credit
from sandbox.xero.wire import Record
from tests.simulation.platforms import Declined, Platforms
from tests.support.earned import ADVANCES

Row = TypeVar("Row")
BACK, WHOLE = 0.2, 0.5  # shares of allocations that are taken back, and of deeds that use up what is left
REPAID = 0.5  # share of refunds that are of money in advance, where some is left


def one(lots: Random, rows: list[Row]) -> Row:
    """One of them.

    Raises:
        Declined: there is none.
    """
    if not rows:
        raise Declined("there is none")
    return lots.choice(rows)


def _ahead(both: Platforms) -> list[tuple[str, Record]]:
    """All money in advance."""
    return [(kind, row) for kind in ADVANCES for row in both.shelf(kind)]


def _left(both: Platforms, kind: str, row: Record) -> Decimal:
    """What is neither allocated nor given back of it."""
    return remaining_credit(both.organisation, row, row[ADVANCES[kind]])


async def erp_unpay(both: Platforms, lots: Random) -> None:
    """A payment bounces, and is taken back."""
    row = one(lots, [row for row in both.shelf("Payments") if row["Status"] == "AUTHORISED"])
    await both.finance.do("POST", f"people/Payments/{row['PaymentID']}", {"Status": "DELETED"})


async def erp_refund(both: Platforms, lots: Random) -> None:
    """Finance gives a customer credit, and pays it out; or what is left of money in advance, or a part of it."""
    ahead = [(kind, row, left) for kind, row in _ahead(both) if (left := _left(both, kind, row)) > 0]
    if ahead and lots.random() < REPAID:
        kind, row, left = lots.choice(ahead)
        amount = left if lots.random() < WHOLE else min(left, Decimal(lots.randrange(1, 20)))
        await both.finance.do("PUT", "people/Payments", {
            kind.removesuffix("s"): {ADVANCES[kind]: row[ADVANCES[kind]]}, "Account": {"Code": "090"},
            "Date": f"{row['Date']}"[:10], "Amount": str(amount),
        })  # fmt: skip
        return
    row = one(lots, [row for row in both.invoices() if row["Status"] in {"AUTHORISED", "PAID"}])
    day, amount = f"{row['Date']}"[:10], f"{lots.randrange(1, 40)}.05"
    note = await both.finance.do("PUT", "people/CreditNotes", {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": row["_contact"]}, "Date": day,
        "LineItems": [{"Description": "Back", "Quantity": "1", "UnitAmount": amount, "TaxType": "NONE",
                       "AccountCode": "200"}],
    })  # fmt: skip
    number = note["CreditNotes"][0]["CreditNoteID"]
    await both.finance.do("PUT", "people/Payments", {
        "CreditNote": {"CreditNoteID": number}, "Account": {"Code": "090"}, "Date": day, "Amount": amount,
    })  # fmt: skip


async def erp_advance(both: Platforms, lots: Random) -> None:
    """A customer pays in advance, or more than is due."""
    row = one(lots, list(both.invoices()))
    kind = lots.choice(["PREPAYMENT", "OVERPAYMENT"])
    await both.finance.do("PUT", "people/BankTransactions", {
        "Type": f"RECEIVE-{kind}", "Contact": {"ContactID": row["_contact"]}, "Date": f"{row['Date']}"[:10],
        "BankAccount": {"Code": "090"}, "Reference": f"ahead {lots.randrange(100)}",
        "LineItems": [{"Description": "Ahead", "Quantity": "1", "UnitAmount": f"{lots.randrange(1, 60)}.45",
                       "TaxType": "NONE", "AccountCode": "200"}],
    })  # fmt: skip


async def erp_apply(both: Platforms, lots: Random) -> None:
    """Finance allocates money in advance to an invoice, or a part of it, or takes an allocation back."""
    kind, row = one(lots, _ahead(both))
    key = row[ADVANCES[kind]]
    made = [each for each in both.shelf("Allocations") if each["_credit"] == key and not each["IsDeleted"]]
    if made and lots.random() < BACK:
        await both.finance.do("DELETE", f"people/{kind}/{key}/Allocations/{lots.choice(made)['AllocationID']}")
        return
    theirs = [each for each in both.invoices() if each["_contact"] == row["_contact"]]
    bill = one(lots, [each for each in theirs if each["Status"] == "AUTHORISED"])
    left = min(_left(both, kind, row), amount_due(both.organisation, bill))
    amount = left if lots.random() < WHOLE else min(left, Decimal(lots.randrange(1, 20)))
    await both.finance.do("PUT", f"people/{kind}/{key}/Allocations", {
        "Amount": str(amount), "Date": f"{bill['Date']}"[:10], "Invoice": {"InvoiceID": bill["InvoiceID"]},
    })  # fmt: skip


TAKING_BACK: dict[str, tuple[int, Callable[[Platforms, Random], Awaitable[None]]]] = {
    "erp_unpay": (5, erp_unpay), "erp_refund": (3, erp_refund), "erp_advance": (4, erp_advance),
    "erp_apply": (4, erp_apply),
}  # fmt: skip
