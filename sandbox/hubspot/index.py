"""The search index: what search sees, which is not yet what is.

In: records as they change. Out: snapshots as they were a while ago. Invariant: a change shows after the lag
and not before; archived records never show ("a few moments", search guide).
"""

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A record as the index knows it."""

    kind: ObjectType
    id: int
    created: datetime
    updated: datetime
    values: dict[str, str]


class Index:
    """Snapshots of all records, a lag behind."""

    def __init__(
        self, now: Callable[[], datetime], lag_seconds: float, chance: Callable[[], float]
    ) -> None:  # fmt: skip
        self._now = now
        self._chance = chance
        self.lag_seconds = lag_seconds
        self.jitter = 0.0  # share of the lag added at random: a later change may show before an earlier one
        self._order = itertools.count(1)
        self._coming: list[tuple[datetime, int, ObjectType, int, Snapshot | None]] = []
        self._shown: dict[str, dict[int, Snapshot]] = {}
        self._applied: dict[tuple[str, int], int] = {}

    def follow(self, record: Record) -> None:
        """Take note of a record's present state."""
        gone = record.archived or record.merged_into is not None
        snapshot = None if gone else Snapshot(record.kind, record.id, record.created, record.updated, record.values())
        lag = self.lag_seconds * (1 + self.jitter * self._chance() if self.jitter else 1)
        due = self._now() + timedelta(seconds=lag)
        heapq.heappush(self._coming, (due, next(self._order), record.kind, record.id, snapshot))

    def forget(self, record: Record) -> None:
        """Drop a record at once; for privacy deletions."""
        self._shown.get(record.kind.type_id, {}).pop(record.id, None)
        self._applied[record.kind.type_id, record.id] = next(self._order)

    def shown(self, kind: ObjectType) -> Iterable[Snapshot]:
        """Give what search sees of a type now."""
        now = self._now()
        while self._coming and self._coming[0][0] <= now:
            _, order, of_kind, record_id, snapshot = heapq.heappop(self._coming)
            if self._applied.get((of_kind.type_id, record_id), 0) > order:
                continue  # a newer state of this record came first
            self._applied[of_kind.type_id, record_id] = order
            known = self._shown.setdefault(of_kind.type_id, {})
            if snapshot is None:
                known.pop(record_id, None)
            else:
                known[record_id] = snapshot
        return self._shown.get(kind.type_id, {}).values()
