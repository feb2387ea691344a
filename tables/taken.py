"""Taken: up to where a table has taken a partition of a topic, so that what is delivered again changes nothing.

The row leaves in one record batch with the rows that were made of those records: a worker that dies in between leaves
all of them or none. Versions and ids of what is delivered say the same, but not of everything: a record that was read
again on purpose shows what it showed before. A row is `{"next": offset, "at": milliseconds}`: the record that comes
next, and the newest timestamp of those before it. Invariant: what was not taken is never said to be; a topic that was
removed and made anew counts from zero again, but its records are younger than all that were taken.
"""

from __future__ import annotations

from tables.view import Drawer, View

DRAWER = "o"  # of offsets, beside the drawers of the step


class Taken:
    """What a table has taken of one partition."""

    def __init__(self, table: View, topic: str, partition: int) -> None:
        """Look it up in `table`."""
        self._view = Drawer(table, DRAWER)
        self._key = f"{topic}|{partition}"
        row = self._view.get(self._key) or {"next": 0, "at": 0}
        self._next, self._at = int(row["next"]), int(row["at"])

    def has(self, offset: int, timestamp: int) -> bool:
        """Whether what a record has changed is in the table; records are asked about in order."""
        if offset < self._next and timestamp > self._at:
            self._next = offset  # another log than the one that was taken: its clocks may be apart, its offsets are not
        return offset < self._next

    def note(self, offset: int, timestamp: int) -> None:
        """Note that a record is in, with all before it; `timestamp`: the newest of those."""
        self._next, self._at = max(self._next, offset + 1), max(self._at, timestamp)
        self._view[self._key] = {"next": self._next, "at": self._at}
