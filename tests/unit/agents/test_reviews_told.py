"""Questions and choices, whole: what is asked about, with how much at stake, and why a choice does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules import reviews
from agents.rules.case import Case, Spoken
from agents.rules.decision import Decision
from schemas.choice import Choice
from schemas.errors import Refused
from schemas.names import Entity, Side
from tables.customers import CustomerState
from tables.entities import EntityState, Flight, SideState
from tests.support.casing import a_case, said
from tests.support.judging import ACME, at

ASK = Decision("review", rule="review", reason="both sides changed it: a person decides")
KIM = Spoken("kim", "she said so", "answer-1")


def record(entity: Entity = Entity.COMPANY, **marks: Any) -> EntityState:
    """A record that is on both sides, with two phones."""
    name = ACME if entity is Entity.COMPANY else f"{entity.value}:1"
    return EntityState(
        entity,
        name,
        crm=SideState(ref="hubspot/x/1", version=5, fields={"phone": "222"}),
        erp=SideState(ref="xero/x/1", version=6, fields={"phone": "111"}),
        marks=marks,
    )


def chosen(**more: Any) -> dict[str, Any]:
    """A choice as it is remembered."""
    row = {
        "side": "crm", "value": "222", "answer": "answer-1", "who": "kim", "why": "she said so", "crm": "222",
        "erp": "111",
    }  # fmt: skip
    return row | more


def answer(state: EntityState, side: Side | None = None, **more: Any) -> Choice:
    """Kim's answer."""
    parts = {"side": side, "value": None, "who": "kim", "why": "she said so", "review": "v1", "field": "phone", **more}
    said_by = parts.pop("answer", "answer-1")
    return Choice(tenant="main", customer=ACME, entity=state.entity, id=state.id, at=at(50), answer=said_by, **parts)


def took(state: EntityState, *answers: Choice) -> Case:
    """The case after the answers."""
    case = a_case()
    case.open[state.id] = state
    for each in answers:
        reviews.take(case, each)
    return case


def test_a_question_is_asked_once_and_remembered_by_its_verdict():
    state, case = record(asked={"name": "v0"}), a_case()
    reviews.ask(case, state, "phone", ASK)
    reviews.ask(case, state, "phone", ASK)
    (verdict,) = said(case)
    assert (verdict.field, verdict.ruling, verdict.rule, verdict.reason) == ("phone", "review", "review", ASK.reason)
    assert state.marks["asked"] == {"name": "v0", "phone": verdict.id}
    assert verdict.money is None


def test_what_was_noted_without_being_asked_is_asked_again():
    state, case = record(), a_case()
    reviews.ask(case, state, "phone", ASK)
    del state.marks["asked"]
    reviews.ask(case, state, "phone", ASK)
    assert len(said(case)) == 2


@pytest.mark.parametrize(
    ("entity", "erp", "crm", "customer", "stake"),
    [
        (Entity.COMPANY, {"balance_due": "5.00", "currency": "AUD"}, {"currency": "USD"}, None, ("5.00", "AUD")),
        (Entity.COMPANY, {}, {"balance_due": "5.00", "currency": "USD"}, "EUR", ("5.00", "USD")),
        (Entity.DEAL, {"amount": "7"}, {}, "EUR", ("7", "EUR")),
        (Entity.INVOICE, {"total": "8"}, {}, None, ("8", "NZD")),
        (Entity.PAYMENT, {"amount": "9"}, {}, None, ("9", "NZD")),
        (Entity.CREDIT_NOTE, {"total": "9"}, {}, None, ("9", "NZD")),
        (Entity.PRODUCT, {"price": "4", "currency": "AUD"}, {}, "EUR", ("4", "NZD")),
        (Entity.COMPANY, {"balance_due": ""}, {}, None, None),
        (Entity.DEAL, {"amount": "much"}, {}, None, None),
        (Entity.CONTACT, {"amount": "7"}, {}, None, None),
    ],
)
def test_a_question_says_what_is_at_stake(
    entity: Entity, erp: dict[str, Any], crm: dict[str, Any], customer: str | None, stake: tuple[str, str] | None
):
    state, case = record(entity), a_case(customer=CustomerState(id=ACME, currency=customer))
    state.erp.fields |= erp
    state.crm.fields |= crm
    reviews.ask(case, state, "phone", ASK)
    money = said(case)[0].money
    assert ((str(money.amount), money.currency) if money else None) == stake


@pytest.mark.parametrize(("told", "rulings"), [(False, [("close", "owner", "why")]), (True, [])])
def test_a_question_that_is_over_is_said_unless_a_verdict_has(told: bool, rulings: list[Any]):  # noqa: FBT001 - a column of the table
    state, case = record(asked={"phone": "v1", "name": "v2"}), a_case()
    reviews.over(case, state, "phone", "owner", "why", told=told)
    reviews.over(case, state, "unasked", "owner", "why")
    assert [(one.ruling, one.rule, one.reason) for one in said(case)] == rulings
    assert state.marks == {"asked": {"name": "v2"}}


def test_what_is_equal_or_no_longer_compared_is_asked_about_no_more():
    state, case = record(asked={"phone": "v1", "name": "v2", "kept": "v3"}, chosen={"phone": {}, "name": {}}), a_case()
    reviews.agreed(case, state, "phone")
    reviews.drop_unasked(case, state, {"kept"})
    assert state.marks == {"asked": {"kept": "v3"}}
    assert [(one.field, one.ruling, one.rule, one.reason) for one in said(case)] == [
        ("phone", "close", "agree", "both sides show the same now"),
        ("name", "close", "agree", "it is no longer on both sides, or the contract is silent about it now"),
    ]


# Choices that stand


@pytest.mark.parametrize(
    ("row", "ruling", "reason"),
    [
        (chosen(), "take_crm", "kim chose the CRM's value: she said so"),
        (chosen(side="erp", value="111"), "take_erp", "kim chose the ERP's value: she said so"),
        (chosen(side=None, value="333"), "settle", "kim chose a value for both sides: she said so"),
    ],
)
def test_a_choice_stands_while_its_values_are_shown(row: dict[str, Any], ruling: Any, reason: str):
    state, case = record(chosen={"phone": row}), a_case()
    for shown in (("222", "111"), (row["value"], "111"), ("222", row["value"]), (row["value"], row["value"])):
        both = dict(zip(Side, shown, strict=True))
        found = reviews.standing(case, state, "phone", both, None)
        assert found == reviews.Standing(row["value"], ruling, reason, KIM)
    assert said(case) == []
    assert reviews.standing(case, state, "name", {}, None) is None


@pytest.mark.parametrize("shown", [("999", "111"), ("222", "999"), ("111", "111")])
def test_a_choice_is_over_once_a_side_shows_something_new(shown: tuple[str, str]):
    state, case = record(chosen={"phone": chosen(), "name": {}}), a_case()
    assert reviews.standing(case, state, "phone", dict(zip(Side, shown, strict=True)), None) is None
    assert state.marks == {"chosen": {"name": {}}}
    assert said(case) == []


def test_a_guard_ends_a_choice_and_says_so():
    state, case = record(chosen={"phone": chosen(), "name": {}}), a_case()
    assert reviews.standing(case, state, "phone", {Side.CRM: "222", Side.ERP: "111"}, "guard.test") is None
    assert state.marks == {"chosen": {"name": {}}}
    (verdict,) = said(case)
    assert (verdict.field, verdict.ruling, verdict.rule, verdict.who) == ("phone", "close", "guard.test", "kim")
    assert verdict.reason == "kim chose, and guard.test protects the field: the ERP's value stands"


# Answers


@pytest.mark.parametrize(
    ("side", "value", "kept"), [(Side.CRM, None, "222"), (Side.ERP, None, "111"), (None, "333", "333")]
)
def test_an_answer_is_remembered_with_what_was_shown(side: Side | None, value: str | None, kept: str):
    state = record(asked={"phone": "v1"}, chosen={"name": {}})
    case = took(state, answer(state, side, value=value))
    row = chosen(side=side.value if side else None, value=kept)
    assert state.marks == {"chosen": {"name": {}, "phone": row}, "heard": ["answer-1"]}
    assert said(case) == []
    assert list(case.touched) == [ACME]


def test_an_amount_is_stated_in_the_records_currency():
    state = record(Entity.DEAL, asked={"amount": "v1"})
    state.crm.fields["currency"] = "JPY"
    took(state, answer(state, value="7.00", field="amount"))
    assert state.marks["chosen"]["amount"]["value"] == "7"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"marks": {}}, "nothing is asked about this field any more. Next: revmark review list"),
        (
            {"marks": {"asked": {"phone": "v2"}}},
            "the values have changed since they were shown. Next: revmark review show v2",
        ),
        (
            {"flight": True},
            "a write of this field is on its way; when it has arrived, look again: revmark review show v1",
        ),
    ],
)
def test_a_choice_that_cannot_hold_says_why_and_what_next(change: dict[str, Any], problem: str):
    state = record(asked={"phone": "v1"})
    state.marks = change.get("marks", state.marks)
    if "flight" in change:
        state.flights["erp"].append(Flight("c", "update", {"phone": "3"}))
    asked = dict(state.marks.get("asked", {}))
    case = took(state, answer(state, Side.ERP))
    (verdict,) = said(case)
    assert (verdict.field, verdict.ruling, verdict.rule, verdict.who) == ("phone", "refuse", "person", "kim")
    assert verdict.reason == f"the choice of kim was not carried out: {problem}"
    assert (verdict.why, verdict.answer) == ("she said so", "answer-1")
    assert (state.marks.get("asked", {}), "chosen" in state.marks) == (asked, False)
    assert list(state.noted) == ["choice phone"]


@pytest.mark.parametrize(("side", "value"), [(Side.CRM, None), (None, "30 days")])
def test_a_finance_field_is_the_erps_to_change(side: Side | None, value: str | None):
    state = record(asked={"payment_terms": "v1"})
    (verdict,) = said(took(state, answer(state, side, value=value, field="payment_terms")))
    assert verdict.reason == (
        "the choice of kim was not carried out: a finance field belongs to the ERP. Change it there, or take the ERP's "
        "value: revmark review choose v1 --side erp"
    )


def test_a_value_that_does_not_fit_is_said():
    state = record(asked={"phone": "v1"})
    (verdict,) = said(took(state, answer(state, value=7)))
    assert verdict.reason == "the choice of kim was not carried out: phone of a company cannot hold that value"


def test_an_answer_counts_once_and_twenty_are_remembered():
    state = record(asked={"phone": "v1"}, heard=[f"old-{number}" for number in range(20)])
    case = took(state, answer(state, Side.CRM), answer(state, Side.CRM))
    assert case.result.counts["duplicate"] == 1
    assert state.marks["heard"] == [*(f"old-{number}" for number in range(1, 20)), "answer-1"]
    again = answer(state, Side.CRM)
    reviews.take(case, again)
    assert case.result.counts["duplicate"] == 2


@pytest.mark.parametrize("side", list(Side))
def test_an_answer_needs_a_record(side: Side):
    state = record(asked={"phone": "v1"})
    state.side(side).ref = None
    took(state, answer(state, value="3"))
    assert "chosen" in state.marks
    state.side(side.other).ref = None
    with pytest.raises(Refused, match=f"kim answered about {ACME}, which this customer does not have") as refused:
        took(state, answer(state, Side.CRM, answer="answer-2"))
    assert refused.value.code == "unseen"
