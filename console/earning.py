"""The ERP's documents as postings: what each comes to, and to what it is attributed.

In: the projection, the contract, what to attribute by. Out: postings. Reads only.

A document belongs to its customer and to its deal, a payment to what its invoice belongs to. A credit note belongs
where it was allocated, part by part; the rest of it is its customer's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from agents.rules.attribution import Kind, Posting
from agents.rules.bills import POSTED
from console.projection.store import Store
from schemas.contract import Contract
from schemas.contract.mappings import PREFIX
from schemas.contract.touches import MODELS, TOUCHED, Model
from schemas.errors import Refused
from schemas.money import exact
from schemas.names import Entity

_RECORDS = (
    "SELECT key, record, json_extract(body, '$.erp.ref') AS ref, json_extract(body, '$.erp.fields') AS fields,"
    " json_extract(body, '$.related') AS related"
    " FROM states WHERE drawer = 'accounts.r' AND record >= ? AND record < ?"
    " AND json_extract(body, '$.erp.ref') IS NOT NULL AND NOT json_extract(body, '$.erp.deleted')"
)
_FIELD = (
    "SELECT record, coalesce(nullif(json_quote(json_extract(body, '$.crm.fields.' || ?1)), 'null'),"
    " nullif(json_quote(json_extract(body, '$.erp.fields.' || ?1)), 'null')) AS value"
    " FROM states WHERE drawer = 'accounts.r' AND (record LIKE 'deal:%' OR record LIKE 'company:%')"
    " AND value IS NOT NULL"
)
_KINDS: dict[Entity, Kind] = {
    Entity.INVOICE: "invoice", Entity.CREDIT_NOTE: "credit_note", Entity.PAYMENT: "payment",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owned:
    """What a document belongs to; `lines` are its own, or those of the invoice that it pays."""

    customer: str
    deal: str | None = None
    lines: Sequence[Mapping[str, Any]] = ()


ALWAYS = ("customer", "deal", "product")
Weights = Mapping[str, Decimal]  # a name's part of a document, against the other names' parts
Namer = Callable[[Owned], Weights]


def mapped(contract: Contract) -> list[str]:
    """The fields of the contract's mappings that something can be attributed by."""
    return sorted({name for entity in TOUCHED for name in contract.mapped(entity)})


def offered(contract: Contract) -> list[str]:
    """All that something can be attributed by, a model behind its name, as campaign.first_touch."""
    touches = [f"{name}.{model}" for name, each in contract.attribution.items() for model in each.models]
    return [*ALWAYS, *touches, *mapped(contract)]


def postings(store: Store, contract: Contract, by: str, model: Model | None = None) -> list[Posting]:
    """The ERP's documents, each with its customer, its deal, the products on its lines, or what a field says.

    Raises:
        Refused: nothing is attributed by that, or not under that model.
    """
    name = _namer(store, contract, *asked(by, model))
    rows = {entity: _rows(store, entity) for entity in _KINDS}
    invoices = {row["record"]: _owned(row) for row in rows[Entity.INVOICE]}
    by_ref = {row["ref"].rpartition("/")[2]: row["record"] for row in rows[Entity.INVOICE]}
    return [
        _posting(row, kind, amount, name(owned))
        for entity, kind in _KINDS.items()
        for row in rows[entity]
        if row["fields"].get("date") and row["fields"].get("status") in _counted(entity)
        for amount, owned in _parts(entity, row, invoices, by_ref)
    ]


def asked(by: str, model: Model | None = None) -> tuple[str, Model | None]:
    """A wish in its two words, also where it comes as one, as campaign.first_touch."""
    name, _, word = by.partition(".")
    spelt = next((each for each in MODELS if each == word), None)
    return (name, spelt) if model is None and spelt else (by, model)


def _counted(entity: Entity) -> Collection[str]:
    return {"received"} if entity is Entity.PAYMENT else POSTED


def _owned(row: Mapping[str, Any]) -> Owned:
    return Owned(_customer(row), row["related"].get("deal"), row["fields"].get("lines") or ())


def _parts(
    entity: Entity, row: Mapping[str, Any], invoices: Mapping[str, Owned], by_ref: Mapping[str, str]
) -> Iterator[tuple[Decimal, Owned]]:
    """What of a document belongs where; together it is the whole of it."""
    fields, own = row["fields"], _owned(row)
    if entity is not Entity.CREDIT_NOTE:
        found = invoices.get(row["related"].get("invoice") or row["record"], own)
        amount = exact(fields.get("amount" if entity is Entity.PAYMENT else "total") or "0")
        yield amount, Owned(own.customer, own.deal or found.deal, found.lines)
        return
    rest = exact(fields.get("total") or "0")
    for each in fields.get("allocations") or ():
        amount = exact(each["amount"])
        if (against := invoices.get(by_ref.get(each["invoice"], ""))) and amount <= rest:
            rest -= amount
            yield amount, Owned(own.customer, against.deal, own.lines or against.lines)
    if rest:
        yield rest, own


def _posting(row: Mapping[str, Any], kind: Kind, amount: Decimal, weights: Weights) -> Posting:
    fields = row["fields"]
    rate = fields.get("currency_rate")
    return Posting(
        document=row["record"],
        kind="refund" if kind == "payment" and fields.get("refund") else kind,
        day=fields["date"],
        currency=fields.get("currency") or "",
        amount=amount,
        names=tuple(weights),
        weights=tuple(weights.values()),
        rate=exact(rate) if rate else None,
    )


def _namer(store: Store, contract: Contract, by: str, model: Model | None) -> Namer:
    plain: dict[str, Namer] = {
        "customer": lambda owned: _equally([owned.customer]),
        "deal": lambda owned: _equally([owned.deal] if owned.deal else []),
        "product": lambda owned: _by_line(owned.lines),
    }
    field = _field(contract, by, model)
    if by in plain:
        return plain[by]
    values = {row["record"]: _members(row["value"]) for row in store.rows(_FIELD, [field])}
    return lambda owned: _equally(values.get(owned.deal or "") or values.get(owned.customer, ()))


def _field(contract: Contract, by: str, model: Model | None) -> str:
    """The field behind a name of the contract's; what is named alone stands for itself."""
    touches = contract.attribution.get(by)
    if touches is None:
        known = [*contract.attribution, *mapped(contract)]
        if by not in {*ALWAYS, *known}:
            fields = (
                f", or {', '.join(known)}" if known else f"; a field of your own ({PREFIX}...) once mappings name one"
            )
            raise Refused(
                f"nothing is attributed by {by!r}: there are customer, deal and product{fields}", code="usage"
            )
        if model is not None:
            few = ", ".join(contract.attribution) or "the contract's attribution names none"
            raise Refused(f"{by} knows no models: leave --model out. Those that do: {few}", code="usage")
        return by
    if model is None and len(touches.models) > 1:
        raise Refused(
            f"{by} is attributed in more than one way: add --model {' or '.join(touches.models)}", code="usage"
        )
    wished = model if model is not None else next(iter(touches.models), MODELS[0])
    if (field := touches.field(wished)) is None:
        raise Refused(
            f"the contract's attribution.{by} names no field for {wished}: there is {', '.join(touches.models)}",
            code="usage",
        )
    return field


def _equally(names: Sequence[str]) -> Weights:
    return dict.fromkeys(names, Decimal(1))


def _by_line(lines: Sequence[Mapping[str, Any]]) -> Weights:
    """By the amounts of the lines, before tax or with it as the document has them; lines of no product are nobody's."""
    found: dict[str, Decimal] = {}
    for line in lines:
        if amount := exact(line.get("amount") or "0"):
            sku = line.get("sku") or ""
            found[sku] = found.get(sku, Decimal(0)) + amount
    return found if sum(found.values()) else {}


def _members(value: str) -> tuple[str, ...]:
    """A set's members; of any other field its one value, and of an empty one none. It comes as JSON."""
    held = orjson.loads(value)
    return tuple(dict.fromkeys(str(each) for each in (held if isinstance(held, list) else [held]) if each != ""))


def _customer(row: Mapping[str, Any]) -> str:
    found: str = row["key"].split("|")[3]
    return found


def _rows(store: Store, entity: Entity) -> list[dict[str, Any]]:
    found = store.rows(_RECORDS, [f"{entity.value}:", f"{entity.value};"])
    return [{**row, "fields": orjson.loads(row["fields"]), "related": orjson.loads(row["related"])} for row in found]
