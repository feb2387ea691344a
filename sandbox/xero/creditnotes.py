"""Credit notes: ACCRECCREDIT and ACCPAYCREDIT, with what is left of them."""

from typing import TYPE_CHECKING

from sandbox.xero import allocations, balances, contacts, documents, lines
from sandbox.xero.documents import Kind
from sandbox.xero.listing import Depth, listing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Record, iso_day, iso_second

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation


def has_money(organisation: "Organisation", note: Record) -> bool:
    """Tell whether the note is allocated or refunded."""
    id_ = note["CreditNoteID"]
    return bool(balances.payments_of(organisation, id_) or balances.allocations_from(organisation, id_))


KIND = Kind(
    plural="CreditNotes",
    key="CreditNoteID",
    number="CreditNoteNumber",
    sales="ACCRECCREDIT",
    types=("ACCRECCREDIT", "ACCPAYCREDIT"),
    discounts=frozenset(),
    duplicate="Credit Note # must be unique.",
    shelf=lambda organisation: organisation.credit_notes,
    has_money=has_money,
)
KNOWN = frozenset(KIND.table()) | {
    "CreditNoteID", "Contact", "UpdatedDateUTC", "RemainingCredit", "SubTotal", "TotalTax", "Total", "FullyPaidOnDate",
    "HasAttachments",
}  # fmt: skip


def save(organisation: "Organisation", element: Record, *, create_only: bool, places: int) -> Record:
    """Create or update one credit note; allocations are a call of their own [SPEC]."""
    return documents.save(organisation, KIND, element, create_only=create_only, places=places)


def view(organisation: "Organisation", note: Record, depth: Depth, places: int = 2) -> Record:
    """A credit note as the API shows it."""
    shown = {name: value for name, value in note.items() if not name.startswith("_")}
    contact = organisation.contacts.get(note["_contact"])
    if contact is not None:
        whole = depth in {Depth.ONE, Depth.WRITTEN}
        shown["Contact"] = contacts.view(organisation, contact, Depth.WRITTEN) if whole else contacts.stub(contact)
    for name in ("Date", "DueDate"):
        if name in shown:
            shown[f"{name}String"] = iso_day(shown[name])
    id_ = note["CreditNoteID"]
    return shown | {
        "ID": id_,
        "UpdatedDateUTCString": iso_second(note["UpdatedDateUTC"]),
        "RemainingCredit": balances.remaining_credit(organisation, note, id_),
        "Allocations": allocations.listed(organisation, id_),
        "Payments": [
            {"PaymentID": each["PaymentID"], "Date": each["Date"], "Amount": each["Amount"],
             "Reference": each.get("Reference", ""), "CurrencyRate": each["CurrencyRate"], "HasAccount": False,
             "HasValidationErrors": False}
            for each in balances.payments_of(organisation, id_)
        ],
        "LineItems": [] if depth is Depth.LIST else [lines.shown(each, places) for each in note["LineItems"]],
        "HasAttachments": False,
        "HasErrors": False,
    }  # fmt: skip


def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /CreditNotes``."""
    return listing(
        request,
        "CreditNotes",
        organisation.credit_notes,
        lambda record, depth: view(organisation, record, depth, request.unit_places),
        known=KNOWN,
    )
