"""What people said and did: the topic `audit`, newest first, with what each word was about.

A review is named by its id there, which nobody knows by heart: here it is called as the question was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.projection.listing import find
from console.projection.store import Store
from schemas.deed import Deed
from schemas.verdict import Verdict

_CAME = {
    "begun": "begun; what came of it is not known",
    "sent": "sent; no worker has taken it up yet",
    "refused": "refused",
    "failed": "failed",
}
_HOLDING = frozenset({"put back", "drop", "edit"})  # what is done to one record of quarantine, by its name


@dataclass(frozen=True, slots=True)
class Said:
    """One deed, about the canonical `record`, about what quarantine calls `held`, or about neither.

    `came` says what came of it where it was not simply done.
    """

    at: datetime
    who: str
    what: str
    about: str
    why: str
    came: str = ""
    record: str = ""
    held: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        shown = {"who": self.who, "what": self.what, "about": self.about, "why": self.why, "record": self.record}
        return {"at": self.at.isoformat(), **shown, "held": self.held, "came": self.came}


def said(store: Store, limit: int) -> list[Said]:
    """The newest deeds, newest first."""
    return [_told(store, each) for each in find(store, Deed, limit=limit)]


def _told(store: Store, deed: Deed) -> Said:
    about, record = deed.about, ""
    if deed.what == "answer" and (asked := _asked(store, deed.about)) is not None:
        record = asked.record
        about = " ".join(part for part in (asked.label or record, asked.field.replace("_", " ")) if part)
    held = about if deed.what in _HOLDING and about and "," not in about else ""
    return Said(deed.at, deed.who, deed.what, about, deed.why, came(deed), record, held)


def came(deed: Deed) -> str:
    """What came of it, where it was not simply done."""
    state = _CAME.get(deed.outcome, "")
    return ": ".join(part for part in (state, deed.said) if part) if state else ""


def _asked(store: Store, review: str) -> Verdict | None:
    rows = store.rows("SELECT body FROM decisions WHERE key = ?", [review])
    return Verdict.model_validate_json(rows[0]["body"]) if rows else None
