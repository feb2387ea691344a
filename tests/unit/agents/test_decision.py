from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.decision import UNSET, Decision, Shown, decide, is_empty, mirror
from schemas.contract import FieldRule
from schemas.names import Side

OWNED = FieldRule(policy="owner", owner=Side.ERP)
NEWEST = FieldRule(policy="newest", tolerance_seconds=5)
REVIEW = FieldRule(policy="review")
GUARD = ("guard.test", "because")
EARLY, LATE = 1_000_000, 1_010_000  # ten seconds apart
CRM, ERP = Side.CRM, Side.ERP
VALUES = st.sampled_from([None, "", "a", "b", "c", False, True, {"street": ""}, {"street": "x"}])
MOMENTS = st.integers(0, 20_000)
SHOWN = st.builds(Shown, VALUES, MOMENTS)
POLICIES = st.sampled_from(["owner", "newest", "review"])
OWNERS = st.sampled_from([CRM, ERP, None])


@pytest.mark.parametrize(
    ("baseline", "crm", "erp", "kind", "stands"),
    [
        ("a", "a", "a", "agree", None),
        (UNSET, "a", "a", "agree", None),
        (UNSET, None, "", "agree", None),
        (UNSET, "a", "b", "take", ERP),
        (UNSET, None, "b", "take", ERP),
        (UNSET, "a", None, "take", CRM),  # the owner holds nothing yet: filled
        (UNSET, "a", {"street": ""}, "take", CRM),
        ("a", "b", "a", "write_back", ERP),
        ("a", None, "a", "write_back", ERP),
        ("a", "a", "b", "take", ERP),
        ("a", "a", None, "take", ERP),  # the owner has emptied it
        ("a", "b", "c", "take", ERP),
        (None, "b", "", "write_back", ERP),  # emptiness spelt differently is no edit
        (False, True, False, "write_back", ERP),
    ],
)
def test_the_owner_stands(baseline: Any, crm: Any, erp: Any, kind: str, stands: Side | None):
    decision = decide(OWNED, baseline, Shown(crm, LATE), Shown(erp, EARLY), owner=ERP)
    assert (decision.kind, decision.stands) == (kind, stands)
    assert decision.written_to == (stands.other if stands else None)


@pytest.mark.parametrize(
    ("baseline", "crm", "erp", "kind", "stands"),
    [
        ("a", "a", "a", "agree", None),
        ("a", "b", "a", "take", CRM),
        ("a", "a", "b", "take", ERP),
        ("a", "b", "c", "take", CRM),  # the CRM's version is the later one here
        (UNSET, "b", "c", "take", CRM),
        (None, "b", "", "take", CRM),
    ],
)
def test_the_newest_stands_where_both_sides_changed(baseline: Any, crm: Any, erp: Any, kind: str, stands: Side | None):
    decision = decide(NEWEST, baseline, Shown(crm, LATE), Shown(erp, EARLY))
    assert (decision.kind, decision.stands) == (kind, stands)


@pytest.mark.parametrize(("gap", "kind"), [(0, "review"), (4_999, "review"), (5_000, "review"), (5_001, "take")])
def test_the_newest_refuses_to_choose_inside_its_tolerance(gap: int, kind: str):
    for crm, erp in ((EARLY + gap, EARLY), (EARLY, EARLY + gap)):
        assert decide(NEWEST, "a", Shown("b", crm), Shown("c", erp)).kind == kind


@pytest.mark.parametrize(
    ("baseline", "crm", "erp", "kind", "stands"),
    [
        ("a", "b", "a", "take", CRM),
        ("a", "a", "b", "take", ERP),
        ("a", "b", "c", "review", None),
        (UNSET, "b", "c", "review", None),
        (UNSET, "b", "b", "agree", None),
    ],
)
def test_review_asks_where_both_sides_changed(baseline: Any, crm: Any, erp: Any, kind: str, stands: Side | None):
    decision = decide(REVIEW, baseline, Shown(crm, LATE), Shown(erp, EARLY))
    assert (decision.kind, decision.stands) == (kind, stands)


RISES = FieldRule(policy="monotonic", owner=Side.ERP)


@pytest.mark.parametrize(
    ("baseline", "crm", "erp", "kind"),
    [
        ("5.00", "5.00", "6.00", "take"),
        ("5.00", "5.00", "4.00", "review"),
        ("9.00", "9.00", "10.00", "take"),  # amounts, not texts
        ("5.00", "4.00", "5.00", "write_back"),  # what stands does not fall
        ("5.00", "5.00", "5.0", "take"),
        ("5.00", "5.00", None, "review"),
        ("5.00", "5.00", "much", "review"),
        ("0.00", "0.00", "-1.00", "review"),
        (None, None, "-1.00", "take"),
        (UNSET, "5.00", "4.00", "take"),
    ],
)
def test_a_monotonic_amount_is_asked_about_before_it_falls(baseline: Any, crm: Any, erp: Any, kind: str):
    decision = decide(RISES, baseline, Shown(crm, LATE), Shown(erp, EARLY), owner=ERP)
    assert (decision.kind, decision.rule) == (kind, "monotonic")
    assert decide(OWNED, baseline, Shown(crm, LATE), Shown(erp, EARLY), owner=ERP).kind != "review"


def test_a_guard_lets_no_amount_fall_either():
    assert decide(RISES, "5", Shown("5", 1), Shown("4", 2), owner=ERP, guard=GUARD).rule == "monotonic"
    assert decide(RISES, "5", Shown("5", 1), Shown("6", 2), owner=ERP, guard=GUARD).rule == GUARD[0]


@pytest.mark.parametrize(
    ("floor", "erp", "kind"),
    [
        ("4.00", "4.00", "take"),
        ("4.00", "3.99", "review"),  # the refund explains a part only
        ("0", "0.00", "take"),
        ("9.00", "4.99", "review"),  # payments that stand are no reason to fall
        ("9.00", "6.00", "take"),
        ("0", None, "review"),
        ("0", "much", "review"),
    ],
)
def test_a_refund_lets_a_monotonic_amount_fall_as_far_as_it_explains(floor: str, erp: Any, kind: str):
    assert decide(RISES, "5.00", Shown("5.00", 1), Shown(erp, 2), owner=ERP, floor=floor).kind == kind


AMOUNTS = st.sampled_from([None, "", "0.00", "4.00", "5.00", "10.00", "-1.00", "much"])
FLOORS = st.sampled_from([None, "0.00", "4.00", "7.00"])


@given(OWNERS, AMOUNTS | st.just(UNSET), st.builds(Shown, AMOUNTS, MOMENTS), st.builds(Shown, AMOUNTS, MOMENTS), FLOORS)
def test_no_decision_lets_a_monotonic_amount_fall_further_than_a_refund_explains(
    owner: Side | None, baseline: Any, crm: Shown, erp: Shown, floor: str | None
):
    rule = FieldRule(policy="monotonic", owner=owner)
    turned = FieldRule(policy="monotonic", owner=owner.other if owner else None)
    decision = decide(rule, baseline, crm, erp, owner=owner, floor=floor)
    assert decision == mirror(decide(turned, baseline, erp, crm, owner=owner.other if owner else None, floor=floor))
    if decision.stands is not None and baseline not in {UNSET, None, ""} and baseline != "much":
        stands = Decimal((crm if decision.stands is CRM else erp).value)
        assert stands >= Decimal(baseline) or (floor is not None and stands >= Decimal(floor))


# Sets

MERGE = FieldRule(policy="merge")
SETS = st.lists(st.sampled_from("abcde"), unique=True).map(sorted)


@pytest.mark.parametrize(
    ("baseline", "crm", "erp", "value"),
    [
        (["a"], ["a", "b"], ["a"], ["a", "b"]),
        (["a", "b"], ["a"], ["a", "b"], ["a"]),
        (["a", "b"], ["a", "b", "c"], ["b"], ["b", "c"]),  # one adds, the other removes
        (["a"], [], None, []),  # both removed it, spelt differently
        (["a"], ["b"], ["c"], ["b", "c"]),
        (UNSET, ["a"], ["b"], ["a", "b"]),  # nothing is known to be removed
        (None, ["a"], None, ["a"]),
    ],
)
def test_a_set_keeps_what_either_side_added_and_loses_what_either_removed(
    baseline: Any, crm: Any, erp: Any, value: list[str]
):
    decision = decide(MERGE, baseline, Shown(crm, EARLY), Shown(erp, LATE))
    both = {side: value for side, shown in ((CRM, crm), (ERP, erp)) if set(shown or ()) != set(value)}
    assert decision.writes(crm, erp) == both
    assert (decision.kind, decision.stands) == ("merge" if both else "agree", None)


def test_a_merge_says_what_was_added_and_removed():
    decision = decide(MERGE, ["a", "b"], Shown(["a", "b", "d", "c"], 1), Shown(["b"], 2))
    assert decision.reason == "both sides' changes are kept: added c, d; removed a"


@pytest.mark.parametrize("value", ["a;b", 7, ["a", 1], {"a": True}])
def test_what_is_no_set_is_left_to_a_person(value: Any):
    for baseline, crm, erp in ((["a"], value, ["b"]), (["a"], ["b"], value), (value, ["a"], ["b"])):
        assert decide(MERGE, baseline, Shown(crm, 1), Shown(erp, 2)).kind == "review"


def test_a_guard_imposes_its_owner_on_a_set_as_a_whole():
    assert decide(MERGE, ["a"], Shown(["b"], 1), Shown(["c"], 2), owner=ERP, guard=GUARD).stands is ERP


@given(SETS | st.just(UNSET), SETS, SETS)
def test_a_merge_is_symmetric_and_asks_for_nothing_more_once_it_is_written(baseline: Any, crm: Any, erp: Any):
    decision = decide(MERGE, baseline, Shown(crm, 1), Shown(erp, 2))
    assert decision == mirror(decide(MERGE, baseline, Shown(erp, 2), Shown(crm, 1)))
    wanted = decision.writes(crm, erp)
    if not wanted:
        return
    value = list(decision.value)
    assert decide(MERGE, value, Shown(value, 3), Shown(value, 3)).kind == "agree"
    # While only one of its two writes has arrived, it is the same merge.
    for half in ((value, erp), (crm, value)):
        again = decide(MERGE, baseline, Shown(half[0], 3), Shown(half[1], 2))
        assert again.kind == "agree" or again.value == decision.value


EDITS = st.lists(st.tuples(st.sampled_from([CRM, ERP, None]), st.sampled_from("abcd"), st.booleans()), max_size=12)
OF_SIDE = {CRM: "ab", ERP: "cd"}  # the members that each side's people work on


@given(SETS, EDITS, st.randoms(use_true_random=False))
def test_members_end_as_their_side_left_them_whatever_is_merged_in_between(start: list[str], edits: Any, order: Any):
    def ended(steps: Any) -> dict[Side, set[str]]:
        base, held = list(start), {side: set(start) for side in Side}
        for side, member, there in [*steps, (None, "", True)]:
            if side is None:  # a merge, in between or at the end
                decision = decide(MERGE, base, *(Shown(sorted(held[each]), 1) for each in (CRM, ERP)))
                base = list(decision.value) if decision.kind == "merge" else sorted(held[CRM])
                held = {each: set(base) for each in Side}
            elif member in OF_SIDE[side]:
                (held[side].add if there else held[side].discard)(member)
        return held

    mine = {side: [each for each in edits if each[0] is side] for side in Side}
    shuffled: list[Any] = []
    queues = {**{side: list(steps) for side, steps in mine.items()}, None: [(None, "", True)] * 3}
    while any(queues.values()):
        shuffled.append(queues[order.choice([side for side, steps in queues.items() if steps])].pop(0))
    found = ended(edits)
    assert found[CRM] == found[ERP]
    assert ended(shuffled) == found


def test_a_field_that_nobody_owns_now_is_asked_about():
    assert decide(OWNED, "a", Shown("b", 1), Shown("a", 1), owner=None).kind == "review"


@pytest.mark.parametrize("rule", [OWNED, NEWEST, REVIEW])
def test_a_guard_imposes_its_owner_over_any_policy_and_says_why(rule: FieldRule):
    decision = decide(rule, "a", Shown("b", LATE), Shown("a", EARLY), owner=ERP, guard=GUARD)
    assert (decision.kind, decision.stands, decision.rule, decision.reason) == ("write_back", ERP, *GUARD)


def test_a_guarded_field_is_never_filled_from_the_other_side():
    assert decide(OWNED, UNSET, Shown("a", 1), Shown(None, 1), owner=ERP, guard=GUARD).stands is ERP
    assert decide(OWNED, UNSET, Shown("a", 1), Shown(None, 1), owner=ERP, fill=False).stands is ERP


@pytest.mark.parametrize(("value", "empty"), [(None, True), ("", True), ([], True), ({"a": ""}, True), ({}, True)])
def test_nothing_is_empty_in_every_spelling(value: Any, empty: bool):  # noqa: FBT001 - a column of the table
    assert is_empty(value) is empty


@pytest.mark.parametrize("value", [False, 0, "0", "0.00", {"a": "", "b": "x"}, [{}]])
def test_zero_and_false_are_something(value: Any):
    assert not is_empty(value)


@given(POLICIES, OWNERS, VALUES | st.just(UNSET), SHOWN, SHOWN, st.booleans(), st.booleans())
def test_deciding_with_the_sides_exchanged_gives_the_mirrored_decision(
    policy: Any,
    owner: Side | None,
    baseline: Any,
    crm: Shown,
    erp: Shown,
    fill: bool,  # noqa: FBT001 - drawn, not passed by people
    guarded: bool,  # noqa: FBT001 - as above
):
    guard = GUARD if guarded else None
    rule = FieldRule(policy=policy, owner=owner if policy == "owner" else None)
    turned = FieldRule(policy=policy, owner=owner.other if owner and policy == "owner" else None)
    here = decide(rule, baseline, crm, erp, owner=owner, guard=guard, fill=fill)
    there = decide(turned, baseline, erp, crm, owner=owner.other if owner else None, guard=guard, fill=fill)
    assert here == mirror(there)
    assert mirror(mirror(here)) == here
    assert here == decide(rule, baseline, crm, erp, owner=owner, guard=guard, fill=fill)


@given(POLICIES, OWNERS, VALUES | st.just(UNSET), SHOWN, SHOWN)
def test_once_applied_and_agreed_nothing_is_decided_again(
    policy: Any, owner: Side | None, baseline: Any, crm: Shown, erp: Shown
):
    rule = FieldRule(policy=policy, owner=owner if policy == "owner" else None)
    decision = decide(rule, baseline, crm, erp, owner=owner)
    if decision.stands is None:
        return
    stands = crm if decision.stands is CRM else erp
    again = decide(rule, stands.value, stands, Shown(stands.value, 99_999), owner=owner)
    assert again == Decision("agree")
    # Until the write has arrived it is the same decision, whatever is delivered again.
    assert decide(rule, baseline, crm, erp, owner=owner) == decision
