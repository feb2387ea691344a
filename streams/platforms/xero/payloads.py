"""Canonical commands as elements of Xero's requests. Pure; the inverse of `translation` for what can be written.

In: one command. Out: a draft: method, kind and element. Invariants: an update carries only the changed fields; an
invoice names its contact by id alone, because more would also edit the contact (facts B5); credit hold is finance's
and is never written. Allocating a credit note is a request of its own, with no key of its own (facts B6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from schemas.command import Command
from schemas.contract.mappings import Mapped, Mappings
from schemas.errors import Refused
from schemas.money import exact
from schemas.names import Entity, Side, record_id
from streams.platforms.xero.documents import STATUSES
from streams.platforms.xero.kinds import CONTACT, CREDIT_NOTE, INVOICE, ITEM, SALES_CREDIT, SALES_INVOICE, Kind
from streams.platforms.xero.translation import NONE, Own

Element = dict[str, Any]
LINE_AMOUNT_TYPES = frozenset({"Exclusive", "Inclusive", "NoTax"})
_STATUS_WORDS = {canonical: word for word, canonical in STATUSES.items() if canonical != "paid"}
_CREATED_AS = frozenset({"draft", "submitted", "posted"})  # a document cannot be born voided (facts B6)


@dataclass(frozen=True, slots=True)
class Draft:
    """What to send for one command: PUT creates only, POST matches by the id in the element (facts B5)."""

    method: Literal["PUT", "POST"]
    kind: Kind
    element: Element
    ref_kind: str  # of the reference that the command's outcome carries
    under: str = ""  # the id of the credit note that the element allocates; empty: the element is a record

    @property
    def target(self) -> str | None:
        """The id of the record that is updated; two updates of one record cannot share a request."""
        value = self.under or self.element.get(self.kind.id_field)
        return str(value) if value else None


def draft(command: Command, own: Own = NONE) -> Draft:
    """What to send for a command; `own` are the fields of the customer's own, as the contract maps them.

    Raises:
        Refused: Xero cannot take it, or must not; the message names the field.
    """
    if command.entity is Entity.COMPANY and command.fields.get("credit_hold") is not None:
        raise _refuse(command, "credit_hold", "credit hold is finance's; it is changed in Xero and nowhere else")
    maker = _MAKERS.get((command.entity, command.kind))
    if maker is None:
        raise Refused(f"xero: {command.entity.value} is not written to Xero", code="not_written")
    return maker(command, own.get(command.entity, {}))


def written_fields(entity: Entity, own: Own = NONE) -> frozenset[str]:
    """The canonical fields of an entity that can be written to Xero."""
    return frozenset({*_WRITERS.get(entity, {}), *own.get(entity, {})})


def _create_company(command: Command, own: Mappings) -> Draft:
    number = _natural_key(command, "ContactNumber")
    element = {**_fields(command, own, clearing=False), "ContactNumber": number}
    if not element.get("Name"):
        raise _refuse(command, "name", "a contact needs a name")
    return Draft("PUT", CONTACT, element, "contact")


def _update_company(command: Command, own: Mappings) -> Draft:
    return Draft("POST", CONTACT, {"ContactID": _target(command), **_changed(command, own)}, "contact")


def _write_person(command: Command, own: Mappings) -> Draft:
    """The primary person lives inside the company's contact: making one is an update too."""
    owner = command.ref if command.kind == "update" else command.links.get("company")
    if not owner:
        raise _refuse(command, "company", "the person's company is not known in Xero")
    return Draft("POST", CONTACT, {"ContactID": record_id(owner), **_changed(command, own)}, "person")


def _create_product(command: Command, own: Mappings) -> Draft:
    code = command.natural_key or command.fields.get("sku")
    if not code:
        raise _refuse(command, "sku", "an item needs a code")
    return Draft("PUT", ITEM, {**_fields(command, own, clearing=False), "Code": code}, "item")


def _update_product(command: Command, own: Mappings) -> Draft:
    element = {"ItemID": _target(command), **_changed(command, own)}
    if "Code" not in element and command.natural_key:
        element["Code"] = command.natural_key  # each element of Items has to carry its code (facts B6)
    return Draft("POST", ITEM, element, "item")


def _create_invoice(command: Command, own: Mappings) -> Draft:
    return Draft("PUT", INVOICE, _new_document(command, own, SALES_INVOICE, "InvoiceNumber"), "invoice")


def _create_credit_note(command: Command, own: Mappings) -> Draft:
    if '"' in (command.natural_key or ""):
        raise _refuse(command, "CreditNoteNumber", "by a number with a quotation mark it could not be looked up")
    return Draft("PUT", CREDIT_NOTE, _new_document(command, own, SALES_CREDIT, "CreditNoteNumber"), "credit_note")


def _new_document(command: Command, own: Mappings, type_: str, number: str) -> Element:
    company = command.links.get("company")
    if not company:
        raise _refuse(command, "company", "the customer is not known in Xero")
    if not command.fields.get("lines"):
        raise _refuse(command, "lines", "an invoice needs a line")
    status = command.fields.get("status") or "draft"
    if status not in _CREATED_AS:
        raise _refuse(command, "status", f"an invoice is not created as {status}")
    return {
        "Type": type_,
        number: _natural_key(command, number),
        "Contact": {"ContactID": record_id(company)},
        "LineAmountTypes": "Exclusive",
        "Status": _STATUS_WORDS[status],
        **{name: value for name, value in _fields(command, own, clearing=False).items() if name != number},
    }


def _allocate(command: Command, own: Mappings) -> Draft:
    """What of a credit note is set against one invoice; nothing else of it is ever changed."""
    note, rows = _target(command), command.fields.get("allocations")
    if set(command.fields) != {"allocations"} or not isinstance(rows, list) or len(rows) != 1:
        raise _refuse(command, "allocations", "one allocation is expected, and nothing else")
    element = _fields(command, own, clearing=True)
    return Draft("PUT", CREDIT_NOTE, element, "credit_note", under=note)


def _update_invoice(command: Command, own: Mappings) -> Draft:
    return Draft("POST", INVOICE, {"InvoiceID": _target(command), **_changed(command, own)}, "invoice")


_MAKERS: dict[tuple[Entity, str], Callable[[Command, Mappings], Draft]] = {
    (Entity.COMPANY, "create"): _create_company,
    (Entity.COMPANY, "update"): _update_company,
    (Entity.CONTACT, "create"): _write_person,
    (Entity.CONTACT, "update"): _write_person,
    (Entity.PRODUCT, "create"): _create_product,
    (Entity.PRODUCT, "update"): _update_product,
    (Entity.INVOICE, "create"): _create_invoice,
    (Entity.INVOICE, "update"): _update_invoice,
    (Entity.CREDIT_NOTE, "create"): _create_credit_note,
    (Entity.CREDIT_NOTE, "update"): _allocate,
}


def _fields(command: Command, own: Mappings, *, clearing: bool) -> Element:
    """The writable fields; what Xero has no place for is left out, and is no business of that side."""
    element: Element = {}
    writers = {**_WRITERS[command.entity], **{name: _own(mapped) for name, mapped in own.items()}}
    for name, writer in writers.items():
        if name not in command.fields:
            continue
        value = command.fields[name]
        if value is None and not clearing:
            continue
        try:
            element.update(writer(value))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _refuse(command, name, str(error) or "it is malformed") from error
    return element


def _own(mapped: Mapped) -> Callable[[Any], Element]:
    return lambda value: {mapped.on(Side.ERP).at: mapped.write(Side.ERP, value)}


def _changed(command: Command, own: Mappings) -> Element:
    element = _fields(command, own, clearing=True)
    if not element:
        names = ", ".join(sorted(command.fields)) or "nothing"
        raise Refused(f"xero {command.entity.value}: Xero has no place for {names}", code="not_written")
    return element


def _target(command: Command) -> str:
    if not command.ref:
        raise _refuse(command, "ref", "an update needs the record's reference")
    return record_id(command.ref)


def _natural_key(command: Command, name: str) -> str:
    if not command.natural_key:
        raise _refuse(command, name, "without a natural key a lost answer could not be looked up")
    return command.natural_key


def _refuse(command: Command, name: str, why: str) -> Refused:
    return Refused(f"xero {command.entity.value}: {name}: {why}", code="payload")


def _text(name: str, most: int) -> Callable[[Any], Element]:
    """A text of at most so many characters: what is longer would be refused, and its whole request with it."""

    def write(value: Any) -> Element:
        if value is not None and not isinstance(value, str):
            raise ValueError("a text is expected")
        return {name: _within(value or "", most)}

    return write


def _kept(name: str, most: int) -> Callable[[Any], Element]:
    """A text that Xero does not let anybody empty."""

    def write(value: Any) -> Element:
        if not isinstance(value, str) or not value:
            raise ValueError("it cannot be emptied in Xero")
        return {name: _within(value, most)}

    return write


def _within(value: str, most: int) -> str:
    if len(value) > most:
        raise ValueError(f"Xero takes at most {most} characters there, and these are {len(value)}. Shorten it")
    return value


def _phone(value: str | None) -> Element:
    # The whole number in one part: joined again it reads the same, whatever its country.
    parts = {"PhoneCountryCode": "", "PhoneAreaCode": "", "PhoneNumber": value or ""}
    return {"Phones": [{"PhoneType": "DEFAULT", **parts}]}


def _street(value: dict[str, str] | None) -> Element:
    parts = value or {}
    return {
        "Addresses": [
            {
                "AddressType": "STREET",
                "AddressLine1": parts.get("street", ""),
                "AddressLine2": "",
                "AddressLine3": "",
                "AddressLine4": "",
                "City": parts.get("city", ""),
                "Region": parts.get("region", ""),
                "PostalCode": parts.get("postal_code", ""),
                "Country": parts.get("country", ""),
            }
        ]
    }


def _terms(value: str | None) -> Element:
    days, _, basis = (value or "").partition(" ")
    if not basis:
        raise ValueError("'<days> <basis>' is expected, as '30 DAYSAFTERBILLDATE'")
    return {"PaymentTerms": {"Sales": {"Day": int(days), "Type": basis}}}


def _price(value: Any) -> Element:
    return {"SalesDetails": {"UnitPrice": exact(value)}}


def _status(value: str) -> Element:
    if value not in _STATUS_WORDS:
        raise ValueError(f"{value} cannot be written; it follows from payments")
    return {"Status": _STATUS_WORDS[value]}


def _line_amount_types(value: str) -> Element:
    if value not in LINE_AMOUNT_TYPES:
        raise ValueError(f"one of {', '.join(sorted(LINE_AMOUNT_TYPES))} is expected")
    return {"LineAmountTypes": value}


def _lines(value: list[dict[str, Any]]) -> Element:
    return {"LineItems": [_line(each) for each in value]}


def _line(line: dict[str, Any]) -> Element:
    """`item_code` is the SKU where it is known to be an item; a code that is not there would refuse the invoice."""
    element: Element = {
        # Xero wants at least one character (facts: LineItem).
        "Description": line.get("description") or line.get("sku") or "-",
        "Quantity": _number(line.get("quantity"), "1"),
        "UnitAmount": _number(line.get("unit_price"), "0"),
    }
    if line.get("discount_percent"):
        element["DiscountRate"] = exact(line["discount_percent"])
    for name, key in (("ItemCode", "item_code"), ("AccountCode", "account"), ("TaxType", "tax_type")):
        if line.get(key):
            element[name] = line[key]
    return element


def _allocation(value: list[dict[str, Any]]) -> Element:
    (row,) = value
    return {"Invoice": {"InvoiceID": row["invoice"]}, "Amount": exact(row["amount"]), "Date": row["date"]}


def _number(value: Any, default: str) -> Decimal:
    return exact(default if value is None or value == "" else value)


# With the most characters that Xero takes, by its published schema (xero_accounting.yaml).
_WRITERS: dict[Entity, dict[str, Callable[[Any], Element]]] = {
    Entity.COMPANY: {
        "name": _kept("Name", 255),
        "phone": _phone,
        "tax_number": _text("TaxNumber", 50),
        "currency": _kept("DefaultCurrency", 3),
        "shipping_address": _street,
        "payment_terms": _terms,
        "crm_id": _text("ContactNumber", 50),
    },
    Entity.CONTACT: {
        "email": _text("EmailAddress", 255),
        "first_name": _text("FirstName", 255),
        "last_name": _text("LastName", 255),
    },
    Entity.PRODUCT: {
        "sku": _kept("Code", 30),
        "name": _text("Name", 50),
        "description": _text("Description", 4000),
        "price": _price,
    },
    Entity.INVOICE: {
        "number": _kept("InvoiceNumber", 255),
        "status": _status,
        "date": _kept("Date", 10),
        "due_date": _kept("DueDate", 10),
        "currency": _kept("CurrencyCode", 3),
        "reference": _text("Reference", 255),
        "line_amount_types": _line_amount_types,
        "lines": _lines,
    },
    Entity.CREDIT_NOTE: {
        "number": _kept("CreditNoteNumber", 255),
        "status": _status,
        "date": _kept("Date", 10),
        "currency": _kept("CurrencyCode", 3),
        "reference": _text("Reference", 255),
        "line_amount_types": _line_amount_types,
        "lines": _lines,
        "allocations": _allocation,
    },
}
