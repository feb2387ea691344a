"""Retries: a person says that what a platform refused may pass now.

In: a retry. Out: a verdict that names the person, and the record judged again as if that value had never been refused.
"""

from __future__ import annotations

from agents.rules import instead, shown
from agents.rules.case import Case, Spoken
from agents.rules.reviews import RULE, heard
from schemas.errors import Refused
from schemas.names import Entity, Side
from schemas.retry import Retry
from tables.entities import EntityState


def take(case: Case, word: Retry) -> None:
    """Let what was refused be tried again. Where it would change nothing any more, nothing is written.

    Raises:
        Refused: nothing was ever asked for of such a record, or a value that was put in place cannot be.
    """
    state = case.state(word.entity, word.id)
    if not state.counter:
        raise Refused(f"{word.who} had {word.id} tried again, of which no write was ever asked for", code="unseen")
    if heard(state, word.answer):
        case.result.counts["duplicate"] += 1
        return
    instead.take(state, word)
    blocked = state.blocked[word.side.value]
    for name in word.fields:
        blocked.pop(name, None)
    shown.retried(state)
    by = Spoken(word.who, word.why, word.answer)
    edited = f" with another {', '.join(sorted(word.instead))}" if word.instead else ""
    reason = f"{word.who} has the refused write tried again{edited}: {word.why}"
    case.verdict(state, "", "retry", RULE, reason, by=by, written_to=word.side, note=f"retry {word.side.value}")
    case.touch(state.id)
    _rebill(case, state, word.side)


def _rebill(case: Case, state: EntityState, side: Side) -> None:
    """An invoice, or its credit note, is asked for by its deal."""
    if state.entity in {Entity.INVOICE, Entity.CREDIT_NOTE} and side is Side.ERP and "deal" in state.related:
        case.touch(state.related["deal"])
