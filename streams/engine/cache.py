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


class ReadCache:
    """Two generations: what is asked for moves to the young one, and the old one goes when the young one is full."""

    _open: ClassVar[int] = 0  # caches in the process

    def __init__(self, read: Callable[[bytes], bytes | None]) -> None:
        self._read = read
        self._young: dict[bytes, bytes | None] = {}
        self._old: dict[bytes, bytes | None] = {}
        self._size = 0  # bytes of the young
        ReadCache._open += 1

    def get(self, key: bytes) -> bytes | None:
        """Return a key's value; that there is none is kept as well."""
        value: bytes | None = self._young.get(key, _MISSING)
        return self._fetch(key) if value is _MISSING else value

    def note(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take over changes that were written, of what is kept."""
        young, old = self._young, self._old
        for key, value in changes.items():
            if key in young:
                young[key] = value
                self._size += len(value or b"")  # and what was there is not taken off: full a little early
            elif key in old:
                old[key] = value

    def close(self) -> None:
        """Leave the room to the others."""
        ReadCache._open -= 1

    def _fetch(self, key: bytes) -> bytes | None:
        value: bytes | None = self._old.pop(key, _MISSING)
        if value is _MISSING:
            value = self._read(key)
        self._young[key] = value
        self._size += len(key) + len(value or b"") + OBJECT
        if self._size * self._open * 2 > ROOM:
            self._old, self._young, self._size = self._young, {}, 0
        return value
