"""Hints: what a webhook's events ask to be read again.

In: events as each platform understands them. Out: lane work, and erasures for capture. Invariant: one read per kind,
every record once, in the order of the events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from schemas.change import Erasure
from schemas.command import Poll, Read
from schemas.names import Platform, Side, connection_id


@dataclass(slots=True)
class Hints:
    """The records that one request points at, by kind, and what became of its events."""

    records: dict[str, dict[str, None]] = field(default_factory=dict)  # dicts keep order and drop doubles
    erased: dict[str, dict[str, None]] = field(default_factory=dict)  # told for good: there is nothing left to read
    results: Counter[str] = field(default_factory=Counter)
    poll: list[str] = field(default_factory=list)  # kinds to poll, because events were lost on the way
    span: tuple[int, int] | None = None  # first and last number of the request's events, where a platform counts them

    def add(self, kind: str, record_ids: Iterable[str]) -> None:
        """Ask for records of a kind."""
        self.records.setdefault(kind, {}).update(dict.fromkeys(record_ids))

    @property
    def number(self) -> int:
        """How many records are asked for."""
        return sum(len(ids) for ids in self.records.values())

    def erasures(self, tenant: str, platform: Platform, side: Side, at: datetime) -> list[Erasure]:
        """What was erased under privacy law. A reading could not tell it from what was deleted."""
        return [
            Erasure(tenant=tenant, platform=platform, side=side, kind=kind, record_id=each, seen_at=at)
            for kind, ids in self.erased.items()
            for each in ids
        ]

    def work(self, tenant: str, platform: str, at: datetime) -> list[Read | Poll]:
        """The lane work that these hints make."""
        connection = connection_id(tenant, platform)
        work: list[Read | Poll] = [
            Read(tenant=tenant, connection=connection, kind=kind, record_ids=list(ids), at=at)
            for kind, ids in self.records.items()
        ]
        if self.poll:
            work.append(Poll(tenant=tenant, connection=connection, kinds=self.poll, at=at))
        return work
