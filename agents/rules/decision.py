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
    """`stands` names the side whose value stands; None while a person is asked, or when nothing is to do."""

    kind: Literal["agree", "take", "write_back", "review"]
    stands: Side | None = None
    rule: str = ""
    reason: str = ""

    @property
    def written_to(self) -> Side | None:
        """The side that has to change."""
        return self.stands.other if self.stands else None


AGREE = Decision("agree")
# What each rule means, in a sentence for people.
SAYS = {
    "owner": "The contract names one side as the owner: its value stands, and an edit on the other side is taken back.",
    "newest": "The later edit stands, by the platforms' own times; of edits too close together a person is asked.",
    "review": "Where both sides changed the field, a person is asked and nothing is overwritten.",
    "never_falls": "An amount that never falls was about to: a person is asked first.",
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
) -> Decision:
    """Decide about one field. An amount that never falls is asked about before it does, whatever else is decided.

    Args:
        rule: the contract's rule.
        baseline: the last agreed value, or UNSET.
        crm: what the CRM shows.
        erp: what the ERP shows.
        owner: the owner in the customer's present state (for the policy `owner`, or imposed by a guard).
        guard: (rule name, reason) when a guard imposes the owner.
        fill: at the first comparison an owner that holds nothing takes the other's value (never for finance fields).
    """
    if same(crm.value, erp.value):
        return AGREE
    shown = {Side.CRM: crm, Side.ERP: erp}
    found = _ruled(rule, baseline, shown, owner=owner, guard=guard, fill=fill)
    if rule.never_falls and found.stands is not None and _falls(baseline, shown[found.stands].value):
        return Decision("review", rule="never_falls", reason=f"it was {baseline} and would fall: a person decides")
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
    if guard is not None or rule.policy == "owner":
        if owner is None:
            return Decision("review", rule="owner", reason="nobody owns this field in this state")
        return _owned(owner, baseline, shown, guard, fill=fill and guard is None)
    alone = _only(baseline, shown, fill=fill)
    if alone is not None:
        return Decision(
            "take", alone, rule.policy, f"only {NAMES[alone]} {'holds a value' if baseline is UNSET else 'changed it'}"
        )
    if rule.policy == "newest":
        return _newest(rule.tolerance, shown)
    return Decision("review", rule="review", reason="both sides changed it: a person decides")


def _falls(baseline: Any, value: Any) -> bool:
    """Whether an amount is less than the agreed one. What is empty, or no amount, counts as fallen: fails closed."""
    if baseline is UNSET or is_empty(baseline):
        return False
    try:
        return exact(value) < exact(baseline)
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
