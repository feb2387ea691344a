"""From a record to a row: what is filtered by becomes columns, the record stays whole.

In: deliveries of the kept topics. Out: rows and removals. Raises Refused for a record that is none of its schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from console.projection import naming
from console.projection.delivery import SHELVES, STATES, Delivery
from console.projection.held import Held
from schemas.audit import Signature
from schemas.brake import BrakeState, brake_key
from schemas.deed import Deed
from schemas.errors import Refused
from schemas.ledger import LedgerEntry
from schemas.names import Entity
from schemas.night import Night
from schemas.quarantine import Edit, Settlement, place_name
from schemas.reading import ReadingState, reading_key
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict

CURSORS = "tables.cursors"
NAMED = {Entity.COMPANY, Entity.DEAL, Entity.INVOICE, Entity.CREDIT_NOTE}  # by what a write of them says


@dataclass(frozen=True, slots=True)
class Row:
    """A row to keep. `first_wins`: a record that is there under this key already is a redelivery, and stays.

    `names` are what a record is called, as (record, name); they take the place of those that this row gave before.
    """

    table: str
    key: str
    columns: dict[str, str | int | None]
    body: str
    first_wins: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    names: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A tombstone: the row under this key goes."""

    table: str
    key: str


def instant_text(instant: datetime | None) -> str | None:
    """One form for all times, so that texts sort as times do."""
    return None if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def row(delivery: Delivery) -> Row | Removal | None:
    """Read one record; None: it is of no interest.

    Raises:
        Refused: it is no record of its topic's schema.
    """
    if delivery.value is None and delivery.topic in {"ledger", "totals", "variances", "brakes", "readings"}:
        return Removal(SHELVES[delivery.topic], delivery.key_text)
    if delivery.topic == CURSORS:
        return _connection(delivery)
    if delivery.topic in STATES:
        return _state(delivery)
    return _ROWS[delivery.topic](delivery)


def _connection(delivery: Delivery) -> Row | None:
    """How a connection stands: one row of its lane's table."""
    try:
        name = str(orjson.loads(delivery.key or b""))
        standing = orjson.loads(delivery.value or b"null")
    except orjson.JSONDecodeError as error:
        raise Refused("no row of a table", code="malformed") from error
    connection, _, what = name.rpartition("|")
    if what != "standing" or not isinstance(standing, dict):
        return None
    return Row("connections", connection, {"until": standing.get("until")}, orjson.dumps(standing).decode())


def _state(delivery: Delivery) -> Row | Removal:
    """A row of a table, as its changelog has it."""
    try:
        name = str(orjson.loads(delivery.key or b""))
        value = None if delivery.value is None else orjson.loads(delivery.value)
    except orjson.JSONDecodeError as error:
        raise Refused("no row of a table", code="malformed") from error
    table = STATES[delivery.topic]
    if delivery.value is None:
        return Removal("states", f"{table}|{name}")
    found = naming.of(table, name, value)
    columns: dict[str, str | int | None] = {"drawer": f"{table}.{name.partition('|')[0]}", "record": found.record}
    return Row("states", f"{table}|{name}", columns, delivery.value.decode(), names=found.names)


def _decision(delivery: Delivery) -> Row:
    verdict = Verdict.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": verdict.tenant,
        "customer": verdict.customer,
        "entity": verdict.entity.value,
        "record": verdict.record,
        "label": verdict.label,
        "field": verdict.field,
        "ruling": verdict.ruling,
        "rule": verdict.rule,
        "command": verdict.command,
        "at": instant_text(verdict.at),
    }
    labels = {verdict.record: verdict.label} if verdict.label else {}
    return Row("decisions", verdict.id, columns, verdict.model_dump_json(), first_wins=True, labels=labels)


def _ledger(delivery: Delivery) -> Row:
    entry = LedgerEntry.from_bytes(delivery.value)
    command = entry.command
    columns: dict[str, str | int | None] = {
        "tenant": command.tenant,
        "connection": command.connection,
        "customer": command.customer,
        "entity": command.entity.value,
        "record": command.record,
        "ref": (entry.outcome.ref if entry.outcome else None) or command.ref,
        "command": command.id,
        "platform": command.platform,
        "side": command.side.value,
        "state": entry.state,
        "at": instant_text(entry.settled_at or entry.claimed_at),
    }
    labels = {}
    name = command.fields.get("name") or command.fields.get("number")
    if isinstance(name, str) and command.entity in NAMED:
        labels[command.record] = name
    return Row("ledger", delivery.key_text or command.id, columns, entry.model_dump_json(), labels=labels)


def _total(delivery: Delivery) -> Row:
    total = Total.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": total.tenant,
        "day": total.day,
        "currency": total.currency,
        "subsidiary": total.subsidiary,
        "side": total.side.value,
    }
    key = delivery.key_text or "|".join(str(part) for part in columns.values())
    return Row("totals", key, columns, total.model_dump_json())


def _variance(delivery: Delivery) -> Row:
    variance = Variance.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": variance.tenant,
        "day": variance.day,
        "currency": variance.currency,
        "document": variance.document,
        "number": variance.number,
        "kind": variance.kind,
        "state": variance.state,
        "at": instant_text(variance.closed_at or variance.opened_at),
    }
    labels = {variance.document: variance.number} if variance.number else {}
    return Row("variances", delivery.key_text or variance.id, columns, variance.model_dump_json(), labels=labels)


def _event(delivery: Delivery) -> Row:
    event = RevenueEvent.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": event.tenant,
        "customer": event.customer,
        "customer_name": event.customer_name,
        "type": event.type,
        "document": event.document,
        "number": event.number,
        "currency": event.money.currency if event.money else None,
        "day": event.day,
        "at": instant_text(event.occurred_at),
    }
    pairs = ((event.customer, event.customer_name), (event.document, event.number))
    labels = {name: label for name, label in pairs if name and label}
    return Row("events", event.id, columns, event.model_dump_json(), first_wins=True, labels=labels)


def _quarantine(delivery: Delivery) -> Row:
    said = _said(delivery)
    if isinstance(said, Edit):
        return Row("edits", said.name, {"who": said.who, "at": instant_text(said.at)}, said.model_dump_json())
    if said is not None:
        again = None if said.returned is None else place_name(said.topic, said.partition, said.returned)
        kept: dict[str, str | int | None] = {
            "state": said.state,
            "who": said.who,
            "returned": again,
            "at": instant_text(said.at),
        }
        return Row("settlements", said.name, kept, said.model_dump_json())
    held = Held.parse(delivery)
    columns: dict[str, str | int | None] = {
        "topic": held.topic,
        "partition": held.partition,
        "offset": held.offset,
        "reason": held.reason,
        "about": held.about,
        "raw": _raw(delivery),
        "at": instant_text(held.at),
    }
    return Row("quarantine", held.name, columns, held.model_dump_json())


def _said(delivery: Delivery) -> Settlement | Edit | None:
    """A person's word; None: what the engine wrote, which has no `who`."""
    for word in (Settlement, Edit):
        try:
            return word.from_bytes(delivery.value)
        except Refused:
            continue
    return None


def _raw(delivery: Delivery) -> str:
    return (delivery.value or b"").decode(errors="replace")


def _brake(delivery: Delivery) -> Row:
    brake = BrakeState.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": brake.tenant,
        "connection": brake.connection,
        "entity": brake.entity.value,
        "rule": brake.rule,
        "state": brake.state,
        "at": instant_text(brake.released_at or brake.stopped_at),
    }
    key = delivery.key_text or brake_key(brake.connection, brake.entity, brake.rule)
    return Row("brakes", key, columns, brake.model_dump_json())


def _reading(delivery: Delivery) -> Row:
    reading = ReadingState.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": reading.tenant,
        "connection": reading.connection,
        "what": reading.what,
        "kind": reading.kind,
        "state": reading.state,
        "at": instant_text(reading.at),
    }
    key = delivery.key_text or reading_key(reading.connection, reading.what, reading.kind)
    return Row("readings", key, columns, reading.model_dump_json())


def _deed(delivery: Delivery) -> Row:
    deed = Deed.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": deed.tenant,
        "who": deed.who,
        "what": deed.what,
        "state": deed.outcome,
        "at": instant_text(deed.at),
    }
    return Row("deeds", deed.id, columns, deed.model_dump_json())


def _signature(delivery: Delivery) -> Row:
    word = Signature.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {
        "tenant": word.tenant,
        "night": word.night,
        "who": word.who,
        "at": instant_text(word.at),
    }
    return Row("signatures", f"{word.tenant}|{word.night}", columns, word.model_dump_json())


def _night(delivery: Delivery) -> Row:
    found = Night.from_bytes(delivery.value)
    columns: dict[str, str | int | None] = {"tenant": found.tenant, "night": found.night, "at": instant_text(found.at)}
    return Row("nights", f"{found.tenant}|{found.night}", columns, found.model_dump_json())


_ROWS: dict[str, Callable[[Delivery], Row]] = {
    "decisions": _decision,
    "ledger": _ledger,
    "totals": _total,
    "variances": _variance,
    "revenue": _event,
    "quarantine": _quarantine,
    "brakes": _brake,
    "readings": _reading,
    "audit": _deed,
    "signatures": _signature,
    "nights": _night,
}
