"""Records kept by id, replaced and never edited, with a journal that can take changes back.

Invariant: a record on a shelf is never mutated; ``put`` replaces it. An older reading therefore stays
true, and undoing is putting the older record back.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.xero.wire import Record

Index = Callable[[Record], str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One record before and after a request."""

    kind: str
    id: str
    before: Record | None
    after: Record | None  # None: taken away for good
    quiet: bool  # true when Xero would not bump UpdatedDateUTC and not send a webhook


@dataclass(frozen=True, slots=True)
class _Entry:
    shelf: "Shelf"
    id: str
    before: Record | None
    quiet: bool


class Journal:
    """What the current request changed so far."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []

    def mark(self) -> int:
        """A point to roll back to."""
        return len(self._entries)

    def note(self, shelf: "Shelf", id_: str, before: Record | None, *, quiet: bool) -> None:
        """Remember what a put replaced."""
        self._entries.append(_Entry(shelf, id_, before, quiet))

    def rollback(self, mark: int) -> None:
        """Undo everything since the mark, newest first."""
        while len(self._entries) > mark:
            entry = self._entries.pop()
            entry.shelf.restore(entry.id, entry.before)

    def commit(self) -> list[Change]:
        """Keep everything; one change per record, in the order of first touch."""
        first: dict[tuple[str, str], _Entry] = {}
        loud: set[tuple[str, str]] = set()
        for entry in self._entries:
            key = (entry.shelf.kind, entry.id)
            first.setdefault(key, entry)
            if not entry.quiet:
                loud.add(key)
        self._entries.clear()
        return [
            Change(kind, id_, entry.before, entry.shelf.get(id_), quiet=(kind, id_) not in loud)
            for (kind, id_), entry in first.items()
        ]


class Shelf:
    """All records of one kind, with look-ups by the given keys (text compared without case)."""

    def __init__(self, kind: str, key: str, journal: Journal, indexes: Mapping[str, Index] | None = None) -> None:
        self.kind = kind
        self.key = key
        self.journal = journal
        self._records: dict[str, Record] = {}
        self._indexes = dict(indexes or {})
        self._entries: dict[str, dict[str, dict[str, None]]] = {name: {} for name in self._indexes}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def get(self, id_: str) -> Record | None:
        """The record with this id (any case)."""
        return self._records.get(id_.lower())

    def find(self, index: str, value: str) -> list[Record]:
        """Records whose key has this value, oldest first."""
        ids = self._entries[index].get(value.casefold(), {})
        return [self._records[id_] for id_ in ids]

    def put(self, record: Record, *, quiet: bool = False) -> Record:
        """Replace or add the record, noting it in the journal."""
        id_ = str(record[self.key]).lower()
        self.journal.note(self, id_, self._records.get(id_), quiet=quiet)
        self.restore(id_, record)
        return record

    def restore(self, id_: str, record: Record | None) -> None:
        """Put back without noting it; None removes."""
        if (old := self._records.get(id_)) is not None:
            for name, value in self._values(old):
                bucket = self._entries[name][value]
                bucket.pop(id_, None)
                if not bucket:
                    del self._entries[name][value]
        if record is None:
            self._records.pop(id_, None)
            return
        self._records[id_] = record
        for name, value in self._values(record):
            self._entries[name].setdefault(value, {})[id_] = None

    def remove(self, id_: str) -> None:
        """Take a record away for good (items, contact persons of a group); undone by a rollback."""
        self.journal.note(self, id_.lower(), self._records.get(id_.lower()), quiet=True)
        self.restore(id_.lower(), None)

    def _values(self, record: Record) -> Iterator[tuple[str, str]]:
        for name, index in self._indexes.items():
            if value := index(record):
                yield name, value.casefold()
