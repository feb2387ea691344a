"""Invoices and credit notes: one life cycle, two kinds.

Transitions: new -> DRAFT | SUBMITTED | AUTHORISED; DRAFT -> SUBMITTED, AUTHORISED, DELETED;
SUBMITTED -> DRAFT, AUTHORISED, DELETED; AUTHORISED -> VOIDED while nothing is paid or credited, and PAID by
itself. VOIDED and DELETED are final. A document with a payment or an allocation cannot be edited.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.xero import contacts, fields, lines
from sandbox.xero.arithmetic import rounded
from sandbox.xero.problems import Invalid, Malformed, Missing
from sandbox.xero.request import WIDE
from sandbox.xero.shelf import Shelf
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

NOT_MODIFIABLE = "Invoice not of valid status for modification"  # [REC]
HAS_MONEY = "This document cannot be edited as it has a payment or credit note allocated to it."
OPEN = frozenset({"DRAFT", "SUBMITTED"})
POSTED = frozenset({"AUTHORISED", "PAID"})
APPROVING = frozenset({"SUBMITTED", "AUTHORISED"})
NEXT = {
    "DRAFT": frozenset({"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"}),
    "SUBMITTED": frozenset({"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"}),
    "AUTHORISED": frozenset({"AUTHORISED", "VOIDED"}),
    "PAID": frozenset({"PAID", "VOIDED"}),
}
EVER_EDITABLE = frozenset({"SentToContact"})  # on a document with money on it, over the API [XD, K]
PERSON_EDITABLE = EVER_EDITABLE | {"DueDate", "Reference", "ExpectedPaymentDate", "PlannedPaymentDate"}  # at the screen
RATE_PLACES = 6  # of a currency rate [SPEC]


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells invoices from credit notes."""

    plural: str
    key: str
    number: str
    sales: str  # the type whose number is unique, made up when missing
    types: tuple[str, ...]
    discounts: frozenset[str]
    duplicate: str  # the refusal of a number in use
    shelf: Callable[["Organisation"], Shelf]
    has_money: Callable[["Organisation", Record], bool]

    def table(self) -> fields.Table:
        """The writable fields."""
        return {
            "Type": fields.choice(*self.types),
            "Date": fields.day,
            "DueDate": fields.day,
            "ExpectedPaymentDate": fields.day,
            "PlannedPaymentDate": fields.day,
            "LineAmountTypes": line_amount_types,
            self.number: fields.text(255),
            "Reference": fields.text(255),
            "BrandingThemeID": fields.guid,
            "Url": fields.text(),
            "CurrencyCode": fields.text(3),
            "CurrencyRate": fields.number,
            "Status": fields.choice("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"),
            "SentToContact": fields.flag,
            "LineItems": fields.rows,
        }


def line_amount_types(name: str, value: object) -> str:
    """Exclusive, Inclusive or NoTax, in any case."""
    words = {"exclusive": "Exclusive", "inclusive": "Inclusive", "notax": "NoTax"}
    if not isinstance(value, str) or value.lower() not in words:
        raise Invalid(f"{name} '{value}' is not valid")
    return words[value.lower()]


def match(organisation: "Organisation", kind: Kind, element: Record) -> Record | None:
    """The document a POST means: by id, else by number, a sales document only [SPEC]."""
    shelf = kind.shelf(organisation)
    if (id_ := element.get(kind.key)) is not None:
        found = shelf.get(fields.guid(kind.key, id_))
        if found is None:
            raise Missing
        return found
    number = element.get(kind.number)
    if not number or element.get("Type", kind.sales) != kind.sales:
        return None
    hits = [hit for hit in shelf.find("number", str(number)) if hit["Type"] == kind.sales]
    live = [hit for hit in hits if hit["Status"] not in {"VOIDED", "DELETED"}]
    return next(reversed(live or hits), None)


def save(organisation: "Organisation", kind: Kind, element: Record, *, create_only: bool, places: int) -> Record:
    """Create or update one document."""
    before = None if create_only else match(organisation, kind, element)
    found = fields.read(element, kind.table())
    if before is None:
        return _create(organisation, kind, element, found, places)
    return _update(organisation, kind, element, found, before, places)


def _create(organisation: "Organisation", kind: Kind, element: Record, found: Record, places: int) -> Record:
    if "Type" not in found:
        raise Invalid("Type must be specified")
    if found.get("Status", "DRAFT") not in {"DRAFT", "SUBMITTED", "AUTHORISED"}:
        raise Invalid("Invoice not of valid status for creation")
    contact = contacts.resolve(organisation, element)
    base: Record = {
        "Type": found["Type"],
        kind.key: organisation.new_id(),
        "Status": "DRAFT",
        "Date": organisation.today(),
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": contact.get("DefaultCurrency") or organisation.base_currency,
        "SentToContact": False,
        "LineItems": [],
        "_contact": contact["ContactID"],
        "_made_by": organisation.actor,
    }
    if found["Type"] == kind.sales:
        base["BrandingThemeID"] = next((each["BrandingThemeID"] for each in organisation.themes), None)
        if not found.get(kind.number):
            found[kind.number] = organisation.new_number(kind.plural, kind.shelf(organisation))
    return _finish(organisation, kind, {**base, **found}, found, None, places)


def _update(
    organisation: "Organisation", kind: Kind, element: Record, found: Record, before: Record, places: int
) -> Record:
    _check_transition(organisation, kind, found, before)
    changes = {name for name, value in found.items() if name not in {"Status", "Type"} and before.get(name) != value}
    if kind.has_money(organisation, before) or found.get("Status", before["Status"]) == "PAID":
        free = EVER_EDITABLE if organisation.actor == "api" else PERSON_EDITABLE
        if not changes <= free:
            raise Invalid(HAS_MONEY)
        after = {**before, **{name: found[name] for name in changes}}
        quiet = not changes - {"DueDate", "SentToContact"}  # these do not move UpdatedDateUTC [XD, a trap]
        return kind.shelf(organisation).put(after if quiet else organisation.stamped(after, before), quiet=quiet)
    if found.get("Type", before["Type"]) != before["Type"]:
        raise Invalid("The Type of a document cannot be changed")
    after = {**before, **found}
    if element.get("Contact"):
        after["_contact"] = contacts.resolve(organisation, element)["ContactID"]
    return _finish(organisation, kind, after, found, before, places)


def _check_transition(organisation: "Organisation", kind: Kind, found: Record, before: Record) -> None:
    status = found.get("Status", before["Status"])
    if status not in NEXT.get(before["Status"], frozenset()):
        raise Invalid(NOT_MODIFIABLE)
    if status == "VOIDED" and kind.has_money(organisation, before):
        raise Invalid(
            f"The status {status} cannot be applied to the invoice because it has payments or credit notes "
            "allocated to it."
        )


def _finish(
    organisation: "Organisation", kind: Kind, after: Record, found: Record, before: Record | None, places: int
) -> Record:
    """Check the document as it would stand, work out its money, and put it on its shelf."""
    leaving = after["Status"] in {"VOIDED", "DELETED"}
    if not leaving:
        _check_number(organisation, kind, after)
        check_currency(organisation, after)
    _check_lock(organisation, after, before)
    setting = lines.Setting(
        sales=after["Type"] == kind.sales,
        discounts=after["Type"] in kind.discounts,
        line_amount_types=after["LineAmountTypes"],
        currency=after["CurrencyCode"],
        places=places,
        posted=after["Status"] in APPROVING,
    )
    previous = before["LineItems"] if before is not None else []
    if "LineItems" in found and not leaving:
        made, totals = lines.build(organisation, found["LineItems"], setting, previous)
    elif before is not None and not leaving and ({"LineAmountTypes", "Status"} & found.keys()):
        again = [{name: value for name, value in each.items() if name != "TaxAmount"} for each in previous]
        kept = previous if before["LineAmountTypes"] == after["LineAmountTypes"] else again
        exact = replace(setting, places=WIDE)  # kept lines keep the places they have
        made, totals = lines.build(organisation, kept, exact, previous)
    else:
        made = previous
        totals = lines.sums(made, before["LineAmountTypes"] if before is not None else setting.line_amount_types)
    after |= {"LineItems": made, "SubTotal": totals.subtotal, "TotalTax": totals.tax, "Total": totals.total}
    if not leaving:
        _check_approval(after)
    stamped = organisation.stamped(after, before)
    return kind.shelf(organisation).put(stamped)


def _check_number(organisation: "Organisation", kind: Kind, after: Record) -> None:
    number = after.get(kind.number)
    if after["Type"] != kind.sales or not number:
        return
    for other in kind.shelf(organisation).find("number", number):
        rival = other[kind.key] != after[kind.key] and other["Type"] == kind.sales
        if rival and other["Status"] not in {"VOIDED", "DELETED"}:
            raise Invalid(kind.duplicate)


def check_currency(organisation: "Organisation", after: Record) -> None:
    """The currency must be subscribed to; its rate is the day's unless given."""
    currency = after["CurrencyCode"]
    if currency not in organisation.enabled_currencies():
        raise Invalid(f"Organisation is not subscribed to currency {currency}")  # [REC]
    if currency == organisation.base_currency:
        after["CurrencyRate"] = Decimal("1.000000")
    elif "CurrencyRate" not in after:
        after["CurrencyRate"] = rounded(organisation.day_rates.get(currency, Decimal(1)), RATE_PLACES)


def _check_lock(organisation: "Organisation", after: Record, before: Record | None) -> None:
    """Nothing is posted on, moved to or taken from a locked day."""
    days: list[date] = []
    if after["Status"] in POSTED | {"VOIDED"}:
        days.append(after["Date"])
    if before is not None and before["Status"] in POSTED:
        days.append(before["Date"])
    for day in days:
        if (lock := organisation.locked(day)) is not None:
            which = "end of year" if lock == organisation.end_of_year_lock_date else "period"
            raise Invalid(f"The document date cannot be before the {which} lock date, currently set at {lock}")


def _check_approval(after: Record) -> None:
    """What a submitted or authorised document needs [SPEC]."""
    if after["Total"] < 0:
        raise Invalid("The document total cannot be negative")
    if after["Status"] not in APPROVING:
        return
    messages = []
    if not any("LineAmount" in each for each in after["LineItems"]):
        messages.append("At least one line item must be specified")
    if after["Type"] in {"ACCREC", "ACCPAY"} and after.get("DueDate") is None:
        messages.append("DueDate must be specified")
    if messages:
        raise Invalid(*messages)


def find(organisation: "Organisation", kind: Kind, key: str) -> Record:
    """By id, else by number; the newest live one first [K]."""
    shelf = kind.shelf(organisation)
    if (found := shelf.get(key)) is not None:
        return found
    hits = shelf.find("number", key)
    live = [hit for hit in hits if hit["Status"] not in {"VOIDED", "DELETED"}]
    if not hits:
        raise Missing
    return (live or hits)[-1]


def echo(kind: Kind, element: Record, before: Record | None) -> Record:
    """What a refused element looks like: as sent, days in wire form, the kept lines [REC]."""
    shown: Record = {"Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": []}
    shown |= {name: value for name, value in element.items() if value is not None}
    for name in ("Date", "DueDate", "ExpectedPaymentDate", "PlannedPaymentDate"):
        if name in shown:
            shown[name] = fields.day(name, shown[name])
    if before is not None:
        for name in ("Type", kind.key, "Date", "DueDate", "LineAmountTypes", "LineItems", "SubTotal", "TotalTax",
                     "Total", "CurrencyCode"):  # fmt: skip
            if name in before:
                shown.setdefault(name, before[name])
    shown["HasErrors"] = True
    if isinstance(contact := shown.get("Contact"), dict):
        lists = ("Addresses", "Phones", "ContactGroups", "ContactPersons")
        shown["Contact"] = {**{name: [] for name in lists}, **contact, "HasValidationErrors": False}
    elif contact is not None:
        raise Malformed("Contact must be an object")
    return shown
