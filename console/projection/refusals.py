"""Commands that a platform refused, each with what a person said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.projection.filters import beginning
from console.projection.store import Store
from schemas.ledger import LedgerEntry
from schemas.quarantine import Edit, Settlement
from schemas.wire import decode

# Where nothing was written to the same record and side since, and nobody said anything.
STANDING = (
    "l.state = 'refused' AND NOT EXISTS (SELECT 1 FROM ledger later WHERE"
    " later.record = l.record AND later.side = l.side AND later.state = 'applied' AND later.at > l.at)"
    " AND NOT EXISTS (SELECT 1 FROM settlements said WHERE said.key = l.command)"
)
_STATES = {
    "held": STANDING,
    "replayed": "l.state = 'refused' AND said.state = 'replayed'",
    "dropped": "l.state = 'refused' AND said.state = 'dropped'",
    "any": "l.state = 'refused'",
}
_SHOWN = "SELECT l.body AS body, said.body AS said, edited.body AS edited"
_FROM = (
    "FROM ledger l LEFT JOIN settlements said ON said.key = l.command"
    " LEFT JOIN edits edited ON edited.key = l.command WHERE"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused command. `settlement` is None while nobody has said anything, `edit` while nobody has edited it."""

    entry: LedgerEntry
    settlement: Settlement | None = None
    edit: Edit | None = None

    @property
    def name(self) -> str:
        """Its name in quarantine: the command's id."""
        return self.entry.command.id

    @property
    def at(self) -> datetime:
        """When it was refused."""
        return self.entry.settled_at or self.entry.claimed_at

    @property
    def reason(self) -> str:
        """What the platform said."""
        return " ".join(part for part in (self.entry.code, self.entry.message) if part) or "no reason was given"

    @property
    def instead(self) -> dict[str, Any]:
        """The fields that a person has put other values in, with these."""
        if self.edit is None:
            return {}
        fields = self.entry.command.fields
        return {name: value for name, value in decode(self.edit.value.encode()).items() if fields.get(name) != value}

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name,
            "about": self.entry.command.record,
            "reason": self.entry.message,
            "code": self.entry.code,
            "at": self.at.isoformat(),
            "attempts": self.entry.attempts,
            "settlement": self.settlement,
            "edit": self.edit,
            "command": self.entry.command,
        }


def refusals(store: Store, state: str = "held", *, day: str | None = None, limit: int) -> list[Refusal]:
    """Refused commands, newest first; `held` are those that still stand so."""
    rows = store.rows(
        f"{_SHOWN} {_FROM} {_STATES[state]} AND l.at LIKE ? ORDER BY l.at DESC, l.seq DESC LIMIT ?",
        ["%" if day is None else beginning(day), limit],
    )
    return [_refusal(row) for row in rows]


def standing(store: Store) -> int:
    """How many commands were refused and still stand so."""
    return int(store.rows(f"SELECT count(*) AS n FROM ledger l WHERE {STANDING}")[0]["n"])  # noqa: S608 - as above


def refusal(store: Store, name: str) -> Refusal | None:
    """The refused command of this id; None: there is none."""
    rows = store.rows(
        f"{_SHOWN} {_FROM} l.state = 'refused' AND l.command = ?",
        [name],
    )
    return _refusal(rows[0]) if rows else None


def _refusal(row: dict[str, Any]) -> Refusal:
    said = Settlement.model_validate_json(row["said"]) if row["said"] else None
    edit = Edit.model_validate_json(row["edited"]) if row["edited"] else None
    return Refusal(LedgerEntry.model_validate_json(row["body"]), said, edit)
