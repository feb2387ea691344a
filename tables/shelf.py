"""A shelf: a long list of texts kept in rows of bounded size, so that adding to it never rewrites all of it."""

from __future__ import annotations

from collections.abc import Iterator

from tables.view import View

ROW_SIZE = 200  # texts a row: about 10 kB, one changelog record


class Shelf:
    """A named list within a view."""

    def __init__(self, view: View, name: str) -> None:
        """Open the shelf `name`."""
        self._view = view
        self._name = name

    def put(self, text: str) -> None:
        """Add a text at the end."""
        count = self._view.get(f"{self._name}|count") or 0
        row_key = f"{self._name}|{count // ROW_SIZE}"
        row = (self._view.get(row_key) or []) if count % ROW_SIZE else []
        self._view[row_key] = [*row, text]
        self._view[f"{self._name}|count"] = count + 1

    def __iter__(self) -> Iterator[str]:
        """All texts in the order in which they came."""
        count = self._view.get(f"{self._name}|count") or 0
        for number in range(-(-count // ROW_SIZE)):
            yield from self._view.get(f"{self._name}|{number}") or ()

    def __len__(self) -> int:
        """How many texts are kept."""
        return int(self._view.get(f"{self._name}|count") or 0)

    def clear(self) -> list[str]:
        """Take everything off the shelf."""
        if not self._view.get(f"{self._name}|count"):
            return []  # as nearly always
        texts = list(self)
        for number in range(-(-len(texts) // ROW_SIZE)):
            del self._view[f"{self._name}|{number}"]
        del self._view[f"{self._name}|count"]
        return texts
