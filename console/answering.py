"""A person's answer to what waits: the side that stands in a review, a rule that may go on after its brake.

In: what waits, what was typed. Out: the record that goes onto a topic, and in words what came of it. Pure.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from console.output import value_text
from console.projection.filters import Filters
from console.projection.listing import find
from console.projection.reviews import Review
from console.projection.store import Store
from schemas.brake import BrakeState
from schemas.choice import Choice, answer_id
from schemas.command import Release
from schemas.errors import Refused
from schemas.names import Entity, Side
from schemas.verdict import Verdict

VALUE = "value="  # what a side that is neither of the two begins with
STOPPED = 1_000  # brakes: more rules than any contract has


def side_of(text: str) -> tuple[Side | None, Any]:
    """The side that a person names, or the value that is to stand on both.

    Raises:
        Refused: it is neither.
    """
    if text in {side.value for side in Side}:
        return Side(text), None
    if not text.startswith(VALUE):
        raise Refused(f"--side is crm, erp or {VALUE}..., not {text!r}. Nothing was sent", code="usage")
    given = text.removeprefix(VALUE)
    if given.startswith(("{", "[")) or given == "null":
        try:
            return None, orjson.loads(given)
        except orjson.JSONDecodeError as error:
            raise Refused(
                f"--side {VALUE}... begins like JSON and is none: {error}. Nothing was sent", code="usage"
            ) from error
    return None, given


def choice(review: Review, side: tuple[Side | None, Any], who: str, why: str, at: datetime) -> Choice:
    """The answer to a review."""
    asked = review.verdict
    chosen, value = side
    return Choice(
        tenant=asked.tenant,
        customer=asked.customer,
        entity=asked.entity,
        id=asked.record,
        field=asked.field,
        review=review.id,
        answer=answer_id(review.id, chosen, value, who, why),
        side=chosen,
        value=value,
        who=who,
        why=why,
        at=at,
    )


def carried_out(verdict: Verdict) -> bool:
    """Whether an answer was."""
    return verdict.ruling not in {"refuse", "close"}


def done(verdict: Verdict) -> str:
    """What came of an answer that was carried out."""
    what = f"{verdict.field} of {verdict.label or verdict.record}: {value_text(verdict.chosen)}"
    if verdict.written_to is None:
        return f"{what} stands; nothing has to be written"
    return f"{what} goes to the {verdict.written_to.value.upper()} (command {verdict.command})"


def stopped(store: Store, entity: Entity, rule: str) -> list[BrakeState]:
    """The brakes that hold a rule, one for each connection.

    Raises:
        Refused: none does; the message says which rules are stopped.
    """
    there = [each for each in find(store, BrakeState, Filters(state="stopped"), STOPPED) if each.entity is entity]
    found = [each for each in there if each.rule == rule]
    if not found:
        named = ", ".join(sorted({each.rule for each in there})) or "none"
        raise Refused(
            f"no rule {rule!r} of {entity.value} is stopped (stopped there: {named}). Nothing was sent. "
            "Next: revmark brake list",
            code="usage",
        )
    return found


def release(brake: BrakeState, who: str, why: str, at: datetime) -> Release:
    """A person's word that a stopped rule may go on."""
    return Release(
        tenant=brake.tenant, connection=brake.connection, entity=brake.entity, rule=brake.rule, who=who, why=why, at=at
    )


def goes_on(brake: BrakeState) -> str:
    """What came of it."""
    return f"{brake.rule} of {brake.entity.value} goes on in {brake.platform}: {brake.held:,} writes waited"
