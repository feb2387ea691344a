"""Imagined: what the ERP makes of an allocation, for those who rehearse it. Pure.

In: a credit note and an invoice as they are shown, in canonical fields, and an amount. Out: both as they show after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.money import amount_text, exact, plain

Fields = Mapping[str, Any]


def allocated(note: Fields, invoice: Fields, amount: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The credit note and the invoice once so much of the one is set against the other."""
    share, currency = exact(amount), str(invoice.get("currency") or "")
    left, due = (exact(of.get(name) or "0") - share for of, name in ((note, "remaining"), (invoice, "amount_due")))
    credited = exact(invoice.get("amount_credited") or "0") + share
    spent = {"remaining": _text(left, currency)} | ({} if left else {"status": "paid"})
    owed = {"amount_due": _text(due, currency), "amount_credited": _text(credited, currency)}
    return {**note, **spent}, {**invoice, **owed, **({} if due else {"status": "paid"})}


def _text(amount: Decimal, currency: str) -> str | None:
    return amount_text(plain(amount), currency)
