"""A dossier: all there is to know about one thing in quarantine, a record or a command that a platform refused.

In: the projection, today's readers. Out: cause, class by recovery, attempts, the verdicts that led to it, what waits
behind it. Invariant: looking changes nothing; whether a record could be read now is asked of the reader itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from console.edits import Translate, differences, reading
from console.explain.contract import Unreadable, read
from console.projection.delivery import topics_of
from console.projection.filters import Filters
from console.projection.held import Bytes, Held
from console.projection.listing import EVERYTHING, bytes_of, quarantined
from console.projection.store import Store
from console.projection.tables import Known
from schemas.command import Command
from schemas.errors import Refused
from schemas.ledger import SETTLED, LedgerEntry
from schemas.names import Entity, connection_id
from schemas.verdict import Verdict
from streams.platforms.registry import PLATFORMS, payloads, translators
from streams.settings import Settings

Recovery = Literal["refused", "parked"]
VERDICTS = 5  # shown of what was decided about the record: what led here is among the last
SHOWN = 20  # of what waits behind


@dataclass(frozen=True, slots=True)
class Dossier:
    """What a person needs to decide. `recovery` is a class of `schemas.errors`, `remedy` what ends it.

    `before` and `behind` are records of quarantine about the same record, older and younger; `writes` are commands of
    that record: those that wait, or that came after a refused one. `waiting` are records that cannot go on without it.
    """

    recovery: Recovery
    remedy: str
    attempts: int
    verdicts: list[Verdict] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    writes: list[LedgerEntry] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    changed: list[tuple[str, Any, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "recovery": self.recovery,
            "remedy": self.remedy,
            "attempts": self.attempts,
            "verdicts": self.verdicts,
            "before": self.before,
            "behind": self.behind,
            "writes": [
                {"command": each.command.id, "kind": each.command.kind, "fields": each.command.fields}
                | {"state": each.state, "at": each.command.at.isoformat()}
                for each in self.writes
            ],
            "waiting": self.waiting,
            "changed": [{"path": path, "was": was, "is": now} for path, was, now in self.changed],
        }


def of_record(store: Store, settings: Settings, held: Held) -> Dossier:
    """About a record, as it would be read under the contract file of now."""
    lying = bytes_of(store, held.name)
    value = held.edit.value.encode() if held.edit else lying.value if lying else None
    recovery, remedy = _recovery(settings, held, lying, value)
    command = _command(value)
    about = _canonical(store, settings.tenant, held.about)
    others = _others(store, held)
    return Dossier(
        recovery=recovery,
        remedy=remedy,
        attempts=held.attempts,
        verdicts=_verdicts(store, about, command),
        before=[each.name for each in others if each.origin < held.origin],
        behind=[each.name for each in others if each.origin > held.origin],
        writes=[each for each in _writes(store, about) if each.state not in SETTLED] if about else [],
        changed=differences(lying.value if lying else None, held.edit.value) if held.edit else [],
    )


def of_command(store: Store, settings: Settings, entry: LedgerEntry) -> Dossier:
    """About a command that a platform refused."""
    command = entry.command
    later = [
        each
        for each in _writes(store, command.record)
        if each.command.side is command.side and each.command.id != command.id and each.command.at >= command.at
    ]
    return Dossier(
        recovery="refused",
        remedy="mend what the platform names (there, or the value on the record); "
        f"then revmark quarantine replay {command.id} has it judged and tried again",
        attempts=entry.attempts,
        verdicts=_verdicts(store, command.record, command.id),
        writes=later[:SHOWN],
        waiting=_waiting(store, settings.tenant, command),
    )


def translators_of(settings: Settings) -> Mapping[str, Translate]:
    """How the contract in force translates records; empty where it cannot be read."""
    found = read(settings.contract)
    return {} if isinstance(found, Unreadable) else translators(found.contract)


def client_of(settings: Settings, command: Command) -> Callable[[Command], object]:
    """What the client of a command's platform makes of it; it raises for what it would not send."""
    found = read(settings.contract)
    return (lambda _command: None) if isinstance(found, Unreadable) else payloads(found.contract)[command.platform]


def _recovery(settings: Settings, held: Held, lying: Bytes | None, value: bytes | None) -> tuple[Recovery, str]:
    """What class of trouble it is now, and what ends it."""
    name = held.name
    drop = f"revmark quarantine drop {name} --why TEXT"
    if lying is None:
        return "refused", f"it does not say what lay where; {drop}"
    reads = reading(topics_of(settings), held.topic, translators_of(settings))
    if reads is None:
        return "refused", f"no worker of this deployment reads {held.topic}; {drop}"
    if value is None and not lying.complete:
        return "refused", "it was too large to be kept here; mend the cause, then put it back: it is read where it lay"
    try:
        found = reads.check(value)
    except Refused as error:
        return "refused", f"it cannot be read as it is ({error.message}); edit it, or {drop}"
    connection = getattr(found, "connection", None)
    if connection is not None and connection not in {connection_id(settings.tenant, each) for each in PLATFORMS}:
        return "parked", f"nothing is wrong with it: {connection} is not set up here; set it up, then put it back"
    return "refused", "it can be read now; if its cause is mended, put it back"


def _command(value: bytes | None) -> str:
    """The id of the command that a value holds, as far as it can be read."""
    try:
        found = orjson.loads(value or b"null")
    except orjson.JSONDecodeError:
        return ""
    named = isinstance(found, dict) and found.get("type") == "command" and isinstance(found.get("id"), str)
    return str(found["id"]) if named else ""


def _canonical(store: Store, tenant: str, about: str) -> str:
    """The canonical record that a record of a platform is, where that is known."""
    if "/" not in about:
        return about
    known = Known(store, tenant).identity.known(about)
    return str(known) if known else about


def _others(store: Store, held: Held) -> list[Held]:
    """What else is held about the same record, oldest first."""
    if not held.about:
        return []
    found = quarantined(store, Filters(record=held.about, state="held"), EVERYTHING)
    return sorted(
        (each for each in found if each.name != held.name and each.topic == held.topic), key=lambda each: each.origin
    )


def _verdicts(store: Store, record: str, command: str) -> list[Verdict]:
    rows = store.rows(
        "SELECT body FROM decisions WHERE record = ? OR (command = ? AND command <> '') ORDER BY at DESC, seq DESC"
        " LIMIT ?",
        [record, command, VERDICTS],
    )
    return [Verdict.model_validate_json(row["body"]) for row in rows]


def _writes(store: Store, record: str) -> list[LedgerEntry]:
    """The commands of a record, oldest first."""
    rows = store.rows("SELECT body FROM ledger WHERE record = ? ORDER BY seq", [record])
    return sorted((LedgerEntry.model_validate_json(row["body"]) for row in rows), key=lambda each: each.command.at)


def _waiting(store: Store, tenant: str, command: Command) -> list[str]:
    """Records of the customer that wait for its own record to be there."""
    if command.entity is not Entity.COMPANY:
        return []
    return Known(store, tenant).customer(command.customer).waiting[:SHOWN]
