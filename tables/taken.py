"""Taken: up to where a table has taken a partition of a topic, so that what is delivered again changes nothing.

The row leaves in one record batch with the rows that were made of those records: a worker that dies in between leaves
all of them or none. Versions and ids of what is delivered say the same, but not of everything: a record that was read
again on purpose shows what it showed before. A row is `{"next": offset, "at": milliseconds, "log": id}`: the record
that comes next, the newest timestamp of those before it, and the topic's id. Invariant: what was not taken is never
said to be. A topic that was removed and made anew, or copied to another cluster, has other offsets: its id tells, and
where the broker has none to tell, that its records are younger than all that were taken.
"""

from __future__ import annotations

from tables.view import Drawer, View

DRAWER = "o"  # of offsets, beside the drawers of the step


class Taken:
    """What a table has taken of one partition."""

    def __init__(self, table: View, topic: str, partition: int, log: str = "") -> None:
        """Look it up in `table`; `log`: the topic's id, empty where nobody tells it."""
        self._view = Drawer(table, DRAWER)
        self._key = f"{topic}|{partition}"
        row = self._view.get(self._key) or {}
        if log and row.get("log") not in {None, "", log}:
            row = {}  # of another topic
        self._next, self._at, self._log = int(row.get("next", 0)), int(row.get("at", 0)), log or row.get("log", "")

    def has(self, offset: int, timestamp: int) -> bool:
        """Whether what a record has changed is in the table; records are asked about in order."""
        if offset < self._next and timestamp > self._at:
            self._next = offset  # of another topic: its clocks may be apart, its offsets are not
        return offset < self._next

    def note(self, offset: int, timestamp: int) -> None:
        """Note that a record is in, with all before it; `timestamp`: the newest of those."""
        self._next, self._at = max(self._next, offset + 1), max(self._at, timestamp)
        self._view[self._key] = {"next": self._next, "at": self._at, "log": self._log}
