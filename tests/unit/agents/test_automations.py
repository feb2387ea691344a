"""Automations: each acts once for each cause, whatever is heard again; what was so before is no cause."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.command import Command
from schemas.dawn import Dawn
from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, company, deal, fact, invoice, linked, retry

DAY = 86_400.0
DUE = 30 * DAY  # the due date of the invoice: 2026-10-01
THANKS = {
    "automation": "thanks",
    "when": "invoice.paid",
    "set": {"of": "company", "property": "thank_you_for", "value": "{number} of {customer}, {total} {currency}"},
}
COLLECT = {
    "automation": "collect",
    "when": "invoice.overdue",
    "days": 14,
    "task": {"subject": "Call {customer}: {number}, {open} {currency} since {due_date}", "priority": "HIGH"},
}
HELD = {"automation": "held", "when": "credit_hold.set", "task": {"subject": "{customer} is on hold"}}
FREED = {"automation": "freed", "when": "credit_hold.lifted", "task": {"subject": "{customer} may order again"}}
PAID: dict[str, Any] = {"status": "paid", "amount_due": "0.00", "amount_paid": "115.00"}
SET = "trigger_thank_you_for"


def court(*automations: dict[str, Any], **crm: Any) -> Court:
    """Acme on both sides, under a contract with these automations."""
    return Court(contract({"automations": list(automations)})).known_everywhere(crm=crm)


def dawn(days: float) -> Dawn:
    """A day begins."""
    return Dawn(tenant="main", customer=ACME, at=at(days * DAY))


def tasks(here: Court) -> list[Command]:
    """The tasks that were asked for."""
    return here.commands(Side.CRM, Entity.TASK)


def told(here: Court) -> list[str]:
    """What the property was set to, write by write."""
    return [each.fields[SET] for each in here.commands(Side.CRM) if SET in each.fields]


def test_a_paid_invoice_sets_the_property_once():
    here = court(THANKS)
    here.hear(invoice(10), invoice(20, **PAID), invoice(20, **PAID), invoice(30, **PAID, reference="seen again"))
    here.settle()
    here.hear(invoice(40, **PAID), dawn(1))
    assert told(here) == ["INV-1 of Acme, 115.00 NZD"]
    (verdict,) = [each for each in here.verdicts() if each.ruling == "automate"]
    assert (verdict.rule, verdict.record) == ("automation.thanks", "invoice:1")
    assert verdict.reason == "the invoice is paid: thank_you_for of the company is set"
    (command,) = [each for each in here.commands() if SET in each.fields]
    assert command.rules == ["automation.thanks"]


def test_an_invoice_whose_payment_is_taken_back_and_made_again_is_thanked_for_once():
    here = court(THANKS)
    here.hear(invoice(10), invoice(20, **PAID), invoice(30), invoice(40, **PAID))
    here.settle()
    assert len(told(here)) == 1


def test_an_invoice_that_was_credited_in_full_was_not_paid_by_anybody():
    here = court(THANKS)
    here.hear(invoice(10), invoice(20, status="paid", amount_due="0.00", amount_credited="115.00"))
    here.settle()
    assert told(here) == []


def test_an_invoice_that_is_first_heard_of_when_it_is_paid_is_news_unless_the_first_reading_shows_it():
    here = court(THANKS)
    here.hear(invoice(10, **PAID), invoice(10, record="invoice:2", first=True, **PAID))
    here.settle()
    assert told(here) == ["INV-1 of Acme, 115.00 NZD"]
    here.hear(invoice(20, record="invoice:2", **PAID, reference="edited"))
    assert len(told(here)) == 1


def test_an_automation_that_is_named_later_says_nothing_of_what_was_paid_before():
    here = court()
    here.hear(invoice(10), invoice(20, **PAID))
    later = Court(contract({"automations": [THANKS]}), here.records, here.customers)
    later.hear(invoice(30, **PAID))
    assert told(later) == []


def test_rows_of_before_there_were_automations_say_nothing_of_what_was_paid_before():
    here = court(THANKS)
    here.hear(invoice(10, first=True, **PAID))
    for row in here.records.rows.values():
        row["marks"].pop("paid", None)
    for row in here.customers.rows.values():
        row.pop("alarms", None)
    here.hear(invoice(30, **PAID, reference="edited"))
    assert told(here) == []


def test_two_invoices_set_the_property_one_after_the_other():
    here = court(THANKS)
    here.hear(invoice(10), invoice(10, record="invoice:2", number="INV-2"))
    here.hear(invoice(20, **PAID), invoice(21, record="invoice:2", number="INV-2", **PAID))
    assert len(told(here)) == 1, "the second waits until the first is there: a workflow sees both"
    here.settle()
    assert [each.split()[0] for each in told(here)] == ["INV-1", "INV-2"]


def test_a_refused_property_is_tried_again_when_a_person_says_so():
    here = court(THANKS)
    here.hear(invoice(10), invoice(20, **PAID))
    here.settle(refuse=lambda command: SET in command.fields)
    here.hear(invoice(30, **PAID))
    (refused,) = [each for each in here.commands() if SET in each.fields]
    here.hear(retry(refused, seconds=60))
    here.settle()
    assert len(told(here)) == 2
    assert here.shown(Side.CRM, SET) == ["INV-1 of Acme, 115.00 NZD"]
    assert "triggers" not in here.state().marks or not here.state().marks["triggers"]


def test_the_mirror_is_told_once_it_is_there():
    here = court(THANKS | {"set": {"of": "invoice", "property": "thanked", "value": "{day}"}})
    here.hear(invoice(10, **PAID))
    assert [each.kind for each in here.commands(Side.CRM, Entity.INVOICE)] == ["create"]
    here.settle()
    made, *_, last = here.commands(Side.CRM, Entity.INVOICE)
    assert (made.kind, last.fields) == ("create", {"trigger_thanked": "2026-09-01"})


def test_an_invoice_of_no_deal_says_that_there_is_none():
    here = court(THANKS | {"set": {"of": "deal", "property": "thanked", "value": "{number}"}})
    here.hear(invoice(10, **PAID))
    (verdict,) = [each for each in here.verdicts() if each.ruling == "automate"]
    assert verdict.reason == "the invoice is paid: no deal was billed by it, so thanked is set nowhere"
    here.hear(deal(20))
    here.settle()
    (bill,) = here.commands(Side.ERP, Entity.INVOICE)
    here.hear(invoice(here.clock + 60, record=bill.record, number="RM-1", related={"deal": "deal:1"}, **PAID))
    here.settle()
    assert here.shown(Side.CRM, "trigger_thanked", record="deal:1") == ["RM-1"]


def test_an_overdue_invoice_makes_one_task_for_the_owner_on_its_day():
    here = court(COLLECT, owner="77")
    here.hear(invoice(10), dawn(30), dawn(43))
    assert tasks(here) == [], "thirteen days late"
    here.hear(dawn(44), dawn(44), dawn(45))
    here.settle()
    here.hear(invoice(46 * DAY, reference="edited"), dawn(60))
    (task,) = tasks(here)
    assert task.fields == {
        "subject": "Call Acme: INV-1, 115.00 NZD since 2026-10-01", "body": None, "priority": "HIGH",
        "due_at": "2026-10-15T12:00:00Z", "owner": "77",
    }  # fmt: skip
    assert task.links == {"company": here.customer().crm}
    assert task.natural_key == task.record.split(":")[1]
    assert here.customer().alarms == {}


@pytest.mark.parametrize("ended", [PAID, {"status": "voided", "amount_due": "0.00"}, {"deleted": True}])
def test_what_is_settled_before_its_day_is_not_chased(ended: dict[str, Any]):
    here = court(COLLECT)
    here.hear(invoice(10), invoice(DAY, **ended), dawn(50))
    assert (tasks(here), here.customer().alarms) == ([], {})


def test_news_of_the_customer_shows_the_day_as_a_dawn_does():
    here = court(COLLECT)
    here.hear(invoice(10), linked(44 * DAY, phone="1"))
    assert len(tasks(here)) == 1


def test_another_due_date_is_another_promise_and_the_same_one_is_not():
    here = court(COLLECT)
    here.hear(invoice(10), dawn(44))
    here.hear(invoice(45 * DAY, due_date="2026-11-01"), dawn(46), dawn(75))
    assert len({each.record for each in tasks(here)}) == 2
    here.hear(invoice(76 * DAY, due_date="2026-11-01", **PAID), invoice(77 * DAY, due_date="2026-11-01"), dawn(90))
    assert len(tasks(here)) == 2, "the payment bounced: that promise was chased"


def test_what_was_late_before_the_first_reading_is_history_and_what_becomes_late_is_not():
    here = court(COLLECT)
    here.hear(
        invoice(44 * DAY + 1, first=True), invoice(44 * DAY + 1, first=True, record="invoice:2", due_date="2026-10-03")
    )
    here.hear(invoice(60 * DAY, first=True, record="invoice:3"), dawn(70))
    assert [each.fields["subject"].split()[-1] for each in tasks(here)] == ["2026-10-01", "2026-10-03"]


def test_an_invoice_dated_back_is_late_at_once():
    here = court(COLLECT)
    here.hear(invoice(60 * DAY))
    assert len(tasks(here)) == 1


def test_an_automation_named_later_chases_what_becomes_late_from_then_on():
    here = court()
    here.hear(invoice(10), invoice(10, record="invoice:2", due_date="2026-11-20"))
    later = Court(contract({"automations": [COLLECT]}), here.records, here.customers)
    later.hear(invoice(60 * DAY), invoice(60 * DAY, record="invoice:2", due_date="2026-11-20"), dawn(100))
    assert [each.fields["subject"].split()[-1] for each in tasks(later)] == ["2026-11-20"]


def test_a_task_waits_for_a_customer_that_the_crm_does_not_have_yet():
    here = Court(contract({"automations": [COLLECT], "entities": {"company": {"create": {"crm": "never"}}}}))
    here.hear(company(Side.ERP), invoice(10), dawn(44))
    assert tasks(here) == []
    here.hear(linked(45 * DAY))
    here.settle()
    assert len(tasks(here)) == 1


def test_a_refused_task_is_made_when_a_person_says_so():
    here = court(COLLECT)
    here.hear(invoice(10), dawn(44))
    here.settle(refuse=lambda command: command.entity is Entity.TASK)
    here.hear(dawn(50))
    (refused,) = tasks(here)
    here.hear(retry(refused, seconds=51 * DAY))
    here.settle()
    assert here.made[("crm", refused.record)] == 1
    assert {each.natural_key for each in tasks(here)} == {refused.natural_key}


def test_each_change_of_a_credit_hold_is_a_cause_of_its_own():
    here = court(HELD, FREED)
    for seconds, on in ((100, True), (110, True), (200, False), (300, True)):
        here.hear(company(Side.ERP, seconds, credit_hold=on), company(Side.ERP, seconds, credit_hold=on))
    here.settle()
    subjects = [each.fields["subject"] for each in tasks(here)]
    assert subjects == ["Acme is on hold", "Acme may order again", "Acme is on hold"]
    assert len([each for each in here.verdicts() if each.ruling == "automate"]) == 3


def test_a_hold_that_the_first_reading_shows_is_history():
    here = Court(contract({"automations": [HELD]}))
    here.known_everywhere(erp={"credit_hold": True}, first=True)
    assert tasks(here) == []


def test_an_invoice_that_moves_to_another_customer_is_no_news_there():
    here = court(THANKS, COLLECT)
    other = "company:other"
    shown = invoice(50 * DAY, **PAID).fields
    late = invoice(50 * DAY).fields
    here.hear(
        fact(Entity.INVOICE, Side.ERP, shown, record="invoice:1", customer=other, seconds=50 * DAY, moved=True),
        fact(Entity.INVOICE, Side.ERP, late, record="invoice:2", customer=other, seconds=50 * DAY, moved=True),
    )
    here.hear(Dawn(tenant="main", customer=other, at=at(60 * DAY)))
    assert [each for each in here.verdicts() if each.ruling == "automate"] == []


STORY: list[Fact | Dawn] = [
    invoice(10), invoice(20, amount_due="15.00", amount_paid="100.00"), invoice(50 * DAY, **PAID),
    invoice(11, record="invoice:2", number="INV-2"), company(Side.ERP, 12, credit_hold=True),
]  # fmt: skip


@settings(max_examples=30)
@given(told_=st.permutations(STORY * 2), rests=st.sets(st.integers(min_value=0, max_value=9)))
def test_whatever_is_heard_again_in_whatever_order_each_cause_acts_once(
    told_: list[Fact | Dawn], rests: set[int]
) -> None:
    here = court(THANKS, COLLECT, HELD)
    for place, each in enumerate(told_):
        here.hear(each)
        if place in rests:
            here.settle()
    here.hear(dawn(51), *told_, dawn(52))
    here.settle()
    late = {each.record for each in tasks(here) if each.fields["priority"] == "HIGH"}
    assert len(told(here)) == 1
    assert len(tasks(here)) == len({each.record for each in tasks(here)}) == len(late) + 1
    assert 1 <= len(late) <= 2, "the first is late or not by what was heard of it on its day"
