"""What the cashier takes back and gives back: deeds like those of other people, where payments are shown.

Flows in: the platforms as they are, lots drawn for this one deed. Flows out: payments that are no more, and refunds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

from tests.simulation.platforms import Declined, Platforms, Record


def one(lots: Random, rows: list[Record]) -> Record:
    """One of them.

    Raises:
        Declined: there is none.
    """
    if not rows:
        raise Declined("there is none")
    return lots.choice(rows)


async def erp_unpay(both: Platforms, lots: Random) -> None:
    """A payment bounces, and is taken back."""
    row = one(lots, [row for row in both.shelf("Payments") if row["Status"] == "AUTHORISED"])
    await both.finance.do("POST", f"people/Payments/{row['PaymentID']}", {"Status": "DELETED"})


async def erp_refund(both: Platforms, lots: Random) -> None:
    """Finance gives a customer credit, and pays it out."""
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


TAKING_BACK: dict[str, tuple[int, Callable[[Platforms, Random], Awaitable[None]]]] = {
    "erp_unpay": (5, erp_unpay), "erp_refund": (3, erp_refund),
}  # fmt: skip
