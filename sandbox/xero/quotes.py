"""Quotes: paged without a pagination block, amounts' type in capitals, stamps without ``+0000`` [REC]."""

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.xero import contacts, documents, fields, lines
from sandbox.xero.listing import Depth, listing
from sandbox.xero.problems import BadQuery, Invalid, Missing
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Bare, Record, iso_day, midnight, parse_day

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

STATUSES = ("DRAFT", "SENT", "DECLINED", "ACCEPTED", "INVOICED", "DELETED")
NEXT = {
    "DRAFT": {"DRAFT", "SENT", "DELETED"},
    "SENT": {"SENT", "DRAFT", "ACCEPTED", "DECLINED", "DELETED"},
    "DECLINED": {"DECLINED", "DRAFT", "SENT", "ACCEPTED", "DELETED"},
    "ACCEPTED": {"ACCEPTED", "DRAFT", "SENT", "INVOICED", "DELETED"},  # an accepted quote can be deleted [REC]
    "INVOICED": {"INVOICED", "DELETED"},
}  # [K but for what is tagged]
WRITABLE: fields.Table = {
    "QuoteNumber": fields.text(255),
    "Reference": fields.text(4000),
    "Terms": fields.text(4000),
    "Title": fields.text(100),
    "Summary": fields.text(3000),
    "LineItems": fields.rows,
    "Date": fields.day,
    "ExpiryDate": fields.day,
    "Status": fields.choice(*STATUSES),
    "CurrencyCode": fields.text(3),
    "CurrencyRate": fields.number,
    "BrandingThemeID": fields.guid,
    "LineAmountTypes": documents.line_amount_types,
}
KNOWN = frozenset(WRITABLE) | {"QuoteID", "Contact", "UpdatedDateUTC", "SubTotal", "TotalTax", "Total"}


def find(organisation: "Organisation", key: str) -> Record:
    """By id only [SPEC]."""
    found = organisation.quotes.get(key)
    if found is None:
        raise Missing
    return found


def _match(organisation: "Organisation", element: Record) -> Record | None:
    if (id_ := element.get("QuoteID")) is not None:
        return find(organisation, fields.guid("QuoteID", id_))
    number = element.get("QuoteNumber")
    return next(iter(organisation.quotes.find("number", str(number))), None) if number else None


def save(organisation: "Organisation", element: Record, *, create_only: bool, places: int) -> Record:
    """Create or update one quote."""
    before = None if create_only else _match(organisation, element)
    found = fields.read(element, WRITABLE)
    if before is None:
        contact = contacts.resolve(organisation, element)
        if "Date" not in found or not found.get("LineItems"):
            raise Invalid("Date and LineItems must be specified")
        if found.get("Status", "DRAFT") not in {"DRAFT", "SENT"}:
            raise Invalid("Quote not of valid status for creation")
        base: Record = {
            "QuoteID": organisation.new_id(),
            "QuoteNumber": found.get("QuoteNumber") or organisation.new_number("Quotes", organisation.quotes),
            "Terms": "",
            "Status": "DRAFT",
            "LineAmountTypes": "Exclusive",
            "CurrencyCode": contact.get("DefaultCurrency") or organisation.base_currency,
            "BrandingThemeID": next((each["BrandingThemeID"] for each in organisation.themes), None),
            "LineItems": [],
            "_contact": contact["ContactID"],
        }
    else:
        if found.get("Status", before["Status"]) not in NEXT.get(before["Status"], set()):
            raise Invalid("Quote not of valid status for modification")
        base = before
        if element.get("Contact"):
            base = {**before, "_contact": contacts.resolve(organisation, element)["ContactID"]}
    quote = {**base, **found}
    for other in organisation.quotes.find("number", quote["QuoteNumber"]):
        if other["QuoteID"] != quote["QuoteID"] and other["Status"] != "DELETED":
            raise Invalid("Quote # must be unique.")
    documents.check_currency(organisation, quote)
    return organisation.quotes.put(organisation.stamped(_priced(organisation, quote, found, base, places), before))


def _priced(organisation: "Organisation", quote: Record, found: Record, base: Record, places: int) -> Record:
    setting = lines.Setting(
        sales=True, discounts=True, line_amount_types=quote["LineAmountTypes"], currency=quote["CurrencyCode"],
        places=places, posted=False,
    )  # fmt: skip
    if "LineItems" in found:
        made, totals = lines.build(organisation, found["LineItems"], setting, base["LineItems"])
    else:
        made, totals = base["LineItems"], lines.sums(base["LineItems"], base["LineAmountTypes"])
    return {
        **quote,
        "LineItems": made,
        "SubTotal": totals.subtotal,
        "TotalTax": totals.tax,
        "Total": totals.total,
        "TotalDiscount": sum(
            (row["Quantity"] * row["UnitAmount"] - row["LineAmount"] for row in made if "LineAmount" in row), Decimal(0)
        ).quantize(Decimal("0.01")),
    }


def view(organisation: "Organisation", quote: Record, _depth: Depth, places: int = 2) -> Record:
    """A quote as the API shows it."""
    shown = {name: value for name, value in quote.items() if not name.startswith("_")}
    contact = organisation.contacts.get(quote["_contact"])
    if contact is not None:
        named = ("ContactID", "Name", "EmailAddress")
        shown["Contact"] = {name: contact[name] for name in named if contact.get(name)}
    for name in ("Date", "ExpiryDate"):
        if name in quote:
            shown[name] = Bare(midnight(quote[name]))
            shown[f"{name}String"] = iso_day(quote[name])
    return shown | {
        "LineItems": [lines.shown(each, places) for each in quote["LineItems"]],
        "LineAmountTypes": quote["LineAmountTypes"].upper(),
        "UpdatedDateUTC": Bare(quote["UpdatedDateUTC"]),
    }


def many(organisation: "Organisation", request: ApiRequest) -> ApiReply:
    """``GET /Quotes`` with its own filters [SPEC]."""
    records = list(organisation.quotes)
    for parameter, field in (("QuoteNumber", "QuoteNumber"), ("Status", "Status"), ("ContactID", "_contact")):
        if wanted := request.query.get(parameter.lower()):
            records = [record for record in records if str(record[field]).casefold() == wanted.casefold()]
    for parameter, field, least in (
        ("DateFrom", "Date", True), ("DateTo", "Date", False),
        ("ExpiryDateFrom", "ExpiryDate", True), ("ExpiryDateTo", "ExpiryDate", False),
    ):  # fmt: skip
        if text := request.query.get(parameter.lower()):
            limit = parse_day(text)
            if limit is None:
                raise BadQuery(f"{parameter} is not a date")
            records = [
                record
                for record in records
                if field in record and (record[field] >= limit if least else record[field] <= limit)
            ]
    return listing(
        request, "Quotes", records, lambda record, depth: view(organisation, record, depth), known=KNOWN, block=False
    )
