"""Both screens and the topics, as one sees them now: read anew only when somebody has written."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from console.demo.people import Finance, Record, Sales
from tests.simulation.people import CHILD_TO_PARENT

AT_LEAST_EVERY = 3.0  # seconds between two readings of a platform whose diary says that nothing was written


class Seller(Sales):
    """Somebody at HubSpot's screen who also merges and erases."""

    def merge(self, kind: str, stays: str, goes: str) -> None:
        """Make one record of two."""
        self._do("POST", f"people/{kind}/merge", {"primaryObjectId": stays, "objectIdToMerge": goes})

    def adopt(self, child: str, parent: str) -> None:
        """Make one company the parent of another."""
        body = {"to_type": "companies", "to_id": parent, "type_ids": [CHILD_TO_PARENT]}
        self._do("POST", f"people/companies/{child}/associate", body)

    def release(self, child: str, parent: str) -> None:
        """Make it one without a parent."""
        self._do("POST", f"people/companies/{child}/dissociate", {"to_type": "companies", "to_id": parent})

    def erase(self, kind: str, record: str) -> None:
        """Erase somebody who asked for it."""
        self._do("POST", f"people/{kind}/{record}/erase", {})


class Bookkeeper(Finance):
    """Somebody at Xero's screen who also merges."""

    def merge(self, stays: str, goes: str) -> None:
        """Make one contact of two."""
        self._do("POST", "people/merge", {"loser": goes, "winner": stays})


class Watching(Protocol):
    """Somebody who reads along on the topics."""

    def seen(self, topic: str) -> list[Record]:
        """What has come so far."""
        ...


@dataclass
class Desks:
    """What people type with, and what there is to see."""

    sales: Seller
    finance: Bookkeeper
    witness: Watching
    prefix: str
    _hubspot: Any = None
    _xero: dict[str, list[Record]] = field(default_factory=dict)
    _read: dict[str, tuple[int, float]] = field(default_factory=dict)

    def look(self) -> None:
        """See what is there now."""
        if self._changed("hubspot", self.sales):
            self._hubspot = self.sales.state()
        if self._changed("xero", self.finance):
            self._xero = self.finance.shelves()

    def _changed(self, name: str, desk: Sales | Finance) -> bool:
        written, now = len(desk.diary()), time.monotonic()
        known, at = self._read.get(name, (-1, 0.0))
        if written == known and now - at < AT_LEAST_EVERY:
            return False
        self._read[name] = (written, now)
        return True

    def records(self, kind: str) -> list[Record]:
        """Live records of HubSpot."""
        return [row for row in self._hubspot["objects"][kind] if not row["archived"]]

    def properties(self, kind: str, record: str) -> Record:
        """One record's properties; those of the record it was merged into, if it was."""
        rows = [row for row in self.records(kind) if record in {str(row["id"]), *map(str, row["merged_ids"])}]
        if not rows:
            raise LookupError(f"HubSpot shows no {kind} {record}")
        return dict(rows[0]["properties"])

    def shelf(self, name: str) -> list[Record]:
        """Records of Xero."""
        return self._xero[name]

    def associated(self, kind: str, record: str, other: str) -> list[str]:
        """Ids of the records of type `other` that belong to a record of type `kind`."""
        return [end for of, end in self.pairs(kind, record) if of == other]

    def pairs(self, kind: str, record: str) -> list[tuple[str, str]]:
        """Types and ids of all records that belong to a record of type `kind`."""
        ends = [(tuple(map(str, row["from"])), tuple(map(str, row["to"]))) for row in self._hubspot["associations"]]
        return [(end[0], end[1]) for start, end in ends if start == (kind, record)]

    def sent(self) -> list[Record]:
        """HubSpot's custom events."""
        return list(self._hubspot["custom_events"])

    def told(self, topic: str) -> list[Record]:
        """What stands on a topic."""
        return self.witness.seen(f"{self.prefix}{topic}")
