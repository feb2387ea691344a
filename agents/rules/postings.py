"""Postings: what a document of the ERP comes to, part by part, and what each part counts for. Pure.

In: a document's canonical fields, what it and the invoices that it settles belong to. Out: its parts, and each as a
posting. The report (`revmark attribution`) and the records in the CRM are made of the same ones.

A document belongs to its customer and to its deal, a payment to what its invoice belongs to. A credit note, or money in
advance, belongs where it was allocated, part by part; the rest of it is its customer's. A credit note that Revmark made
names no items: it takes back what its invoice sold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from agents.rules.attribution import Kind, Posting
from agents.rules.bills import POSTED
from schemas.money import exact
from schemas.names import Entity

Fields = Mapping[str, Any]
Weights = Mapping[str, Decimal]  # a name's part of a document, against the other names' parts
KINDS: dict[Entity, Kind] = {
    Entity.INVOICE: "invoice", Entity.CREDIT_NOTE: "credit_note", Entity.PAYMENT: "payment",
}  # fmt: skip


AMOUNTS = {Entity.INVOICE: "total", Entity.CREDIT_NOTE: "total", Entity.PAYMENT: "amount"}  # what each is worth


@dataclass(frozen=True, slots=True)
class Owned:
    """What a document belongs to; `lines` are its own, or those of the invoice that it pays."""

    customer: str
    deal: str | None = None
    lines: Sequence[Fields] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What of a document belongs in one place. `against`: the ERP's id of the invoice that this was set against."""

    amount: Decimal
    owned: Owned
    against: str = ""


def counts(entity: Entity, fields: Fields) -> bool:
    """Whether a document counts at all, and on which day is known."""
    return bool(fields.get("date")) and fields.get("status") in ({"received"} if entity is Entity.PAYMENT else POSTED)


def parts(
    entity: Entity, fields: Fields, own: Owned, *, paid: Owned | None, invoice: Callable[[str], Owned | None]
) -> Iterator[Part]:
    """What of a document belongs where; together it is the whole of it.

    Args:
        entity: invoice, payment or credit note.
        fields: what it shows.
        own: what it belongs to by itself.
        paid: what the invoice belongs to that a payment pays, or whose credit note it is by its number, if known.
        invoice: what an invoice belongs to, by the ERP's id, if it is known.
    """
    rest = exact(fields.get(AMOUNTS[entity]) or "0")
    if not (entity is Entity.CREDIT_NOTE or fields.get("advance")):
        found = paid or own
        yield Part(rest, Owned(own.customer, own.deal or found.deal, found.lines))
        return
    sold = _sold(own, paid)
    for each in fields.get("allocations") or ():
        amount = exact(each["amount"])
        if (against := invoice(each["invoice"])) and amount <= rest:
            rest -= amount
            yield Part(amount, Owned(own.customer, against.deal, sold or against.lines), each["invoice"])
    if rest:
        yield Part(rest, replace(own, lines=sold))


def _sold(note: Owned, credited: Owned | None) -> Sequence[Fields]:
    """The lines by which a credit note is shared."""
    return note.lines if credited is None or any(line.get("sku") for line in note.lines) else credited.lines


def kind(entity: Entity, fields: Fields) -> Kind:
    """What a document is."""
    return "refund" if entity is Entity.PAYMENT and fields.get("refund") else KINDS[entity]


def posting(document: str, entity: Entity, fields: Fields, amount: Decimal, weights: Weights) -> Posting:
    """A part as it counts on its day."""
    rate = fields.get("currency_rate")
    return Posting(
        document=document,
        kind=kind(entity, fields),
        day=fields["date"],
        currency=fields.get("currency") or "",
        amount=amount,
        names=tuple(weights),
        weights=tuple(weights.values()),
        rate=exact(rate) if rate else None,
    )


def equally(names: Sequence[str]) -> Weights:
    """Each as much as the others."""
    return dict.fromkeys(names, Decimal(1))


def by_line(lines: Sequence[Fields]) -> Weights:
    """By the amounts of the lines, before tax or with it as the document has them; lines of no product are nobody's."""
    found: dict[str, Decimal] = {}
    for line in lines:
        if amount := exact(line.get("amount") or "0"):
            sku = line.get("sku") or ""
            found[sku] = found.get(sku, Decimal(0)) + amount
    return found if sum(found.values()) else {}


def members(held: Any) -> tuple[str, ...]:
    """A set's members; of any other field its one value, and of an empty one none."""
    return tuple(
        dict.fromkeys(str(each) for each in (held if isinstance(held, list) else [held]) if each not in {"", None})
    )
