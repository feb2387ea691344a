"""Where records lie.

In: records, and the values that identify them. Out: records by id, by old id, by unique value. Invariant: a
unique value leads to one live record; ids are unique within a type only, as in HubSpot.
"""

from collections.abc import Iterator

from sandbox.hubspot.object_types import ObjectType
from sandbox.hubspot.records import Record

FIRST_ID = 20_000_000_001  # of the size of a real portal's ids: too big for 32 bits
ID_STEP = 7  # gaps, so that no client counts on neighbours


class Store:
    """All records of a portal."""

    def __init__(self, *, ids_start_alike: bool) -> None:
        self._records: dict[str, dict[int, Record]] = {}
        self._aliases: dict[str, dict[int, int]] = {}
        self._unique: dict[tuple[str, str], dict[str, int]] = {}
        self._next: dict[str, int] = {}
        self._alike = ids_start_alike
        self.erased: set[str] = set()  # e-mail addresses removed under privacy law

    def new_id(self, kind: ObjectType) -> int:
        """Give the next id of a type."""
        start = FIRST_ID if self._alike else FIRST_ID + 1_000_000_000 * len(self._next)
        taken = self._next.setdefault(kind.type_id, start)
        self._next[kind.type_id] = taken + ID_STEP
        return taken

    def add(self, record: Record) -> None:
        """Keep a record."""
        self._records.setdefault(record.kind.type_id, {})[record.id] = record

    def all(self, kind: ObjectType) -> Iterator[Record]:
        """Give a type's records in the order of ids, archived ones included, merged-away ones not."""
        for record in self._records.get(kind.type_id, {}).values():
            if record.merged_into is None:
                yield record

    def at(self, kind: ObjectType, record_id: int) -> Record | None:
        """Give the record that has this very id now."""
        record = self._records.get(kind.type_id, {}).get(record_id)
        return None if record is None or record.merged_into is not None else record

    def get(self, kind: ObjectType, record_id: int) -> Record | None:
        """Give the record an id leads to, through merges."""
        return self.at(kind, self._aliases.get(kind.type_id, {}).get(record_id, record_id))

    def is_alias(self, kind: ObjectType, record_id: int) -> bool:
        """Tell whether an id is of a record that was merged away."""
        return record_id in self._aliases.get(kind.type_id, {})

    def alias(self, kind: ObjectType, old: int, new: int) -> None:
        """Let an old id lead to a new record, and all that led to the old one too."""
        aliases = self._aliases.setdefault(kind.type_id, {})
        for each, target in aliases.items():
            if target == old:
                aliases[each] = new
        aliases[old] = new

    def remove(self, record: Record) -> None:
        """Forget a record for good."""
        self._records[record.kind.type_id].pop(record.id, None)
        self.release(record)

    def claim(self, record: Record, name: str, value: str, previous: str = "") -> None:
        """Let a value lead to a record."""
        index = self._unique.setdefault((record.kind.type_id, name), {})
        if previous and index.get(previous.lower()) == record.id:
            del index[previous.lower()]
        if value:
            index[value.lower()] = record.id

    def release(self, record: Record) -> None:
        """Let no value lead to a record any more."""
        for (type_id, name), index in self._unique.items():
            if type_id != record.kind.type_id:
                continue
            further = record.get("hs_additional_emails").split(";") if name == "email" else []
            for value in (record.get(name), *further):
                if index.get(value.lower()) == record.id:
                    del index[value.lower()]

    def holder(self, kind: ObjectType, name: str, value: str) -> Record | None:
        """Give the live record a unique value leads to; letters of either case are the same."""
        record_id = self._unique.get((kind.type_id, name), {}).get(value.strip().lower())
        return None if record_id is None else self.at(kind, record_id)
