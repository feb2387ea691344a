"""Shape: what is said of a record type: its object type, its key, its properties and how they are spelt.

In: nothing. Out: the words that shapes are written in.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.contract.mappings import Mapped
from schemas.names import Entity
from streams.platforms.hubspot.spelling import Spelling

MERGED = "hs_merged_object_ids"  # ";"-joined ids of the records that were merged into this one
CUSTOM = "2-"  # how the type ids of a portal's own objects begin; what follows differs by portal


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical field and the property it sits in."""

    field: str
    property: str
    spelling: Spelling = "text"
    mapped: Mapped | None = None  # a field of the customer's own, spelt as the contract says
    currency: str = ""  # property that says in which currency this amount is; empty: as its record says


@dataclass(frozen=True, slots=True)
class Shape:
    """One record type. `key` is the unique property by which a create finds its record again."""

    kind: str
    entity: Entity
    path: str
    type_id: str
    columns: tuple[Column, ...]
    key: str
    currency: str = ""  # property that says in which currency the amounts are; empty: the tenant's own
    modified: str = "hs_lastmodifieddate"
    erp_kind: str = ""  # the ERP's record type that `key` refers to; empty: `key` is no ERP id
    parents: tuple[str, ...] = ()
    address: tuple[tuple[str, str], ...] = ()  # part of the shipping address -> property
    payer: str = ""  # property that names the company that pays for this one; empty: nobody asks
    on_create: tuple[tuple[str, str], ...] = ()  # properties that every create carries
    dated: tuple[str, ...] = ()  # properties whose histories are read: the later edit wins
    followed: bool = True  # what becomes of it is read; else it is made, and people's from then on
    whole: bool = False  # each write states all of it, also what is empty, and goes by the unique property
    lines: tuple[str, ...] = ()  # properties of its line items
    quotes: bool = False  # whether its quotes are read, and the line items of those that were accepted

    @property
    def properties(self) -> list[str]:
        """Every property that is read, and no other: quota and privacy both."""
        names = [column.property for column in self.columns] + [name for _, name in self.address]
        return list(dict.fromkeys([*names, *([self.payer] if self.payer else []), self.key, self.modified, MERGED]))

    def property_of(self, field: str) -> str:
        """Where a field sits that this type has."""
        return next(column.property for column in self.columns if column.field == field)

    @property
    def held(self) -> frozenset[str]:
        """The canonical fields that have a place and can be written."""
        named = {column.field for column in self.columns}
        return frozenset(named | {"shipping_address"} if self.address else named)


def object_path(name: str) -> str:
    """The path of a custom object, the same in every portal."""
    return f"p_{name}"
