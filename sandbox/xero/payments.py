"""Payments on invoices, and on credits (which is a refund).

A payment has no natural key: the same PUT twice pays twice, up to what is owed. It is never edited, only
deleted by its status [SPEC]. The invoice's status follows by itself [K].
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.xero import balances, contacts, fields
from sandbox.xero.arithmetic import money, rounded
from sandbox.xero.listing import Depth, listing
from sandbox.xero.problems import Invalid, Missing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Record, iso_second

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

WRITABLE: fields.Table = {
    "PaymentID": fields.guid,
    "Invoice": fields.whole,
    "CreditNote": fields.whole,
    "Prepayment": fields.whole,
    "Overpayment": fields.whole,
    "InvoiceNumber": fields.text(255),
    "CreditNoteNumber": fields.text(255),
    "Account": fields.whole,
    "Code": fields.text(10),
    "Date": fields.day,
    "Amount": fields.number,
    "CurrencyRate": fields.number,
    "BankAmount": fields.number,
    "Reference": fields.text(255),
    "IsReconciled": fields.flag,
    "Status": fields.choice("AUTHORISED", "DELETED"),
}
KNOWN = frozenset(WRITABLE) | {"PaymentType", "UpdatedDateUTC", "HasAccount"}
TARGETS = (
    # field, shelf, key, number field
    ("Invoice", "Invoices", "InvoiceID", "InvoiceNumber"),
    ("CreditNote", "CreditNotes", "CreditNoteID", "CreditNoteNumber"),
    ("Prepayment", "Prepayments", "PrepaymentID", ""),
    ("Overpayment", "Overpayments", "OverpaymentID", ""),
)
TYPES = {
    "ACCREC": "ACCRECPAYMENT",
    "ACCPAY": "ACCPAYPAYMENT",
    "ACCRECCREDIT": "ARCREDITPAYMENT",
    "ACCPAYCREDIT": "APCREDITPAYMENT",
    "RECEIVE-PREPAYMENT": "ARPREPAYMENTPAYMENT",
    "SPEND-PREPAYMENT": "APPREPAYMENTPAYMENT",
    "RECEIVE-OVERPAYMENT": "AROVERPAYMENTPAYMENT",
    "SPEND-OVERPAYMENT": "APOVERPAYMENTPAYMENT",
}  # [SPEC PaymentType]


def _target(organisation: "Organisation", found: Record) -> tuple[str, str, Record]:
    """The document to pay: field name, shelf and record."""
    for field, kind, key, number in TARGETS:
        named = found.get(field) or ({number: found[number]} if number and number in found else None)
        if named is None:
            continue
        shelf = organisation.shelves[kind]
        if (id_ := named.get(key)) is not None:
            record = shelf.get(fields.guid(key, id_))
        elif number and named.get(number):
            hits = shelf.find("number", str(named[number]))
            record = next((hit for hit in hits if hit["Status"] not in balances.DEAD), None)
        else:
            record = None
        if record is None:
            raise Missing
        return field, kind, record
    raise Invalid("A payment must name an Invoice, CreditNote, Prepayment or Overpayment")


def _account(organisation: "Organisation", found: Record) -> Record:
    named = found.get("Account", {})
    code = named.get("Code") or found.get("Code")
    account = None
    if named.get("AccountID"):
        account = organisation.accounts.get(str(named["AccountID"]))
    elif code:
        account = next(iter(organisation.accounts.find("code", str(code))), None)
    if account is None or account["Status"] != "ACTIVE":
        raise Invalid("You must specify a valid account to make the payment from or to")
    if account["Type"] != "BANK" and not account["EnablePaymentsToAccount"]:
        raise Invalid(f"Payments cannot be made to account code '{account['Code']}'")
    return account


def _outstanding(organisation: "Organisation", kind: str, record: Record) -> Decimal:
    if kind == "Invoices":
        return balances.amount_due(organisation, record)
    return balances.remaining_credit(organisation, record, record[balances.CREDIT_KEYS[kind]])


def create(organisation: "Organisation", element: Record) -> Record:
    """Take a payment."""
    found = fields.read(element, WRITABLE)
    field, kind, target = _target(organisation, found)
    account = _account(organisation, found)
    if "Amount" not in found:
        raise Invalid("Amount must be specified")
    amount = money(found["Amount"], target["CurrencyCode"])
    if amount <= 0:
        raise Invalid("The payment amount must be greater than zero")
    if target["Status"] != "AUTHORISED":
        raise Invalid("Payments can only be made against Authorised documents")
    if amount > _outstanding(organisation, kind, target):
        raise Invalid("Payment amount exceeds the amount outstanding on this document")
    day = found.get("Date", organisation.today())
    if (lock := organisation.locked(day)) is not None:
        raise Invalid(f"The payment date cannot be before the lock date, currently set at {lock}")
    rate: Decimal = found["CurrencyRate"] if "CurrencyRate" in found else target["CurrencyRate"]
    same = account.get("CurrencyCode", organisation.base_currency) == target["CurrencyCode"]
    bank = amount if same else rounded(amount / rate)
    payment: Record = {
        "PaymentID": organisation.new_id(),
        "Date": day,
        "BankAmount": found.get("BankAmount", bank) if not same else bank,
        "Amount": amount,
        "Reference": found.get("Reference", ""),
        "CurrencyRate": rate,
        "PaymentType": TYPES[target["Type"]],
        "Status": "AUTHORISED",
        "IsReconciled": found.get("IsReconciled", False),
        "HasAccount": True,
        "_field": field,
        "_kind": kind,
        "_target": _id_of(kind, target),
        "_account": account["AccountID"],
    }
    made = organisation.payments.put(organisation.stamped(payment))
    _settle(organisation, made)
    return made


def _id_of(kind: str, record: Record) -> str:
    return str(record[{"Invoices": "InvoiceID", **balances.CREDIT_KEYS}[kind]])


def _settle(organisation: "Organisation", payment: Record) -> None:
    if payment["_kind"] == "Invoices":
        balances.settle_invoice(organisation, payment["_target"])
    else:
        balances.settle_credit(organisation, payment["_kind"], payment["_target"])


def update(organisation: "Organisation", payment: Record, element: Record) -> Record:
    """The one change there is: ``{"Status": "DELETED"}``."""
    found = fields.read(element, WRITABLE)
    if found.get("Status") != "DELETED":
        raise Invalid("A payment cannot be edited; it can only be deleted")
    if payment["Status"] == "DELETED":
        raise Invalid("Payment not of valid status for modification")
    if (lock := organisation.locked(payment["Date"])) is not None:
        raise Invalid(f"The payment date cannot be before the lock date, currently set at {lock}")
    gone = organisation.payments.put(organisation.stamped({**payment, "Status": "DELETED"}, payment))
    _settle(organisation, gone)
    return gone


def save(organisation: "Organisation", element: Record, *, create_only: bool) -> Record:
    """PUT makes one; POST makes one too, unless it names a payment to delete."""
    if (id_ := element.get("PaymentID")) is not None and not create_only:
        payment = organisation.payments.get(fields.guid("PaymentID", id_))
        if payment is None:
            raise Missing
        return update(organisation, payment, element)
    return create(organisation, element)


def view(organisation: "Organisation", payment: Record, _depth: Depth) -> Record:
    """A payment as the API shows it."""
    shown = {name: value for name, value in payment.items() if not name.startswith("_")}
    target = organisation.shelves[payment["_kind"]].get(payment["_target"]) or {}
    account = organisation.accounts.get(payment["_account"]) or {}
    contact = organisation.contacts.get(target.get("_contact", ""))
    _, _, key, number = next(each for each in TARGETS if each[0] == payment["_field"])
    document = {
        "Type": target["Type"],
        key: target[key],
        **({number: target.get(number, "")} if number else {}),
        "CurrencyCode": target["CurrencyCode"],
        "HasErrors": False,
        "LineItems": [],
    }
    if contact is not None:
        document["Contact"] = contacts.stub(contact)
    return shown | {
        "UpdatedDateUTCString": iso_second(payment["UpdatedDateUTC"]),
        "Account": {"AccountID": account.get("AccountID"), "Code": account.get("Code"), "Name": account.get("Name")},
        payment["_field"]: document,
        "HasValidationErrors": False,
    }


def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /Payments``; deleted ones are among them [K]."""
    return listing(
        request,
        "Payments",
        organisation.payments,
        lambda record, depth: view(organisation, record, depth),
        known=KNOWN,
    )
