"""What people said: every word that somebody gave, with who and why, from the topics that keep it.

Answers and links are among the decisions, words on quarantine beside what they are about, releases with their brakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.projection.store import Store
from schemas.brake import BrakeState
from schemas.quarantine import Edit, Settlement
from schemas.verdict import Verdict

_DID = {"replayed": "put back", "dropped": "dropped"}


@dataclass(frozen=True, slots=True)
class Said:
    """One word, about the canonical `record`, about what quarantine calls `held`, or about neither."""

    at: datetime
    who: str
    what: str
    about: str
    why: str
    record: str = ""
    held: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        shown = {"who": self.who, "what": self.what, "about": self.about, "why": self.why, "record": self.record}
        return {"at": self.at.isoformat(), **shown, "held": self.held}


def said(store: Store, limit: int) -> list[Said]:
    """The newest words, newest first."""
    found = [
        *(_decided(Verdict.model_validate_json(body)) for body in _bodies(store, "decisions", limit)),
        *(_let_go(BrakeState.model_validate_json(body)) for body in _bodies(store, "brakes", limit)),
        *(_settled(Settlement.model_validate_json(body)) for body in _bodies(store, "settlements", limit)),
        *(_edited(Edit.model_validate_json(body)) for body in _bodies(store, "edits", limit)),
    ]
    return sorted(found, key=lambda each: each.at, reverse=True)[:limit]


def _bodies(store: Store, table: str, limit: int) -> list[str]:
    rows = store.rows(
        f"SELECT body FROM {table} WHERE json_extract(body, '$.who') != '' ORDER BY at DESC, seq DESC LIMIT ?",  # noqa: S608 - our names
        [limit],
    )
    return [row["body"] for row in rows]


def _decided(verdict: Verdict) -> Said:
    what = verdict.ruling.replace("_", " ")
    about = " ".join(part for part in (verdict.label or verdict.record, verdict.field.replace("_", " ")) if part)
    return Said(verdict.at, verdict.who, f"decided: {what}", about, verdict.why or verdict.reason, verdict.record)


def _let_go(brake: BrakeState) -> Said:
    at = brake.released_at or brake.stopped_at
    return Said(at, brake.who, "let a rule go on", f"{brake.rule} of {brake.entity.value}", brake.why)


def _settled(word: Settlement) -> Said:
    return Said(word.at, word.who, _DID[word.state], word.name, word.why, held=word.name)


def _edited(word: Edit) -> Said:
    return Said(word.at, word.who, "edited", word.name, word.why, held=word.name)
