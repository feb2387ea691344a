"""The workers' tables as their changelogs tell them: the same rows, for reading.

In: rows of the projection. Out: views that the readers in `tables` take, so that a row is understood in one place.
Invariant: the projection is never written to; what a rule writes while it is asked goes into memory and is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from agents.rules.identification import Identification
from agents.rules.placing import Waits
from console.projection.store import Store
from schemas.contract import Contract
from schemas.names import Entity
from tables import customers, entities, versions
from tables.customers import CustomerState
from tables.entities import EntityState
from tables.identity import Identity
from tables.view import Drawer

PAGE = 500  # records read at once where all of a kind are wanted: a megabyte or two
_PAGE = (
    "SELECT record, key, body FROM states WHERE drawer = 'accounts.r' AND record IN (SELECT DISTINCT record FROM states"
    " WHERE drawer = 'accounts.r' AND record > ? AND record < ? ORDER BY record LIMIT ?) ORDER BY record, key"
)


class TableView:
    """One table. What is set or deleted stays in this view. `near` are bodies that were read already; None: no row."""

    def __init__(self, store: Store, table: str, near: Mapping[str, str | None] | None = None) -> None:
        self._store = store
        self._table = table
        self._near = near or {}
        self._own: dict[str, Any] = {}

    def get(self, key: str) -> Any | None:
        """The value, or None."""
        if key in self._own:
            return self._own[key]
        if key in self._near:
            body = self._near[key]
            return None if body is None else orjson.loads(body)
        rows = self._store.rows("SELECT body FROM states WHERE key = ?", [f"{self._table}|{key}"])
        return orjson.loads(rows[0]["body"]) if rows else None

    def __setitem__(self, key: str, value: Any) -> None:
        """Keep a value in this view."""
        self._own[key] = value

    def __delitem__(self, key: str) -> None:
        """Forget a key in this view."""
        self._own[key] = None


class Known:
    """What is known of one tenant's records."""

    def __init__(self, store: Store, tenant: str) -> None:
        self.store = store
        self.tenant = tenant
        accounts, known = TableView(store, "accounts"), TableView(store, "known")
        self._records, self._customers = Drawer(accounts, "r"), Drawer(accounts, "c")
        self._versions = Drawer(known, "v")
        self.identity = Identity(Drawer(known, "i"), tenant)

    def customer(self, customer: str) -> CustomerState:
        """A customer's state."""
        return customers.load(self._customers, self.tenant, customer)

    def customer_of(self, record: str) -> str | None:
        """The customer that a record belongs to now: a record that was moved has left a row with the one before."""
        found: list[tuple[bool, str]] = []
        for row in self._rows("accounts.r", record):
            customer = row["key"].split("|")[3]
            state = self.state(customer, record)
            mine = any(self.identity.customer(ref) == customer for ref in (state.crm.ref, state.erp.ref) if ref)
            found.append((mine, customer))
        return max(found, default=(False, None), key=lambda pair: pair[0])[1]

    def state(self, customer: str, record: str) -> EntityState:
        """A record's state with one customer."""
        entity = Entity(record.split(":", 1)[0])
        return entities.load(self._records, self.tenant, customer, entity, record)

    def find(self, record: str) -> EntityState | None:
        """A record's state with the customer that it belongs to."""
        customer = self.customer_of(record)
        return None if customer is None else self.state(customer, record)

    def beside(self, customer: str, most: int) -> Iterator[EntityState]:
        """The other records of a customer, in no order; at most `most` are looked at."""
        start = f"accounts|r|{self.tenant}|{customer}|"
        rows = self.store.rows(
            "SELECT record FROM states WHERE key >= ? AND key < ? AND record <> ? LIMIT ?",
            [start, start[:-1] + "}", customer, most],  # "}" is the letter after "|"
        )
        return (self.state(customer, str(row["record"])) for row in rows)

    def deal_of(self, order: str) -> str | None:
        """The deal that an order was made of: one that is not shown in the CRM has no row of its own."""
        rows = self.store.rows(
            "SELECT record FROM states WHERE drawer = 'accounts.r' AND json_extract(body, '$.marks.order.id') = ?",
            [order],
        )
        return str(rows[0]["record"]) if rows else None

    def references(self, record: str) -> list[str]:
        """Every record of a platform that is, or was, this one."""
        return sorted(row["key"].split("|", 4)[4] for row in self._rows("known.i", record) if "|r|" in row["key"])

    def seen(self, reference: str) -> dict[str, Any] | None:
        """What is kept of a platform's record as it was last seen, if it ever was."""
        found: dict[str, Any] | None = self._versions.get(versions.key(self.tenant, reference))
        return found

    def waiting(self, reference: str) -> dict[str, Any] | None:
        """The sighting of a record that cannot go on yet; one that was told already does not count."""
        rows = versions.parked(self._versions, self.tenant, reference)
        return next((row for row in rows if not row.get("told")), None)

    def waits(self, row: dict[str, Any], contract: Contract) -> Waits | None:
        """Why a sighting cannot go on, asked of the rule that holds it; None: it would go on now."""
        scratch = Identity(Drawer(TableView(self.store, "known"), "i"), self.tenant)
        found = Identification(scratch, contract, self.tenant).resolve(dict(row))
        return found if isinstance(found, Waits) else None

    def each(self, entity: Entity, size: int = PAGE) -> Iterator[tuple[EntityState, CustomerState]]:
        """Every record of a kind, by its id, with the customer that it belongs to; a page of them is read at once."""
        after, end = f"{entity.value}:", f"{entity.value};"  # ";" is the letter after ":"
        while rows := self.store.rows(_PAGE, [after, end, size]):
            after = rows[-1]["record"]
            near: dict[str, str | None] = {row["key"].removeprefix("accounts|"): row["body"] for row in rows}
            places: dict[str, list[str]] = {}
            for row in rows:
                places.setdefault(row["record"], []).append(row["key"].split("|")[3])
            owners = {
                record: found[0] if len(found) == 1 else self.customer_of(record) or found[0]
                for record, found in places.items()
            }
            keys = [f"c|{self.tenant}|{owner}" for owner in owners.values()]
            near |= dict.fromkeys(keys) | self._bodies(keys)
            view = TableView(self.store, "accounts", near)
            records, holders = Drawer(view, "r"), Drawer(view, "c")
            for record, owner in owners.items():
                state = entities.load(records, self.tenant, owner, entity, record)
                yield state, customers.load(holders, self.tenant, owner)

    def _bodies(self, keys: Iterable[str]) -> dict[str, str]:
        wanted = orjson.dumps([f"accounts|{key}" for key in keys]).decode()
        rows = self.store.rows("SELECT key, body FROM states WHERE key IN (SELECT value FROM json_each(?))", [wanted])
        return {row["key"].removeprefix("accounts|"): row["body"] for row in rows}

    def all(self) -> Iterator[str]:
        """Every canonical record."""
        rows = self.store.rows("SELECT DISTINCT record FROM states WHERE drawer = 'accounts.r' ORDER BY record")
        return (str(row["record"]) for row in rows)

    def _rows(self, drawer: str, record: str) -> list[dict[str, Any]]:
        return self.store.rows("SELECT key FROM states WHERE record = ? AND drawer = ? ORDER BY key", [record, drawer])
