"""Xero's side: the invoice looked for, paid, released again and voided; contact and item put away.

In: a run. Out: rows as Xero shows them. Invariants: each call leaves to live work what a backfill leaves to it; a
document is touched only when it is the test customer's; a payment is removed before its invoice is voided, as Xero
wants it.
"""

from __future__ import annotations

import secrets
from typing import Any

from schemas.errors import Refused
from schemas.money import exact
from streams.platforms.xero.connection import Answer, Connection
from streams.platforms.xero.kinds import CONTACT, INVOICE, ITEM, PAYMENT, is_id
from streams.verification.run import Run

ACCOUNTS = "Accounts"
Row = dict[str, Any]


class Books:
    """One organisation, as a verification works with it."""

    def __init__(self, connection: Connection) -> None:
        """Call through `connection`."""
        self._connection = connection

    async def close(self) -> None:
        """Release connections."""
        await self._connection.close()

    async def account(self, wanted: str, currency: str) -> Row:
        """The account that the payment goes to: the one that is wanted, else a bank's, else one that takes payments.

        Raises:
            Refused: there is none.
        """
        rows = [row for row in await self._rows(ACCOUNTS) if row.get("Status") == "ACTIVE"]
        if wanted:
            rows = [row for row in rows if wanted in {row.get("Code"), row.get("Name")}]
        takes = [row for row in rows if row.get("EnablePaymentsToAccount") is True and row.get("Type") != "BANK"]
        banks = [row for row in rows if row.get("Type") == "BANK" and row.get("CurrencyCode", currency) == currency]
        found = [*banks, *takes]
        if not found:
            named = f"account {wanted!r} takes no payments" if wanted else "no account takes payments"
            raise Refused(
                f"{named} in {currency}. Nothing was made. Next: name a bank account, or one that payments are "
                "enabled for, with --account",
                code="account",
            )
        return found[0]

    async def invoice(self, number: str) -> Row | None:
        """The invoice of a number that is still to be paid, or was; None: there is none."""
        query = {**dict(INVOICE.query), "InvoiceNumbers": number, "page": "1"}
        found = [row for row in await self._rows(INVOICE.path, query) if row.get("InvoiceNumber") == number]
        return next((row for row in found if row.get("Status") != "DELETED"), None)

    async def contact(self, run: Run) -> Row | None:
        """The contact that is called as the run."""
        rows = await self._rows(CONTACT.path, {**dict(CONTACT.query), "searchTerm": run.name, "page": "1"})
        return next((row for row in rows if row.get("Name") == run.name), None)

    async def item(self, run: Run) -> Row | None:
        """The item with the run's code."""
        return next((row for row in await self._rows(ITEM.path, dict(ITEM.query)) if row.get("Code") == run.sku), None)

    async def post_invoice(self, invoice: str) -> None:
        """Approve a draft, as finance would."""
        await self._status(INVOICE.path, INVOICE.id_field, invoice, "AUTHORISED")

    async def pay(self, run: Run, row: Row, account: Row, day: str) -> str:
        """Record a payment of all that is due; its id."""
        payment = {
            "Invoice": {"InvoiceID": row["InvoiceID"]},
            "Account": {"AccountID": account["AccountID"]},
            "Date": day,
            "Amount": exact(row["AmountDue"]),
            "Reference": run.name,
        }
        answer = await self._send("PUT", PAYMENT.path, {PAYMENT.path: [payment]})
        return str(answer.rows(PAYMENT.path)[0]["PaymentID"])

    async def payments(self, run: Run, row: Row) -> list[str]:
        """The run's payments on its invoice that stand."""
        known = run.made.get("xero/payment")
        return [
            str(each["PaymentID"])
            for each in row.get("Payments") or []
            if each.get("Reference") == run.name or each.get("PaymentID") == known
        ]

    async def unpay(self, payment: str) -> None:
        """Remove a payment; Xero keeps it as deleted."""
        await self._status(f"{PAYMENT.path}/{_id(payment)}", PAYMENT.id_field, payment, "DELETED")

    async def void(self, row: Row) -> None:
        """Take an invoice out of the books: a posted one is voided, another deleted."""
        status = "VOIDED" if row.get("Status") in {"AUTHORISED", "PAID"} else "DELETED"
        await self._status(INVOICE.path, INVOICE.id_field, str(row["InvoiceID"]), status)

    async def archive(self, contact: str) -> None:
        """Put a contact away."""
        element = {"ContactID": contact, "ContactStatus": "ARCHIVED"}
        await self._send("POST", CONTACT.path, {CONTACT.path: [element]})

    async def remove(self, item: str) -> None:
        """Delete an item. Xero has no archive for one, and keeps it in the lines where it was used."""
        await self._connection.delete(ITEM.path, _id(item), purpose="backfill")

    async def _status(self, path: str, key: str, record_id: str, status: str) -> None:
        plural = path.partition("/")[0]
        await self._send("POST", path, {plural: [{key: record_id, "Status": status}]})

    async def _send(self, method: str, path: str, value: Row) -> Answer:
        """Each sending has a key of its own: what a person asks for again is meant."""
        return await self._connection.send(
            method, path, {}, value, key=f"verify-{secrets.token_hex(8)}", purpose="backfill"
        )

    async def _rows(self, path: str, query: dict[str, str] | None = None) -> list[Row]:
        return (await self._connection.get(path, query=query, purpose="backfill")).rows(path)


def _id(text: str) -> str:
    if not is_id(text):
        raise Refused(f"xero: {text!r} is no id", code="id")
    return text
