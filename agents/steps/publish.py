"""Publish: give every revenue event its number and let it out once.

In: occurrences of customers, in order. Out: revenue events with a gapless sequence per customer. Invariant: an event id
comes out once; consumers still drop ids they have seen, for a crash between send and commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.rules.result import Result
from schemas.errors import Refused
from schemas.revenue import RevenueEvent
from tables.view import View


@dataclass(slots=True)
class Publish:
    """The step; one row per event remembers it, one row per customer counts."""

    def __call__(self, values: Sequence[bytes | None], published: View) -> Result:
        """Take the values of one partition in order; write what has been published."""
        result = Result()
        for index, value in enumerate(values):
            result.at = index
            try:
                event = RevenueEvent.from_bytes(value)
            except Refused as error:
                result.refuse(index, error.message)
                continue
            customer = f"{event.tenant}|{event.customer}"
            once = f"{customer}|{event.id}"
            if published.get(once):
                result.counts["duplicate"] += 1
                continue
            number = int(published.get(customer) or 0) + 1
            published[once] = number
            published[customer] = number
            result.emit("revenue", customer, event.model_copy(update={"sequence": number}))
        return result
