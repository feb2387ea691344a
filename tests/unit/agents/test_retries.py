"""A refused write is tried again when a person says so: judged anew, in its record's order."""

from __future__ import annotations

import pytest

from schemas.command import Command
from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.judging import ACME, COMPANY, Court, company, deal, fact, linked, outcome, retry

LATER = 20  # changes of the record after the refused one


def phone(court: Court) -> list[Command]:
    return [each for each in court.commands(Side.ERP) if "phone" in each.fields]


def stuck() -> tuple[Court, Command]:
    """Acme's first phone number was refused by the ERP."""
    court = Court().known_everywhere()
    court.hear(linked(100, phone="1"))
    (refused,) = phone(court)
    court.hear(*court.refuse(refused))
    court.settle()
    return court, refused


def test_the_same_value_is_tried_again_once_a_person_has_said_so():
    court, refused = stuck()
    word = retry(refused, seconds=200)
    court.hear(word, word)
    again = phone(court)[1:]
    assert [(each.fields["phone"], each.ref) for each in again] == [("1", refused.ref)]
    assert again[0].id != refused.id
    court.settle()
    assert court.shown(Side.ERP, "phone") == ["1"]
    (said,) = [each for each in court.verdicts("") if each.ruling == "retry"]
    assert (said.who, said.why, said.answer, said.rule) == ("kim", "the account was added", word.answer, "person")


def test_refused_again_it_waits_for_the_next_word():
    court, refused = stuck()
    court.hear(retry(refused, seconds=200))
    court.hear(*court.refuse(phone(court)[-1]))
    court.settle()
    assert len(phone(court)) == 2
    court.hear(retry(phone(court)[-1], seconds=300, why="now it is there"))
    assert len(phone(court)) == 3


def bolt(side: Side, seconds: float, phone: str | None) -> Fact:
    """A neighbour, on both sides."""
    fields = COMPANY[side] | {"name": "Bolt", "phone": phone}
    return fact(
        Entity.COMPANY, side, fields, record="company:bolt", customer="company:bolt", seconds=seconds, alone=False
    )


@pytest.mark.parametrize("refused_again", [False, True])
def test_what_came_after_the_refused_one_goes_on_and_the_word_restores_the_order(*, refused_again: bool):
    """One refused command, then twenty later ones of the record, while a neighbour is not affected."""
    court, refused = stuck()
    court.hear(bolt(Side.ERP, 100, None), bolt(Side.CRM, 100, None))
    court.settle()
    for nth in range(LATER):
        moment = 200 + 10 * nth  # the court answers a write in a second
        court.hear(linked(moment, phone="1", name=f"Acme {nth}"), bolt(Side.CRM, moment, f"{nth}"))
        court.settle()
    assert court.shown(Side.ERP, "phone", "name") == [None, f"Acme {LATER - 1}"]
    assert len([each for each in phone(court) if each.record == ACME]) == 1, "what else changes does not try it again"
    assert [each.fields["phone"] for each in phone(court) if each.record != ACME][-1] == f"{LATER - 1}"
    court.hear(retry(refused, seconds=900))
    court.settle(refuse=lambda each: refused_again and "phone" in each.fields)
    assert court.shown(Side.ERP, "phone", "name") == [None if refused_again else "1", f"Acme {LATER - 1}"]


def test_a_newer_value_is_what_is_written_and_never_the_command_as_it_was():
    court, refused = stuck()
    court.hear(linked(200, phone="2"))
    court.settle(refuse=lambda each: "phone" in each.fields)
    court.hear(retry(refused, seconds=300))
    assert [each.fields["phone"] for each in phone(court)] == ["1", "2", "2"]


def test_where_nothing_differs_any_more_nothing_is_written():
    court, refused = stuck()
    court.hear(company(Side.ERP, 200, phone="1", crm_id="acme-crm"))
    before = len(court.commands())
    court.hear(retry(refused, seconds=300))
    assert len(court.commands()) == before


def test_a_record_that_was_to_be_made_is_made():
    court = Court()
    court.hear(company(Side.ERP, first=True, alone=True))
    (made,) = court.commands(Side.CRM, Entity.COMPANY)
    court.hear(*court.refuse(made))
    assert len(court.commands(Side.CRM, Entity.COMPANY)) == 1
    court.hear(retry(made, seconds=60))
    assert [each.natural_key for each in court.commands(Side.CRM, Entity.COMPANY)] == [made.natural_key] * 2


def test_an_invoice_is_billed_again_through_its_deal():
    court = Court().known_everywhere()
    court.hear(deal(50))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    court.answered.add(bill.id)
    court.hear(outcome(bill, "refused", seconds=60, message="Account code '200' is not a valid code"))
    court.settle()
    court.hear(retry(bill, seconds=90))
    first, second = court.commands(Side.ERP, Entity.INVOICE)
    assert (second.natural_key, second.fields) == (first.natural_key, first.fields)
    court.settle()
    assert court.state("deal:1").derived["order_status"] != "invoice refused: Account code '200' is not a valid code"


def test_a_word_on_a_record_of_which_nothing_was_asked_is_refused():
    court, refused = stuck()
    result = court.hear(retry(refused.model_copy(update={"record": "company:other"}), seconds=200))
    assert "no write was ever asked for" in result.refused[0][1]
    assert court.state("company:other").marks == {}
    assert court.state(ACME).counter
