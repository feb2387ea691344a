"""Invoices and bills: ACCREC and ACCPAY."""

from typing import TYPE_CHECKING

from sandbox.xero import balances, contacts, documents, lines
from sandbox.xero.arithmetic import ZERO
from sandbox.xero.documents import Kind
from sandbox.xero.listing import Depth, listing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Record, iso_day, iso_second

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation


def has_money(organisation: "Organisation", invoice: Record) -> bool:
    """Tell whether a live payment or allocation is on the invoice."""
    id_ = invoice["InvoiceID"]
    return bool(balances.payments_of(organisation, id_) or balances.allocations_to(organisation, id_))


KIND = Kind(
    plural="Invoices",
    key="InvoiceID",
    number="InvoiceNumber",
    sales="ACCREC",
    types=("ACCREC", "ACCPAY"),
    discounts=frozenset({"ACCREC"}),
    duplicate="Invoice # must be unique.",
    shelf=lambda organisation: organisation.invoices,
    has_money=has_money,
)
KNOWN = frozenset(KIND.table()) | {
    "InvoiceID", "Contact", "UpdatedDateUTC", "AmountDue", "AmountPaid", "AmountCredited", "SubTotal", "TotalTax",
    "Total", "FullyPaidOnDate", "HasAttachments", "IsDiscounted", "RepeatingInvoiceID",
}  # fmt: skip
SEARCHED = ("InvoiceNumber", "Reference")
OMITTED = frozenset({"LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments"})  # by summaryOnly [SPEC]


def save(organisation: "Organisation", element: Record, *, create_only: bool, places: int) -> Record:
    """Create or update; an invoice of nothing is paid at once [K]."""
    saved = documents.save(organisation, KIND, element, create_only=create_only, places=places)
    if saved["Status"] == "AUTHORISED" and saved["Total"] == 0:
        return balances.settle_invoice(organisation, saved["InvoiceID"])
    return saved


def _payments(organisation: "Organisation", invoice: Record) -> list[Record]:
    return [
        {
            "PaymentID": each["PaymentID"],
            "Date": each["Date"],
            "Amount": each["Amount"],
            "Reference": each.get("Reference", ""),
            "CurrencyRate": each["CurrencyRate"],
            "HasAccount": False,
            "HasValidationErrors": False,
        }
        for each in balances.payments_of(organisation, invoice["InvoiceID"])
    ]


def _credits(organisation: "Organisation", invoice: Record, kind: str) -> list[Record]:
    """Credits applied to the invoice, each with ``AppliedAmount`` [REC]."""
    shown = []
    for each in balances.allocations_to(organisation, invoice["InvoiceID"]):
        if each["_kind"] != kind:
            continue
        credit = organisation.shelves[kind].get(each["_credit"])
        if credit is None:
            continue
        key = balances.CREDIT_KEYS[kind]
        entry: Record = {key: credit[key], "ID": credit[key], "HasErrors": False}
        if kind == "CreditNotes":
            entry["CreditNoteNumber"] = credit.get("CreditNoteNumber", "")
        entry |= {"CurrencyRate": credit["CurrencyRate"], "AppliedAmount": each["Amount"]}
        entry |= {"DateString": iso_day(credit["Date"]), "Date": credit["Date"], "LineItems": []}
        shown.append({**entry, "Total": credit["Total"]})
    return shown


def view(organisation: "Organisation", invoice: Record, depth: Depth, places: int = 2) -> Record:
    """An invoice as the API shows it."""
    shown = {name: value for name, value in invoice.items() if not name.startswith("_")}
    contact = organisation.contacts.get(invoice["_contact"])
    if contact is not None:
        whole = depth in {Depth.ONE, Depth.WRITTEN}
        shown["Contact"] = contacts.view(organisation, contact, Depth.WRITTEN) if whole else contacts.stub(contact)
    for name in ("Date", "DueDate"):
        if name in shown:
            shown[f"{name}String"] = iso_day(shown[name])
    due = balances.amount_due(organisation, invoice)
    if depth is Depth.WRITTEN and invoice["Status"] in balances.DEAD:
        due = invoice["Total"]  # the answer to a void still says what was owed [REC]; a reading says 0
    paid = balances.amount_paid(organisation, invoice)
    credited = balances.amount_credited(organisation, invoice)
    discount = any("DiscountRate" in each or "DiscountAmount" in each for each in invoice["LineItems"])
    shown |= {
        "UpdatedDateUTCString": iso_second(invoice["UpdatedDateUTC"]),
        "AmountDue": due,
        "AmountPaid": paid,
        "AmountCredited": credited,
        "IsDiscounted": discount,
        "HasAttachments": False,
        "HasErrors": False,
        "LineItems": [] if depth is Depth.LIST else [lines.shown(each, places) for each in invoice["LineItems"]],
        "Payments": _payments(organisation, invoice) if paid != ZERO else [],
        "CreditNotes": _credits(organisation, invoice, "CreditNotes"),
        "Prepayments": _credits(organisation, invoice, "Prepayments"),
        "Overpayments": _credits(organisation, invoice, "Overpayments"),
    }
    if discount:
        gross = sum(each["Quantity"] * each["UnitAmount"] - each["LineAmount"]
                    for each in invoice["LineItems"] if "LineAmount" in each)  # fmt: skip
        shown["TotalDiscount"] = round(gross, 2)
    if depth is Depth.SUMMARY:
        return {name: value for name, value in shown.items() if name not in OMITTED}
    return shown


def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /Invoices``; deleted and voided ones are among them [K]."""
    records = list(organisation.invoices)
    if (ids := request.words("IDs")) is not None:
        records = [found for id_ in dict.fromkeys(ids) if (found := organisation.invoices.get(id_)) is not None]
    if (numbers := request.words("InvoiceNumbers")) is not None:
        wanted = {number.casefold() for number in numbers}
        records = [record for record in records if record.get("InvoiceNumber", "").casefold() in wanted]
    if (owners := request.words("ContactIDs")) is not None:
        folded = {owner.lower() for owner in owners}
        records = [record for record in records if record["_contact"] in folded]
    if (statuses := request.words("Statuses")) is not None:
        allowed = {status.upper() for status in statuses}
        records = [record for record in records if record["Status"] in allowed]
    if request.truth("createdByMyApp"):
        records = [record for record in records if record["_made_by"] == "api"]
    if term := request.query.get("searchterm", "").casefold():
        records = [
            record for record in records if any(term in str(record.get(name, "")).casefold() for name in SEARCHED)
        ]
    return listing(
        request,
        "Invoices",
        records,
        lambda record, depth: view(organisation, record, depth, request.unit_places),
        known=KNOWN,
    )
