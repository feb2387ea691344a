"""Lists: the records of one table that answer a wish, newest first, as they were written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import orjson

from console.projection.filters import Filters
from console.projection.held import Bytes, Held
from console.projection.store import Store
from schemas.audit import Signature
from schemas.brake import BrakeState
from schemas.deed import Deed
from schemas.errors import Refused
from schemas.ledger import LedgerEntry
from schemas.night import Night
from schemas.quarantine import Edit, Settlement
from schemas.reading import ReadingState
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict

EVERYTHING = 1_000_000_000  # a limit that limits nothing
_ORDERS = {
    "totals": "day DESC, currency, subsidiary, side",
    "variances": "state DESC, at DESC, seq DESC",  # open ones before closed ones
    "brakes": "state DESC, at DESC, seq DESC",  # stopped ones before released ones
    "readings": "connection, what, key",
    "signatures": "night DESC",
    "nights": "night DESC",
}
Record = TypeVar(
    "Record",
    Verdict,
    LedgerEntry,
    Total,
    Variance,
    RevenueEvent,
    Held,
    BrakeState,
    ReadingState,
    Deed,
    Signature,
    Night,
)

_MODELS: dict[type, str] = {
    Verdict: "decisions",
    LedgerEntry: "ledger",
    Total: "totals",
    Variance: "variances",
    RevenueEvent: "events",
    Held: "quarantine",
    BrakeState: "brakes",
    ReadingState: "readings",
    Deed: "deeds",
    Signature: "signatures",
    Night: "nights",
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


def quarantined(store: Store, filters: Filters | None = None, limit: int = 50) -> list[Held]:
    """Quarantined records, newest first, each with what was said of it; `state` is `held` while nothing settled it."""
    rows = store.rows("SELECT key, body, returned FROM settlements")
    settled = {row["key"]: Settlement.model_validate_json(row["body"]) for row in rows}
    before = {row["returned"]: row["key"] for row in rows if row["returned"]}
    edits = {row["key"]: Edit.model_validate_json(row["body"]) for row in store.rows("SELECT key, body FROM edits")}
    return [
        each.model_copy(
            update={
                "settlement": settled.get(each.name),
                "edit": edits.get(each.name),
                "earlier": _chain(before, each.name),
            }
        )
        for each in find(store, Held, filters, limit)
    ]


def _chain(before: dict[str, str], name: str) -> tuple[str, ...]:
    """The names that a record had before it came back, oldest first."""
    found: list[str] = []
    while (name := before.get(name, "")) and name not in found:
        found.insert(0, name)
    return tuple(found)


def held(store: Store, name: str) -> Held:
    """One quarantined record by its name.

    Raises:
        Refused: there is none of that name.
    """
    found = [each for each in quarantined(store, Filters(record=name)) if each.name == name]
    if not found:
        raise Refused(f"nothing in quarantine is named {name!r}. Next: revmark quarantine list", code="usage")
    return found[0]


def bytes_of(store: Store, name: str) -> Bytes | None:
    """The bytes of a quarantined record, and where they lay; None where quarantine does not say."""
    rows = store.rows("SELECT raw FROM quarantine WHERE key = ?", [name])
    return Bytes.parse(rows[0]["raw"]) if rows else None


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
