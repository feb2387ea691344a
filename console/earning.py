"""The ERP's documents as postings: what each comes to, and to what it is attributed.

In: the projection, the contract, what to attribute by. Out: postings, and what people know documents by. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from agents.rules.attribution import Posting
from agents.rules.postings import KINDS, Owned, Part, Weights, by_line, counts, equally, members, parts, posting
from console.projection.store import Store
from schemas.contract import Contract
from schemas.contract.touches import ALWAYS, PRODUCT, Model, field_of, mapped
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
_PAPERS = (
    "SELECT key, record, json_extract(body, '$.erp.ref') AS ref, json_extract(body, '$.erp.fields.number') AS number,"
    " json_extract(body, '$.erp.fields.reference') AS reference, json_extract(body, '$.erp.fields.document') AS pays,"
    " coalesce(json_extract(body, '$.related.invoice'), json_extract(body, '$.related.credit_note')) AS of"
    " FROM states WHERE drawer = 'accounts.r' AND record >= ? AND record < ?"
    " AND json_extract(body, '$.erp.ref') IS NOT NULL"
)
Namer = Callable[[Owned], Weights]


def offered(contract: Contract) -> list[str]:
    """All that something can be attributed by, a model behind its name, as campaign.first_touch."""
    touches = [f"{name}.{model}" for name, each in contract.attribution.items() for model in each.models]
    return [*ALWAYS, *touches, *mapped(contract)]


def postings(store: Store, contract: Contract, by: str, model: Model | None = None) -> list[Posting]:
    """The ERP's documents, each with its customer, its deal, the products on its lines, or what a field says.

    Raises:
        Refused: nothing is attributed by that, or not under that model.
    """
    name = _namer(store, field_of(contract, by, model))
    rows = {entity: _rows(store, entity) for entity in KINDS}
    invoices = {row["record"]: _owned(row) for row in rows[Entity.INVOICE]}
    by_id = {row["ref"].rpartition("/")[2]: invoices[row["record"]] for row in rows[Entity.INVOICE]}
    return [
        posting(row["record"], entity, row["fields"], part.amount, name(part.owned))
        for entity in KINDS
        for row in rows[entity]
        if counts(entity, row["fields"])
        for part in _parts(entity, row, invoices, by_id)
    ]


@dataclass(frozen=True, slots=True)
class Known:
    """What people know a document by: its number, or that of what it pays or gives back; and whose it is, by id."""

    number: str
    customer: str


def papers(store: Store) -> dict[str, Known]:
    """The ERP's documents by id; a payment of nothing that has a number is known by its reference."""
    rows = [row for each in KINDS for row in store.rows(_PAPERS, [f"{each.value}:", f"{each.value};"])]
    numbers = {row[name].rpartition("/")[2]: row["number"] for row in rows for name in ("ref", "record")}
    return {
        row["record"]: Known(
            row["number"] or numbers.get(row["pays"]) or numbers.get(row["of"]) or row["reference"] or "",
            _customer(row),
        )
        for row in rows
    }


def _owned(row: Mapping[str, Any]) -> Owned:
    return Owned(_customer(row), row["related"].get("deal"), row["fields"].get("lines") or ())


def _parts(
    entity: Entity, row: Mapping[str, Any], invoices: Mapping[str, Owned], by_id: Mapping[str, Owned]
) -> Iterator[Part]:
    fields, related = row["fields"], row["related"]
    paid = by_id.get(fields.get("document") or "") or invoices.get(related.get("invoice") or "")
    return parts(entity, fields, _owned(row), paid=paid, invoice=by_id.get)


def _namer(store: Store, field: str) -> Namer:
    plain: dict[str, Namer] = {
        "customer": lambda owned: equally([owned.customer]),
        "deal": lambda owned: equally([owned.deal] if owned.deal else []),
        PRODUCT: lambda owned: by_line(owned.lines),
    }
    if field in plain:
        return plain[field]
    values = {row["record"]: members(orjson.loads(row["value"])) for row in store.rows(_FIELD, [field])}
    return lambda owned: equally(values.get(owned.deal or "") or values.get(owned.customer, ()))


def _customer(row: Mapping[str, Any]) -> str:
    found: str = row["key"].split("|")[3]
    return found


def _rows(store: Store, entity: Entity) -> list[dict[str, Any]]:
    found = store.rows(_RECORDS, [f"{entity.value}:", f"{entity.value};"])
    return [{**row, "fields": orjson.loads(row["fields"]), "related": orjson.loads(row["related"])} for row in found]
