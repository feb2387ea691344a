"""Applying a credit to an invoice: credit notes, prepayments and overpayments alike.

A separate call [SPEC]: both documents AUTHORISED, same contact, same currency, and no more than is left
of either. There is no natural key: the same call twice applies twice.
"""

from typing import TYPE_CHECKING

from sandbox.xero import balances, fields
from sandbox.xero.arithmetic import money
from sandbox.xero.problems import Invalid, Malformed, Missing
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

WRITABLE: fields.Table = {"Amount": fields.number, "Date": fields.day, "Invoice": fields.whole}


def _invoice(organisation: "Organisation", named: Record) -> Record:
    if (id_ := named.get("InvoiceID")) is not None:
        found = organisation.invoices.get(fields.guid("InvoiceID", id_))
    else:
        hits = organisation.invoices.find("number", str(named.get("InvoiceNumber", "")))
        found = next((hit for hit in hits if hit["Status"] not in balances.DEAD), None)
    if found is None:
        raise Missing
    return found


def _check_pair(credit: Record, invoice: Record) -> None:
    """Both posted, same side, same contact, same currency."""
    if credit["Status"] != "AUTHORISED":
        raise Invalid("Credit can only be allocated from an Authorised document")
    if invoice["Status"] != "AUTHORISED":
        raise Invalid("Credit can only be allocated to an Authorised invoice")
    if credit["Type"].startswith(("ACCPAY", "SPEND")) != (invoice["Type"] == "ACCPAY"):
        raise Invalid("Credit of a sale cannot be allocated to a bill, nor the reverse")
    if credit["_contact"] != invoice["_contact"]:
        raise Invalid("The contact of the credit and of the invoice must be the same")
    if credit["CurrencyCode"] != invoice["CurrencyCode"]:
        raise Invalid("The currency of the credit and of the invoice must be the same")


def save(organisation: "Organisation", kind: str, credit: Record, element: Record) -> Record:
    """Apply part of a credit."""
    found = fields.read(element, WRITABLE)
    absent = [name for name in ("Amount", "Invoice", "Date") if name not in found]
    if absent:
        raise Invalid(*(f"{name} must be specified" for name in absent))
    invoice = _invoice(organisation, found["Invoice"])
    credit_id = credit[balances.CREDIT_KEYS[kind]]
    amount = money(found["Amount"], credit["CurrencyCode"])
    _check_pair(credit, invoice)
    if amount <= 0:
        raise Invalid("The allocated amount must be greater than zero")
    if amount > balances.remaining_credit(organisation, credit, credit_id):
        raise Invalid("Allocation amount exceeds the credit remaining on this document")
    if amount > balances.amount_due(organisation, invoice):
        raise Invalid("Allocation amount exceeds the amount outstanding on this invoice")
    if (lock := organisation.locked(found["Date"])) is not None:
        raise Invalid(f"The allocation date cannot be before the lock date, currently set at {lock}")
    made = organisation.allocations.put(
        {
            "AllocationID": organisation.new_id(),
            "Amount": amount,
            "Date": found["Date"],
            "IsDeleted": False,
            "_kind": kind,
            "_credit": credit_id,
            "_invoice": invoice["InvoiceID"],
        },
        quiet=True,
    )
    _settle(organisation, made)
    return made


def _settle(organisation: "Organisation", allocation: Record) -> None:
    balances.settle_invoice(organisation, allocation["_invoice"])
    balances.settle_credit(organisation, allocation["_kind"], allocation["_credit"])


def delete(organisation: "Organisation", kind: str, credit: Record, allocation_id: str) -> Record:
    """Take an allocation back."""
    found = organisation.allocations.get(allocation_id)
    if found is None or found["IsDeleted"] or found["_credit"] != credit[balances.CREDIT_KEYS[kind]]:
        raise Missing
    gone = organisation.allocations.put({**found, "IsDeleted": True}, quiet=True)
    _settle(organisation, gone)
    return gone


def view(organisation: "Organisation", allocation: Record) -> Record:
    """An allocation as its own call answers it."""
    invoice = organisation.invoices.get(allocation["_invoice"])
    if invoice is None:
        raise Malformed("the invoice of an allocation is gone")
    shown = {name: value for name, value in allocation.items() if not name.startswith("_")}
    shown["Invoice"] = {
        "InvoiceID": invoice["InvoiceID"],
        "InvoiceNumber": invoice.get("InvoiceNumber", ""),
        "Payments": [],
        "CreditNotes": [],
        "HasErrors": False,
        "LineItems": [],
    }
    return shown


def listed(organisation: "Organisation", credit_id: str) -> list[Record]:
    """The live allocations inside a credit note [REC]."""
    return [
        {name: value for name, value in view(organisation, each).items() if name != "IsDeleted"}
        for each in balances.allocations_from(organisation, credit_id)
    ]
