"""The search index: what search sees, which is not yet what is.

In: records as they change. Out: snapshots as they were a while ago. Invariant: a change shows after the lag
and not before; archived records never show ("a few moments", search guide).
"""

from collections import deque
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

    def __init__(self, now: Callable[[], datetime], lag_seconds: float) -> None:
        self._now = now
        self.lag_seconds = lag_seconds
        self._coming: deque[tuple[datetime, ObjectType, int, Snapshot | None]] = deque()
        self._shown: dict[str, dict[int, Snapshot]] = {}

    def follow(self, record: Record) -> None:
        """Take note of a record's present state."""
        gone = record.archived or record.merged_into is not None
        snapshot = None if gone else Snapshot(record.kind, record.id, record.created, record.updated, record.values())
        due = self._now() + timedelta(seconds=self.lag_seconds)
        self._coming.append((due, record.kind, record.id, snapshot))

    def forget(self, record: Record) -> None:
        """Drop a record at once; for privacy deletions."""
        self._shown.get(record.kind.type_id, {}).pop(record.id, None)
        self._coming = deque(entry for entry in self._coming if (entry[1], entry[2]) != (record.kind, record.id))

    def shown(self, kind: ObjectType) -> Iterable[Snapshot]:
        """Give what search sees of a type now."""
        now = self._now()
        while self._coming and self._coming[0][0] <= now:
            _, of_kind, record_id, snapshot = self._coming.popleft()
            known = self._shown.setdefault(of_kind.type_id, {})
            if snapshot is None:
                known.pop(record_id, None)
            else:
                known[record_id] = snapshot
        return self._shown.get(kind.type_id, {}).values()
