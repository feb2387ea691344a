"""Attribution: what was earned, split over what earned it, so that the parts are the whole to the minor unit.

In: the ERP's documents of a period, each with the names it is attributed to. Out: sums by name and currency. A document
without a name is attributed to nobody, and counts all the same: nothing is left out of the grand total. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from schemas.money import MINOR_UNITS, minor_digits

Basis = Literal["posted", "cash"]
Kind = Literal["invoice", "credit_note", "payment", "refund"]

# What each basis counts, and what it takes off: posted invoices less credit, or money that came less what went back.
COUNTED: dict[Basis, Kind] = {"posted": "invoice", "cash": "payment"}
DEDUCTED: dict[Basis, Kind] = {"posted": "credit_note", "cash": "refund"}
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """One document of the ERP, as it counts on its day. `amount` is as stated, never below zero."""

    document: str
    kind: Kind
    day: str
    currency: str
    amount: Decimal
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Share:
    """What one name earned in one currency. `documents` are those counted, also where they are only a part its own."""

    name: str
    currency: str
    documents: int = 0
    counted: Decimal = Decimal(0)
    deducted: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        """What is left."""
        return self.counted - self.deducted


@dataclass(frozen=True, slots=True)
class Attribution:
    """A period's shares, the largest first, and what they come to by currency."""

    basis: Basis
    shares: list[Share] = field(default_factory=list)
    totals: list[Share] = field(default_factory=list)


def attribute(postings: Iterable[Posting], basis: Basis, start: str, end: str) -> Attribution:
    """Split what falls on the days from `start` to `end`, both counted."""
    shares: dict[tuple[str, str], Share] = {}
    totals: dict[str, Share] = {}
    for posting in sorted(postings, key=lambda each: each.document):
        if posting.kind not in {COUNTED[basis], DEDUCTED[basis]} or not start <= posting.day <= end:
            continue
        names = posting.names or (NOBODY,)
        parts = split(posting.amount, len(names), posting.currency)
        for name, part in zip(sorted(names), parts, strict=True):
            share = shares.setdefault((posting.currency, name), Share(name, posting.currency))
            _add(share, posting, part, basis)
        _add(totals.setdefault(posting.currency, Share("", posting.currency)), posting, posting.amount, basis)
    return Attribution(
        basis=basis,
        shares=sorted(shares.values(), key=lambda each: (each.currency, -each.net, each.name)),
        totals=[totals[currency] for currency in sorted(totals)],
    )


def split(amount: Decimal, parts: int, currency: str) -> Sequence[Decimal]:
    """Equal parts in minor units that come to the amount exactly: what does not divide goes to the first, unit by unit.

    An amount finer than the currency's minor unit keeps its rest in the first part.
    """
    unit = MINOR_UNITS[minor_digits(currency)]
    whole = int(amount / unit)
    each, left = divmod(whole, parts)
    found = [unit * (each + (place < left)) for place in range(parts)]
    found[0] += amount - unit * whole
    return found


def _add(share: Share, posting: Posting, amount: Decimal, basis: Basis) -> None:
    if posting.kind == COUNTED[basis]:
        share.documents += 1
        share.counted += amount
    else:
        share.deducted += amount
