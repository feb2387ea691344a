"""Periods: the calendar of a subscription.

In: how its lines recur, days. Out: which period begins when. Pure. Periods are counted from 1 and from the first day,
so that what begins on the 31st begins on the last day of a shorter month, and on the 31st again after it.
Source of the words: HubSpot's properties of line items (`recurringbillingfrequency`, ISO 8601 for the term).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from schemas.money import exact

Line = Mapping[str, Any]
DAYS = {"weekly": 7, "biweekly": 14}
MONTHS = {
    "monthly": 1, "quarterly": 3, "per_six_months": 6, "annually": 12,
    "per_two_years": 24, "per_three_years": 36, "per_four_years": 48, "per_five_years": 60,
}  # fmt: skip
YEAR = 12  # months
WEEK = 7  # days
MOST = 1_000  # periods of a term: 19 years of weeks; more is a slip of the pen
_TERM = re.compile(r"P(?:([0-9]{1,3})Y)?(?:([0-9]{1,3})M)?(?:([0-9]{1,3})W)?(?:([0-9]{1,4})D)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Terms:
    """When a subscription is billed. `count`: how many periods a term has; None: it goes on until somebody ends it."""

    every: str
    start: date
    count: int | None = None

    def begins(self, period: int) -> date:
        """The first day of a period."""
        if self.every in DAYS:
            return self.start + timedelta(days=DAYS[self.every] * (period - 1))
        years, month = divmod(self.start.month - 1 + MONTHS[self.every] * (period - 1), YEAR)
        year, month = self.start.year + years, month + 1
        return date(year, month, min(self.start.day, monthrange(year, month)[1]))

    def ends(self, period: int) -> date:
        """The last day of a period."""
        return self.begins(period + 1) - timedelta(days=1)

    def over(self, day: date) -> date | None:
        """The first day after the term that a day falls in; None: it goes on until somebody ends it."""
        if self.count is None:
            return None
        terms = (self.under_way(day) - 1) // self.count + 1
        return self.begins(terms * self.count + 1)

    def under_way(self, day: date) -> int:
        """The period that a day falls in; the first one, where it has not begun."""
        step = DAYS.get(self.every) or MONTHS[self.every] * 28  # no month is shorter: the guess is not too early
        period = max(1, (day - self.start).days // step + 1)
        while period > 1 and self.begins(period) > day:
            period -= 1
        return period


def recurring(lines: Sequence[Line]) -> list[Line]:
    """The lines that are billed again and again."""
    return [line for line in lines if line.get("recurs")]


def terms(lines: Sequence[Line], day: date) -> Terms:
    """What recurring lines say together; without a first day they begin on `day`.

    Raises:
        ValueError: they do not say when they are billed; the message is for people.
    """
    found = {_terms(line["recurs"], day) for line in lines}
    if len(found) > 1:
        raise ValueError("its recurring lines differ in frequency, start or term: give each kind a deal of its own")
    return found.pop()


def _terms(recurs: Line, day: date) -> Terms:
    every, start = str(recurs["every"]), recurs.get("starts_on")
    if every not in DAYS and every not in MONTHS:
        raise ValueError(f"nothing is known of the billing frequency {every!r}")
    if start is None and recurs.get("delayed"):
        raise ValueError("a recurring line starts with a delay: say the day on which it starts")
    return Terms(every, date.fromisoformat(start) if start else day, _count(every, recurs))


def _count(every: str, recurs: Line) -> int | None:
    """How many periods a term has."""
    stated, term = recurs.get("payments"), recurs.get("term")
    if stated is not None:
        number = exact(stated)
        if number != number.to_integral_value() or not 1 <= number <= MOST:
            raise ValueError(f"a term has 1 to {MOST} payments, and a recurring line says {stated}")
        return int(number)
    if not term:
        return None
    found = _TERM.fullmatch(term)
    years, months, weeks, days = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    whole, left = YEAR * years + months, WEEK * weeks + days
    if every in DAYS:
        whole, left = left, whole
    count, rest = divmod(whole, DAYS.get(every) or MONTHS[every])
    if left or rest or not 1 <= count <= MOST:
        raise ValueError(f"a term of {term} is no number of periods ({every}): say the number of payments")
    return count
