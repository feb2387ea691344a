"""Ids that each side keeps of the other, and questions to a person, as both sides of one record are compared."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.names import Side
from tables.entities import Flight, SideState
from tests.support.casing import asked, said
from tests.support.contracts import contract
from tests.unit.agents.comparing import acme, field, judged, rulings, writes


@pytest.mark.parametrize(("held", "ruling"), [(None, "link"), ("", "link"), ("other", "write_back")])
def test_the_erps_id_is_written_into_the_crm(held: str | None, ruling: str):
    case = judged(acme({"erp_id": held}, {}))
    why = "erp_id: the ERP's id is kept on the CRM's record and does not change"
    assert writes(case) == [(Side.CRM, {"erp_id": "a"}, why, ["identity"], False)]
    reason = "the ERP's id is the record's immutable external id"
    assert rulings(case) == [("erp_id", ruling, "identity", reason, "a", Side.CRM)]


def test_the_crms_id_is_written_into_the_erp_once():
    case = judged(acme({}, {"crm_id": None}))
    why = "crm_id: the CRM's id is kept on the ERP's record"
    assert writes(case) == [(Side.ERP, {"crm_id": "1"}, why, ["identity"], False)]
    assert rulings(case) == []
    assert asked(judged(acme({}, {"crm_id": "another"}))) == []


@pytest.mark.parametrize(("side", "name", "value"), [("crm", "erp_id", "a"), ("erp", "crm_id", "1")])
def test_an_id_that_was_refused_is_not_asked_for_again(side: str, name: str, value: str):
    state = acme({"erp_id": None} if side == "crm" else {}, {"crm_id": None} if side == "erp" else {})
    state.blocked[side] = {name: value}
    case = judged(state)
    assert asked(case) == said(case) == []


@pytest.mark.parametrize("gone", ["crm", "erp", "crm field", "erp field"])
def test_ids_are_kept_only_where_both_records_and_a_place_for_them_are(gone: str):
    state = acme({"erp_id": None}, {"crm_id": None})
    if gone in {"crm", "erp"}:
        state.side(Side(gone)).deleted = True
    elif gone == "crm field":
        del state.crm.fields["erp_id"]
    else:
        del state.erp.fields["crm_id"]
    sides = {"crm": [], "erp": [], "crm field": [Side.ERP], "erp field": [Side.CRM]}
    assert [one.side for one in asked(judged(state))] == sides[gone]


@pytest.mark.parametrize(
    ("held", "blocked", "apart", "wanted"),
    [
        ("a", {}, True, [{"erp_id": None}]),
        ("a", {"erp_id": None}, True, []),
        (None, {}, True, []),
        ("a", {}, False, []),
    ],
)
def test_two_that_a_person_has_parted_forget_each_other(
    held: str | None,
    blocked: dict[str, None],
    apart: bool,  # noqa: FBT001 - a column of the table
    wanted: list[Any],
):
    state = acme({"erp_id": held}, {}, **({"apart": True} if apart else {}))
    state.erp = SideState()
    state.blocked["crm"] = dict(blocked)
    case = judged(state)
    assert [one.fields for one in asked(case)] == wanted
    for one in asked(case):
        assert (one.side, one.reason, list(one.rules)) == (
            Side.CRM,
            "erp_id: a person has parted the two",
            ["identity"],
        )
    state.crm.deleted = True
    assert asked(judged(state)) == []


# Questions


def test_a_question_is_over_once_both_sides_are_equal_or_the_field_is_gone():
    state = acme(
        {"name": "Same"}, {"name": "Same"}, asked={"name": "v1", "gone": "v2"}, chosen={"name": {}, "gone": {}}
    )
    case = judged(state)
    assert state.marks == {}
    assert sorted((one.field, one.ruling, one.rule) for one in said(case)) == [
        ("gone", "close", "agree"), ("name", "close", "agree"),
    ]  # fmt: skip


def test_an_owner_that_answers_a_question_says_so_once():
    state = acme({"name": "New"}, {"name": "Old"}, {"name": "Old"}, asked={"name": "v1"})
    assert [one.ruling for one in said(judged(state))] == ["take_crm"]
    assert state.marks == {}
    state = acme({"name": "New"}, {"name": "Old"}, {"name": "Old"}, asked={"name": "v1"})
    state.blocked["erp"] = {"name": "New"}
    why = "changed in the CRM, which owns it"
    assert [(one.ruling, one.rule, one.reason) for one in said(judged(state))] == [("close", "owner", why)]


def test_a_guard_of_the_contracts_own_looks_at_what_the_erp_shows():
    own = [{"guard": "late", "protects": ["name"], "when": 'erp.tax_number == "5"', "because": "it is late"}]
    rules = contract({"guards": {"own": own}})
    for number, side in (("5", Side.CRM), ("6", Side.ERP)):
        both = {"tax_number": number}
        case = judged(acme({"name": "New", **both}, {"name": "Old", **both}, {"name": "Old", **both}), rules)
        assert [one.side for one in asked(case)] == [side]


def test_a_state_that_names_a_person_has_one_asked():
    rules = field("tax_number", {"owner": {"clear": "review", "on_hold": "erp"}})
    case = judged(acme({"tax_number": "1"}, {"tax_number": "2"}, {"tax_number": "3"}), rules)
    assert [(one.ruling, one.rule) for one in said(case)] == [("review", "review")]
    assert asked(case) == []


def test_a_question_stays_while_a_write_is_on_its_way():
    state = acme({"name": "Same"}, {"name": "Same"}, asked={"name": "v1"})
    state.flights["erp"].append(Flight("c", "update", {"name": "Same"}))
    judged(state)
    assert state.marks == {"asked": {"name": "v1"}}
