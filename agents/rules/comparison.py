"""Comparison: both sides of one record against what they last agreed on, field by field, under the contract."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from agents.rules import edits, instead, reviews
from agents.rules.case import Case, Spoken
from agents.rules.decision import AGREE, UNSET, Decision, Shown, decide, is_empty, same
from agents.rules.guards import field_guard, lifecycle_advance, lifecycle_guard, waits_for_history
from agents.rules.refunds import floor
from agents.rules.situations import WAITS, holder
from schemas.contract import FieldRule
from schemas.contract.lint import AMOUNTS, FINANCE_FIELDS
from schemas.money import exact
from schemas.names import Entity, Side, record_id
from schemas.verdict import Ruling
from tables.entities import EntityState

Fields = dict[str, Any]
REVIEWED = FieldRule(policy="review")  # in a state that names `review` as its owner


@dataclass(slots=True)
class Writes:
    """What has to change on one side: values, and per field why and by which rule."""

    fields: Fields = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)

    def want(self, name: str, value: Any, rule: str, reason: str) -> None:
        """Add a field."""
        self.fields[name], self.reasons[name], self.rules[name] = value, reason, rule


@dataclass(frozen=True, slots=True)
class Wish:
    """One value that belongs on one side, and the verdict that says so."""

    name: str
    target: Side
    value: Any
    ruling: Ruling
    rule: str
    reason: str
    by: Spoken | None = None


def compare(case: Case, state: EntityState) -> None:
    """Judge every field that both sides hold, and ask for one write per side with all that has to change there."""
    clause = case.contract.clause(state.entity)
    if clause is None:
        return
    writes = {Side.CRM: Writes(), Side.ERP: Writes()}
    found: list[Wish] = []
    compared: set[str] = set()
    questions = "asked" in state.marks or "chosen" in state.marks
    shown = crm, erp = state.shown(Side.CRM), state.shown(Side.ERP)
    flying = {name for flights in state.flights.values() for flight in flights for name in flight.fields}
    for name, rule in clause.fields.items():
        if name not in crm or name not in erp:
            continue
        compared.add(name)
        decision = _judge(case, state, name, rule, shown)
        if decision is None:
            continue
        if decision.kind == "agree":
            if name not in flying:
                state.baseline[name] = crm[name]
                if questions:
                    reviews.agreed(case, state, name)
            continue
        found += _wishes(case, state, name, decision, {Side.CRM: crm[name], Side.ERP: erp[name]})
    if questions:
        reviews.drop_unasked(case, state, compared)
    for wish in found:
        writes[wish.target].want(wish.name, wish.value, wish.rule, wish.reason)
    _lifecycle(case, state, crm, writes[Side.CRM])
    _cross_ids(case, state, shown, writes)
    raced = {wish.name for wish in found if _may_race(clause.fields[wish.name], wish)}
    commands = _ask(case, state, writes, raced)
    _tell(case, state, found, commands)


def _tell(case: Case, state: EntityState, found: list[Wish], commands: dict[tuple[Side, str], str]) -> None:
    """Say what was decided; of a merge once, though both sides change."""
    merged = {wish.name for wish in found if wish.ruling == "merge" and wish.target is Side.CRM}
    for wish in found:
        if wish.ruling == "merge" and wish.target is Side.ERP and wish.name in merged:
            continue
        case.verdict(
            state,
            wish.name,
            wish.ruling,
            wish.rule,
            wish.reason,
            chosen=wish.value,
            written_to=wish.target,
            command=commands.get((wish.target, wish.name)),
            by=wish.by,
        )


def _wishes(case: Case, state: EntityState, name: str, decision: Decision, shown: dict[Side, Any]) -> list[Wish]:
    """What is to be written about a field on which the sides differ; nothing while a person is asked."""
    guard = decision.rule if decision.rule.startswith("guard.") else None
    choice = reviews.standing(case, state, name, shown, guard)
    if choice is None and decision.kind == "review":
        reviews.ask(case, state, name, decision)
        _hang(case, state)  # a guard may speak for it once more is known of the customer
        return []
    wished = _chosen(name, choice, shown) if choice else _decided(name, decision, shown)
    wished = [found for wish in wished if (found := _as_edited(state, wish, shown)) is not None]
    wanted = [
        wish
        for wish in wished
        if state.side(wish.target).present and not _in_vain(state, wish.target, name, wish.value)
    ]
    if choice is None:
        reviews.over(case, state, name, decision.rule, decision.reason, told=bool(wanted))
    elif not wanted:
        reason = f"{choice.reason}; it is not written again where it was refused"
        case.verdict(state, name, choice.ruling, reviews.RULE, reason, chosen=choice.value, by=choice.by)
    return wanted


def _as_edited(state: EntityState, wish: Wish, shown: dict[Side, Any]) -> Wish | None:
    """The wish, with what a person has put in place of its value; None where that is there, or on its way, already."""
    edited = None if wish.rule.startswith("guard.") else instead.of(state, wish.target, wish.name, wish.value)
    if edited is None:
        return wish
    if same(shown[wish.target], edited.value):
        return None
    return replace(wish, value=edited.value, reason=f"{wish.reason}; {edited.reason}", by=edited.by)


def _decided(name: str, decision: Decision, shown: dict[Side, Any]) -> list[Wish]:
    """What a decision wants written, side by side."""
    wanted = decision.writes(shown[Side.CRM], shown[Side.ERP])
    return [
        Wish(name, side, value, _ruling(decision), decision.rule, decision.reason) for side, value in wanted.items()
    ]


def _ruling(decision: Decision) -> Ruling:
    if decision.kind in {"merge", "write_back"}:
        return "merge" if decision.kind == "merge" else "write_back"
    return "take_crm" if decision.stands is Side.CRM else "take_erp"


def _chosen(name: str, choice: reviews.Standing, shown: dict[Side, Any]) -> list[Wish]:
    """What a person's choice wants written: the value, wherever it is not."""
    return [
        Wish(name, side, choice.value, choice.ruling, reviews.RULE, choice.reason, choice.by)
        for side in Side
        if not same(shown[side], choice.value)
    ]


def _may_race(rule: FieldRule, wish: Wish) -> bool:
    """Whether an edit on the side that is written to, of which nobody has heard yet, would have won."""
    return wish.by is not None or (rule.policy in {"newest", "review", "merge"} and not wish.rule.startswith("guard."))


def _ask(
    case: Case, state: EntityState, writes: dict[Side, Writes], raced: Collection[str]
) -> dict[tuple[Side, str], str]:
    """One command per side, and one of its own for each field of a set that was refused before."""
    asked: dict[tuple[Side, str], str] = {}
    for side, wanted in writes.items():
        fields = wanted.fields
        if not fields:
            continue
        apart = set(state.marks.get("one_by_one", {}).get(side.value, ())) & set(fields)
        together = {name: value for name, value in fields.items() if name not in apart}
        for part in [together, *({name: fields[name]} for name in sorted(apart))]:
            if part:
                reason = "; ".join(f"{name}: {why}" for name, why in wanted.reasons.items() if name in part)
                rules = [rule for name, rule in wanted.rules.items() if name in part]
                compare = any(name in part for name in raced)
                command = case.command(state, side, "update", part, reason=reason, rules=rules, compare=compare)
                asked.update(dict.fromkeys(((side, name) for name in part), command))
    return asked


def _judge(case: Case, state: EntityState, name: str, rule: FieldRule, shown: tuple[Fields, Fields]) -> Decision | None:
    """Decide about one field; None: nobody can say yet who owns it."""
    if waits_for_history(case.contract, case.customer, state.entity, name):
        _hang(case, state)
        return None
    crm, erp = shown[0][name], shown[1][name]
    agree, lost = same(crm, erp), None
    if rule.policy == "newest" and (state.id in case.redated or not agree):
        lost = (edits.restored if agree else edits.unfinished)(state, name, rule, crm, erp)
    if agree and lost is None:
        return AGREE  # as most fields do: nobody has to be asked who owns it
    guard = field_guard(case.contract, case.customer, state.entity, name, shown[1])
    if lost is not None and guard is None:
        return lost
    if agree:
        return AGREE
    owner = Side.ERP if guard else holder(case.contract, case.customer, state, rule)
    if owner == WAITS:
        _wait(case, state)
        return None
    return decide(
        REVIEWED if owner == "review" else rule,
        state.baseline.get(name, UNSET),
        Shown(crm, edits.time_of(state.crm, name)),
        Shown(erp, edits.time_of(state.erp, name)),
        owner=owner if isinstance(owner, Side) else None,
        guard=guard,
        fill=name not in FINANCE_FIELDS.get(state.entity, ()),
        floor=floor(case, state, name) if rule.policy == "monotonic" else None,
    )


def _wait(case: Case, state: EntityState) -> None:
    """Nobody can say yet in which state the customer is."""
    case.result.counts["owner_unknown"] += 1
    _hang(case, state)


def _hang(case: Case, state: EntityState) -> None:
    """Whatever is missing is told by the customer's own record; a record of another kind waits for it."""
    if state.entity is not Entity.COMPANY:
        case.customer.wait(state.id)


def _in_vain(state: EntityState, side: Side, name: str, value: Any) -> bool:
    """Whether writing it would change nothing: it was refused, or is there in the platform's own spelling."""
    return _respelled(state, side, name, value) or _blocked(state, side, name, value)


def _respelled(state: EntityState, side: Side, name: str, value: Any) -> bool:
    """Whether the side already shows its own spelling of this very value."""
    known, shown = state.marks.get(f"respelled_{side.value}") or {}, state.side(side).fields.get(name)
    return bool(known.get(name) == [value, shown]) and (name not in AMOUNTS or _rounded(value, shown))


def _rounded(value: Any, shown: Any) -> bool:
    """Whether a side shows an amount as it was written, only to fewer places: any other figure is an edit.

    A change behind a platform's back has the version of our own write, and looks like its spelling of it. What is no
    amount at all is left as it is: asking for ours again might never end.
    """
    try:
        ours, theirs = exact(value), exact(shown)
    except ValueError:
        return True
    places = max(0, -int(theirs.normalize().as_tuple().exponent))
    return abs(ours - theirs) <= Decimal(5).scaleb(-places - 1)


def _blocked(state: EntityState, side: Side, name: str, value: Any) -> bool:
    """A platform refused this very value: it is tried again when it changes."""
    blocked = state.blocked[side.value]
    if name in blocked and blocked[name] == value:
        return True
    blocked.pop(name, None)
    return False


def _lifecycle(case: Case, state: EntityState, crm: Fields, writes: Writes) -> None:
    """The lifecycle stage has no counterpart in the ERP: the guard alone judges it."""
    if state.entity is not Entity.COMPANY or not state.crm.present or "lifecycle" not in state.crm.fields:
        return
    shown = crm["lifecycle"]
    found = _stage(case, state, shown)
    if found is None:
        if not any("lifecycle" in flight.fields for flights in state.flights.values() for flight in flights):
            state.baseline["lifecycle"] = shown
        return
    stage, ruling, reason = found
    if _blocked(state, Side.CRM, "lifecycle", stage):
        return
    rule = "guard.lifecycle_gating"
    writes.want("lifecycle", stage, rule, reason)
    case.verdict(state, "lifecycle", ruling, rule, reason, chosen=stage, written_to=Side.CRM)


def _stage(case: Case, state: EntityState, shown: str | None) -> tuple[str | None, Ruling, str] | None:
    """The lifecycle stage that the CRM has to show instead, and why; None: the shown one may stand.

    It goes by what people entered, and not by what was made of it meanwhile: a stage that was taken back is earned
    later, and the one before it may be heard of later, while a write that did not know it is on its way.
    """
    first = "lifecycle" not in state.baseline and state.marks.get("first", False)
    meant = shown if first else edits.stage_meant(state.crm, shown)
    before = edits.stage_before(state.crm, case.contract.lifecycle.gated, state.baseline.get("lifecycle"))
    back = None if first else lifecycle_guard(case.contract, case.customer, meant, before)
    stage = back or lifecycle_advance(case.contract, case.customer, meant) or meant
    if same(stage, shown):
        return None
    if back:
        return stage, "write_back", f"no company is {meant} in the CRM before the ERP has an order of it"
    if case.customer.ordered:
        return stage, "take_erp", "the first order makes it a customer"
    return stage, "take_crm", "people entered it before, and it was heard of since"


def _cross_ids(case: Case, state: EntityState, both: tuple[Fields, Fields], writes: dict[Side, Writes]) -> None:
    """Each side keeps the other's id: the ERP's in the CRM is immutable, the CRM's in the ERP is filled once."""
    crm, erp = state.crm, state.erp
    if state.marks.get("apart") and crm.present and erp.ref is None:
        if not is_empty(both[0].get("erp_id")) and not _blocked(state, Side.CRM, "erp_id", None):
            writes[Side.CRM].want("erp_id", None, "identity", "a person has parted the two")
        return
    if not (crm.present and erp.present and crm.ref and erp.ref):
        return
    shown, held = both
    mine = record_id(erp.ref)
    if "erp_id" in shown and shown["erp_id"] != mine and not _blocked(state, Side.CRM, "erp_id", mine):
        why = "the ERP's id is kept on the CRM's record and does not change"
        writes[Side.CRM].want("erp_id", mine, "identity", why)
        ruling: Ruling = "link" if is_empty(shown["erp_id"]) else "write_back"
        reason = "the ERP's id is the record's immutable external id"
        case.verdict(state, "erp_id", ruling, "identity", reason, chosen=mine, written_to=Side.CRM)
    theirs = record_id(crm.ref)
    if "crm_id" in held and is_empty(held["crm_id"]) and not _blocked(state, Side.ERP, "crm_id", theirs):
        writes[Side.ERP].want("crm_id", theirs, "identity", "the CRM's id is kept on the ERP's record")
