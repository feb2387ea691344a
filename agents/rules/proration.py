"""Proration: what an amendment in the middle of a billed period comes to, line by line.

In: the lines that were billed and those that are to be, the days that are left of the period. Out: the difference of
each line, and its share. Pure. The sum is what is rounded, half up to the currency's minor unit: each line is what the
sum has grown by with it. So the lines come to the total, which is never more than the difference for a whole period.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from agents.rules import parts
from schemas.money import exact, rounded

Line = Mapping[str, Any]
DAY = timedelta(days=1)
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a period: its days from `since` to `to`, both counted, of `whole` days."""

    since: date
    to: date
    whole: int

    @property
    def days(self) -> int:
        """How many days are left."""
        return max(0, (self.to - self.since).days + 1)


@dataclass(frozen=True, slots=True)
class Row:
    """What one line adds: `difference` to a whole period, `amount` to the rest of this one."""

    line: Line
    difference: Decimal
    amount: Decimal


def rest(begins: date, ends: date, since: date, over: date | None = None) -> Rest:
    """The rest of a period from a day on, that day included; `over`: the first day on which nothing is owed."""
    to = ends if over is None else min(ends, over - DAY)
    return Rest(max(begins, since), to, (ends - begins).days + 1)


def differences(before: Iterable[Line], after: Iterable[Line], currency: str) -> list[tuple[Line, Decimal]]:
    """What each line is worth more in a whole period, and then each that is worth less.

    A line stays the same one while its SKU does, or its words where it has none.
    """
    named: dict[str, Line] = {}
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sign, lines in ((-1, before), (1, after)):
        for line in lines:
            name = str(line.get("sku") or line.get("description") or "")
            named[name] = line
            found[name] += sign * parts.worth(line, exact(line["quantity"]), currency)
    changed = ((named[name], found[name]) for name in sorted(found) if found[name])
    return sorted(changed, key=lambda each: each[1] < 0)


def grows(before: Iterable[Line], after: Iterable[Line], currency: str) -> bool:
    """Whether lines are worth more than before, and none of them less."""
    return all(difference > 0 for _, difference in differences(before, after, currency))


def rows(changed: Sequence[tuple[Line, Decimal]], left: Rest, currency: str) -> list[Row]:
    """The share of each difference; together the share of all of them."""
    whole = so_far = NOTHING
    found = []
    for line, difference in changed:
        whole += difference
        upto = rounded(whole * left.days / left.whole, currency)
        found.append(Row(line, difference, upto - so_far))
        so_far = upto
    return found


def total(found: Iterable[Row]) -> Decimal:
    """What rows come to."""
    return sum((row.amount for row in found), NOTHING)
