"""Pairing: which person of the CRM is which person of the ERP, by the addresses that both have shown.

In: what every person of a customer has shown, and since when, as values. Out: the pairs. The two that could be paired
first are, and keep each other: an address that somebody else shows later takes nobody away. Nothing is taken from the
order in which it was heard, so any order ends alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.rules.seating import age

Scope = tuple[str, str]  # a customer and an address


@dataclass(frozen=True, slots=True)
class Person:
    """A person on one side: when each address was shown first, and by which of the records that are one by merges.

    `gone`: it was deleted, and may be restored: it keeps a counterpart that no other has a right to.
    """

    ref: str
    shown: Mapping[Scope, tuple[int, str]]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two that are one; `member` is the CRM's record that showed the address, `elder` whether the ERP had it first."""

    crm: str
    erp: str
    member: str
    elder: bool


def paired(people: Sequence[Person], books: Sequence[Person]) -> list[Pair]:
    """The pairs of the CRM's people with the ERP's."""
    asking = []
    for person in people:
        for other in books:
            shared = person.shown.keys() & other.shown.keys()
            if shared:
                since, place = min((max(person.shown[each][0], other.shown[each][0]), each) for each in shared)
                at, member = person.shown[place]
                pair = Pair(person.ref, other.ref, member, elder=other.shown[place][0] <= at)
                asking.append(((person.gone, since, age(person.ref), age(other.ref)), pair))
    found: list[Pair] = []
    taken: set[str] = set()
    for _, pair in sorted(asking, key=lambda row: row[0]):
        if not taken & {pair.crm, pair.erp}:
            taken |= {pair.crm, pair.erp}
            found.append(pair)
    return found
