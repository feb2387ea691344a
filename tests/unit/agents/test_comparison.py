"""Both sides of one record compared: what is written where, what is said of it, what is remembered."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.names import Entity, Side
from tables.entities import Flight
from tests.support.casing import asked, said
from tests.support.contracts import contract
from tests.support.judging import ACME
from tests.unit.agents.comparing import BACK, GATE, acme, field, judged, rulings, writes


def test_an_owners_value_is_written_to_the_other_side():
    state = acme({"name": "New"}, {"name": "Old"}, {"name": "Old"})
    case = judged(state)
    why = "changed in the CRM, which owns it"
    assert writes(case) == [(Side.ERP, {"name": "New"}, f"name: {why}", ["owner"], False)]
    assert rulings(case) == [("name", "take_crm", "owner", why, "New", Side.ERP)]
    assert said(case)[0].command == asked(case)[0].id
    assert (said(case)[0].baseline, said(case)[0].crm, said(case)[0].erp) == ("Old", "New", "Old")
    assert state.baseline == {"name": "Old"}


def test_an_edit_on_the_other_side_is_taken_back():
    case = judged(acme({"name": "Old"}, {"name": "New"}, {"name": "Old"}))
    why = "the CRM owns it: the edit in the ERP is taken back"
    assert writes(case) == [(Side.ERP, {"name": "Old"}, f"name: {why}", ["owner"], False)]
    assert rulings(case) == [("name", "write_back", "owner", why, "Old", Side.ERP)]


def test_of_several_fields_one_write_says_them_all():
    shown = {"name": "New", "tax_number": "1", "phone": "5"}, {"name": "Old", "tax_number": "2", "phone": "4"}
    case = judged(acme(*shown, dict(shown[1], tax_number="1")))
    crm, erp = sorted(writes(case), key=lambda one: one[0].value)
    assert crm == (Side.CRM, {"tax_number": "2"}, "tax_number: changed in the ERP, which owns it", ["owner"], False)
    assert (erp[0], erp[1], erp[3], erp[4]) == (Side.ERP, {"name": "New", "phone": "5"}, ["newest", "owner"], True)
    assert erp[2] == "name: changed in the CRM, which owns it; phone: only the CRM changed it"
    assert {one.field: one.command for one in said(case)} == {
        "name": asked(case)[1].id,
        "phone": asked(case)[1].id,
        "tax_number": asked(case)[0].id,
    }


def test_what_was_refused_together_is_asked_for_one_by_one():
    state = acme({"name": "New", "phone": "5"}, {"name": "Old", "phone": "4"}, {"name": "Old", "phone": "4"})
    state.marks["one_by_one"] = {"erp": ["name", "gone"]}
    case = judged(state)
    assert [(one[1], one[3], one[4]) for one in writes(case)] == [
        ({"phone": "5"}, ["newest"], True),
        ({"name": "New"}, ["owner"], False),
    ]
    assert [one[2].partition(":")[0] for one in writes(case)] == ["phone", "name"]
    assert {one.field: one.command for one in said(case)} == {"name": asked(case)[1].id, "phone": asked(case)[0].id}


@pytest.mark.parametrize(
    ("rule", "crm", "erp", "compared"),
    [
        ({"policy": "newest"}, "b", "a", True),
        ({"policy": "review"}, "b", "a", True),
        ({"policy": "merge"}, ["a", "b"], ["a"], True),
        ({"owner": "crm"}, "b", "a", False),
    ],
)
def test_a_write_that_an_unheard_edit_would_have_won_looks_first(
    rule: dict[str, Any],
    crm: Any,
    erp: Any,
    compared: bool,  # noqa: FBT001 - a column of the table
):
    case = judged(acme({"tax_number": crm}, {"tax_number": erp}, {"tax_number": erp}), field("tax_number", rule))
    assert [one.compare for one in asked(case)] == [compared]


def test_what_a_guard_writes_does_not_look_first():
    state = acme({"payment_terms": "b"}, {"payment_terms": "a"}, {"payment_terms": "a"})
    case = judged(state, field("payment_terms", {"policy": "newest"}), hold=True)
    assert [(one.rules, one.compare, one.fields) for one in asked(case)] == [
        (["guard.credit_hold"], False, {"payment_terms": "a"})
    ]


def test_a_merge_is_said_once_and_written_to_both():
    state = acme({"tax_number": ["a", "b"]}, {"tax_number": ["a", "c"]}, {"tax_number": ["a"]})
    case = judged(state, field("tax_number", {"policy": "merge"}))
    value = ["a", "b", "c"]
    assert [one[:2] for one in writes(case)] == [(Side.CRM, {"tax_number": value}), (Side.ERP, {"tax_number": value})]
    assert [one[:3] + one[4:] for one in rulings(case)] == [("tax_number", "merge", "merge", value, Side.CRM)]


def test_a_merge_that_only_the_erp_lacks_is_said_as_well():
    state = acme({"tax_number": ["a", "b"]}, {"tax_number": ["a"]}, {"tax_number": ["a"]})
    case = judged(state, field("tax_number", {"policy": "merge"}))
    assert [(one[1], one[5]) for one in rulings(case)] == [("merge", Side.ERP)]


def test_the_later_edit_is_told_by_the_fields_own_version():
    state = acme({"phone": "5"}, {"phone": "4"}, {"phone": "3"})
    assert asked(judged(state))[0].side is Side.ERP  # the CRM's record is the later one
    state = acme({"phone": "5"}, {"phone": "4"}, {"phone": "3"})
    state.crm.edited, state.erp.edited = {"phone": [[1_000, "5"]]}, {"phone": [[9_000, "4"]]}
    assert asked(judged(state))[0].side is Side.CRM
    state = acme({"phone": "5"}, {"phone": "4"}, {"phone": "3"})
    state.erp.edited = {"phone": [[20_001, "4"]]}
    assert asked(judged(state)) == []


def test_what_both_sides_show_is_the_new_baseline_unless_a_write_is_on_its_way():
    state = acme({"name": "Same", "phone": "4"}, {"name": "Same", "phone": "5"}, {"name": "Old", "phone": "4"})
    state.flights["crm"].append(Flight("c", "update", {"phone": "5"}))
    case = judged(state)
    assert state.baseline == {"name": "Same", "phone": "4"}
    assert asked(case) == said(case) == []


def test_what_only_one_side_shows_is_not_compared():
    case = judged(acme({"name": "New"}, {"tax_number": "1"}))
    assert asked(case) == said(case) == []


def test_what_the_contract_does_not_speak_of_is_not_compared():
    state = acme({"name": "New"}, {"name": "Old"}, {"name": "Old"})
    state.entity = Entity.CREDIT_NOTE
    assert asked(judged(state, contract({"entities": {"credit_note": None}}))) == []


def test_a_side_that_is_gone_is_not_written_to():
    state = acme({"name": "New"}, {"name": "Old"}, {"name": "Old"})
    state.erp.ref = None
    assert asked(judged(state)) == []


@pytest.mark.parametrize(
    ("blocked", "respelled", "written"),
    [
        ({"name": "New"}, None, False),
        ({"name": "Other"}, None, True),
        ({}, ["New", "Old"], False),
        ({}, ["New", "OLD"], True),
        ({}, ["Older", "Old"], True),
    ],
)
def test_what_would_be_written_in_vain_is_not(blocked: dict[str, Any], respelled: list[str] | None, written: bool):  # noqa: FBT001 - a column of the table
    state = acme({"name": "New"}, {"name": "Old"}, {"name": "Old"})
    state.blocked["erp"] = dict(blocked)
    if respelled:
        state.marks["respelled_erp"] = {"name": respelled}
    assert [one.fields for one in asked(judged(state))] == ([{"name": "New"}] if written else [])
    assert state.blocked["erp"] == ({} if written else blocked)


@pytest.mark.parametrize(
    ("shown", "written"),
    [("1380.5", False), ("1380", False), ("1380.48", True), ("1480.47", True), ("1400", True), ("nothing", False)],
)
def test_an_amount_is_spelled_otherwise_only_by_rounding_it(shown: str, written: bool):  # noqa: FBT001 - a column of the table
    state = acme({"balance_due": shown}, {"balance_due": "1380.47"}, {"balance_due": "1380.47"})
    state.marks["respelled_crm"] = {"balance_due": ["1380.47", shown]}
    assert [one.fields for one in asked(judged(state))] == ([{"balance_due": "1380.47"}] if written else [])


def test_while_history_is_read_neither_side_is_overwritten():
    state = acme({"currency": "AUD"}, {"currency": "NZD"}, {"currency": "NZD"})
    case = judged(state, settled=False)
    assert asked(case) == []
    assert case.result.counts["owner_unknown"] == 0


@pytest.mark.parametrize(("entity", "waits"), [(Entity.COMPANY, []), (Entity.CONTACT, ["contact:1"])])
def test_a_field_whose_owner_is_not_known_yet_waits(entity: Entity, waits: list[str]):
    rule = {"owner": {"clear": "crm", "on_hold": "erp"}}
    rules = contract({"entities": {entity.value: {"fields": {"name": {"owner": None, **rule}}}}})
    state = acme({"name": "New"}, {"name": "Old"}, {"name": "Old"})
    state.entity, state.id = entity, ACME if entity is Entity.COMPANY else "contact:1"
    case = judged(state, rules, hold=None)
    assert asked(case) == said(case) == []
    assert case.result.counts["owner_unknown"] == 1
    assert case.customer.waiting == waits


def test_a_finance_field_is_not_filled_from_the_other_side():
    state = acme({"payment_terms": "30 days", "tax_number": "9"}, {"payment_terms": None, "tax_number": None})
    case = judged(state)
    assert [(one.side, one.fields) for one in asked(case)] == [
        (Side.CRM, {"payment_terms": None}),
        (Side.ERP, {"tax_number": "9"}),
    ]


# The lifecycle


@pytest.mark.parametrize(
    ("stage", "baseline", "ordered", "first", "want", "ruling"),
    [
        ("customer", {"lifecycle": "lead"}, False, False, "lead", "write_back"),
        ("customer", {}, False, False, "opportunity", "write_back"),
        ("customer", {}, False, True, None, None),  # history: nobody is taken back
        ("customer", {"lifecycle": "lead"}, False, True, "lead", "write_back"),
        ("lead", {}, False, False, None, None),
        ("lead", {}, True, False, "customer", "take_erp"),
        ("evangelist", {}, True, False, None, None),
    ],
)
def test_the_lifecycle_is_judged_by_its_guard(
    stage: str,
    baseline: dict[str, str],
    ordered: bool,  # noqa: FBT001 - a column of the table
    first: bool,  # noqa: FBT001 - a column of the table
    want: str | None,
    ruling: str | None,
):
    state = acme({"lifecycle": stage}, {}, dict(baseline), **({"first": True} if first else {}))
    case = judged(state, ordered=ordered)
    why = "the first order makes it a customer" if ordered else BACK
    assert writes(case) == ([(Side.CRM, {"lifecycle": want}, f"lifecycle: {why}", [GATE], False)] if want else [])
    assert rulings(case) == ([("lifecycle", ruling, GATE, why, want, Side.CRM)] if want else [])
    assert state.baseline == (baseline if want else {"lifecycle": stage})


def test_a_stage_that_was_refused_is_not_asked_for_again():
    state = acme({"lifecycle": "customer"}, {}, {"lifecycle": "lead"})
    state.blocked["crm"] = {"lifecycle": "lead"}
    case = judged(state)
    assert asked(case) == said(case) == []
    assert state.baseline == {"lifecycle": "lead"}


@pytest.mark.parametrize("side", ["crm", "erp"])
def test_a_stage_on_its_way_is_no_baseline_yet(side: str):
    state = acme({"lifecycle": "customer"}, {})
    state.flights[side].append(Flight("c", "update", {"lifecycle": "lead"}))
    judged(state, contract({"guards": {"lifecycle_gating": False}}))
    assert state.baseline == {}


@pytest.mark.parametrize("gone", ["entity", "crm", "field"])
def test_only_a_company_of_the_crm_has_a_lifecycle(gone: str):
    state = acme({"lifecycle": "customer"}, {})
    if gone == "entity":
        state.entity = Entity.CONTACT
    elif gone == "crm":
        state.crm.ref = None
    else:
        del state.crm.fields["lifecycle"]
        state.flights["crm"].append(Flight("c", "update", {"lifecycle": "customer"}))
    assert asked(judged(state)) == []
    assert "lifecycle" not in state.baseline


# The ids that each side keeps of the other
