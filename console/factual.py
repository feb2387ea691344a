"""Fact sheets of what the workers know: of each company and each product, and of the seller.

In: the projection, the contract. Out: sheets, drifts as documents and tables. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from console.explain.labels import words
from console.explain.search import Unfound, search
from console.facts.drift import Drift
from console.facts.linked import CONTEXT, graph, node
from console.facts.sheet import SELLER, Fact, FactSheet, sellers, sheet
from console.output import Cell, Sheet, money_text, note, value_text, write_file
from console.projection.store import Store
from console.projection.tables import Known
from schemas.contract import Contract
from schemas.errors import Refused
from schemas.names import Entity, Side

TOLD = (Entity.COMPANY, Entity.PRODUCT)
STYLES = {"contradiction": "red", "unsettled": "red", "variant": "yellow", "missing": "dim"}
FILES = {".json", ".jsonld"}  # what one file for all is called


def sheets(store: Store, contract: Contract, tenant: str, of: Sequence[Entity] = TOLD) -> Iterator[FactSheet]:
    """The seller's sheet, and that of every company and product that is there on one side at least, one by one."""
    yield from sellers(contract)
    known = Known(store, tenant)
    for entity in of:
        for state, customer in known.each(entity):
            if state.crm.present or state.erp.present:
                yield sheet(state, customer, contract)


def called(store: Store, contract: Contract, tenant: str, asked: str) -> FactSheet:
    """The sheet of what a person names: the seller, a record's id, a platform's, a name, a SKU or a domain.

    Raises:
        Refused: nothing is called so, several are, or it is neither company nor product.
    """
    if asked == SELLER:
        if not (found := sellers(contract)):
            raise Refused("the contract names no seller: write facts.seller, then run it again", code="usage")
        return found[0]
    known = Known(store, tenant)
    try:
        record = search(known, asked)
    except Unfound as error:
        raise _unfound(asked, error) from error
    if not isinstance(record, str):
        fitting = [each.record for each in record.candidates if each.entity in TOLD]
        if len(fitting) != 1:
            named = ", ".join(f"{each.label} ({each.record})" for each in record.candidates)
            after = f"facts show {fitting[0]}" if fitting else f"explain {record.candidates[0].record}"
            raise Refused(f"{asked!r} may be several: {named}. Nothing is shown. Next: revmark {after}", code="usage")
        record = fitting[0]
    made = _sheet(known, contract, record) if record.partition(":")[0] in TOLD else None
    if made is None:
        raise Refused(
            f"there is no fact sheet of {record}: companies and products have one. Nothing is shown. "
            f"Next: revmark explain {record}",
            code="unknown",
        )
    return made


def _unfound(asked: str, error: Unfound) -> Refused:
    """Nothing is called so, in the words of fact sheets; what has no sheet is not offered."""
    near = [each for each in error.near if each.entity in TOLD]
    names = ", ".join(f"{each.label} ({each.entity})" for each in near)
    said = f"Did you mean {names}? " if near else ""
    after = f"revmark facts show {near[0].record}" if near else "revmark facts"
    return Refused(f"there is no fact sheet of {asked!r}: {error.why}. {said}Next: {after}", code="unknown")


def _sheet(known: Known, contract: Contract, record: str) -> FactSheet | None:
    customer = known.customer_of(record)
    if customer is None:
        return None
    state = known.state(customer, record)
    return sheet(state, known.customer(customer), contract) if state.crm.present or state.erp.present else None


def document(found: FactSheet) -> dict[str, Any]:
    """As JSON; amounts are decimal strings."""
    return {
        "record": found.record,
        "entity": found.entity.value,
        "label": found.label,
        "refs": {side.value: ref for side, ref in found.refs},
        "facts": [_fact(each) for each in found.facts],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    said = dict(fact.said)
    return {
        "fact": fact.name, "value": fact.value, "currency": fact.currency or None, "owner": fact.owner,
        "settled": fact.settled, "why": fact.why, "crm": said.get(Side.CRM), "erp": said.get(Side.ERP),
    }  # fmt: skip


def drift_document(drift: Drift) -> dict[str, Any]:
    """As JSON."""
    return {
        "kind": drift.kind, "record": drift.record, "entity": drift.entity.value, "label": drift.label,
        "fact": drift.fact, "owner": drift.owner or None, "crm": drift.crm, "erp": drift.erp,
        "also": drift.also or None, "says": drift.says, "next": drift.next,
    }  # fmt: skip


def publish(out: Path, found: Sequence[FactSheet], seller: FactSheet | None, *, ids: bool) -> None:
    """Write sheets as JSON-LD: into one file where `out` is named as one, else one file each below it.

    Raises:
        Refused: something cannot be written.
    """

    def unwritable(why: str) -> Refused:
        return Refused(f"the fact sheets cannot be written to {out}: {why}. Nothing else was changed", code="usage")

    if out.suffix in FILES:
        write_file(out, _printed(graph(found, seller=seller, ids=ids)), unwritable)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        for each in found:
            text = _printed({"@context": CONTEXT, **node(each, seller=seller, ids=ids)})
            (out / f"{each.record.replace(':', '-')}.jsonld").write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(error.strerror or str(error)) from error
    note(f"{len(found):,} fact sheets written below {out}")


def _printed(record: Mapping[str, Any]) -> str:
    return orjson.dumps(record, option=orjson.OPT_INDENT_2).decode() + "\n"


def table(found: FactSheet) -> Sheet:
    """One sheet, for people."""
    shown = Sheet(("fact", "value*", "owner", "CRM*", "ERP*"), title=f"{found.label}  {found.record}")
    for each in found.facts:
        said = dict(each.said)
        value = Cell("not settled", "red") if not each.settled else Cell(fact_text(each, each.value))
        crm, erp = (fact_text(each, said[side]) if side in said else "-" for side in Side)
        shown.add(words(each.name), value, each.owner, crm, erp)
    return shown


def drift_table(found: Iterable[Drift]) -> Sheet:
    """Drifts, for people."""
    shown = Sheet(("drift", "record", "fact", "owner", "CRM*", "ERP*", "what*"), empty="nothing drifts")
    for each in found:
        style = STYLES[each.kind]
        shown.add(
            Cell(each.kind, style),
            each.label,
            words(each.fact),
            each.owner,
            _said(each.crm),
            _said(each.erp),
            each.says,
        )
    return shown


def fact_text(fact: Fact, value: Any) -> str:
    """A fact's value for people, an amount with its currency."""
    if fact.currency and isinstance(value, str):
        return f"{money_text(Decimal(value), fact.currency)} {fact.currency}"
    return _said(value)


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else value_text(value)
