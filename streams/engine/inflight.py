"""The batches of one partition that were handed out and are not yet committed, oldest first.

Invariant: `committable` never passes a batch that is not done, however many behind it are.
"""

from collections import deque
from typing import Protocol

__all__ = ["InFlight", "Pending"]


class Pending(Protocol):
    """What is asked of a batch here."""

    @property
    def is_done(self) -> bool:
        """Whether everything it caused has been written."""

    @property
    def next_offset(self) -> int:
        """The offset after its last record."""

    @property
    def size(self) -> int:
        """Bytes of memory its records take, about."""


class InFlight:
    """A queue of batches and the end of its leading run of done ones."""

    __slots__ = ("_end", "_queue")

    def __init__(self) -> None:
        self._queue: deque[Pending] = deque()
        self._end: int | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, batch: Pending) -> None:
        """Take the batch that follows all others."""
        self._queue.append(batch)

    def settle(self) -> None:
        """Drop the leading run of done batches; what is left counts against the bound."""
        while self._queue and self._queue[0].is_done:
            self._end = self._queue.popleft().next_offset

    @property
    def size(self) -> int:
        """Bytes of memory taken by the records of all that are not done; any thread may ask."""
        return sum(batch.size for batch in self.waiting)

    @property
    def last(self) -> Pending | None:
        """The batch that was added last, while it is not done."""
        return self._queue[-1] if self._queue else None

    @property
    def end(self) -> int | None:
        """The end of what was done and dropped so far; any thread may ask."""
        return self._end

    @property
    def waiting(self) -> list[Pending]:
        """The batches that are not done, or stand behind one; any thread may ask."""
        return list(self._queue)  # one step, in which no other thread comes between

    @property
    def committable(self) -> int | None:
        """The offset that may be committed: None when nothing was done yet."""
        self.settle()
        return self._end
