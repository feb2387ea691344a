"""Reconciled nights: those that a person has to look at, and since when the newest one is owed.

In: what came of nights, signatures, the clock. Out: nights, seconds. A night that differs needs nobody any more once
it was signed as it is, or reconciled again without a difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.rules.nights import owed, since
from console.projection.filters import Filters
from console.projection.listing import EVERYTHING, find
from console.projection.signed import changed
from console.projection.store import Store
from schemas.audit import Signature
from schemas.night import Night


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one night; `changed`: what the stream counts otherwise since it was signed."""

    night: str
    made: Night | None
    signed: Signature | None
    changed: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether somebody has to look at what was found, and has not signed it since."""
        found, word = self.made, self.signed
        return found is not None and found.differs and (word is None or word.at < found.at)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        made, word = (each.model_dump(mode="json") if each is not None else None for each in (self.made, self.signed))
        return {"night": self.night, "reconciled": made, "signed": word, "changed": list(self.changed),
                "differs": self.differs}  # fmt: skip


def nights(store: Store, filters: Filters | None = None, limit: int = EVERYTHING) -> list[Known]:
    """The nights that were reconciled or signed, newest first."""
    made = {each.night: each for each in find(store, Night, filters, EVERYTHING)}
    signed = {each.night: each for each in find(store, Signature, filters, EVERYTHING)}
    moved = {each.night: each.what for each in changed(store)}
    days = sorted(made.keys() | signed.keys(), reverse=True)[:limit]
    return [Known(each, made.get(each), signed.get(each), moved.get(each, ())) for each in days]


def overdue(store: Store, now: datetime, timezone: str, hour: int | None) -> float:
    """For how many seconds the newest night that is due was not read whole; 0: it was, or no night is due by itself."""
    if hour is None:
        return 0.0
    night = owed(now, timezone, hour)
    if any(each.whole for each in find(store, Night, Filters(day=night))):
        return 0.0
    return max(0.0, (now - since(night, timezone, hour)).total_seconds())
