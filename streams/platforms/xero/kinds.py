"""The kinds of record that are read from Xero: where they live and how they are listed. From facts B4 and B6."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.names import Ref, ref

PLATFORM = "xero"
# Xero's ids are GUIDs. References are joined with "|" and "/" in keys, so this much of a GUID's shape is insisted on.
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def is_id(text: str) -> bool:
    """Whether this can be an id of Xero's."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Kind:
    """One collection: `path` under the API, also its key in the envelope, and the name of its id."""

    name: str
    path: str
    id_field: str
    paged: bool = True
    by_ids: bool = False  # the collection takes `IDs=`
    query: tuple[tuple[str, str], ...] = ()  # sent with every reading


PAGE_SIZE = 1000  # the most that Xero gives; calls are scarcer than bytes (facts B4)
UNIT_PRICES = ("unitdp", "4")  # without it unit amounts are cut to two digits, on reads and on writes (facts B3)
ARCHIVED_TOO = ("includeArchived", "true")  # else archived records vanish without a word (facts B4)

ITEM = Kind("item", "Items", "ItemID", paged=False, query=(UNIT_PRICES,))
CONTACT = Kind("contact", "Contacts", "ContactID", by_ids=True, query=(ARCHIVED_TOO,))
INVOICE = Kind("invoice", "Invoices", "InvoiceID", by_ids=True, query=(UNIT_PRICES, ARCHIVED_TOO))
CREDIT_NOTE = Kind("credit_note", "CreditNotes", "CreditNoteID", query=(UNIT_PRICES,))
PAYMENT = Kind("payment", "Payments", "PaymentID")
PREPAYMENT = Kind("prepayment", "Prepayments", "PrepaymentID")
OVERPAYMENT = Kind("overpayment", "Overpayments", "OverpaymentID")

ADVANCES = (PREPAYMENT, OVERPAYMENT)  # money that came before an invoice, or beyond it
ALLOCATED = (CREDIT_NOTE, *ADVANCES)  # what is set against invoices, part by part
ALLOCATIONS = "Allocations"  # of these: their path under one, and their key in the envelope

KINDS = {kind.name: kind for kind in (ITEM, CONTACT, INVOICE, CREDIT_NOTE, PAYMENT, *ADVANCES)}

# What belongs to the sales side; bills, their credits and their payments are not ours to read into topics.
SALES_INVOICE = "ACCREC"
SALES_CREDIT = "ACCRECCREDIT"
SALES_PAYMENTS = frozenset({"ACCRECPAYMENT", "ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT"})
REFUNDS = SALES_PAYMENTS - {"ACCRECPAYMENT"}
SALES_ADVANCES = {
    PREPAYMENT.name: frozenset({"RECEIVE-PREPAYMENT", "ARPREPAYMENT"}),
    OVERPAYMENT.name: frozenset({"RECEIVE-OVERPAYMENT", "AROVERPAYMENT"}),
}


def reference(kind: str, record_id: str) -> Ref:
    """Name a Xero record; `person` is the primary person of the contact with that id."""
    return ref(PLATFORM, kind, record_id)
