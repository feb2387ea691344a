"""Xero's records in canonical words. Pure: the same change gives the same sightings.

In: changes of the kinds that `kinds` lists. Out: sightings; one contact is a company and its primary person.
Every field that Xero can hold is set, with None where it is empty. `Website` and `Balances` are no fields: Xero lets
nobody write the one, and the other moves without moving `UpdatedDateUTC` (facts B4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from schemas.change import Change
from schemas.contract.mappings import Mappings
from schemas.entities import Address, Company, Contact, Product
from schemas.errors import Refused
from schemas.names import Entity, Side, fits_reference, ref
from schemas.sighting import Sighting
from streams.platforms.xero import documents
from streams.platforms.xero.kinds import KINDS, PLATFORM, is_id, reference
from streams.platforms.xero.record import Record

HOLD_GROUP = "Credit hold"
Own = Mapping[Entity, Mappings]  # the customer's own fields, by the kind of record
NONE: Own = MappingProxyType({})
NOWHERE = Address()
ERASED = "GDPRREQUEST"  # finance was asked to forget the person
GONE = frozenset({"ARCHIVED", ERASED})
# Mail that anybody can have says nothing about the company.
PUBLIC_MAIL = frozenset(
    {
        "aol.com", "btinternet.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.co.uk",
        "hotmail.com", "icloud.com", "live.com", "mac.com", "mail.com", "me.com", "msn.com", "outlook.com",
        "proton.me", "protonmail.com", "qq.com", "web.de", "xtra.co.nz", "yahoo.co.uk", "yahoo.com", "yandex.com",
        "ymail.com", "zoho.com",
    }
)  # fmt: skip


def sightings(
    change: Change,
    *,
    crm: str = "hubspot",
    hold_group: str = HOLD_GROUP,
    base_currency: str = "",
    suppliers: bool = False,
    own: Own = NONE,
) -> list[Sighting]:
    """What one change shows; nothing for purchases and, unless `suppliers`, for contacts that only supply.

    `crm` is how references to the CRM are spelt; `base_currency` (ISO 4217) is what item prices are in; `own` are the
    fields of the customer's own, as the contract maps them.

    Raises:
        Refused: the record is malformed; the message names the field.
    """
    if change.platform != PLATFORM or change.kind not in KINDS:
        raise Refused(f"{change.platform} {change.kind}: no kind of Xero's", code="unknown_kind")
    if not is_id(change.record_id):
        raise Refused(f"xero: a {change.kind} whose id is none of Xero's", code="id")
    if change.deleted and not change.raw:
        return _gone(change)
    record = Record(change.raw, f"xero {change.kind} {change.record_id}")
    if record.required(KINDS[change.kind].id_field) != change.record_id:
        raise record.refuse(KINDS[change.kind].id_field, "it is not the id of the change")
    match change.kind:
        case "contact":
            found = (
                _contact(record, crm, hold_group, own.get(Entity.COMPANY, {}))
                if suppliers or not _only_supplies(record)
                else []
            )
        case "item":
            found = [_product(record, base_currency)]
        case "invoice":
            found = documents.invoice(record)
        case "credit_note":
            found = documents.credit_note(record)
        case "payment":
            found = documents.payment(record)
        case _:
            found = documents.advance(KINDS[change.kind], record)
    return [replace(each, fields={}, deleted=True) for each in found] if change.deleted else found


_ENTITIES = {
    "item": (("item", Entity.PRODUCT),),
    "contact": (("contact", Entity.COMPANY), ("person", Entity.CONTACT)),
    "invoice": (("invoice", Entity.INVOICE),),
    "credit_note": (("credit_note", Entity.CREDIT_NOTE),),
    "payment": (("payment", Entity.PAYMENT),),
    "prepayment": (("prepayment", Entity.PAYMENT),),
    "overpayment": (("overpayment", Entity.PAYMENT),),
}


def _gone(change: Change) -> list[Sighting]:
    return [
        Sighting(entity=entity, ref=reference(kind, change.record_id), fields={}, deleted=True)
        for kind, entity in _ENTITIES[change.kind]
    ]


def _only_supplies(record: Record) -> bool:
    return record.flag("IsSupplier") and not record.flag("IsCustomer")


def _own(record: Record, fields: Mappings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, mapped in fields.items():
        at = mapped.on(Side.ERP).at
        try:
            found[name] = mapped.read(Side.ERP, record.text(at))
        except ValueError as error:
            raise record.refuse(at, str(error)) from error
    return found


def _contact(record: Record, crm: str, hold_group: str, own: Mappings) -> list[Sighting]:
    contact_id = record.identity("ContactID")
    status = record.text("ContactStatus") or "ACTIVE"
    deleted = status in GONE
    email = _email(record)
    company = Company(
        name=record.text("Name"),
        phone=_phone(record),
        tax_number=record.text("TaxNumber"),
        currency=record.text("DefaultCurrency"),
        shipping_address=_street(record),
        crm_id=record.text("ContactNumber"),
        **_sometimes(record, hold_group),
    )
    person = Contact(email=email, first_name=record.text("FirstName"), last_name=record.text("LastName"))
    here = reference("contact", contact_id)
    return [
        Sighting(
            entity=Entity.COMPANY,
            ref=here,
            fields=company.fields() | _own(record, own),
            keys=_company_keys(record, company, email, crm),
            deleted=deleted,
            archived=deleted,
        ),
        Sighting(
            entity=Entity.CONTACT,
            ref=reference("person", contact_id),
            fields=person.fields(),
            keys={"email": email} if email else {},
            parents={"company": here},
            deleted=deleted,
            archived=deleted,
            erased=status == ERASED,
        ),
    ]


def _sometimes(record: Record, hold_group: str) -> dict[str, Any]:
    """Fields that not every reply carries: absent there they are unknown, not empty."""
    fields: dict[str, Any] = {}
    if "PaymentTerms" in record.raw:
        fields["payment_terms"] = _terms(record)
    if "ContactGroups" in record.raw:
        groups = record.rows("ContactGroups")
        fields["credit_hold"] = any(_same(group.text("Name"), hold_group) for group in groups)
    return fields


def _company_keys(record: Record, company: Company, email: str | None, crm: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    if company.crm_id and fits_reference(company.crm_id):  # else it is a number of the company's own making
        keys["crm_ref"] = ref(crm, "company", company.crm_id)
    if company.name:
        keys["name"] = company.name
    if domain := _domain(email, record.text("Website")):
        keys["domain"] = domain
    if record.text("MergedToContactID"):
        keys["merged_into"] = reference("contact", record.identity("MergedToContactID"))
    return keys


def _email(record: Record) -> str | None:
    stated = record.text("EmailAddress")
    return stated.lower() if stated else None


def _domain(email: str | None, website: str | None) -> str | None:
    mail = email.rpartition("@")[2] if email and "@" in email else ""
    if mail and mail not in PUBLIC_MAIL:
        return mail
    if not website:
        return None
    try:
        host = urlsplit(website if "//" in website else f"//{website}").hostname
    except ValueError:
        return None  # weak evidence: a website nobody can read is none
    return host.removeprefix("www.") if host else None


def _phone(record: Record) -> str | None:
    for row in record.rows("Phones"):
        if row.text("PhoneType") == "DEFAULT":
            parts = (row.text("PhoneCountryCode"), row.text("PhoneAreaCode"), row.text("PhoneNumber"))
            return " ".join(part for part in parts if part) or None
    return None


def _street(record: Record) -> Address | None:
    for row in record.rows("Addresses"):
        if row.text("AddressType") == "STREET":
            lines = (row.text(f"AddressLine{number}") for number in range(1, 5))
            address = Address(
                street=", ".join(each for each in lines if each),
                city=row.text("City") or "",
                region=row.text("Region") or "",
                postal_code=row.text("PostalCode") or "",
                country=row.text("Country") or "",
            )
            return address if address != NOWHERE else None
    return None


def _terms(record: Record) -> str | None:
    sales = record.inner("PaymentTerms").inner("Sales")
    days, basis = sales.number("Day"), sales.text("Type")
    return f"{days} {basis}" if days is not None and basis else None


def _product(record: Record, base_currency: str) -> Sighting:
    sku = record.required("Code")
    product = Product(
        sku=sku,
        name=record.text("Name"),
        description=record.text("Description"),
        price=record.inner("SalesDetails").amount("UnitPrice", base_currency),
    )
    return Sighting(
        entity=Entity.PRODUCT,
        ref=reference("item", record.identity("ItemID")),
        fields=product.fields(),
        keys={"sku": sku},
    )


def _same(left: str | None, right: str) -> bool:
    return left is not None and left.casefold() == right.strip().casefold()
