"""Xero's replies as records seen. Pure.

In: raw records and Xero's time of the reply. Out: `Seen`. Invariants: purchases are not taken in; a payment inside its
document is shown in the form of a listed one, so that both translate alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from streams.platforms.interface import Seen
from streams.platforms.xero import wire
from streams.platforms.xero.kinds import (
    ADVANCES,
    CONTACT,
    CREDIT_NOTE,
    INVOICE,
    PAYMENT,
    SALES_ADVANCES,
    SALES_CREDIT,
    SALES_INVOICE,
    SALES_PAYMENTS,
    Kind,
)

Raw = dict[str, Any]
_SALES = {INVOICE.name: ("Type", {SALES_INVOICE}), CREDIT_NOTE.name: ("Type", {SALES_CREDIT}),
          PAYMENT.name: ("PaymentType", SALES_PAYMENTS),
          **{name: ("Type", words) for name, words in SALES_ADVANCES.items()}}  # fmt: skip
# What a document says of itself inside each of its payments; those inside money in advance say no rate, and are listed.
_DOCUMENTS = {
    INVOICE.name: ("Invoice", ("InvoiceID", "InvoiceNumber", "Type", "CurrencyCode", "Contact")),
    CREDIT_NOTE.name: ("CreditNote", ("CreditNoteID", "CreditNoteNumber", "Type", "CurrencyCode", "Contact")),
}


def seen(kind: Kind, raw: Raw, at: int) -> Seen:
    """One record. A record without a readable stamp takes Xero's time of the reply as its version."""
    try:
        version = wire.version(raw, at)
    except ValueError:
        version = at
    return Seen(kind.name, str(raw.get(kind.id_field) or ""), version, raw)


def gone(kind: Kind, record_id: str, version: int) -> Seen:
    """A record that did not come back; `version` is the last that was seen of it."""
    return Seen(kind.name, record_id, version, {}, deleted=True)


def is_sale(kind: Kind, raw: Raw) -> bool:
    """Whether a record is of the sales side; kinds without sides always are."""
    if kind.name not in _SALES:
        return True
    name, words = _SALES[kind.name]
    return raw.get(name) in words or not raw.get(name)


def complete(kind: Kind, raw: Raw) -> Raw:
    """A record of a full reading: what Xero leaves out of one is empty, not unknown."""
    return {"PaymentTerms": {}, **raw} if kind is CONTACT else raw


def with_payments(kind: Kind, raw: Raw, at: int) -> list[Seen]:
    """A record, and for an invoice or a credit note the payments inside it."""
    record = seen(kind, raw, at)
    if kind.name not in _DOCUMENTS:
        return [record]
    holder, names = _DOCUMENTS[kind.name]
    document = {name: raw[name] for name in names if name in raw}
    rows = raw.get("Payments")
    return [
        record,
        *(
            Seen(PAYMENT.name, str(row["PaymentID"]), record.version, {**row, holder: document})
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict) and row.get("PaymentID")
        ),
    ]


def restamped(shown: Iterable[Seen], at: int) -> list[Seen]:
    """Records as of the time of their reading, where they are not later themselves: both are times of Xero's clock."""
    return [replace(each, version=max(each.version, at)) for each in shown]


def touched_advances(invoice: Raw) -> list[str]:
    """The kinds of money in advance that an invoice says was set against it."""
    return [kind.name for kind in ADVANCES if invoice.get(kind.path)]


def touched_invoices(credit: Raw) -> list[str]:
    """The invoices that a credit note, or money in advance, is allocated to."""
    rows = credit.get("Allocations")
    found = [row.get("Invoice") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [str(each["InvoiceID"]) for each in found if isinstance(each, dict) and each.get("InvoiceID")]


def without_currency(payment: Raw) -> str | None:
    """The invoice that has to be asked for a payment's currency, where the payment does not say it."""
    document = payment.get("Invoice")
    if isinstance(document, dict) and not document.get("CurrencyCode") and document.get("InvoiceID"):
        return str(document["InvoiceID"])
    return None
