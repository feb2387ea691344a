"""Taken: up to where a table has taken a partition of a topic, so that what is delivered again changes nothing.

The row leaves in one record batch with the rows that were made of those records: a worker that dies in between leaves
all of them or none. Versions and ids of what is delivered say the same, but not of everything: a record that was read
again on purpose shows what it showed before. A row is `{"next": offset, "at": milliseconds, "log": id}`: the record
that comes next, the newest timestamp of those before it, and the topic's id. Invariant: what was not taken is never
said to be. A topic that was removed and made anew, or copied to another cluster, has other offsets: its id tells, and
where the broker has none to tell, that its records are younger than all that were taken.

A worker that dies after its outputs and before its row puts the same outputs onto their topic once more, at other
offsets. So each says of which record it was made, and as the how manieth (`Origin`), and the row of whoever takes them
holds the same three figures for each partition that they were made of, under `made`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from tables.view import Drawer, View

DRAWER = "o"  # of offsets, beside the drawers of the step
OUTPUTS = 1 << 20  # made of one record, at most: of a slice's 4 MB none takes less than 4 bytes


class Origin(NamedTuple):
    """What a record was made of: a record of a topic; `number`: it is that one's first output, its second, ..."""

    topic: str
    partition: int
    log: str
    offset: int
    timestamp: int
    number: int

    def to_bytes(self) -> bytes:
        """As it stands in a header. No topic has a bar in its name, and no id."""
        return f"{self.topic}|{self.partition}|{self.log}|{self.offset}|{self.timestamp}|{self.number}".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self | None:
        """Read a header; None: it is none of ours, and says nothing."""
        try:
            topic, partition, log, offset, timestamp, number = data.decode().split("|")
            return cls(topic, int(partition), log, int(offset), int(timestamp), int(number))
        except ValueError:
            return None


@dataclass(slots=True)
class Reach:
    """Up to where one partition has been taken."""

    next: int = 0
    at: int = 0
    log: str = ""

    @classmethod
    def of(cls, row: dict[str, Any], log: str) -> Self:
        """As the row says, unless it is of another topic."""
        if log and row.get("log") not in {None, "", log}:
            return cls(log=log)
        return cls(int(row.get("next", 0)), int(row.get("at", 0)), log or row.get("log", ""))

    def has(self, place: int, timestamp: int) -> bool:
        """Whether what stands there was taken; places are asked about in order."""
        if place < self.next and timestamp > self.at:
            self.next = place  # of another topic: its clocks may be apart, its offsets are not
        return place < self.next

    def take(self, place: int, timestamp: int) -> None:
        """All before it is taken, and it is."""
        self.next, self.at = max(self.next, place + 1), max(self.at, timestamp)

    def row(self) -> dict[str, Any]:
        """As it is kept."""
        return {"next": self.next, "at": self.at, "log": self.log}


class Taken:
    """What a table has taken of one partition."""

    def __init__(self, table: View, topic: str, partition: int, log: str = "") -> None:
        """Look it up in `table`; `log`: the topic's id, empty where nobody tells it."""
        self._view = Drawer(table, DRAWER)
        self._key = f"{topic}|{partition}"
        row = self._view.get(self._key) or {}
        self._reach = Reach.of(row, log)
        self._made: dict[str, dict[str, Any]] = row.get("made") or {}
        self._reaches: dict[tuple[str, int, str], Reach] = {}

    def has(self, offset: int, timestamp: int) -> bool:
        """Whether what a record has changed is in the table; records are asked about in order."""
        return self._reach.has(offset, timestamp)

    def repeats(self, origin: Origin) -> bool:
        """Whether what was made so is in the table already, or was asked about before; else it is taken from now on."""
        name = (origin.topic, origin.partition, origin.log)
        reach = self._reaches.get(name)
        if reach is None:
            reach = Reach.of(self._made.get(f"{origin.topic}|{origin.partition}") or {}, origin.log)
            self._reaches[name] = reach
        place = origin.offset * OUTPUTS + origin.number
        if reach.has(place, origin.timestamp):
            return True
        reach.take(place, origin.timestamp)
        return False

    def note(self, offset: int, timestamp: int) -> None:
        """Note that a record is in, with all before it; `timestamp`: the newest of those."""
        self._reach.take(offset, timestamp)
        for (source, number, _), reach in self._reaches.items():
            self._made[f"{source}|{number}"] = reach.row()
        self._view[self._key] = self._reach.row() | ({"made": self._made} if self._made else {})
