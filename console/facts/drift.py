"""Drift: facts on which the systems, or two records of one company, do not say the same; the worst first.

In: fact sheets. Out: drifts. Pure and deterministic; a sheet on which both systems say the same has none. Ranks: a
contradiction of what a system owns, one that nobody may settle, another spelling of the same, a fact that one lacks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agents.rules.duplicates import Customer, customer, duplicates, name_key
from console.facts.sheet import WEIGHTY, Fact, FactSheet
from console.facts.spelling import alike, compact, members
from schemas.names import Entity, Side

Kind = Literal["contradiction", "unsettled", "variant", "missing"]
KINDS: tuple[Kind, ...] = ("contradiction", "unsettled", "variant", "missing")
NEEDS_PERSON = frozenset({"contradiction", "unsettled"})
LIKELY = 40  # of the detector of duplicates: as `revmark links duplicates` has it


@dataclass(frozen=True, slots=True)
class Drift:
    """One fact that drifts; `crm` and `erp` are what the two say, `also` is the other record where there is one."""

    kind: Kind
    record: str
    entity: Entity
    label: str
    fact: str
    owner: str
    says: str
    next: str
    crm: Any = None
    erp: Any = None
    also: str = ""


def drifts(sheets: Iterable[FactSheet]) -> list[Drift]:
    """All drifts, the worst first."""
    known = list(sheets)
    found = [drift for each in known for drift in within(each)]
    found += [*_namesakes(known), *_codes(known)]
    return sorted(found, key=_rank)


def within(sheet: FactSheet) -> Iterator[Drift]:
    """Where the two systems differ about one record."""
    if sheet.entity is Entity.PRODUCT and len(sheet.refs) == 1:
        says = f"only one system has it ({'the CRM' if sheet.refs[0][0] is Side.CRM else 'the ERP'})"
        yield _drift("missing", sheet, sheet.fact("sku") or Fact("sku", None, ""), says)
    if len(sheet.refs) < len(Side):
        return
    declared = {name_key(name) for fact in ("legal_name", "trading_names") for name in members(sheet.value(fact))}
    for fact in sheet.facts:
        if len(fact.held) < len(Side):
            continue
        if len(fact.said) == 1:
            says = f"only the {'CRM' if fact.said[0][0] is Side.CRM else 'ERP'} says it"
            yield _drift("missing", sheet, fact, says)
        elif len(fact.said) == len(Side):
            yield from _compared(sheet, fact, declared)


def _compared(sheet: FactSheet, fact: Fact, declared: set[str]) -> Iterator[Drift]:
    (_, mine), (_, theirs) = fact.said
    found = alike(fact.name, mine, theirs)
    if found == "contradiction" and fact.name == "name" and {name_key(mine), name_key(theirs)} <= declared:
        yield _drift("variant", sheet, fact, "two of its declared names")
    elif found == "contradiction":
        says = f"{fact.owner} owns it, and the other says otherwise" if fact.owned else f"it is decided by {fact.owner}"
        yield _drift("contradiction" if fact.owned else "unsettled", sheet, fact, says)
    elif found == "variant":
        yield _drift("variant", sheet, fact, "the same in another form")


def _drift(kind: Kind, sheet: FactSheet, fact: Fact, says: str) -> Drift:
    said: Mapping[Side, Any] = dict(fact.said)
    return Drift(
        kind, sheet.record, sheet.entity, sheet.label, fact.name, fact.owner, says, f"revmark explain {sheet.record}",
        crm=said.get(Side.CRM), erp=said.get(Side.ERP),
    )  # fmt: skip


def _namesakes(sheets: Iterable[FactSheet]) -> Iterator[Drift]:
    """Records that may be one company and spell its name differently."""
    companies = {each.record: each for each in sheets if each.entity is Entity.COMPANY and each.refs}
    for pair in duplicates(map(_customer, companies.values()), least=LIKELY).pairs:
        left, right = companies[pair.left.record], companies[pair.right.record]
        names = [each.value("name") or each.label for each in (left, right)]
        if names[0] != names[1]:
            says = f"{right.record} may be the same company, as {names[1]} ({pair.reasons[0]})"
            yield Drift(
                "variant", left.record, left.entity, left.label, "name", "", says, "revmark links duplicates",
                also=right.record,
            )  # fmt: skip


def _customer(sheet: FactSheet) -> Customer:
    """As the detector of duplicates compares it; without its people."""
    fields = {"name": "name", "domain": "domain", "tax_number": "tax_number", "phone": "phone"}
    fields["address"] = "shipping_address"
    said: dict[Side, dict[str, Any]] = {side: {} for side, _ in sheet.refs}
    for fact in sheet.facts:
        for side, value in fact.said:
            if fact.name in fields:
                said[side][fields[fact.name]] = value
    refs = dict(sheet.refs)
    return customer(sheet.record, said.get(Side.CRM), said.get(Side.ERP), refs=(refs.get(Side.CRM), refs.get(Side.ERP)))


def _codes(sheets: Iterable[FactSheet]) -> Iterator[Drift]:
    """Products whose SKUs are one but for their spelling."""
    met: defaultdict[str, list[FactSheet]] = defaultdict(list)
    for each in sheets:
        if each.entity is Entity.PRODUCT and (sku := each.value("sku")):
            met[compact(sku)].append(each)
    for group in met.values():
        first, *others = sorted(group, key=lambda each: each.record)
        for other in others:
            says = f"{other.record} has the SKU {other.value('sku')}"
            yield Drift(
                "variant", first.record, first.entity, first.label, "sku", "", says,
                f"revmark explain {other.record}", also=other.record,
            )  # fmt: skip


def _rank(drift: Drift) -> tuple[int, int, str, str, str]:
    return KINDS.index(drift.kind), WEIGHTY.index(drift.fact), drift.label, drift.record, drift.also
