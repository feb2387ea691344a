"""A view of one table in one partition: what a step reads and writes.

The engine's batch view fulfils it; `MemoryView` is the small real one for tests and simulations. Invariant: what `get`
hands out belongs to the caller; the table changes only by assignment.
"""

from __future__ import annotations

from typing import Any, Protocol

import orjson

_UNREAD: Any = object()


class View(Protocol):
    """Keys are texts, values JSON."""

    def get(self, key: str) -> Any | None:
        """The value, or None."""
        ...

    def __setitem__(self, key: str, value: Any) -> None:
        """Write a value."""
        ...

    def __delitem__(self, key: str) -> None:
        """Forget a key; an absent one is a KeyError, as in a dict."""
        ...


class Drawer:
    """A view of the keys under one prefix, so that what belongs together is kept in one table.

    One table has one changelog, and what is written to it at once arrives at once: a worker that dies in between leaves
    all of it or nothing. Two tables could keep one half each.
    """

    def __init__(self, view: View, prefix: str) -> None:
        """Open the drawer `prefix` of a table."""
        self._view = view
        self._prefix = f"{prefix}|"

    def get(self, key: str) -> Any | None:
        """The value, or None."""
        return self._view.get(self._prefix + key)

    def __setitem__(self, key: str, value: Any) -> None:
        """Write a value."""
        self._view[self._prefix + key] = value

    def __delitem__(self, key: str) -> None:
        """Forget a key; an absent one is a KeyError."""
        del self._view[self._prefix + key]


class Recalled:
    """A view that remembers what was read through it, for one piece of work by the only one who writes there.

    Invariant: what `get` hands out is shared by all who ask for it; it is replaced by assignment and never changed.
    """

    def __init__(self, view: View) -> None:
        """Remember nothing yet."""
        self._view = view
        self._rows: dict[str, Any] = {}

    def get(self, key: str) -> Any | None:
        """The value, or None."""
        row = self._rows.get(key, _UNREAD)
        if row is _UNREAD:
            row = self._rows[key] = self._view.get(key)
        return row

    def __setitem__(self, key: str, value: Any) -> None:
        """Write a value."""
        self._view[key] = value
        self._rows[key] = value

    def __delitem__(self, key: str) -> None:
        """Forget a key; an absent one is a KeyError."""
        del self._view[key]
        self._rows[key] = None


class MemoryView:
    """A view over a dict of its own, whose values are JSON as in a table: what is none of it is a TypeError."""

    def __init__(self, rows: dict[str, Any] | None = None) -> None:
        """Start with `rows`, or with none."""
        self.rows: dict[str, Any] = rows if rows is not None else {}

    def get(self, key: str) -> Any | None:
        """A copy of the value, or None."""
        value = self.rows.get(key)
        return None if value is None else _copy(value)

    def __setitem__(self, key: str, value: Any) -> None:
        """Keep a copy of the value."""
        self.rows[key] = _copy(value)

    def __delitem__(self, key: str) -> None:
        """Forget a key; an absent one is a KeyError."""
        del self.rows[key]


def _copy(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))  # a tenth of what `copy.deepcopy` takes
