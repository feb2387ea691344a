"""Whether a record of Xero's shows what a command wanted. Pure.

In: a command and a raw record. Out: yes or no. Used where an answer was lost, and where Xero says that a number is
taken: perhaps by ourselves.
"""

from __future__ import annotations

from typing import Any

from schemas.change import Change
from schemas.command import Command
from schemas.errors import Refused
from schemas.money import exact
from schemas.names import Entity, Side, record_id
from streams.platforms.xero.kinds import KINDS, SALES_CREDIT, SALES_INVOICE
from streams.platforms.xero.payloads import written_fields
from streams.platforms.xero.translation import NONE, Own, sightings

_KINDS = {
    Entity.COMPANY: "contact", Entity.CONTACT: "contact", Entity.PRODUCT: "item", Entity.INVOICE: "invoice",
    Entity.CREDIT_NOTE: "credit_note",
}  # fmt: skip
# What a document of ours is, and where its number stands.
_NUMBERED = {Entity.INVOICE: (SALES_INVOICE, "InvoiceNumber"), Entity.CREDIT_NOTE: (SALES_CREDIT, "CreditNoteNumber")}
# A document that has moved on was in the state that was wanted.
_AFTER = {
    "draft": {"draft", "submitted", "posted", "paid", "voided", "deleted"},
    "submitted": {"submitted", "posted", "paid", "voided"},
    "posted": {"posted", "paid", "voided"},
}


def kind_of(entity: Entity) -> str:
    """The kind of record that an entity is written to."""
    return _KINDS[entity]


def is_ours(command: Command, raw: dict[str, Any]) -> bool:
    """Whether a record was made by this create: it carries our natural key and belongs to the same customer."""
    if command.entity is Entity.COMPANY:
        return bool(command.natural_key) and raw.get("ContactNumber") == command.natural_key
    if command.entity is Entity.PRODUCT:
        return raw.get("Code") == (command.natural_key or command.fields.get("sku"))
    stated, number = _NUMBERED.get(command.entity, ("", ""))
    if not stated or raw.get("Type") != stated:
        return False
    contact = str((raw.get("Contact") or {}).get("ContactID") or "")
    owner = record_id(command.links.get("company") or "xero/contact/")
    return raw.get(number) == command.natural_key and bool(owner) and contact.lower() == owner.lower()


def allocates(command: Command, raw: dict[str, Any]) -> bool:
    """Whether a credit note is set against the invoice that a command named, by whatever amount: never a second time.

    Xero gives an allocation no key of its own (facts B6), and the note has its place in the books either way.
    """
    rows = raw.get("Allocations")
    wanted = {str(row.get("invoice")).lower() for row in command.fields.get("allocations") or ()}
    there = {
        str((row.get("Invoice") or {}).get("InvoiceID")).lower()
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and not row.get("IsDeleted")
    }
    return bool(wanted) and wanted <= there


def shows(command: Command, raw: dict[str, Any], own: Own = NONE) -> bool:
    """Whether a record has the fields that an update wanted."""
    kind = KINDS[kind_of(command.entity)]
    change = Change(
        tenant=command.tenant,
        platform="xero",
        side=Side.ERP,
        kind=kind.name,
        record_id=str(raw.get(kind.id_field) or ""),
        version=0,
        seen_at=command.at,
        raw=raw,
    )
    try:
        found = sightings(change, suppliers=True, own=own)
    except Refused:
        return False
    fields = next((each.fields for each in found if each.entity is command.entity), None)
    if fields is None:
        return False
    written = written_fields(command.entity, own)
    wanted = {name: value for name, value in command.fields.items() if name in written}
    return bool(wanted) and all(name in fields and _equal(name, value, fields[name]) for name, value in wanted.items())


def _equal(name: str, wanted: Any, found: Any) -> bool:
    if name == "status":
        return found in _AFTER.get(str(wanted), {wanted})
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_same_line, wanted, found))
    return _same(wanted, found)


def _same_line(wanted: dict[str, Any], found: dict[str, Any]) -> bool:
    names = ("description", "quantity", "unit_price", "discount_percent")
    return all(_same(wanted[name], found.get(name)) for name in names if wanted.get(name))


def _same(wanted: Any, found: Any) -> bool:
    if wanted == found:
        return True
    try:
        return exact(wanted) == exact(found)
    except ValueError:
        return False
