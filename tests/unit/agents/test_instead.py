"""A person puts another value in place of one that a platform refused; the record is judged as ever otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.command import Command
from schemas.names import Entity, Side
from tests.support.judging import Court, company, deal, linked, outcome, retry
from tests.unit.agents.test_retries import phone, stuck

LONG, SHORT = "0800 REVENUE OPERATIONS", "0800 738 368"


def refused(court: Court) -> Command:
    court.hear(linked(100, phone=LONG))
    (command,) = phone(court)
    court.hear(*court.refuse(command))
    court.settle()
    return command


def mended(**more: Any) -> tuple[Court, Command]:
    """The ERP takes no words for a number: a person has put the digits in their place."""
    court = Court().known_everywhere()
    command = refused(court)
    court.hear(retry(command, seconds=200, instead={"phone": SHORT}, why="the ERP takes digits only", **more))
    return court, phone(court)[-1]


def test_what_a_person_has_put_in_place_is_written_and_its_verdict_says_who_and_why():
    court, again = mended()
    assert (again.fields, again.compare) == ({"phone": SHORT}, True), "a later edit that nobody has heard of would win"
    (said,) = [each for each in court.verdicts("phone") if each.command == again.id]
    assert (said.chosen, said.who, said.why) == (SHORT, "kim", "the ERP takes digits only")
    assert "in place of a value that was refused" in said.reason
    court.settle()
    assert court.shown(Side.ERP, "phone") == [SHORT]
    assert court.shown(Side.CRM, "phone") == [LONG], "what the other side shows stays its own"


def test_once_written_it_rests_whatever_else_changes():
    court, _ = mended()
    court.settle()
    written = len(phone(court)), len(court.commands(Side.CRM))
    for nth in range(5):
        court.hear(linked(300 + nth, phone=LONG, name=f"Acme {nth}"))
        court.settle()
    assert len(phone(court)) == written[0]
    assert court.shown(Side.ERP, "name", "phone") == ["Acme 4", SHORT]


def test_while_it_is_on_its_way_it_is_not_asked_for_again():
    court, again = mended()
    court.hear(linked(210, phone=LONG, name="Acme Ltd"))
    assert [each.id for each in phone(court)][-1] == again.id


def test_a_value_that_differs_from_the_refused_one_is_judged_as_ever():
    court, _ = mended()
    court.settle()
    court.hear(linked(400, phone="09 555"))
    court.settle()
    assert court.shown(Side.ERP, "phone") == ["09 555"]


def test_an_edit_that_comes_after_a_newer_value_changes_nothing():
    court, command = stuck()
    court.hear(linked(200, phone="2"))
    court.settle()
    before = len(phone(court))
    court.hear(retry(command, seconds=300, instead={"phone": SHORT}))
    assert len(phone(court)) == before
    assert court.shown(Side.ERP, "phone") == ["2"]


def test_refused_again_it_waits_and_can_be_edited_once_more():
    court, again = mended()
    court.hear(*court.refuse(again))
    court.settle()
    assert phone(court)[-1].id == again.id, "no loop"
    court.hear(retry(again, seconds=400, instead={"phone": "738 368"}, why="shorter"))
    assert phone(court)[-1].fields["phone"] == "738 368"
    court.settle()
    assert court.shown(Side.ERP, "phone") == ["738 368"]
    court.hear(linked(500, phone=LONG, name="Acme Ltd"))
    court.settle()
    assert court.shown(Side.ERP, "phone") == ["738 368"], "it stands for what the CRM has shown all along"


def test_an_invoice_is_made_with_what_a_person_has_put_in_place_and_once():
    court = Court().known_everywhere()
    court.hear(deal(50))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    court.hear(*court.refuse(bill))
    court.settle()
    lines = [{**line, "account": "205"} for line in bill.fields["lines"]]
    court.hear(retry(bill, seconds=90, instead={"lines": lines}, why="200 is closed"))
    second = court.commands(Side.ERP, Entity.INVOICE)[-1]
    assert (second.natural_key, second.links) == (bill.natural_key, bill.links)
    assert second.fields == bill.fields | {"lines": lines}
    court.hear(*court.refuse(second))
    court.settle()
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2, "refused again it waits for a person"
    court.hear(retry(second, seconds=120))
    court.settle()
    assert [each.fields["lines"] for each in court.commands(Side.ERP, Entity.INVOICE)][2:] == [lines]
    assert court.made["erp", bill.record] == 1


def test_a_record_is_made_with_it_and_its_source_keeps_its_own():
    court = Court()
    court.hear(company(Side.ERP, first=True, alone=True))
    (made,) = court.commands(Side.CRM, Entity.COMPANY)
    court.hear(*court.refuse(made))
    court.hear(retry(made, seconds=60, instead={"name": "Acme (NZ)"}))
    assert court.commands(Side.CRM, Entity.COMPANY)[-1].fields == made.fields | {"name": "Acme (NZ)"}
    court.settle()
    assert court.made["crm", made.record] == 1


@pytest.mark.parametrize("value", [7, {"a": 1}, ["1"]])
def test_what_no_such_field_holds_is_refused_and_nothing_is_tried(value: object):
    court, command = stuck()
    before = len(phone(court))
    result = court.hear(retry(command, seconds=300, instead={"phone": value}))
    assert "cannot be: phone" in result.refused[0][1]
    assert len(phone(court)) == before
    assert not court.state().marks.get("instead_erp")


def test_a_guards_value_is_never_replaced():
    court = Court().known_everywhere()
    court.hear(deal(60))
    court.settle()
    court.hear(linked(100, currency="USD", lifecycle="customer"))
    court.settle(refuse=lambda each: "currency" in each.fields)
    locked = [each for each in court.commands(Side.CRM) if "currency" in each.fields]
    court.hear(retry(locked[-1], seconds=200, instead={"currency": "USD"}))
    again = [each for each in court.commands(Side.CRM) if "currency" in each.fields]
    assert len(again) == len(locked) + 1
    assert again[-1].fields == {"currency": "NZD"}


def test_the_order_of_words_and_facts_does_not_count():
    ends = []
    for late in (False, True):
        court = Court().known_everywhere()
        command = refused(court)
        word, news = retry(command, seconds=300, instead={"phone": SHORT}), linked(250, phone="09 555")
        court.hear(*([news, word] if late else [word, news]))
        court.settle()
        ends.append((court.shown(Side.ERP, "phone"), court.shown(Side.CRM, "phone"), court.state().flights))
    assert ends[0] == ends[1]


def test_who_is_erased_leaves_nothing_of_it():
    court, _ = mended()
    assert court.state().marks["instead_erp"]
    told = outcome(phone(court)[-1], seconds=210, ref=phone(court)[-1].ref)
    court.hear(told, linked(220, phone=LONG).model_copy(update={"deleted": True, "ended": "erased"}))
    assert "instead_erp" not in court.state().marks
