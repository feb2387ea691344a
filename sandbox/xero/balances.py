"""What is paid, credited and still owed: always counted from the payments and allocations themselves.

``AmountDue = Total - AmountPaid - AmountCredited`` [SPEC]; PAID and AUTHORISED follow from it by
themselves [K].
"""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.xero.arithmetic import ZERO
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

DEAD = frozenset({"VOIDED", "DELETED"})
CREDIT_KEYS = {"CreditNotes": "CreditNoteID", "Prepayments": "PrepaymentID", "Overpayments": "OverpaymentID"}


def payments_of(organisation: "Organisation", document_id: str) -> list[Record]:
    """Live payments on a document."""
    return [each for each in organisation.payments.find("target", document_id) if each["Status"] != "DELETED"]


def allocations_to(organisation: "Organisation", invoice_id: str) -> list[Record]:
    """Live allocations of credits to an invoice."""
    return [each for each in organisation.allocations.find("invoice", invoice_id) if not each["IsDeleted"]]


def allocations_from(organisation: "Organisation", credit_id: str) -> list[Record]:
    """Live allocations of a credit note, prepayment or overpayment."""
    return [each for each in organisation.allocations.find("credit", credit_id) if not each["IsDeleted"]]


def _sum(records: list[Record]) -> Decimal:
    return sum((each["Amount"] for each in records), ZERO)


def amount_paid(organisation: "Organisation", invoice: Record) -> Decimal:
    """Sum of payments received."""
    return _sum(payments_of(organisation, invoice["InvoiceID"]))


def amount_credited(organisation: "Organisation", invoice: Record) -> Decimal:
    """Sum of credit notes, prepayments and overpayments applied."""
    return _sum(allocations_to(organisation, invoice["InvoiceID"]))


def amount_due(organisation: "Organisation", invoice: Record) -> Decimal:
    """What is still owed; nothing on a dead invoice."""
    if invoice["Status"] in DEAD:
        return ZERO
    total: Decimal = invoice["Total"]
    return total - amount_paid(organisation, invoice) - amount_credited(organisation, invoice)


def remaining_credit(organisation: "Organisation", credit: Record, id_: str) -> Decimal:
    """What a credit can still be used for: total less allocations and refunds."""
    if credit["Status"] in DEAD:
        return ZERO
    total: Decimal = credit["Total"]
    return total - _sum(allocations_from(organisation, id_)) - _sum(payments_of(organisation, id_))


def _settled(record: Record, left: Decimal, days: list[date]) -> Record:
    if record["Status"] == "AUTHORISED" and left == 0:
        return {**record, "Status": "PAID", "FullyPaidOnDate": max(days, default=record["Date"])}
    if record["Status"] == "PAID" and left != 0:
        return {name: value for name, value in record.items() if name != "FullyPaidOnDate"} | {"Status": "AUTHORISED"}
    return record


def settle_invoice(organisation: "Organisation", invoice_id: str) -> Record:
    """Let the status follow the balance after a payment or an allocation, and touch the invoice."""
    before = organisation.invoices.get(invoice_id)
    if before is None:
        raise LookupError(invoice_id)
    moves = payments_of(organisation, invoice_id) + allocations_to(organisation, invoice_id)
    after = _settled(before, amount_due(organisation, before), [each["Date"] for each in moves])
    if organisation.payment_bumps_invoice:
        return organisation.invoices.put(organisation.stamped(after, before))
    return organisation.invoices.put(after, quiet=True)


def settle_credit(organisation: "Organisation", kind: str, credit_id: str) -> Record:
    """The same for a credit note, prepayment or overpayment."""
    shelf = organisation.shelves[kind]
    before = shelf.get(credit_id)
    if before is None:
        raise LookupError(credit_id)
    moves = payments_of(organisation, credit_id) + allocations_from(organisation, credit_id)
    left = remaining_credit(organisation, before, credit_id)
    return shelf.put(organisation.stamped(_settled(before, left, [each["Date"] for each in moves]), before))
