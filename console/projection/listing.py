"""Lists: the records of one table that answer a wish, newest first, as they were written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import orjson

from console.projection.filters import Filters
from console.projection.held import Held
from console.projection.store import Store
from schemas.errors import Refused
from schemas.ledger import LedgerEntry
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict

_ORDERS = {
    "totals": "day DESC, currency, subsidiary, side",
    "variances": "state DESC, at DESC, seq DESC",  # open ones before closed ones
}
Record = TypeVar("Record", Verdict, LedgerEntry, Total, Variance, RevenueEvent, Held)

_MODELS: dict[type, str] = {
    Verdict: "decisions",
    LedgerEntry: "ledger",
    Total: "totals",
    Variance: "variances",
    RevenueEvent: "events",
    Held: "quarantine",
}


def find(store: Store, model: type[Record], filters: Filters | None = None, limit: int = 50) -> list[Record]:
    """The records of one kind that the filters leave, newest first, at most `limit`."""
    table = _MODELS[model]
    where: str
    values: list[str]
    where, values = (filters or Filters()).where(table)
    order = _ORDERS.get(table, "at DESC, seq DESC")
    statement = f"SELECT body FROM {table} WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608 - column names are ours, values are bound
    rows = store.rows(statement, [*values, limit])
    return [model.model_validate_json(row["body"]) for row in rows]


def held(store: Store, name: str) -> Held:
    """One quarantined record by its name.

    Raises:
        Refused: there is none of that name.
    """
    found = find(store, Held, Filters(record=name), limit=1)
    if not found:
        raise Refused(f"nothing in quarantine is named {name!r}. Next: revmark quarantine list", code="usage")
    return found[0]


def events_after(store: Store, seq: int, filters: Filters) -> tuple[list[RevenueEvent], int]:
    """Revenue events that came after row `seq`, in the order in which they came, and the last row's number."""
    where, values = filters.where("events")
    statement = f"SELECT seq, body FROM events WHERE seq > ? AND {where} ORDER BY seq"  # noqa: S608 - as above
    rows = store.rows(statement, [seq, *values])
    return [RevenueEvent.model_validate_json(row["body"]) for row in rows], rows[-1]["seq"] if rows else seq


def last_event(store: Store) -> int:
    """The number of the newest row of the revenue events."""
    return int(store.rows("SELECT coalesce(max(seq), 0) AS seq FROM events")[0]["seq"])


def labels(store: Store, ids: Iterable[str]) -> dict[str, str]:
    """What people call these records, by canonical id."""
    wanted = orjson.dumps(sorted(set(ids))).decode()
    rows = store.rows("SELECT id, label FROM labels WHERE id IN (SELECT value FROM json_each(?))", [wanted])
    return {row["id"]: row["label"] for row in rows}
