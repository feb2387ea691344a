"""What a person was asked, what the person chose, and when that no longer holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.choice import Choice
from schemas.names import Entity, Side
from schemas.verdict import Verdict
from schemas.wire import Wire
from tests.support.contracts import contract
from tests.support.judging import Court, choice, company, fact, outcome

REVIEWED = contract({"entities": {"company": {"fields": {"phone": {"policy": "review"}}}}})


def asked() -> tuple[Court, Verdict]:
    """A court in which the sides show two phones at the first comparison, and what it asks."""
    court = Court(REVIEWED)
    court.hear(company(Side.ERP, 0, phone="111", alone=False), company(Side.CRM, 3, phone="222", alone=False))
    court.settle()
    (review,) = [verdict for verdict in court.verdicts("phone") if verdict.ruling == "review"]
    return court, review


def kept(court: Court) -> dict[str, Any]:
    """What the CRM shows of fields that the ERP owns."""
    return {name: court.state().crm.fields[name] for name in ("payment_terms", "credit_hold")}


def rulings(court: Court, field: str = "phone") -> list[str]:
    return [verdict.ruling for verdict in court.verdicts(field)]


@pytest.mark.parametrize(
    ("side", "value", "ruling", "stands"),
    [
        (Side.CRM, None, "take_crm", "222"),
        (Side.ERP, None, "take_erp", "111"),
        (None, "333", "settle", "333"),
    ],
)
def test_a_choice_goes_out_as_any_write_and_both_sides_agree(
    side: Side | None, value: str | None, ruling: str, stands: str
):
    court, review = asked()
    court.hear(choice(review, side, value=value, seconds=6000))
    said = court.verdicts("phone")[-1]
    assert (said.ruling, said.rule, said.chosen, said.who, said.why) == (ruling, "person", stands, "kim", "she said so")
    assert said.answer == choice(review, side, value=value).answer
    assert said.command in {command.id for command in court.commands()}
    writes = court.settle()
    assert writes == (2 if side is None else 1)
    assert court.shown(Side.CRM, "phone") == court.shown(Side.ERP, "phone") == [stands]
    assert court.state().baseline["phone"] == stands
    assert not {"asked", "chosen"} & set(court.state().marks)


def test_a_choice_that_is_delivered_again_writes_nothing_and_says_nothing():
    court, review = asked()
    court.hear(choice(review, Side.CRM))
    court.settle()
    before = court.records.rows | {}, len(court.outputs)
    result = court.hear(choice(review, Side.CRM), choice(review, Side.CRM, seconds=9))
    assert result.counts["duplicate"] == 2
    assert (court.records.rows, len(court.outputs)) == before


def test_a_choice_for_values_that_have_changed_since_is_refused_and_the_question_stays():
    court, review = asked()
    court.hear(company(Side.ERP, 5002, phone="444", crm_id="acme-crm", alone=False))
    again = court.verdicts("phone")[-1]
    assert (again.ruling, again.erp) == ("review", "444")
    court.hear(choice(review, Side.CRM))
    said = court.verdicts("phone")[-1]
    assert (said.ruling, said.rule, said.who) == ("refuse", "person", "kim")
    assert f"the values have changed since they were shown. Next: revmark review show {again.id}" in said.reason
    assert not any("phone" in command.fields for command in court.commands())
    court.hear(choice(again, Side.CRM))
    court.settle()
    assert court.shown(Side.ERP, "phone") == ["222"]


def test_the_second_of_two_answers_comes_too_late():
    court, review = asked()
    court.hear(choice(review, Side.CRM), choice(review, Side.ERP, who="ann"))
    court.settle()
    assert court.shown(Side.ERP, "phone") == ["222"]
    (late,) = [verdict for verdict in court.verdicts("phone") if verdict.ruling == "refuse"]
    assert late.who == "ann"
    assert "nothing is asked about this field any more" in late.reason


def test_sides_that_people_made_equal_need_no_answer():
    court, _ = asked()
    court.hear(company(Side.ERP, 5100, phone="222", crm_id="acme-crm", alone=False))
    assert rulings(court)[-1] == "close"
    assert "asked" not in court.state().marks


def test_a_record_that_is_gone_on_one_side_is_asked_about_no_more():
    court, _ = asked()
    court.hear(company(Side.ERP, 5100, phone="111", alone=False).model_copy(update={"deleted": True}))
    assert rulings(court)[-1] == "close"


def test_a_side_that_is_emptied_leaves_nothing_to_ask():
    court, _ = asked()
    court.hear(company(Side.CRM, 5100, phone=None, alone=False, erp_id="acme-erp", **kept(court)))
    court.settle()
    assert court.shown(Side.CRM, "phone") == ["111"]
    assert rulings(court)[-1] == "take_erp"
    assert "asked" not in court.state().marks


def test_a_choice_outlives_a_write_that_another_edit_made_needless():
    court, review = asked()
    court.hear(choice(review, Side.CRM))
    write = court.commands(Side.ERP)[-1]
    court.answered.add(write.id)
    court.hear(company(Side.ERP, 7000, phone="111", tax_number="9", crm_id="acme-crm", alone=False))
    court.hear(outcome(write, "superseded", seconds=7001))
    court.settle()
    assert court.shown(Side.ERP, "phone", "tax_number") == ["222", "9"]
    assert rulings(court).count("review") == 1


def test_an_edit_after_the_choice_is_judged_anew():
    court, review = asked()
    court.hear(choice(review, Side.CRM))
    write = court.commands(Side.ERP)[-1]
    court.answered.add(write.id)
    court.hear(company(Side.ERP, 5003, phone="555", crm_id="acme-crm", alone=False))
    court.hear(outcome(write, "superseded", seconds=7001))
    assert court.verdicts("phone")[-1].erp == "555"
    assert rulings(court)[-1] == "review"
    assert "chosen" not in court.state().marks


def test_a_value_that_one_side_refuses_is_not_taken_back_by_the_other():
    court, review = asked()
    court.hear(choice(review, value="333"))
    court.settle(refuse=lambda command: command.side is Side.ERP)
    court.settle()
    assert court.shown(Side.CRM, "phone") == ["333"]
    assert court.shown(Side.ERP, "phone") == ["111"]
    assert "not written again where it was refused" in court.verdicts("phone")[-1].reason


def test_a_choice_about_a_finance_field_can_only_be_the_erps():
    court = Court(
        contract({"entities": {"invoice": {"fields": {"amount_paid": {"policy": "monotonic", "owner": "erp"}}}}})
    )
    court.known_everywhere()
    paid = {"number": "INV-1", "status": "posted", "currency": "NZD", "total": "115.00", "date": "2026-09-01"}
    both = {"record": "invoice:1", "alone": False}
    for side in Side:
        court.hear(fact(Entity.INVOICE, side, paid | {"amount_paid": "50.00"}, seconds=10, **both))
    court.settle()
    court.hear(fact(Entity.INVOICE, Side.ERP, paid | {"amount_paid": "0.00"}, seconds=20, **both))
    court.settle()
    review = court.verdicts("amount_paid")[-1]
    assert (review.ruling, review.rule, str(review.money and review.money.amount)) == (
        "review",
        "monotonic",
        "115.00",
    )
    court.hear(choice(review, Side.CRM), choice(review, value="1.00"))
    refused = [verdict.reason for verdict in court.verdicts("amount_paid")[-2:]]
    assert all("a finance field belongs to the ERP" in reason for reason in refused)
    court.hear(choice(review, Side.ERP))
    court.settle()
    assert court.shown(Side.CRM, "amount_paid", record="invoice:1") == ["0.00"]


@pytest.mark.parametrize("value", [7, {"street": 1}, ["x"]])
def test_a_value_that_the_field_cannot_hold_is_refused(value: Any):
    court, review = asked()
    court.hear(choice(review, value=value))
    assert "cannot hold that value" in court.verdicts("phone")[-1].reason
    court.hear(choice(review, Side.ERP))
    court.settle()
    assert court.shown(Side.CRM, "phone") == ["111"]


def test_an_answer_about_a_record_of_another_customer_goes_to_quarantine():
    court, review = asked()
    rows = dict(court.records.rows)
    result = court.hear(choice(review, Side.CRM).model_copy(update={"customer": "company:other"}))
    assert "which this customer does not have" in result.refused[0][1]
    assert court.records.rows == rows


@given(st.lists(st.integers(0, 5), max_size=6))
@settings(max_examples=30, deadline=None)
def test_findings_delivered_again_around_a_choice_change_nothing(places: list[int]):
    court, review = asked()
    heard: list[Wire] = [choice(review, Side.CRM)]
    court.hear(*heard)
    for command in [one for one in court.commands() if one.id not in court.answered]:
        heard += (answers := court.carry_out(command))
        court.hear(*answers)
    before = dict(court.records.rows), len(court.outputs)
    court.hear(*(heard[place % len(heard)] for place in places))
    assert (court.records.rows, len(court.outputs)) == before


def test_the_same_answer_is_one_and_another_reason_makes_another():
    _, review = asked()
    same, other = choice(review, Side.CRM), choice(review, Side.CRM, why="another reason")
    assert choice(review, Side.CRM, seconds=99).answer == same.answer != other.answer
    assert isinstance(Choice.from_bytes(same.to_bytes()), Choice)
