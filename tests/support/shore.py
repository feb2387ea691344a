"""What a batch of the engine is written to, in memory, for tests of what agents deliver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from streams.engine import RecordBatch, View
from streams.engine.record import Outgoing
from streams.topics import BATCH_BYTES

__all__ = ["Shore", "Table"]


@dataclass
class Shore:
    """It notes each write, as the broker would see it; while it is `away`, no output arrives."""

    said: list[tuple[str, Outgoing]] = field(default_factory=list)
    writes: list[dict[bytes, bytes | None]] = field(default_factory=list)
    settled: list[RecordBatch] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)
    away: bool = False
    epoch: int = 1
    max_record: int = BATCH_BYTES
    quarantine_limit: int = BATCH_BYTES
    quarantine_topic: str = "t.quarantine"

    def check_table(self, batch: RecordBatch, table: Any) -> None:
        pass

    def log_of(self, topic: str) -> str:
        return self.logs.get(topic, "")

    def still_owns(self, batch: RecordBatch) -> bool:
        return batch.epoch == self.epoch

    @property
    def delivery(self) -> Self:
        return self

    async def outputs(self, outputs: Mapping[str, Sequence[Outgoing]], _check: Any = None) -> None:
        if self.away:
            raise ConnectionError
        self.said += [(topic, record) for topic, records in outputs.items() for record in records]

    async def changes(self, batch: RecordBatch, views: Mapping[Any, View]) -> None:
        batch.check()
        (view,) = views.values()
        self.writes.append(dict(view.staged))
        view.forget(dict(view.staged))

    def settle(self, batch: RecordBatch) -> None:
        self.settled.append(batch)


@dataclass(frozen=True, eq=False)
class Table:
    """A table that holds what it is given."""

    held: Mapping[bytes, bytes | None] = field(default_factory=dict)

    def view(self, _partition: int) -> View:
        return View(self.held.get)
