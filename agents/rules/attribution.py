"""Attribution: what was earned, split over what earned it, so that the parts are the whole to the minor unit.

In: the ERP's documents of a period, each with the names it is attributed to. Out: sums by name and currency. A document
without a name is attributed to nobody, and counts all the same: nothing is left out of the grand total. Pure.

Converted amounts are the ERP's own: each document at the rate that it keeps, rounded half up to the minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

from schemas.contract.touches import Basis
from schemas.money import MINOR_UNITS, minor_digits

Kind = Literal["invoice", "credit_note", "payment", "refund"]

# What each basis counts, and what it takes off: posted invoices less credit, or money that came less what went back.
COUNTED: dict[Basis, Kind] = {"posted": "invoice", "cash": "payment"}
DEDUCTED: dict[Basis, Kind] = {"posted": "credit_note", "cash": "refund"}
NOBODY = ""


def signed(basis: Basis, kind: str, amount: Decimal) -> Decimal | None:
    """What a document adds to a basis: below zero what is taken off; None: it is not of it."""
    if kind == COUNTED[basis]:
        return amount
    return -amount if kind == DEDUCTED[basis] else None


@dataclass(frozen=True, slots=True)
class Posting:
    """One document of the ERP, or what of one belongs to the same names, as it counts on its day.

    `amount` is as stated, never below zero. `weights` are those of the names, in their order; none: they share equally.
    `rate` is the document's own: units of its currency for one of the base.
    """

    document: str
    kind: Kind
    day: str
    currency: str
    amount: Decimal
    names: tuple[str, ...] = ()
    weights: tuple[Decimal, ...] = ()
    rate: Decimal | None = None


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
        for name, part in shared(posting):
            share = shares.setdefault((posting.currency, name), Share(name, posting.currency))
            _add(share, posting, part, basis)
        _add(totals.setdefault(posting.currency, Share("", posting.currency)), posting, posting.amount, basis)
    return Attribution(
        basis=basis,
        shares=sorted(shares.values(), key=lambda each: (each.currency, -each.net, each.name)),
        totals=[totals[currency] for currency in sorted(totals)],
    )


def shared(posting: Posting) -> list[tuple[str, Decimal]]:
    """What of a posting each of its names earned, in their order; all of it nobody, where it has none."""
    weights = posting.weights or (Decimal(1),) * len(posting.names)
    named = sorted(zip(posting.names, weights, strict=True)) or [(NOBODY, Decimal(1))]
    parts = split(posting.amount, [weight for _, weight in named], posting.currency)
    return [(name, part) for (name, _), part in zip(named, parts, strict=True)]


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Parts in minor units, as the weights are, that come to the amount exactly; the weights do not come to zero.

    What does not divide goes unit by unit to those who lack most of one, of equals to the first. An amount finer than
    the currency's minor unit keeps its rest in the first part.
    """
    unit = MINOR_UNITS[minor_digits(currency)]
    whole, total = int(amount / unit), sum(map(Fraction, weights))
    exact = [whole * Fraction(weight) / total for weight in weights]
    units = [each.numerator // each.denominator for each in exact]
    lacking = sorted(range(len(units)), key=lambda place: units[place] - exact[place])
    for place in lacking[: whole - sum(units)]:
        units[place] += 1
    found = [unit * each for each in units]
    found[0] += amount - unit * whole
    return found


def in_base(posting: Posting, base: str) -> Posting | None:
    """A posting in the base currency at its document's own rate; None: it is of another, and keeps no rate."""
    if posting.currency == base:
        return posting
    if not posting.rate:
        return None
    # Of an amount and a rate, a quotient of 28 digits is never so near to a half that its own rounding would matter.
    amount = (posting.amount / posting.rate).quantize(MINOR_UNITS[minor_digits(base)], ROUND_HALF_UP)
    return replace(posting, currency=base, amount=amount)


def _add(share: Share, posting: Posting, amount: Decimal, basis: Basis) -> None:
    if posting.kind == COUNTED[basis]:
        share.documents += 1
        share.counted += amount
    else:
        share.deducted += amount
