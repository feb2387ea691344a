"""Reviews: what a person was asked about a field, and what the person chose.

In: decisions that ask, choices that answer. Out: verdicts, and the value that a choice lets stand. A record keeps in
its marks which review of a field is open (`asked`), and the choice that is being carried out (`chosen`). A choice holds
for the values that its review showed: once a side shows another, it is over and the field is judged anew.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from agents.rules.case import Case, Spoken
from agents.rules.decision import NAMES, Decision, same
from schemas.choice import Choice
from schemas.contract.lint import AMOUNTS, FINANCE_FIELDS
from schemas.entities import ENTITIES
from schemas.errors import Refused
from schemas.money import Money, amount_text, exact
from schemas.names import Entity, Side
from tables.entities import EntityState

HEARD = 20  # answers remembered per record, so that one that is delivered again is no news
RULE = "person"  # the rule of verdicts that a person gave
# The amount that says what a record is about.
STAKES = {
    Entity.COMPANY: "balance_due",
    Entity.PRODUCT: "price",
    Entity.DEAL: "amount",
    Entity.INVOICE: "total",
    Entity.PAYMENT: "amount",
    Entity.CREDIT_NOTE: "total",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The choice that holds for a field: `value` belongs on both sides."""

    value: Any
    ruling: Literal["take_crm", "take_erp", "settle"]
    reason: str
    by: Spoken


def ask(case: Case, state: EntityState, name: str, decision: Decision) -> None:
    """Ask a person about a field, once per set of values."""
    asked = state.marks.get("asked", {})
    if name not in asked:
        state.noted.pop(name, None)  # an older release asked and did not note what
    said = case.verdict(state, name, "review", decision.rule, decision.reason, money=_stake(case, state))
    if said is not None:
        state.marks["asked"] = {**asked, name: said}


def over(case: Case, state: EntityState, name: str, rule: str, reason: str, *, told: bool = False) -> None:
    """What was asked about a field is decided otherwise; said here, unless a verdict has told so."""
    asked = state.marks.get("asked", {})
    if name not in asked:
        return
    _forget(state, "asked", name)
    if not told:
        case.verdict(state, name, "close", rule, reason)


def agreed(case: Case, state: EntityState, name: str) -> None:
    """Both sides show the same, and nothing is on its way: there is no question, and a choice is carried out."""
    _forget(state, "chosen", name)
    over(case, state, name, "agree", "both sides show the same now")


def drop_unasked(case: Case, state: EntityState, compared: Collection[str]) -> None:
    """Questions about fields that are no longer compared are over, and so are choices."""
    for name in [each for each in state.marks.get("asked", {}) if each not in compared]:
        over(case, state, name, "agree", "it is no longer on both sides, or the contract is silent about it now")
    for name in [each for each in state.marks.get("chosen", {}) if each not in compared]:
        _forget(state, "chosen", name)


def standing(case: Case, state: EntityState, name: str, shown: dict[Side, Any], guard: str | None) -> Standing | None:
    """The choice that holds for a field now. Shown something new, or protected by a guard, it is over."""
    row = state.marks.get("chosen", {}).get(name)
    if row is None:
        return None
    by = Spoken(row["who"], row["why"], row["answer"])
    if guard is not None:
        _forget(state, "chosen", name)
        reason = f"{by.who} chose, and {guard} protects the field: the ERP's value stands"
        case.verdict(state, name, "close", guard, reason, by=by)
        return None
    if not all(same(value, row[side.value]) or same(value, row["value"]) for side, value in shown.items()):
        _forget(state, "chosen", name)
        return None
    side = Side(row["side"]) if row["side"] else None
    taken: Literal["take_crm", "take_erp"] = "take_crm" if side is Side.CRM else "take_erp"
    what = f"{NAMES[side]}'s value" if side else "a value for both sides"
    return Standing(row["value"], taken if side else "settle", f"{by.who} chose {what}: {by.why}", by)


def take(case: Case, choice: Choice) -> None:
    """A person has answered: note the choice, or say why it cannot hold; the question then stays open.

    Raises:
        Refused: this customer has no such record.
    """
    state = case.state(choice.entity, choice.id)
    if state.crm.ref is None and state.erp.ref is None:
        raise Refused(f"{choice.who} answered about {choice.id}, which this customer does not have", code="unseen")
    if heard(state, choice.answer):
        case.result.counts["duplicate"] += 1
        return
    shown = {side: state.shown(side).get(choice.field) for side in Side}
    try:
        problem = _problem(state, choice)
        value = shown[choice.side] if choice.side else _canonical(case, state, choice)
    except (ValidationError, ValueError):
        problem, value = f"{choice.field} of a {choice.entity.value} cannot hold that value", None
    if problem:
        by = Spoken(choice.who, choice.why, choice.answer)
        reason = f"the choice of {choice.who} was not carried out: {problem}"
        case.verdict(state, choice.field, "refuse", RULE, reason, by=by, note=f"choice {choice.field}")
        return
    _forget(state, "asked", choice.field)
    row = {"side": choice.side.value if choice.side else None, "value": value, "answer": choice.answer}
    row |= {"who": choice.who, "why": choice.why, **{side.value: each for side, each in shown.items()}}
    state.marks["chosen"] = {**state.marks.get("chosen", {}), choice.field: row}
    case.touch(state.id)


def heard(state: EntityState, answer: str) -> bool:
    """Whether a person's word was taken before; from now on it was."""
    known = state.marks.get("heard", [])
    if answer in known:
        return True
    state.marks["heard"] = [*known, answer][-HEARD:]
    return False


def _problem(state: EntityState, choice: Choice) -> str:
    """Why a choice cannot hold, with what to do next; empty where it can."""
    name = choice.field
    open_now = state.marks.get("asked", {}).get(name)
    if open_now is None:
        return "nothing is asked about this field any more. Next: revmark review list"
    if open_now != choice.review:
        return f"the values have changed since they were shown. Next: revmark review show {open_now}"
    if any(name in flight.fields for flights in state.flights.values() for flight in flights):
        return f"a write of this field is on its way; when it has arrived, look again: revmark review show {open_now}"
    if choice.side is not Side.ERP and name in FINANCE_FIELDS.get(state.entity, ()):
        return (
            "a finance field belongs to the ERP. Change it there, or take the ERP's value: "
            f"revmark review choose {open_now} --side erp"
        )
    return ""


def _canonical(case: Case, state: EntityState, choice: Choice) -> Any:
    """The named value as the platforms' translators would state it."""
    name = choice.field
    value = ENTITIES[state.entity].model_validate({name: choice.value}).model_dump(mode="json")[name]
    return amount_text(value, _currency(case, state)) if name in AMOUNTS else value


def _stake(case: Case, state: EntityState) -> Money | None:
    """What the record is about, in money; None where nobody knows."""
    amount = {**state.crm.fields, **state.erp.fields, **state.derived}.get(STAKES.get(state.entity, ""))
    if amount in {None, ""}:
        return None
    try:
        return Money(amount=exact(amount), currency=_currency(case, state))
    except ValueError:
        return None


def _currency(case: Case, state: EntityState) -> str:
    base = case.contract.base_currency
    if state.entity is Entity.PRODUCT:
        return base
    return state.erp.fields.get("currency") or state.crm.fields.get("currency") or case.customer.currency or base


def _forget(state: EntityState, kind: str, name: str) -> None:
    rows = state.marks.get(kind)
    if rows and name in rows:
        left = {each: row for each, row in rows.items() if each != name}
        if left:
            state.marks[kind] = left
        else:
            del state.marks[kind]
