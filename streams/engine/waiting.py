"""Changes of one partition that wait to be written to disk together.

Flows in: acknowledged changes, with the changelog offset they reach to. Flows out: the last value of each key.
Invariant: the offset is that of the last change taken; what a kill takes is in the changelog behind the one on disk.
"""

from collections.abc import Mapping

from streams.engine.record import OBJECT

__all__ = ["Waiting"]

LONGEST = 5000  # milliseconds: what a killed worker reads again is no more than that, in a fraction of the time
MOST = 8 * 1024 * 1024  # bytes of memory per partition of a table, about


class Waiting:
    """What was changed since `since`, in milliseconds."""

    __slots__ = ("_brought", "_since", "_taken", "changes", "complete_at", "offset")

    def __init__(self, since: int) -> None:
        self.changes: dict[bytes, bytes | None] = {}
        self.offset = -1
        self.complete_at = since  # milliseconds: nothing is missing up to then
        self._since = since
        self._taken = 0  # changes, also of a key that is there already
        self._brought = 0  # bytes of theirs

    def add(self, changes: Mapping[bytes, bytes | None], offset: int, complete_at: int) -> None:
        """Take changes up to this offset."""
        self.changes.update(changes)
        self.offset = offset
        self.complete_at = complete_at
        self._taken += len(changes)
        self._brought += sum(map(len, changes)) + sum(map(len, filter(None, changes.values())))

    def is_due(self, now: int) -> bool:
        """Whether to write it: it is old, or large, or the clock was put back."""
        room = len(self.changes) * (OBJECT + self._brought // max(1, self._taken))
        return room > MOST or not 0 <= now - self._since < LONGEST
