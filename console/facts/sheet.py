"""A fact sheet: what is so about one company or product, with the system that owns each fact.

In: a record as both sides show it, its customer, the contract. Out: the sheet. Pure. People of a company are no facts
about it: no contact is ever part of a sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agents.rules.decision import is_empty
from agents.rules.ownership import ownership
from console.facts.spelling import alike, members
from schemas.contract import Contract
from schemas.contract.facts import SETS, TEXTS
from schemas.names import Entity, Side
from tables.customers import CustomerState
from tables.entities import EntityState

# The facts of each kind of record and the fields that hold them, those first that do most harm when they are wrong.
FIELDS: dict[Entity, dict[str, str]] = {
    Entity.COMPANY: {
        "name": "name", "tax_number": "tax_number", "address": "shipping_address", "domain": "domain", "phone": "phone",
    },
    Entity.PRODUCT: {"sku": "sku", "price": "price", "name": "name", "description": "description"},
}  # fmt: skip
WEIGHTY = ("legal_name", "name", "tax_number", "sku", "price", "address", "domain", "phone", *SETS, "description")
SELLER = "seller"  # its record: no platform has one
PLATFORMS = {"hubspot": "HubSpot", "xero": "Xero"}
# Who decides where no single system does.
SHARED = {
    "newest": "the later edit", "review": "a person", "merge": "both", "waits": "nobody yet", "nobody": "nobody",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `held` are the sides that have a place for it, `said` what they say there.

    `settled` false: the systems contradict each other and neither owns it; `value` is then what both last agreed on,
    if they ever did.
    """

    name: str
    value: Any
    owner: str
    said: tuple[tuple[Side, Any], ...] = ()
    held: frozenset[Side] = frozenset()
    owned: bool = True
    settled: bool = True
    currency: str = ""
    why: str = ""

    @property
    def values(self) -> tuple[Any, ...]:
        """What may be taken for true: the value, or what anybody says of an unsettled one."""
        found = (self.value,) if self.settled else (self.value, *(value for _, value in self.said))
        return tuple(each for each in found if not is_empty(each))


@dataclass(frozen=True, slots=True)
class FactSheet:
    """What is so about one record; `refs` are the platforms' own records of it."""

    record: str
    entity: Entity
    label: str
    facts: tuple[Fact, ...]
    refs: tuple[tuple[Side, str], ...] = ()

    def fact(self, name: str) -> Fact | None:
        """A fact that somebody states; None: nobody does."""
        return next((each for each in self.facts if each.name == name and each.values), None)

    def value(self, name: str) -> Any:
        """The value of a settled fact."""
        found = self.fact(name)
        return found.value if found is not None and found.settled else None

    @property
    def names(self) -> list[str]:
        """What it is called, officially or by one of the systems."""
        found = [
            text
            for fact in self.facts
            if fact.name in {"name", "legal_name", "trading_names"}
            for value in (fact.value, *(each for _, each in fact.said))
            for text in members(value)
        ]
        return list(dict.fromkeys(each for each in found if each))


def sheet(state: EntityState, customer: CustomerState, contract: Contract) -> FactSheet:
    """The sheet of a record. What a write on its way brings counts as there."""
    shown = {side: state.shown(side) if state.side(side).present else {} for side in Side}
    fields = dict(FIELDS[state.entity])
    if state.entity is Entity.COMPANY:
        own = contract.facts.company
        fields |= {fact: field for fact in (*TEXTS, *SETS) if (field := own.field(fact))}
    found = []
    for fact, field in fields.items():
        if any(field in shown[side] for side in Side):
            found.append(_fact(state, customer, contract, fact, field, shown))
    return FactSheet(
        record=state.id,
        entity=state.entity,
        label=state.label,
        facts=tuple(sorted(found, key=lambda each: WEIGHTY.index(each.name))),
        refs=tuple((side, str(state.side(side).ref)) for side in Side if state.side(side).present),
    )


def sellers(contract: Contract) -> list[FactSheet]:
    """The sheet of the seller, where the contract states its facts."""
    seller = contract.facts.seller
    if seller is None:
        return []
    stated = seller.model_dump(mode="json")
    facts = (
        Fact(name, stated[name], "the contract", why="the contract states it: facts.seller")
        for name in WEIGHTY
        if not is_empty(stated.get(name))
    )
    return [FactSheet(SELLER, Entity.COMPANY, seller.name, tuple(facts))]


def _fact(
    state: EntityState,
    customer: CustomerState,
    contract: Contract,
    name: str,
    field: str,
    shown: dict[Side, dict[str, Any]],
) -> Fact:
    held = frozenset(side for side in Side if field in shown[side])
    said = tuple((side, shown[side][field]) for side in Side if not is_empty(shown[side].get(field)))
    decided = ownership(contract, customer, state, field)
    decides, why = decided.decides, decided.why
    if name == "sku" and decides == "nobody" and contract.identity.sku_links:
        decides, why = "erp", "the SKU is the ERP's item code: identity.sku_links"
    if decides == "nobody" and len(held) == 1:
        (only,) = held
        owner, owned = PLATFORMS[contract.platforms.on(only)], True
    elif decides in {"crm", "erp"}:
        owner, owned = PLATFORMS[contract.platforms.on(Side(decides))], True
    else:
        owner, owned = SHARED[decides], False
    value, settled = _settled(name, dict(said), Side(decides) if decides in {"crm", "erp"} else None, state, field)
    currency = contract.base_currency if name == "price" else ""
    return Fact(name, value, owner, said, held, owned, settled, currency, why)


def _settled(name: str, said: dict[Side, Any], owner: Side | None, state: EntityState, field: str) -> tuple[Any, bool]:
    """The value that stands, and whether it is anybody's to say so."""
    if owner in said:
        return said[owner], True
    values = list(said.values())
    if not values:
        return None, True
    if len(values) == 1 or alike(name, *values) != "contradiction":
        return values[-1], True
    agreed = state.baseline.get(field)
    return None if is_empty(agreed) else agreed, False
