"""Fact sheets as the page draws them: the same sheets and the same drifts as `revmark facts`, the worst first.

In: the projection, the contract. Out: JSON, each value as the text that people read; JSON-LD to save. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console.explain.contract import required
from console.explain.labels import words
from console.facts.drift import KINDS, Drift, Kind, drifts, within
from console.facts.linked import unsettled, written
from console.facts.sheet import SELLER, Fact, FactSheet, sellers
from console.factual import TOLD, called, fact_text, sheets
from console.page.worked import Worked, moved
from console.projection.delivery import STATES
from console.projection.store import Store
from schemas.contract import Contract
from schemas.errors import SettingsError
from schemas.names import Entity, Side
from streams.settings import Settings

MOST = 200  # drifts, and sheets, that are listed: what a person reads through; filters lead to the others


@dataclass(frozen=True, slots=True)
class Line:
    """A sheet as the list names it: with its worst drift, and how many it has."""

    record: str
    entity: Entity
    label: str
    worst: Kind | None
    drifts: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of all sheets: the sheets themselves would be a copy of every company."""

    lines: tuple[Line, ...]
    counts: Counter[tuple[Entity, Kind]]
    listed: tuple[Drift, ...]


class Facts:
    """The fact sheets of one deployment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worked: Worked[Known] = Worked()

    def listed(self, store: Store, kind: str, entity: str, name: str) -> dict[str, Any]:
        """What drifts, and the sheets; each of them narrowed down where a word is given.

        Raises:
            ContractError: the contract cannot be read.
            SettingsError: there is no such kind of drift, or of record.
        """
        contract = required(self._settings.contract)
        of = _entity(entity)
        if kind not in {"", *KINDS}:
            raise SettingsError(f"a drift is {', '.join(KINDS)}, not {kind!r}", code="usage")
        known = self._all(store, contract)
        counts = {each: sum(known.counts[entity, each] for entity in of) for each in KINDS}
        drifting = [each for each in known.listed if each.entity in of and kind in {"", each.kind}]
        lines = [each for each in known.lines if each.entity in of and name.casefold() in each.label.casefold()]
        return {
            "type": entity, "kind": kind, "name": name, "counts": counts, "kinds": list(KINDS),
            "sheets": [
                {"record": each.record, "entity": each.entity.value, "label": each.label, "worst": each.worst,
                 "drifts": each.drifts}
                for each in lines[:MOST]
            ],
            "sheets_of": len(lines),
            "drifts": [_drift(each, contract) for each in drifting[:MOST]],
            "drifts_of": counts[kind] if kind in counts else sum(counts.values()),
        }  # fmt: skip

    def one(self, store: Store, asked: str) -> dict[str, Any]:
        """One sheet, each fact with its owner and with what both sides say.

        Raises:
            ContractError: the contract cannot be read.
            Refused: nothing is called so, several are, or it is neither company nor product.
        """
        contract = required(self._settings.contract)
        found = called(store, contract, self._settings.tenant, asked)
        return {
            "record": found.record, "entity": found.entity.value, "label": found.label,
            "refs": {side.value: ref for side, ref in found.refs},
            "facts": [_fact(each) for each in found.facts],
            "unsettled": unsettled([found]),
            "drifts": [_drift(each, contract) for each in self._of(contract, found)],
        }  # fmt: skip

    def linked(self, store: Store, entity: str, asked: str, *, ids: bool) -> tuple[str, Iterator[bytes]]:
        """JSON-LD with the name of its file: one sheet, or all of a kind with the seller's, made while it is sent.

        What is sent is read from a store of its own: the caller's may be closed by then.

        Raises:
            ContractError: the contract cannot be read.
            SettingsError: there is no such kind of record.
            Refused: there is no such sheet.
        """
        contract, of = required(self._settings.contract), _entity(entity)
        seller = next(iter(sellers(contract)), None)
        if asked:
            one = called(store, contract, self._settings.tenant, asked)
            found = [seller, one] if seller and one.entity is Entity.PRODUCT else [one]  # who offers it
            return f"{one.record.replace(':', '-')}.jsonld", written(found, seller=seller, ids=ids)
        name = {"company": "companies", "product": "products"}.get(entity, "facts")
        folder, tenant = store.path.parent, self._settings.tenant

        def all_of_them() -> Iterator[bytes]:
            own = Store(folder, read_only=True)
            try:
                yield from written(sheets(own, contract, tenant, of), seller=seller, ids=ids)
            finally:
                own.close()

        return f"{name}.jsonld", all_of_them()

    def _all(self, store: Store, contract: Contract) -> Known:
        mark = moved(store, *STATES)
        return self._worked.get(contract.digest, mark, lambda: _known(store, contract, self._settings.tenant))

    def _of(self, contract: Contract, found: FactSheet) -> list[Drift]:
        """What of one sheet drifts: within it as it is now, and beside others as they were found when all were read."""
        known = self._worked.kept(contract.digest)
        others = [each for each in known.listed if each.also] if known is not None else []
        beside = [each for each in others if found.record in {each.record, each.also}]
        return sorted([*within(found), *beside], key=lambda each: KINDS.index(each.kind))


def _known(store: Store, contract: Contract, tenant: str) -> Known:
    found = list(sheets(store, contract, tenant))
    drifting = drifts(found)
    by_record: dict[str, list[Drift]] = {}
    met: Counter[tuple[Entity, Kind]] = Counter()
    listed = []
    for each in drifting:
        by_record.setdefault(each.record, []).append(each)
        met[each.entity, each.kind] += 1
        if met[each.entity, each.kind] <= MOST:
            listed.append(each)
    lines = (_line(each, by_record.get(each.record, [])) for each in found)
    return Known(tuple(sorted(lines, key=lambda each: (each.record != SELLER, each.label.casefold()))), met,
                 tuple(listed))  # fmt: skip


def _line(sheet: FactSheet, drifting: list[Drift]) -> Line:
    return Line(sheet.record, sheet.entity, sheet.label, drifting[0].kind if drifting else None, len(drifting))


def _entity(name: str) -> tuple[Entity, ...]:
    if name and name not in {each.value for each in TOLD}:
        raise SettingsError(f"sheets are of {' or '.join(each.value for each in TOLD)}, not {name!r}", code="usage")
    return (Entity(name),) if name else TOLD


def _fact(fact: Fact) -> dict[str, Any]:
    said = dict(fact.said)
    return {
        "fact": words(fact.name), "value": fact_text(fact, fact.value) if fact.value is not None else None,
        "owner": fact.owner, "settled": fact.settled, "why": fact.why,
        **{side.value: fact_text(fact, said[side]) if side in said else None for side in Side},
    }  # fmt: skip


def _drift(drift: Drift, contract: Contract) -> dict[str, Any]:
    fact = Fact(drift.fact, None, drift.owner, currency=contract.base_currency if drift.fact == "price" else "")
    return {
        "kind": drift.kind, "record": drift.record, "label": drift.label, "fact": words(drift.fact),
        "owner": drift.owner, "says": drift.says, "next": drift.next, "also": drift.also,
        "crm": None if drift.crm is None else fact_text(fact, drift.crm),
        "erp": None if drift.erp is None else fact_text(fact, drift.erp),
    }  # fmt: skip
