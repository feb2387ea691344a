"""Raw values read from disk lately, in front of one partition's database.

Flows in: reads, and writes to what was read. Flows out: values, at the price of a dictionary.
Invariants: it never differs from the database, whose only writer tells it of every change; all caches of the process
together hold no more than `ROOM`, about; what is written and was not read (a recovery, a standby) is not kept.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from streams.engine.record import OBJECT

__all__ = ["ReadCache"]

ROOM = 32 * 1024 * 1024  # bytes in the process, shared alike: some 100,000 rows of 100 bytes
_MISSING: Any = object()


class ReadCache(dict[bytes, bytes | None]):
    """Two generations: what is asked for moves to the young one, and the old one goes when the young one is full.

    `cache[key]` is a key's value; that there is none is kept as well. The young generation is the dictionary itself, so
    that to find something in it takes no call.
    """

    __slots__ = ("_old", "_read", "_size")
    _open: ClassVar[int] = 0  # caches in the process

    def __init__(self, read: Callable[[bytes], bytes | None]) -> None:
        super().__init__()
        self._read = read
        self._old: dict[bytes, bytes | None] = {}
        self._size = 0  # bytes of the young
        ReadCache._open += 1

    def __missing__(self, key: bytes) -> bytes | None:
        value: bytes | None = self._old.pop(key, _MISSING)
        if value is _MISSING:
            value = self._read(key)
        self[key] = value
        self._size += len(key) + len(value or b"") + OBJECT
        if self._size * self._open * 2 > ROOM:
            self._old, self._size = self.copy(), 0
            self.clear()
        return value

    @property
    def rows(self) -> int:
        """How many rows are kept; a row that is asked for again counts once."""
        return len(self) + len(self._old)

    def note(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take over changes that were written, of what is kept."""
        if changes.keys() <= self.keys():  # most are of rows that were read to be changed
            self.update(changes)
            self._size += sum(map(len, filter(None, changes.values())))  # and what was there is not taken off:
            return  # full a little early
        for key, value in changes.items():
            if key in self:
                self[key] = value
                self._size += len(value or b"")
            elif key in self._old:
                self._old[key] = value

    def close(self) -> None:
        """Leave the room to the others."""
        ReadCache._open -= 1
