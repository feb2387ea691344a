"""Prepayments and overpayments: money received before, or beyond, an invoice.

They are made by bank transactions of type ``RECEIVE-PREPAYMENT``, ``RECEIVE-OVERPAYMENT`` and the
``SPEND-`` twins; their own endpoints only read and allocate [SPEC]. An overpayment has no tax and sits in
accounts receivable or payable [K].
"""

from typing import TYPE_CHECKING

from sandbox.xero import allocations, balances, contacts, documents, fields, lines
from sandbox.xero.arithmetic import ZERO
from sandbox.xero.listing import Depth, listing
from sandbox.xero.problems import Invalid, Missing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Record, iso_day, iso_second

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

WRITABLE: fields.Table = {
    "BankTransactionID": fields.guid,
    "Type": fields.choice(
        "RECEIVE", "SPEND", "RECEIVE-PREPAYMENT", "RECEIVE-OVERPAYMENT", "SPEND-PREPAYMENT", "SPEND-OVERPAYMENT"
    ),
    "LineItems": fields.rows,
    "BankAccount": fields.whole,
    "IsReconciled": fields.flag,
    "Date": fields.day,
    "Reference": fields.text(255),
    "CurrencyCode": fields.text(3),
    "CurrencyRate": fields.number,
    "Url": fields.text(),
    "Status": fields.choice("AUTHORISED", "DELETED", "VOIDED"),
    "LineAmountTypes": documents.line_amount_types,
}
KNOWN = frozenset(WRITABLE) | {"Contact", "UpdatedDateUTC", "SubTotal", "TotalTax", "Total", "RemainingCredit",
                               "PrepaymentID", "OverpaymentID", "InvoiceNumber"}  # fmt: skip
COPIED = ("Type", "Date", "LineAmountTypes", "LineItems", "SubTotal", "TotalTax", "Total", "CurrencyCode",
          "CurrencyRate", "Reference", "_contact")  # fmt: skip


def _bank(organisation: "Organisation", named: Record) -> Record:
    code = named.get("Code")
    account = organisation.accounts.get(str(named.get("AccountID", "")))
    if account is None and code:
        account = next(iter(organisation.accounts.find("code", str(code))), None)
    if account is None or account["Type"] != "BANK":
        raise Invalid("A valid bank account must be specified")
    return account


def save(organisation: "Organisation", element: Record, *, create_only: bool, places: int) -> Record:
    """Make a bank transaction, or delete one by its status."""
    found = fields.read(element, WRITABLE)
    if "BankTransactionID" in found and not create_only:
        return _delete(organisation, found)
    if "Type" not in found or "BankAccount" not in found or not found.get("LineItems"):
        raise Invalid("Type, BankAccount and LineItems must be specified")
    contact = contacts.resolve(organisation, element)
    bank = _bank(organisation, found.pop("BankAccount"))
    made: Record = {
        "BankTransactionID": organisation.new_id(),
        "Status": "AUTHORISED",
        "Date": organisation.today(),
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": bank.get("CurrencyCode", organisation.base_currency),
        "IsReconciled": False,
        **found,
        "_contact": contact["ContactID"],
        "_bank": bank["AccountID"],
    }
    documents.check_currency(organisation, made)
    if (lock := organisation.locked(made["Date"])) is not None:
        raise Invalid(f"The document date cannot be before the lock date, currently set at {lock}")
    over = made["Type"].endswith("OVERPAYMENT")
    if over:
        made["LineAmountTypes"] = "NoTax"
    setting = lines.Setting(
        sales=made["Type"].startswith("RECEIVE"),
        discounts=False,
        line_amount_types=made["LineAmountTypes"],
        currency=made["CurrencyCode"],
        places=places,
        posted=not over,
    )
    given = [{name: row[name] for name in row if not over or name != "AccountCode"} for row in found["LineItems"]]
    made["LineItems"], totals = lines.build(organisation, given, setting, [])
    made |= {"SubTotal": totals.subtotal, "TotalTax": totals.tax, "Total": totals.total}
    for ending, kind, key in (("PREPAYMENT", "Prepayments", "PrepaymentID"),
                              ("OVERPAYMENT", "Overpayments", "OverpaymentID")):  # fmt: skip
        if made["Type"].endswith(ending):
            made[key] = organisation.new_id()
            credit = {name: made[name] for name in COPIED if name in made}
            organisation.shelves[kind].put(organisation.stamped({**credit, key: made[key], "Status": "AUTHORISED"}))
    return organisation.bank_transactions.put(organisation.stamped(made))


def _delete(organisation: "Organisation", found: Record) -> Record:
    before = organisation.bank_transactions.get(found["BankTransactionID"])
    if before is None:
        raise Missing
    if found.get("Status") != "DELETED" or before["Status"] == "DELETED":
        raise Invalid("Bank transaction not of valid status for modification")
    for kind, key in balances.CREDIT_KEYS.items():
        credit = organisation.shelves[kind].get(str(before.get(key, "")))
        if credit is None:
            continue
        if balances.remaining_credit(organisation, credit, credit[key]) != credit["Total"]:
            raise Invalid(documents.HAS_MONEY)
        organisation.shelves[kind].put(organisation.stamped({**credit, "Status": "VOIDED"}, credit))
    return organisation.bank_transactions.put(organisation.stamped({**before, "Status": "DELETED"}, before))


def view_bank(organisation: "Organisation", record: Record, depth: Depth, places: int = 2) -> Record:
    """A bank transaction as the API shows it."""
    bank = organisation.accounts.get(record["_bank"]) or {}
    account = {"AccountID": bank.get("AccountID"), "Code": bank.get("Code"), "Name": bank.get("Name")}
    return {**_common(organisation, record, depth, places), "BankAccount": account}


def _common(organisation: "Organisation", record: Record, depth: Depth, places: int) -> Record:
    shown = {name: value for name, value in record.items() if not name.startswith("_")}
    contact = organisation.contacts.get(record["_contact"])
    if contact is not None:
        shown["Contact"] = contacts.stub(contact)
    shown["DateString"] = iso_day(record["Date"])
    shown["LineItems"] = [] if depth is Depth.LIST else [lines.shown(each, places) for each in record["LineItems"]]
    shown["HasAttachments"] = False
    return shown


def view(organisation: "Organisation", kind: str, record: Record, depth: Depth, places: int = 2) -> Record:
    """A prepayment or overpayment as the API shows it."""
    id_ = record[balances.CREDIT_KEYS[kind]]
    applied = sum((each["Amount"] for each in balances.allocations_from(organisation, id_)), ZERO)
    return {
        **_common(organisation, record, depth, places),
        "ID": id_,
        "RemainingCredit": balances.remaining_credit(organisation, record, id_),
        "AppliedAmount": applied,
        "Allocations": allocations.listed(organisation, id_),
        "Payments": [
            {"PaymentID": each["PaymentID"], "Date": each["Date"], "Amount": each["Amount"]}
            for each in balances.payments_of(organisation, id_)
        ],
        "UpdatedDateUTCString": iso_second(record["UpdatedDateUTC"]),
    }


def many(organisation: "Organisation", kind: str, request: ApiRequest) -> ApiReply:
    """``GET /Prepayments``, ``/Overpayments``; ``References`` narrows the latter [SPEC]."""
    records = list(organisation.shelves[kind])
    if (references := request.words("References")) is not None:
        records = [record for record in records if record.get("Reference") in references]
    return listing(
        request,
        kind,
        records,
        lambda record, depth: view(organisation, kind, record, depth, request.unit_places),
        known=KNOWN,
    )


def many_bank(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /BankTransactions``."""
    return listing(
        request,
        "BankTransactions",
        organisation.bank_transactions,
        lambda record, depth: view_bank(organisation, record, depth, request.unit_places),
        known=KNOWN,
    )
