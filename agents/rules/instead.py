"""Instead: what a person has put in place of a value that a platform refused.

In: a retry with edited values. Out: what is written wherever the refused value was to be. Invariants: it stands for one
value of one field on one side, and whatever else belongs there is judged as ever; a guard's value is never replaced.
The other side keeps its own: as with a platform's own spelling, the two then count as the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from agents.rules.case import Spoken
from schemas.entities import ENTITIES
from schemas.errors import Refused
from schemas.names import Side
from schemas.retry import Retry
from schemas.wire import faults
from tables.entities import EntityState


@dataclass(frozen=True, slots=True)
class Edited:
    """A value in place of another, and who says so."""

    value: Any
    by: Spoken

    @property
    def reason(self) -> str:
        """As verdicts say it."""
        return f"{self.by.who} put it in place of a value that was refused: {self.by.why}"


def take(state: EntityState, word: Retry) -> None:
    """Keep what a person has edited. What was edited before, and refused again, stands for the same value as before.

    Raises:
        Refused: a value is none that the field may hold.
    """
    if not word.instead:
        return
    _check(state, word.instead)
    known = _known(state, word.side)
    kept = dict(known)
    for name, value in word.instead.items():
        was = word.refused.get(name)
        before = known.get(name)
        meant = before["was"] if before is not None and before["value"] == was else was
        kept[name] = {"was": meant, "value": value, "who": word.who, "why": word.why, "answer": word.answer}
    state.marks[_mark(word.side)] = kept


def _check(state: EntityState, values: Mapping[str, Any]) -> None:
    model = ENTITIES.get(state.entity)
    try:
        if model is not None:
            model.model_validate({name: value for name, value in values.items() if name in model.model_fields})
    except ValidationError as error:
        raise Refused(f"{state.id}: what was put in place cannot be: {faults(error)}", code="malformed") from error


def of(state: EntityState, side: Side, name: str, value: Any) -> Edited | None:
    """What is to be written on a side in place of a value; None: the value itself."""
    known = _known(state, side).get(name)
    if known is None or known["was"] != value:
        return None
    return Edited(known["value"], Spoken(known["who"], known["why"], known["answer"]))


def applied(state: EntityState, side: Side, fields: dict[str, Any]) -> tuple[dict[str, Any], Spoken | None]:
    """The fields of a record that is to be made, and whose word is in them."""
    found = {name: one for name, value in fields.items() if (one := of(state, side, name, value)) is not None}
    by = next((one.by for one in found.values()), None)
    return fields | {name: one.value for name, one in found.items()}, by


def _known(state: EntityState, side: Side) -> dict[str, Any]:
    return state.marks.get(_mark(side)) or {}


def _mark(side: Side) -> str:
    return f"instead_{side.value}"
