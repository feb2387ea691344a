"""Three-way arbitration of one field.

In: the contract's rule, the value both sides last agreed on, what each side shows now. Out: which value stands, and
where it has to be written. Symmetric: `decide(left, right) == mirror(decide(right, left))`; no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from schemas.contract import FieldRule
from schemas.money import exact
from schemas.names import Side


class _Unset:
    """No baseline: the sides have never agreed."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class Shown:
    """A field on one side: its value and the version (milliseconds) that showed it."""

    value: Any
    version: int


@dataclass(frozen=True, slots=True)
class Decision:
    """`stands` names the side whose value stands; None while a person is asked, or when nothing is to do.

    A merge makes a `value` that neither side may hold yet; a value that was lost on its own side too is `restored`.
    """

    kind: Literal["agree", "take", "write_back", "merge", "restore", "review"]
    stands: Side | None = None
    rule: str = ""
    reason: str = ""
    value: tuple[str, ...] = ()
    restored: Any = None

    @property
    def written_to(self) -> Side | None:
        """The side that has to change."""
        return self.stands.other if self.stands else None

    def writes(self, crm: Any, erp: Any) -> dict[Side, Any]:
        """Each side that has to change, and what it has to hold."""
        shown = {Side.CRM: crm, Side.ERP: erp}
        if self.kind == "restore":
            return {side: self.restored for side in Side if not same(shown[side], self.restored)}
        if self.kind == "merge":
            return {side: list(self.value) for side in Side if as_set(shown[side]) != frozenset(self.value)}
        return {self.stands.other: crm if self.stands is Side.CRM else erp} if self.stands else {}


AGREE = Decision("agree")
# What each rule means, in a sentence for people.
SAYS = {
    "owner": "The contract names one side as the owner: its value stands, and an edit on the other side is taken back.",
    "newest": "The later edit stands, by the platforms' own times; of edits too close together a person is asked.",
    "review": "Where both sides changed the field, a person is asked and nothing is overwritten.",
    "merge": "What either side added is added and what either side removed is removed, on both sides.",
    "monotonic": "The owner's amount stands; one that would fall without a refund is asked about first.",
}
NAMES = {Side.CRM: "the CRM", Side.ERP: "the ERP"}


def is_empty(value: Any) -> bool:
    """Whether a platform holds nothing there."""
    return value is None or value in ("", []) or (isinstance(value, dict) and not any(value.values()))


def decide(
    rule: FieldRule,
    baseline: Any,
    crm: Shown,
    erp: Shown,
    *,
    owner: Side | None = None,
    guard: tuple[str, str] | None = None,
    fill: bool = True,
    floor: Any = None,
) -> Decision:
    """Decide about one field.

    What is monotonic is asked about before it falls, unless a refund is named, whatever else is decided.

    Args:
        rule: the contract's rule.
        baseline: the last agreed value, or UNSET.
        crm: what the CRM shows.
        erp: what the ERP shows.
        owner: the owner in the record's present state (of the policies that have one, or imposed by a guard).
        guard: (rule name, reason) when a guard imposes the owner.
        fill: at the first comparison an owner that holds nothing takes the other's value (never for finance fields).
        floor: what a monotonic amount may fall to because money was given back; None: no refund is named.
    """
    if same(crm.value, erp.value):
        return AGREE
    shown = {Side.CRM: crm, Side.ERP: erp}
    found = _ruled(rule, baseline, shown, owner=owner, guard=guard, fill=fill)
    if rule.policy == "monotonic" and found.stands is not None:
        value = shown[found.stands].value
        if _falls(baseline, value, floor):
            reason = f"it was {baseline} and would fall without a refund: a person decides"
            return Decision("review", rule="monotonic", reason=reason)
        return replace(found, rule="monotonic") if found.rule == "owner" else found
    return found


def _ruled(
    rule: FieldRule,
    baseline: Any,
    shown: dict[Side, Shown],
    *,
    owner: Side | None,
    guard: tuple[str, str] | None,
    fill: bool,
) -> Decision:
    if guard is not None or rule.policy in {"owner", "monotonic"}:
        if owner is None:
            return Decision("review", rule="owner", reason="nobody owns this field in this state")
        return _owned(owner, baseline, shown, guard, fill=fill and guard is None)
    if rule.policy == "merge":
        return merged(baseline, shown[Side.CRM].value, shown[Side.ERP].value)
    alone = _only(baseline, shown, fill=fill)
    if alone is not None:
        return Decision(
            "take", alone, rule.policy, f"only {NAMES[alone]} {'holds a value' if baseline is UNSET else 'changed it'}"
        )
    if rule.policy == "newest":
        return _newest(rule.tolerance, shown)
    return Decision("review", rule="review", reason="both sides changed it: a person decides")


def merged(baseline: Any, crm: Any, erp: Any) -> Decision:
    """Both sides' additions and removals since they last agreed; at the first comparison, all that either holds.

    What one side added the other cannot have removed, so there is no conflict, and the order of edits does not count.
    """
    base, left, right = as_set(None if baseline is UNSET else baseline), as_set(crm), as_set(erp)
    if base is None or left is None or right is None:
        return Decision("review", rule="merge", reason="a side holds what is no set of texts: a person decides")
    if left == right:
        return AGREE
    added, removed = (left | right) - base, base - (left & right)
    told = [f"{word} {', '.join(sorted(some))}" for word, some in (("added", added), ("removed", removed)) if some]
    reason = f"both sides' changes are kept: {'; '.join(told)}"
    return Decision("merge", rule="merge", reason=reason, value=tuple(sorted((base | added) - removed)))


def as_set(value: Any) -> frozenset[str] | None:
    """A set-valued field as a set; None where it is none."""
    if value is None or value == "":
        return frozenset()
    return frozenset(value) if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


def _falls(baseline: Any, value: Any, floor: Any) -> bool:
    """Whether an amount is less than the agreed one, and than what a refund explains.

    What is empty, or no amount, counts as fallen: fails closed.
    """
    if baseline is UNSET or is_empty(baseline):
        return False
    try:
        least = exact(baseline) if floor is None else min(exact(floor), exact(baseline))
        return exact(value) < least
    except (ValueError, TypeError):
        return True


def _only(baseline: Any, shown: dict[Side, Shown], *, fill: bool) -> Side | None:
    """The one side that changed the field; at the first comparison, the one side that holds anything."""
    if baseline is UNSET:
        moved = [side for side in Side if fill and not is_empty(shown[side].value)]
    else:
        moved = [side for side in Side if not same(shown[side].value, baseline)]
    return moved[0] if len(moved) == 1 else None


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal; platforms spell emptiness differently."""
    return bool(left == right) or (is_empty(left) and is_empty(right))


def _owned(
    owner: Side, baseline: Any, shown: dict[Side, Shown], guard: tuple[str, str] | None, *, fill: bool
) -> Decision:
    name, why = guard or ("owner", "")
    mine, theirs = shown[owner], shown[owner.other]
    if baseline is UNSET and fill and is_empty(mine.value):
        return Decision("take", owner.other, "owner", f"{NAMES[owner]} owns it and holds nothing yet")
    if baseline is UNSET:
        return Decision("take", owner, name, why or f"{NAMES[owner]} owns it; first comparison")
    if not same(theirs.value, baseline) and same(mine.value, baseline):
        reason = why or f"{NAMES[owner]} owns it: the edit in {NAMES[owner.other]} is taken back"
        return Decision("write_back", owner, name, reason)
    if not same(theirs.value, baseline):
        return Decision("take", owner, name, why or f"both sides changed it; {NAMES[owner]} owns it")
    return Decision("take", owner, name, f"changed in {NAMES[owner]}, which owns it")


def _newest(tolerance: timedelta, shown: dict[Side, Shown]) -> Decision:
    difference = timedelta(milliseconds=shown[Side.CRM].version - shown[Side.ERP].version)
    if abs(difference) <= tolerance:
        seconds = int(tolerance.total_seconds())
        return Decision("review", rule="newest", reason=f"both sides changed it within {seconds} s: a person decides")
    side = Side.CRM if difference > timedelta(0) else Side.ERP
    return Decision("take", side, "newest", f"both sides changed it; {NAMES[side]} is newer")


def mirror(decision: Decision) -> Decision:
    """The same decision with the sides exchanged (their names in the reason as well)."""
    swapped = decision.reason.replace(NAMES[Side.CRM], "\0").replace(NAMES[Side.ERP], NAMES[Side.CRM])
    return replace(
        decision,
        stands=decision.stands.other if decision.stands else None,
        reason=swapped.replace("\0", NAMES[Side.ERP]),
    )
