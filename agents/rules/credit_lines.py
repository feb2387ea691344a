"""Credit lines: what of a bill a credit note takes back, line by line.

In: a bill as the ERP states it, and what is left to credit on it. Out: the credit note's lines, with tax within their
prices. Pure. Invariant: they add up to what is left, to the last digit, whatever tax the ERP works out: with tax within
the prices a total is the sum of its lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.money import exact, plain

Line = dict[str, Any]
NOTHING = Decimal(0)


def credit_lines(bill: Mapping[str, Any], left: Decimal) -> list[Line]:
    """The lines of the credit note.

    Raises:
        ValueError: nobody can say what they are; the message is for people.
    """
    total = exact(bill["total"])
    rows = [row for row in bill.get("lines") or () if exact(row.get("amount") or "0")]
    if not NOTHING < left <= total:
        raise ValueError(f"{plain(left)} of {plain(total)} is left to credit on it")
    amounts = [exact(row["amount"]) for row in rows]
    if sum(amounts, NOTHING) != total:  # else tax is within its prices, or there is none
        amounts = [amount + exact(row.get("tax") or "0") for amount, row in zip(amounts, rows, strict=True)]
    if sum(amounts, NOTHING) != total:
        raise ValueError("its lines do not add up to its total")
    if left == total:
        return [_line(row, row.get("description") or row.get("sku") or "-", amount)
                for row, amount in zip(rows, amounts, strict=True)]  # fmt: skip
    if len({(row.get("account"), row.get("tax_type")) for row in rows}) > 1:
        raise ValueError("a part of it is credited already, and its lines differ in account or tax")
    return [_line(rows[0], f"What is left to credit on {bill.get('number')}", left)]


def _line(row: Mapping[str, Any], description: str, amount: Decimal) -> Line:
    return {
        "description": description,
        "quantity": "1",
        "unit_price": plain(amount),
        "account": row.get("account"),
        "tax_type": row.get("tax_type"),
    }
