"""What a decision says for itself: who stands, by which rule, and the sentence that people read."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.decision import UNSET, Decision, Shown, decide, mirror
from schemas.contract import FieldRule
from schemas.names import Side

OWNER, MONOTONIC = FieldRule(owner=Side.ERP), FieldRule(policy="monotonic", owner=Side.ERP)
NEWEST, REVIEW = FieldRule(policy="newest", tolerance_seconds=5), FieldRule(policy="review")
MERGE = FieldRule(policy="merge")
ASKED = "a person decides"


def judged(rule: FieldRule, baseline: Any, crm: Any, erp: Any, **more: Any) -> Decision:
    """The decision about two values of which the CRM's is the later."""
    return decide(rule, baseline, Shown(crm, 20_000), Shown(erp, 10_000), **more)


@pytest.mark.parametrize(
    ("baseline", "crm", "erp", "kind", "stands", "reason"),
    [
        (UNSET, "a", None, "take", Side.CRM, "the ERP owns it and holds nothing yet"),
        (UNSET, "a", "b", "take", Side.ERP, "the ERP owns it; first comparison"),
        ("a", "b", "a", "write_back", Side.ERP, "the ERP owns it: the edit in the CRM is taken back"),
        ("a", "b", "c", "take", Side.ERP, "both sides changed it; the ERP owns it"),
        ("a", "a", "b", "take", Side.ERP, "changed in the ERP, which owns it"),
    ],
)
def test_an_owner_says_why_its_value_stands(baseline: Any, crm: Any, erp: Any, kind: Any, stands: Side, reason: str):
    found = judged(OWNER, baseline, crm, erp, owner=Side.ERP)
    assert found == Decision(kind, stands, "owner", reason)


@pytest.mark.parametrize(("baseline", "kind"), [(UNSET, "take"), ("a", "write_back"), ("c", "take")])
def test_a_guard_gives_its_own_reason(baseline: Any, kind: Any):
    found = judged(OWNER, baseline, "b", "a", owner=Side.ERP, guard=("guard.test", "because"))
    assert found == Decision(kind, Side.ERP, "guard.test", "because")


def test_what_nobody_owns_is_asked_about_under_the_rule_of_owners():
    reason = "nobody owns this field in this state"
    assert judged(OWNER, "a", "b", "a") == Decision("review", None, "owner", reason)


@pytest.mark.parametrize(("rule", "name"), [(NEWEST, "newest"), (REVIEW, "review")])
@pytest.mark.parametrize(
    ("baseline", "crm", "erp", "stands", "reason"),
    [
        (UNSET, "b", None, Side.CRM, "only the CRM holds a value"),
        (UNSET, None, "b", Side.ERP, "only the ERP holds a value"),
        ("a", "b", "a", Side.CRM, "only the CRM changed it"),
        ("a", "a", "b", Side.ERP, "only the ERP changed it"),
    ],
)
def test_the_only_side_that_changed_stands(
    rule: FieldRule, name: str, baseline: Any, crm: Any, erp: Any, stands: Side, reason: str
):
    assert judged(rule, baseline, crm, erp) == Decision("take", stands, name, reason)


def test_without_filling_the_only_side_that_holds_a_value_is_no_reason():
    assert judged(REVIEW, UNSET, "b", None, fill=False).kind == "review"


def test_both_sides_changed_it():
    assert judged(REVIEW, "a", "b", "c") == Decision("review", None, "review", f"both sides changed it: {ASKED}")
    newer = "both sides changed it; the CRM is newer"
    assert judged(NEWEST, "a", "b", "c") == Decision("take", Side.CRM, "newest", newer)
    near = decide(NEWEST, "a", Shown("b", 10_000), Shown("c", 12_000))
    assert near == Decision("review", None, "newest", f"both sides changed it within 5 s: {ASKED}")


def test_an_amount_that_would_fall_says_what_it_was():
    reason = f"it was 5 and would fall without a refund: {ASKED}"
    assert judged(MONOTONIC, "5", "5", "4", owner=Side.ERP) == Decision("review", None, "monotonic", reason)


def test_what_is_no_set_is_said():
    reason = f"a side holds what is no set of texts: {ASKED}"
    assert judged(MERGE, ["a"], "b", ["a"]) == Decision("review", None, "merge", reason)
    assert judged(MERGE, ["a"], "", ["a", "b"]).value == ("b",)  # an empty text is an empty set


@pytest.mark.parametrize(
    ("crm", "erp", "said"),
    [(["a", "b"], ["a"], "added b"), ([], ["a"], "removed a"), (["b"], ["a"], "added b; removed a")],
)
def test_a_merge_says_only_what_happened(crm: list[str], erp: list[str], said: str):
    found = judged(MERGE, ["a"], crm, erp)
    assert (found.kind, found.rule, found.reason) == ("merge", "merge", f"both sides' changes are kept: {said}")


def test_a_decision_in_the_mirror_names_the_other_side():
    here = Decision("take", Side.CRM, "newest", "the CRM is newer than the ERP")
    assert mirror(here) == Decision("take", Side.ERP, "newest", "the ERP is newer than the CRM")
    assert repr(UNSET) == "UNSET"
