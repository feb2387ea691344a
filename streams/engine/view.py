"""A batch's view of one table: an overlay over the local store.

Flows in: what the agent sets and deletes. Flows out: one changelog record per touched key, and the same to the store.
Invariants: reads see the batch's own writes, and fall through to the store; a value handed out is the caller's own:
changing it without setting it changes nothing. A row that was read and is set to what it is already is not written.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from streams.engine.errors import TooLarge

__all__ = ["View", "decode_key", "encode_key", "exact"]

_MISSING: Any = object()
_ENDS = (b"", b"")  # joined by some bytes they are a copy of those, with no tuple made for it
MAX_ROW = 4 * 1024 * 1024  # bytes: what a changelog takes unless told otherwise


def exact(made: bytes) -> bytes:
    """Return a copy that takes the room of its bytes.

    What orjson returns keeps the buffer it was written in (4 KiB in 3.13) for as long as it lives.
    """
    return made.join(_ENDS)


def encode_key(key: str) -> bytes:
    """Return a table key as it stands in store and changelog: a JSON string, as in a stock Faust table."""
    return orjson.dumps(key).join(_ENDS)  # as `exact` does: keys are spelled more often than all else


def decode_key(key: bytes) -> str:
    """Return the table key of a changelog record."""
    text: str = orjson.loads(key)
    return text


class View:
    """Reads and writes of one table within one batch, staged until the batch is written."""

    __slots__ = ("_limit", "_names", "_read", "_staged")

    def __init__(self, read: Callable[[bytes], bytes | None], *, limit: int = MAX_ROW) -> None:
        self._read = read
        self._limit = limit
        self._staged: dict[bytes, bytes | None] = {}
        self._names: dict[str, bytes] = {}  # raw keys: most are asked for twice, to read and to set

    def get(self, key: str, default: Any = None) -> Any:
        """Return a fresh copy of the value, or `default`."""
        name = self._names.get(key)  # as `_name` and `_raw` have it, without their calls: agents do little else
        if name is None:
            name = self._names[key] = encode_key(key)
        raw: bytes | None = self._staged.get(name, _MISSING)
        if raw is _MISSING:
            raw = self._read(name)
        return default if raw is None else orjson.loads(raw)

    def __getitem__(self, key: str) -> Any:
        raw = self._raw(self._name(key))
        if raw is None:
            raise KeyError(key)
        return orjson.loads(raw)

    def __setitem__(self, key: str, value: Any) -> None:
        if value is None:
            raise ValueError(f"None cannot be kept under {key!r}: in a changelog it means deleted. Use del.")
        raw = orjson.dumps(value)
        if len(raw) > self._limit:
            raise TooLarge(
                f"The row {key!r} is {len(raw):,} bytes, over the limit of {self._limit:,}: no changelog takes it, "
                "and it was not set. Keep less in it, or quarantine the record that made it so large."
            )
        name = self._names.get(key)
        if name is None:  # nobody has asked for it: what it was is not worth a read
            name = self._name(key)
        elif name not in self._staged and self._read(name) == raw:
            return
        self._staged[name] = raw.join(_ENDS)  # as `exact` does

    def __delitem__(self, key: str) -> None:
        raw = self._name(key)
        if self._raw(raw) is None:
            raise KeyError(key)
        self._staged[raw] = None

    def __contains__(self, key: str) -> bool:
        return self._raw(self._name(key)) is not None

    @property
    def staged(self) -> dict[bytes, bytes | None]:
        """What was set (bytes) and deleted (None) since the last write, by raw key."""
        return self._staged

    def forget(self, written: Mapping[bytes, bytes | None]) -> None:
        """Forget what was written, and not what was staged meanwhile: it is in the store now."""
        for key, value in written.items():
            if self._staged.get(key, _MISSING) is value:
                del self._staged[key]

    def _name(self, key: str) -> bytes:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = encode_key(key)
        return name

    def _raw(self, key: bytes) -> bytes | None:
        raw: bytes | None = self._staged.get(key, _MISSING)
        return self._read(key) if raw is _MISSING else raw
