"""States: what a record can be in when its fields change hands.

A record is in one *situation* at a time, and a *state* is a name for one or more of them: a deal that is `won` may be
held, ordered, billed or paid. States may overlap; lint finds where an overlap gives a field two owners.
"""

from __future__ import annotations

from itertools import product

from schemas.names import Entity

OTHERWISE = "otherwise"  # in an owner map: every situation that no state of the map covers


def crossed(ordered: str, hold: str) -> str:
    """The situation of a customer that is in both."""
    return f"{ordered}, {hold}"


_ORDERED, _HOLD = ("prospect", "ordered"), ("clear", "on_hold")
_CUSTOMER = {
    name: frozenset(crossed(*pair) for pair in product(_ORDERED, _HOLD) if name in pair) for name in (*_ORDERED, *_HOLD)
}
_SALE = ("held", "ordered", "billed", "paid")
_DEAL = {name: frozenset({name}) for name in ("open", *_SALE)} | {"won": frozenset(_SALE)}
_BILL = ("unpaid", "part_paid", "paid")
_INVOICE = {name: frozenset({name}) for name in ("draft", "submitted", *_BILL, "ended")} | {
    "unposted": frozenset({"draft", "submitted"}),
    "posted": frozenset(_BILL),
}
# entity -> state -> the situations that it names; an entity that is not here has no states.
STATES: dict[Entity, dict[str, frozenset[str]]] = {
    Entity.COMPANY: _CUSTOMER,
    Entity.CONTACT: _CUSTOMER,  # a person is in the state of their customer
    Entity.DEAL: _DEAL,
    Entity.INVOICE: _INVOICE,
}


def situations(entity: Entity) -> tuple[str, ...]:
    """All situations that a record of this kind can be in, in the order of its life."""
    found = [situation for covered in STATES.get(entity, {}).values() for situation in sorted(covered)]
    return tuple(dict.fromkeys(found))
