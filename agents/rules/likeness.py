"""Likeness: by what records of two systems may be one, beside an id.

In: a sighting's keys. Out: the scopes in which a SKU links, and the companies that a domain or a name
proposes. A domain or a name never links.
"""

from __future__ import annotations

from typing import Any

from schemas.contract import Contract
from schemas.names import Entity, Side
from tables.identity import Identity

Row = dict[str, Any]  # a sighting as kept by tables.versions


def scopes(entity: Entity, row: Row) -> list[str]:
    """Under what a product is found again."""
    if entity is Entity.PRODUCT and row["keys"].get("sku"):
        return [f"product|sku|{row['keys']['sku'].casefold()}"]
    return []


def note(identity: Identity, contract: Contract, side: Side, row: Row) -> None:
    """Remember a company under its domain and its name."""
    for scope in _names(side, row, contract):
        identity.note_name(scope, row["ref"])


def candidates(identity: Identity, contract: Contract, side: Side, row: Row) -> tuple[str, ...]:
    """Records of the other side that may be the same company: by domain or name, never linked by it."""
    found: list[str] = []
    for scope in _names(side.other, row, contract):
        for other in identity.named(scope):
            known = identity.known(other)
            if known is not None and identity.reference(known, side.other) != other:
                continue  # it is gone
            free = known is None or identity.reference(known, side) is None
            if free and other not in found and not identity.parted(row["ref"], other):
                found.append(other)
    return tuple(found)


def _names(side: Side, row: Row, contract: Contract) -> list[str]:
    kinds = [
        kind
        for kind, on in (("domain", contract.identity.domain_proposes), ("name", contract.identity.name_proposes))
        if on and row["keys"].get(kind)
    ]
    return [f"{side.value}|{kind}|{row['keys'][kind].strip().casefold()}" for kind in kinds]
