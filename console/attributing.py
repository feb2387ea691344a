"""From the rows of both sides to an attribution, and the proof that it is all that the ERP has posted.

In: the projection, what to attribute by. Out: the shares, and for each currency whether the posted invoices come to the
ERP's totals on the stream, or on which days they do not. Reads only.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from agents.rules.attribution import Attribution, Kind, Posting
from agents.rules.bills import POSTED
from console.output import money_text
from console.projection.filters import Filters
from console.projection.listing import find, labels
from console.projection.store import Store
from console.projection.summary import EVERYTHING
from schemas.contract import Contract
from schemas.contract.mappings import PREFIX
from schemas.errors import Refused
from schemas.money import exact, plain
from schemas.names import Entity, Side
from schemas.totals import Total

_RECORDS = (
    "SELECT key, record, json_extract(body, '$.erp.fields') AS fields, json_extract(body, '$.related') AS related"
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
class Proof:
    """Whether the posted invoices of a currency are what the stream has counted; `days` are those that differ."""

    currency: str
    counted: Decimal
    stated: Decimal
    days: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether they are, to the minor unit and on each day."""
        return self.counted == self.stated and not self.days


def postings(store: Store, contract: Contract, by: str) -> list[Posting]:
    """The ERP's documents, each with its customer, its deal, or what a field of the contract's mappings says.

    Raises:
        Refused: there is no such field.
    """
    names = _namer(store, contract, by)
    rows = {entity: _rows(store, entity) for entity in _KINDS}
    deals = {row["record"]: orjson.loads(row["related"]).get("deal") for row in rows[Entity.INVOICE]}
    return list(_postings(rows, deals, names))


def proofs(store: Store, found: Iterable[Posting], start: str, end: str) -> list[Proof]:
    """The period's posted invoices against the ERP's totals, by currency."""
    invoices = (each for each in found if each.kind == "invoice" and start <= each.day <= end)
    totals = find(store, Total, Filters(), limit=EVERYTHING)
    erp = (each for each in totals if each.side is Side.ERP and start <= each.day <= end)
    counted = _daily((each.currency, each.day, each.amount) for each in invoices)
    stated = _daily((each.currency, each.day, each.total) for each in erp)
    return [_proof(each, counted.get(each, {}), stated.get(each, {})) for each in sorted({*counted, *stated})]


def _daily(amounts: Iterable[tuple[str, str, Decimal]]) -> dict[str, dict[str, Decimal]]:
    """Sums by currency and day."""
    found: dict[str, dict[str, Decimal]] = {}
    for currency, day, amount in amounts:
        days = found.setdefault(currency, {})
        days[day] = days.get(day, Decimal(0)) + amount
    return found


def _proof(currency: str, counted: dict[str, Decimal], stated: dict[str, Decimal]) -> Proof:
    nothing = Decimal(0)
    apart = (day for day in sorted({*counted, *stated}) if counted.get(day, nothing) != stated.get(day, nothing))
    return Proof(currency, sum(counted.values(), nothing), sum(stated.values(), nothing), tuple(apart))


Namer = Callable[[str, str | None], tuple[str, ...]]  # (customer, deal) -> what their documents are attributed to


def _namer(store: Store, contract: Contract, by: str) -> Namer:
    if by == "customer":
        return lambda customer, _: (customer,)
    if by == "deal":
        return lambda _, deal: (deal,) if deal else ()
    known = mapped(contract)
    if by not in known:
        fields = f", or {', '.join(known)}" if known else f"; a field of your own ({PREFIX}...) once mappings name one"
        raise Refused(f"nothing is attributed by {by!r}: there are customer and deal{fields}", code="usage")
    values = {row["record"]: _members(row["value"]) for row in store.rows(_FIELD, [by])}
    return lambda customer, deal: values.get(deal or "") or values.get(customer, ())


def mapped(contract: Contract) -> list[str]:
    """The fields of the contract's mappings that something can be attributed by."""
    return sorted({name for entity in (Entity.COMPANY, Entity.DEAL) for name in contract.mapped(entity)})


def _members(value: str) -> tuple[str, ...]:
    """A set's members; of any other field its one value, and of an empty one none. It comes as JSON."""
    held = orjson.loads(value)
    return tuple(str(each) for each in (held if isinstance(held, list) else [held]) if each != "")


def _postings(
    rows: Mapping[Entity, list[dict[str, Any]]], deals: Mapping[str, str | None], names: Namer
) -> Iterator[Posting]:
    for entity, kind in _KINDS.items():
        for row in rows[entity]:
            fields, related = orjson.loads(row["fields"]), orjson.loads(row["related"])
            status = fields.get("status")
            if status not in (POSTED if entity is not Entity.PAYMENT else {"received"}) or not fields.get("date"):
                continue
            customer = row["key"].split("|")[3]
            yield Posting(
                document=row["record"],
                kind="refund" if entity is Entity.PAYMENT and fields.get("refund") else kind,
                day=fields["date"],
                currency=fields.get("currency") or "",
                amount=exact(fields.get("amount" if entity is Entity.PAYMENT else "total") or "0"),
                names=names(customer, related.get("deal") or deals.get(related.get("invoice") or row["record"])),
            )


def _rows(store: Store, entity: Entity) -> list[dict[str, Any]]:
    return store.rows(_RECORDS, [f"{entity.value}:", f"{entity.value};"])


def called(store: Store, found: Attribution, by: str) -> dict[str, str]:
    """What people call the names; a field's values are their own."""
    names = [each.name for each in found.shares if each.name]
    known = labels(store, names) if by in {"customer", "deal"} else {}
    return {name: known.get(name, name) for name in names}


def days(month: str) -> tuple[str, str]:
    """The first and the last day of a month.

    Raises:
        Refused: it is none.
    """
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise Refused(f"{month!r} is no month: it is written YYYY-MM", code="usage")
    first = date.fromisoformat(f"{month}-01")
    return first.isoformat(), first.replace(day=monthrange(first.year, first.month)[1]).isoformat()


def says(proof: Proof) -> str:
    """Whether it holds, in a sentence; what does not names its days."""
    invoiced = f"{money_text(proof.counted, proof.currency)} {proof.currency} invoiced"
    if proof.holds:
        return f"{invoiced}: the ERP's posted total of the month, to the minor unit"
    days, stated = ", ".join(proof.days), money_text(proof.stated, proof.currency)
    return (
        f"{invoiced}, and the stream's totals of the ERP say {stated}: they differ on {days}. Either "
        "an invoice is on its way from one to the other, or its totals have not been stated yet"
    )


def document(found: Attribution, names: dict[str, str], proven: list[Proof], month: str, by: str) -> dict[str, Any]:
    """As JSON."""

    def share(each: Any) -> dict[str, Any]:
        counted, deducted, net = (plain(value) for value in (each.counted, each.deducted, each.net))
        return {"currency": each.currency, "documents": each.documents, "counted": counted, "deducted": deducted,
                "net": net}  # fmt: skip

    return {
        "month": month,
        "by": by,
        "basis": found.basis,
        "shares": [{"id": each.name, "name": names.get(each.name, ""), **share(each)} for each in found.shares],
        "totals": [share(each) for each in found.totals],
        "proof": [
            {"currency": each.currency, "invoiced": plain(each.counted), "stated": plain(each.stated),
             "holds": each.holds, "days": list(each.days)}
            for each in proven
        ],
    }  # fmt: skip
