"""The review queue: what the contract asks a person about, still open, with all that an answer needs.

In: the decisions. Out: open reviews, newest first. A review is over when anything else was decided about its field; an
answer that was not carried out leaves it open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.projection.filters import Filters
from console.projection.store import Store
from schemas.errors import Refused
from schemas.verdict import Verdict

# A verdict on an answer that was not carried out (`refuse` by `person`) decides nothing about the field.
_OPEN = """ruling = 'review' AND NOT EXISTS (
    SELECT 1 FROM decisions later WHERE later.record = d.record AND later.field = d.field AND later.seq > d.seq
    AND NOT (later.ruling = 'refuse' AND later.rule = 'person'))"""
_SINCE = """SELECT min(at) AS at FROM decisions
    WHERE record = ? AND field = ? AND ruling = 'review' AND seq > coalesce((
    SELECT max(seq) FROM decisions WHERE record = ? AND field = ? AND ruling != 'review'
    AND NOT (ruling = 'refuse' AND rule = 'person')), 0)"""


@dataclass(frozen=True, slots=True)
class Review:
    """One open question. `since` is when the field was first asked about; values may have moved since."""

    verdict: Verdict
    since: datetime

    @property
    def id(self) -> str:
        """What an answer names."""
        return self.verdict.id

    def document(self) -> dict[str, Any]:
        """As JSON."""
        names = ("id", "tenant", "customer", "entity", "record", "label", "field", "baseline", "crm", "erp", "rule")
        shown = self.verdict.model_dump(mode="json", include={*names, "reason", "money", "versions", "contract"})
        return {**{name: shown[name] for name in names}, **shown, "since": self.since.isoformat()}


def open_reviews(store: Store, filters: Filters | None = None, limit: int = -1) -> list[Review]:
    """Fields on which a person was asked and that nothing was decided about since, newest first; -1 limits nothing."""
    where, values = (filters or Filters()).where("decisions")
    statement = f"SELECT body FROM decisions d WHERE {where} AND {_OPEN} ORDER BY at DESC, seq DESC LIMIT ?"  # noqa: S608 - texts of ours, values are bound
    rows = store.rows(statement, [*values, limit])
    return [_review(store, Verdict.model_validate_json(row["body"])) for row in rows]


def open_review(store: Store, name: str) -> Review:
    """One open review by its id, or by the beginning of it.

    Raises:
        Refused: there is none, or more than one begin so; the message says what to do next.
    """
    found = [review for review in open_reviews(store) if name and review.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"{len(found)} reviews begin with {name!r}: write more of it. Next: revmark review list")
    rows = store.rows("SELECT body FROM decisions WHERE key = ? AND ruling = 'review'", [name])
    if not rows:
        raise Refused(f"no review is named {name!r}. Next: revmark review list", code="usage")
    asked = Verdict.model_validate_json(rows[0]["body"])
    later = next((each for each in open_reviews(store, Filters(record=asked.record)) if _about(each, asked)), None)
    if later is not None:
        raise Refused(
            f"the values have changed since review {name} asked. Nothing was sent. Next: revmark review show {later.id}"
        )
    raise Refused(
        f"review {name} is over: {asked.field} was decided since. Nothing was sent. "
        f"Next: revmark decisions --record {asked.record}"
    )


def answered(store: Store, answer: str) -> list[Verdict]:
    """What came of an answer, newest first."""
    statement = "SELECT body FROM decisions WHERE rule = 'person' OR ruling = 'close' ORDER BY seq DESC"
    found = (Verdict.model_validate_json(row["body"]) for row in store.rows(statement))
    return [verdict for verdict in found if verdict.answer == answer]


def history(store: Store, verdict: Verdict, limit: int) -> list[Verdict]:
    """What was decided about the same field before and since, newest first."""
    statement = "SELECT body FROM decisions WHERE record = ? AND field = ? ORDER BY seq DESC LIMIT ?"
    rows = store.rows(statement, [verdict.record, verdict.field, limit + 1])
    found = [Verdict.model_validate_json(row["body"]) for row in rows]
    return [each for each in found if each.id != verdict.id][:limit]


def _about(review: Review, asked: Verdict) -> bool:
    return (review.verdict.record, review.verdict.field) == (asked.record, asked.field)


def _review(store: Store, verdict: Verdict) -> Review:
    place = [verdict.record, verdict.field]
    at = store.rows(_SINCE, [*place, *place])[0]["at"]
    return Review(verdict, datetime.fromisoformat(at) if at else verdict.at)
