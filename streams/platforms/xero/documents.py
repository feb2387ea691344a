"""Invoices, credit notes, payments and money in advance in canonical words. Pure.

Totals are taken as Xero states them, never recomputed. Purchases (bills, their credits and payments) give nothing.
"""

from __future__ import annotations

from decimal import Decimal

from schemas.entities import Allocation, CreditNote, Invoice, Line, Payment
from schemas.money import amount_text, exact, plain
from schemas.names import Entity
from schemas.sighting import Sighting
from streams.platforms.xero.kinds import (
    CREDIT_NOTE,
    INVOICE,
    OVERPAYMENT,
    PREPAYMENT,
    REFUNDS,
    SALES_ADVANCES,
    SALES_CREDIT,
    SALES_INVOICE,
    SALES_PAYMENTS,
    Kind,
    reference,
)
from streams.platforms.xero.record import Record

STATUSES = {
    "DRAFT": "draft",
    "SUBMITTED": "submitted",
    "AUTHORISED": "posted",
    "PAID": "paid",
    "VOIDED": "voided",
    "DELETED": "deleted",
}
PREPAID = ("Prepayments", "Overpayments")  # what of an invoice is set against it, and counts as credited
PAYMENT_STATUSES = {"AUTHORISED": "received", "DELETED": "deleted"}
ADVANCE_STATUSES = {"AUTHORISED": "received", "PAID": "received", "VOIDED": "deleted", "DELETED": "deleted"}
SALES = frozenset({SALES_INVOICE, SALES_CREDIT}).union(*SALES_ADVANCES.values())
# What a payment may stand on: the nested object, and what it is.
_DOCUMENTS = {"Invoice": INVOICE, "CreditNote": CREDIT_NOTE, "Overpayment": OVERPAYMENT, "Prepayment": PREPAYMENT}
# What a refund gives back. A listing may show it as an `Invoice` that has its id, as Xero's OpenAPI example does.
_GIVEN_BACK = {
    "ARCREDITPAYMENT": CREDIT_NOTE, "AROVERPAYMENTPAYMENT": OVERPAYMENT, "ARPREPAYMENTPAYMENT": PREPAYMENT,
}  # fmt: skip
_PARENTS = (INVOICE, CREDIT_NOTE)  # whose customer a payment's is, where it says no contact


def invoice(record: Record) -> list[Sighting]:
    """An ACCREC invoice."""
    if record.required("Type") != SALES_INVOICE:
        return []
    currency = record.text("CurrencyCode") or ""
    number = record.text("InvoiceNumber")
    found = Invoice(
        number=number,
        status=_status(record, STATUSES),
        date=record.day("Date"),
        due_date=record.day("DueDate"),
        currency=currency or None,
        reference=record.text("Reference"),
        subtotal=record.amount("SubTotal", currency),
        tax=record.amount("TotalTax", currency),
        total=record.amount("Total", currency),
        amount_due=record.amount("AmountDue", currency),
        amount_paid=record.amount("AmountPaid", currency),
        amount_credited=record.amount("AmountCredited", currency),
        currency_rate=record.number("CurrencyRate"),
        lines=[line(row, currency) for row in record.rows("LineItems")],
        **_prepaid(record, currency),
    )
    return [
        Sighting(
            entity=Entity.INVOICE,
            ref=reference("invoice", record.identity("InvoiceID")),
            fields=found.fields(),
            keys={"number": number} if number else {},
            parents=_company(record),
        )
    ]


def _prepaid(record: Record, currency: str) -> dict[str, str]:
    """What came of prepayments and overpayments; what a reply does not carry is unknown, not nothing."""
    if not any(name in record.raw for name in PREPAID):
        return {}
    amounts = [row.amount("AppliedAmount", currency) or "0" for name in PREPAID for row in record.rows(name)]
    return {"amount_prepaid": amount_text(plain(sum(map(exact, amounts), Decimal(0))), currency) or "0"}


def credit_note(record: Record) -> list[Sighting]:
    """An ACCRECCREDIT credit note."""
    if record.required("Type") != SALES_CREDIT:
        return []
    currency = record.text("CurrencyCode") or ""
    number = record.text("CreditNoteNumber")
    found = CreditNote(
        number=number,
        status=_status(record, STATUSES),
        date=record.day("Date"),
        currency=currency or None,
        total=record.amount("Total", currency),
        remaining=record.amount("RemainingCredit", currency),
        currency_rate=record.number("CurrencyRate"),
        allocations=_allocations(record, currency),
        lines=[line(row, currency) for row in record.rows("LineItems")],
    )
    return [
        Sighting(
            entity=Entity.CREDIT_NOTE,
            ref=reference("credit_note", record.identity("CreditNoteID")),
            fields=found.fields(),
            keys={"number": number} if number else {},
            parents=_company(record),
        )
    ]


def payment(record: Record) -> list[Sighting]:
    """A payment, whether it was listed by itself or found inside its document (which then is nested in it)."""
    stated = record.text("PaymentType")
    holder = next((each for each in _DOCUMENTS if record.raw.get(each)), None)
    if holder is None:
        raise record.refuse("Invoice", "a payment without its document")
    document = record.inner(holder)
    if not _is_sale(stated, document):
        return []
    currency = document.text("CurrencyCode") or ""
    document_id = document.identity(_DOCUMENTS[holder].id_field)
    of = _GIVEN_BACK.get(stated or "", _DOCUMENTS[holder])
    refund = stated in REFUNDS if stated else of is not INVOICE
    found = Payment(
        date=record.day("Date"),
        amount=record.amount("Amount", currency),
        currency=currency or None,
        reference=record.text("Reference"),
        # One found inside its document has no status: Xero embeds living payments only.
        status=_status(record, PAYMENT_STATUSES) if record.text("Status") else "received",
        refund=refund,
        document=document_id,
        **({"gives_back": of.name} if refund else {}),
        # One found inside its document says the rate as well; that of a payment is of the day on which it came.
        currency_rate=record.number("CurrencyRate"),
    )
    parents = _company(document)
    if of in _PARENTS:
        parents[of.name] = reference(of.name, document_id)
    return [
        Sighting(
            entity=Entity.PAYMENT,
            ref=reference("payment", record.identity("PaymentID")),
            fields=found.fields(),
            parents=parents,
        )
    ]


def advance(kind: Kind, record: Record) -> list[Sighting]:
    """Money received before an invoice or beyond it: a payment that is set against invoices later."""
    if record.required("Type") not in SALES_ADVANCES[kind.name]:
        return []
    currency = record.text("CurrencyCode") or ""
    found = Payment(
        date=record.day("Date"),
        amount=record.amount("Total", currency),
        currency=currency or None,
        reference=record.text("Reference") or record.text("InvoiceNumber"),
        status=_status(record, ADVANCE_STATUSES),
        currency_rate=record.number("CurrencyRate"),
        advance=kind.name,
        remaining=record.amount("RemainingCredit", currency),
        allocations=_allocations(record, currency),
    )
    return [
        Sighting(
            entity=Entity.PAYMENT,
            ref=reference(kind.name, record.identity(kind.id_field)),
            fields=found.fields(),
            parents=_company(record),
        )
    ]


def line(row: Record, currency: str) -> Line:
    """A line item; a line of words only has no quantity and no price."""
    percent = row.number("DiscountRate")
    return Line(
        sku=row.text("ItemCode"),
        description=row.text("Description") or "",
        quantity=row.number("Quantity") or "0",
        unit_price=row.number("UnitAmount") or "0",
        discount_percent=None if percent == "0" else percent,
        amount=row.amount("LineAmount", currency),
        account=row.text("AccountCode"),
        tax_type=row.text("TaxType"),
        **({"tax": row.amount("TaxAmount", currency)} if "TaxAmount" in row.raw else {}),
    )


def _allocations(record: Record, currency: str) -> list[Allocation]:
    found = []
    for row in record.rows("Allocations"):
        invoice = row.inner("Invoice")
        if not row.flag("IsDeleted") and invoice.text("InvoiceID"):
            amount = row.amount("Amount", currency) or "0"
            found.append(Allocation(invoice=invoice.identity("InvoiceID"), amount=amount))
    return sorted(found, key=lambda each: (each.invoice, each.amount))


def _status(record: Record, words: dict[str, str]) -> str:
    stated = record.required("Status")
    if stated not in words:
        raise record.refuse("Status", f"one of {', '.join(words)} is expected")
    return words[stated]


def _company(record: Record) -> dict[str, str]:
    contact = record.inner("Contact")
    return {"company": reference("contact", contact.identity("ContactID"))} if contact.text("ContactID") else {}


def _is_sale(payment_type: str | None, document: Record) -> bool:
    if payment_type:
        return payment_type in SALES_PAYMENTS
    return (document.text("Type") or SALES_INVOICE) in SALES
