"""A bill that waits in its lane is taken back when the deal is called off or the customer comes on hold."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.command import Command
from schemas.dawn import Dawn
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, company, deal, fact, invoice, line
from tests.unit.agents.test_subscriptions import DAY, bills, court, on, seat, shown


def asked(rules: dict[str, Any] | None = None, **fields: Any) -> tuple[Court, Command]:
    """Acme with a won deal, whose bill is asked for and not answered."""
    court = Court(contract(rules or {})).known_everywhere()
    court.hear(deal(50, **fields))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    return court, bill


def moved(court: Court, stage: str, **fields: Any) -> None:
    """Sales moves the deal."""
    kept = dict(court.state("deal:1").crm.fields)
    court.hear(deal(court.clock + 60, **(kept | {"stage": stage} | fields)))


def on_hold(court: Court, *, hold: bool) -> None:
    """Finance puts Acme on hold, or takes it off."""
    court.hear(company(Side.ERP, court.clock + 60, crm_id="acme-crm", alone=False, credit_hold=hold))


def status(court: Court) -> Any:
    return court.shown(Side.CRM, "order_status", record="deal:1")[0]


def rest(court: Court, *waiting: Command) -> None:
    """All that is asked for is carried out, but what waits."""
    court.answered |= {each.id for each in waiting}
    court.settle()


def test_called_off_while_it_waits_it_is_taken_back_once_and_the_order_is_over():
    court, bill = asked()
    moved(court, "closedlost")
    moved(court, "closedlost", amount="120.00")
    (word,) = court.withdrawn()
    assert (word.command, word.record, word.connection) == (bill.id, bill.record, "main.xero")
    assert "called off" in word.why
    court.take_back(bill)
    court.settle()
    assert status(court) == "called off"
    assert court.told()[-1] == "order_cancelled"
    assert court.commands(Side.ERP, Entity.INVOICE) == [bill]
    said = [each for each in court.verdicts("") if each.record == bill.record]
    assert said[-1].command == bill.id
    assert said[-1].reason == "its bill is taken back if it waits still: deal Widgets was called off"


DRAFTS: dict[str, Any] = {"timing": {"called_off": "delete_drafts"}, "invoice_defaults": {"status": "draft"}}


def deleted(court: Court) -> Command:
    """What was asked for last of the bill's deletion."""
    return [each for each in court.commands(Side.ERP, Entity.INVOICE) if each.fields == {"status": "deleted"}][-1]


def drafted() -> tuple[Court, str]:
    """Acme with a deal that is called off, and whose bill is a draft."""
    court, bill = asked(DRAFTS)
    court.hear(*court.carry_out(bill))
    court.settle()
    kept = dict(court.state("deal:1").crm.fields)
    court.hear(deal(court.clock + 60, **(kept | {"stage": "closedlost"})))
    return court, bill.record


def test_a_deletion_that_waits_is_taken_back_when_the_deal_is_won_again():
    court, bill = drafted()
    waits = deleted(court)
    rest(court, waits)
    moved(court, "closedwon")
    moved(court, "closedwon", name="renamed")
    (word,) = court.withdrawn()
    assert (word.command, word.record, word.why) == (waits.id, bill, "deal Widgets was won again")
    said = [each for each in court.verdicts("status") if each.record == bill]
    assert said[-1].reason == "its deletion is taken back if it waits still: deal Widgets was won again"
    court.take_back(waits)
    court.settle()
    assert (status(court), court.made["erp", bill]) == ("created", 1)
    assert "deletion" not in court.state(bill).marks, "whoever deletes it now is not us"
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2


def test_called_off_once_more_before_the_lane_answers_it_is_deleted():
    court, bill = drafted()
    waits = deleted(court)
    rest(court, waits)
    moved(court, "closedwon")
    moved(court, "closedlost")
    again = deleted(court)
    court.take_back(waits)
    assert (again.id != waits.id, court.state(bill).marks["deletion"]) == (True, True)
    court.settle()
    assert court.state(bill).erp.fields["status"] == "deleted"
    assert str(status(court)) == "called off"


def test_a_deletion_that_was_begun_before_the_word_came_leaves_the_bill_to_people():
    court, bill = drafted()
    waits = deleted(court)
    moved(court, "closedwon")
    court.hear(*court.carry_out(waits))
    court.settle()
    assert status(court) == "held: it was called off, and its bill deleted or voided: bill it by hand in the ERP"
    said = [each.reason for each in court.verdicts("status") if each.record == bill]
    assert said[-1] == "it had been begun before it could be taken back: it stands"


def test_wanted_again_after_that_it_is_billed_again_under_its_number():
    court, bill = asked()
    moved(court, "closedlost")
    court.take_back(bill)
    moved(court, "closedwon")
    first, again = court.commands(Side.ERP, Entity.INVOICE)
    assert first.id != again.id
    assert first.natural_key == again.natural_key
    assert first.fields == again.fields


def test_a_deleted_deal_is_called_off():
    court, bill = asked()
    kept = court.state("deal:1").crm
    court.hear(fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=court.clock + 60, deleted=True, ref=kept.ref))
    assert [each.command for each in court.withdrawn()] == [bill.id]


def test_a_customer_that_comes_on_hold_gets_no_bill_that_waited_and_gets_it_when_the_hold_is_lifted():
    court, bill = asked()
    on_hold(court, hold=True)
    assert [each.command for each in court.withdrawn()] == [bill.id]
    court.take_back(bill)
    rest(court)
    assert str(status(court)).startswith("held: ")
    assert court.commands(Side.ERP, Entity.INVOICE) == [bill]
    on_hold(court, hold=False)
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2
    rest(court)
    assert court.made["erp", bill.record] == 1


def test_a_bill_that_was_made_before_the_word_came_stands():
    court, bill = asked()
    on_hold(court, hold=True)
    court.hear(*court.carry_out(bill))
    court.settle()
    on_hold(court, hold=False)
    court.settle()
    assert court.made["erp", bill.record] == 1
    assert len(court.withdrawn()) == 1


def test_a_hold_that_is_lifted_before_the_lane_answers_asks_for_the_bill_once_more():
    court, bill = asked()
    on_hold(court, hold=True)
    on_hold(court, hold=False)
    court.take_back(bill)
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2
    on_hold(court, hold=True)
    assert [each.command for each in court.withdrawn()] == [
        each.id for each in court.commands(Side.ERP, Entity.INVOICE)
    ]


def test_where_the_contract_lets_held_customers_order_nothing_is_taken_back():
    court, _ = asked({"guards": {"credit_hold": False}})
    on_hold(court, hold=True)
    assert court.withdrawn() == []


def test_a_deal_waits_for_its_customer_no_longer_than_its_bill_is_on_its_way():
    court, bill = asked()
    assert court.customer().waiting == ["deal:1"]
    court.hear(*court.carry_out(bill))
    court.hear(deal(court.clock + 60, **dict(court.state("deal:1").crm.fields)))
    assert court.customer().waiting == []


def test_of_an_order_that_people_bill_no_invoice_is_looked_for():
    court = Court(contract({"timing": {"invoice_when": "never"}})).known_everywhere()
    court.hear(deal(50))
    court.settle()
    moved(court, "closedwon", amount="120.00")
    assert [key for key in court.records.rows if "|invoice:" in key] == []


def test_a_bill_that_is_there_is_not_taken_back():
    court, bill = asked()
    court.hear(*court.carry_out(bill))
    court.settle()
    moved(court, "closedlost")
    on_hold(court, hold=True)
    assert court.withdrawn() == []


@pytest.mark.parametrize("first", [True, False])
def test_of_an_order_that_is_billed_in_parts_the_part_that_waits_is_taken_back(*, first: bool):
    rules = {"timing": {"invoice_when": "shipped", "partial": "each"}}
    court = Court(contract(rules)).known_everywhere()
    court.hear(deal(50, lines=[line() | {"shipped": "1"}]))
    if not first:
        court.settle()
        moved(court, "closedwon", lines=[line() | {"shipped": "2"}])
    bill = court.commands(Side.ERP, Entity.INVOICE)[-1]
    moved(court, "closedlost")
    assert [each.command for each in court.withdrawn()] == [bill.id]
    court.take_back(bill)
    court.settle()
    moved(court, "closedwon")
    court.settle()
    bills = court.commands(Side.ERP, Entity.INVOICE)
    assert bills[-1].natural_key == bill.natural_key
    assert court.made["erp", bill.record] == 1


def test_it_is_not_taken_back_for_an_invoice_that_people_made():
    court = Court(contract({})).known_everywhere()
    court.hear(invoice(10))
    court.settle()
    on_hold(court, hold=True)
    assert court.withdrawn() == []


def test_what_an_amendment_adds_to_a_bill_is_taken_back_when_the_customer_comes_on_hold():
    here = court([seat()], amended="prorated")
    here.clock = 19 * DAY
    kept = dict(here.state("deal:1").crm.fields)
    here.hear(deal(here.clock + 60, **(kept | {"lines": [seat() | {"quantity": "3"}]})))
    more = here.commands(Side.ERP, Entity.INVOICE)[-1]
    assert more.natural_key == "RM-1.1"
    on_hold(here, hold=True)
    assert [each.command for each in here.withdrawn()] == [more.id]
    here.take_back(more)
    here.settle()
    on_hold(here, hold=False)
    here.settle()
    assert [each.natural_key for each in here.commands(Side.ERP, Entity.INVOICE)][-2:] == ["RM-1.1", "RM-1.1"]
    assert here.made["erp", more.record] == 1


def test_a_subscription_keeps_its_frequency_though_the_bill_of_its_last_period_was_taken_back():
    here = on(on(court([seat()]), "2026-10-01"), "2026-10-31")
    here.hear(Dawn(tenant="main", customer=ACME, at=at(61 * DAY)))
    third = here.commands(Side.ERP, Entity.INVOICE)[-1]
    assert third.natural_key == "RM-1-3"
    on_hold(here, hold=True)
    here.take_back(third)
    shown(here, on="2026-11-02", lines=[seat(every="weekly")])
    on_hold(here, hold=False)
    here.settle()
    assert "put it back as it was" in status(here)
    assert here.commands(Side.ERP, Entity.INVOICE)[-1] == third
    shown(here, lines=[seat()])
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-2", "RM-1-3", "RM-1-3"]
