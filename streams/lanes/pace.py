"""Pace: how long a lane's writes take from their judgement until they are applied, and how often one is tried again.

In: what the writer claims and settles. Out: counts by tier, since the lane was made. Invariant: nothing is decided by
them; a write that was applied and not yet noted when a worker died is not counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["BOUNDS", "Pace"]

# Seconds: a webhook's write takes a few, one behind a minute's quota some minutes, one behind a park or a person hours.
BOUNDS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0)


@dataclass(slots=True)
class Pace:
    """Counts by tier. `within`: by tier, how many took up to each of `BOUNDS` and no less; the last took longer."""

    retries: Counter[int] = field(default_factory=Counter)
    within: dict[int, list[int]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)

    def claimed(self, tier: int, attempts: int) -> None:
        """A write is tried, for the so manieth time."""
        self.retries[tier] += attempts > 1

    def applied(self, tier: int, seconds: float) -> None:
        """A write was applied so long after it was judged."""
        took = max(0.0, seconds)
        self.within.setdefault(tier, [0] * (len(BOUNDS) + 1))[bisect_left(BOUNDS, took)] += 1
        self.seconds[tier] = self.seconds.get(tier, 0.0) + took

    def copy(self) -> Pace:
        """As it stands, for another thread."""
        return Pace(Counter(self.retries), {tier: list(row) for tier, row in self.within.items()}, dict(self.seconds))

    def buckets(self, tier: int) -> list[tuple[str, float]]:
        """As Prometheus has them: each bound, and how many took no longer."""
        return list(zip([*map(str, BOUNDS), "+Inf"], _summed(self.within[tier]), strict=True))


def _summed(row: Iterable[int]) -> Iterable[float]:
    total = 0
    for each in row:
        total += each
        yield float(total)
