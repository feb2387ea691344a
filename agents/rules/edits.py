"""Edits: when people entered what a side shows, whichever of its versions were heard of first.

In: facts in any order, outcomes of our own writes. Out: the time of each edit, and what has to stand again once an
older version tells that an edit was earlier than it seemed. Invariant: the versions that were heard make the times, and
not the order in which they were heard.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from agents.rules.case import Case
from agents.rules.decision import NAMES, Decision, same
from schemas.contract import Contract, FieldRule
from schemas.fact import Fact
from schemas.names import Entity, Side
from tables.entities import EntityState, SideState
from tables.showings import KEPT, Rows, hear, is_ours, last_edit, note

JUDGED_ALONE = {"lifecycle"}  # what people entered counts, whatever was made of it: no other side tells it again


def dated(contract: Contract, entity: Entity, side: Side) -> tuple[str, ...]:
    """The fields whose edits need a time: the later one wins, or the stage before the present one has to be known."""
    clause = contract.clause(entity)
    names = clause.newest if clause else ()
    gated = entity is Entity.COMPANY and side is Side.CRM and contract.guards.lifecycle_gating
    return (*names, "lifecycle") if gated else names


def date(case: Case, state: EntityState, fact: Fact, *, outdated: bool) -> None:
    """Note what a version showed. One that is outdated may tell that an edit was earlier, or was made at all."""
    side, names = state.side(fact.side), dated(case.contract, fact.entity, fact.side)
    if not names or fact.deleted or (outdated and (side.ref is None or fact.version in side.heard)):
        return
    if side.ref not in {None, fact.ref}:
        if outdated:
            return  # versions of two records do not compare
        side.edited, side.heard = {}, []
    for name in names:
        if name not in fact.fields:
            continue
        value, before = fact.fields[name], side.edited.get(name, [])
        ours = not outdated and any(
            name in one.fields and one.fields[name] == value for one in state.flights[fact.side]
        )
        after = before
        for at, entered in fact.entered.get(name, ()):
            after = note(after, side.heard, at, entered)
        after = note(after, side.heard, fact.version, value, ours=ours, again=name in JUDGED_ALONE)
        if after != before:
            side.edited[name] = after
            if outdated:
                case.redated.add(state.id)
                case.touch(state.id)
    side.heard = hear(side.heard, fact.version)


def written(case: Case, state: EntityState, side: Side, fields: dict[str, Any], version: int | None) -> None:
    """Note that a write of ours has brought these values: its coming back is no edit."""
    held = state.side(side)
    for name in dated(case.contract, state.entity, side):
        if name in fields and version is not None:
            held.edited[name] = note(
                held.edited.get(name, []), held.heard, version, fields[name], ours=True, again=name in JUDGED_ALONE
            )


def time_of(side: SideState, name: str) -> int:
    """The version that showed people's last edit of a field first."""
    found = last_edit(side.edited.get(name, []))
    return int(found[0]) if found else side.version


def restored(state: EntityState, name: str, rule: FieldRule, crm: Any, erp: Any) -> Decision | None:
    """What was decided for an edit that is not the later one after all: the later one has to stand again."""
    last = {side: last_edit(_since(state.side(side), name)) for side in Side}
    mine, theirs = last[Side.CRM], last[Side.ERP]
    if mine is None or theirs is None or not same(crm, erp):
        return None
    if abs(timedelta(milliseconds=mine[0] - theirs[0])) <= rule.tolerance:
        return None
    winner = Side.CRM if mine[0] > theirs[0] else Side.ERP
    value, lost = (mine[1], theirs[1]) if winner is Side.CRM else (theirs[1], mine[1])
    if same(value, crm) or not same(lost, crm):
        return None
    reason = f"an older version, heard of since, tells that the edit in {NAMES[winner]} is the later one"
    return Decision("restore", winner, rule.policy, reason, restored=value)


def unfinished(state: EntityState, name: str, rule: FieldRule, crm: Any, erp: Any) -> Decision | None:
    """Where our own writes have made the sides differ, as when one of two did not arrive: people's last edit."""
    rows = {side: state.side(side).edited.get(name, []) for side in Side}
    if not all(rows.values()) or not any(is_ours(each[-1]) for each in rows.values()):
        return None
    since = (last_edit(_since(state.side(side), name)) for side in Side)
    last = max((found for found in since if found), key=lambda row: row[0], default=None)
    side = next((side for side, value in ((Side.CRM, crm), (Side.ERP, erp)) if last and same(value, last[1])), None)
    return Decision("take", side, rule.policy, "nobody edited it since it was written to one side") if side else None


def _since(side: SideState, name: str) -> Rows:
    """What a field showed since its record was first heard of, or written: a history goes further back."""
    rows = side.edited.get(name, [])
    if len(side.heard) >= KEPT:
        return rows[1:]  # the first that was heard of is forgotten
    known = [*side.heard[:1], *(row[0] for row in rows if is_ours(row))]
    return [row for row in rows if known and row[0] > min(known)]


def stage_before(side: SideState, gated: Collection[str], agreed: Any) -> Any:
    """The last lifecycle stage that people entered and that no guard keeps; `agreed` where none was heard of."""
    found = [row[1] for row in side.edited.get("lifecycle", []) if not is_ours(row) and row[1] not in gated]
    return found[-1] if found else agreed


def stage_meant(side: SideState, shown: Any) -> Any:
    """The lifecycle stage that people entered last, whatever has been made of it; `shown` where none was heard of."""
    found = last_edit(side.edited.get("lifecycle", []))
    return found[1] if found else shown
