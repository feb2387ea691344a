"""Automations that send events: one for each cause, of one record, and asked for until it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.command import Command
from schemas.dawn import Dawn
from schemas.names import Entity, Side, canonical_id
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, company, deal, invoice, linked, retry

DAY = 86_400.0
PAID: dict[str, Any] = {"status": "paid", "amount_due": "0.00", "amount_paid": "115.00"}
SAYS = {"invoice": "{number}", "paid": "{total} {currency}", "nothing": "{due_date}{days}"}
EVENT: dict[str, Any] = {
    "automation": "paid", "when": "invoice.paid",
    "event": {"of": "company", "name": "invoice_paid", "properties": SAYS},
}  # fmt: skip
HELD: dict[str, Any] = {
    "automation": "held", "when": "credit_hold.set", "event": {"of": "company", "name": "put_on_hold"},
}  # fmt: skip


def court(*automations: dict[str, Any]) -> Court:
    """Acme on both sides, under a contract with these automations."""
    return Court(contract({"automations": list(automations)})).known_everywhere()


def events(here: Court) -> list[Command]:
    """The events that were asked for."""
    return here.commands(Side.CRM, Entity.EVENT)


def of_deal(each: dict[str, Any]) -> dict[str, Any]:
    return {**each, "event": {**each["event"], "of": "deal"}}


def test_it_says_what_has_happened_to_whom_and_when_it_was_heard():
    here = court(EVENT)
    here.hear(invoice(10), invoice(20, **PAID))
    (made,) = events(here)
    assert made.fields == {
        "name": "invoice_paid",
        "occurred_at": "2026-09-01T09:00:20Z",
        "properties": {"invoice": "INV-1", "paid": "115.00 NZD", "nothing": "2026-10-01"},
    }
    assert (made.kind, made.rules, made.reason) == ("create", ["automation.paid"], "the invoice is paid")
    assert made.record == canonical_id(Entity.EVENT, "main", "paid", "invoice:1"), "whenever it is asked for"
    assert made.natural_key == made.record.partition(":")[2]
    assert list(made.links) == ["company"]
    (verdict,) = [each for each in here.verdicts("") if each.ruling == "automate"]
    assert verdict.reason == "the invoice is paid: the event invoice_paid of the company is sent"


def test_each_change_of_a_hold_is_an_event_of_its_own():
    here = court(HELD)
    for seconds, on in ((100, True), (110, True), (200, False), (300, True)):
        here.hear(company(Side.ERP, seconds, credit_hold=on), company(Side.ERP, seconds, credit_hold=on))
    here.settle()
    assert [each.fields["properties"] for each in events(here)] == [{}, {}]
    assert len({each.record for each in events(here)}) == 2


def test_one_of_a_deal_is_not_sent_where_no_deal_was_billed_and_says_so():
    here = court(of_deal(EVENT))
    here.hear(invoice(10), invoice(20, **PAID))
    here.settle()
    assert events(here) == []
    (verdict,) = [each for each in here.verdicts("") if each.ruling == "automate"]
    assert verdict.reason == "the invoice is paid: no deal was billed by it, so the event invoice_paid is not sent"


@pytest.mark.parametrize("of", ["deal", "company"])
def test_it_is_of_one_record_though_both_are_known(of: str):
    here = court({**EVENT, "event": {**EVENT["event"], "of": of}})
    here.hear(deal(20))
    here.settle()
    (bill,) = here.commands(Side.ERP, Entity.INVOICE)
    here.hear(invoice(here.clock + 60, record=bill.record, number="RM-1", related={"deal": "deal:1"}, **PAID))
    here.settle()
    (made,) = events(here)
    assert list(made.links) == [of]
    assert made.links[of].startswith(f"hubspot/{of}/")
    assert made.fields["properties"]["invoice"] == "RM-1"


def test_it_waits_for_a_customer_that_the_crm_does_not_have_yet():
    here = Court(contract({"automations": [EVENT], "entities": {"company": {"create": {"crm": "never"}}}}))
    here.hear(company(Side.ERP), invoice(10), invoice(20, **PAID))
    assert events(here) == []
    here.hear(linked(DAY))
    here.settle()
    (made,) = events(here)
    assert made.fields["occurred_at"] == "2026-09-01T09:00:20Z", "it happened when it was heard, not when it is sent"


def test_a_refused_one_is_asked_for_again_when_a_person_says_so_and_not_before():
    here = court(EVENT)
    here.hear(invoice(10), invoice(20, **PAID))
    here.settle(refuse=lambda command: command.entity is Entity.EVENT)
    here.hear(invoice(30, **PAID, reference="seen again"), Dawn(tenant="main", customer=ACME, at=at(DAY)))
    (refused,) = events(here)
    here.hear(retry(refused, seconds=2 * DAY))
    here.settle()
    assert here.made[("crm", refused.record)] == 1
    assert {(each.natural_key, each.record) for each in events(here)} == {(refused.natural_key, refused.record)}


def test_property_task_and_event_of_one_automation_are_all_asked_for():
    here = court(EVENT | {
        "set": {"of": "company", "property": "thank_you_for", "value": "{number}"}, "task": {"subject": "Thank them"},
    })  # fmt: skip
    here.hear(invoice(10), invoice(20, **PAID))
    here.settle()
    assert (len(events(here)), len(here.commands(Side.CRM, Entity.TASK))) == (1, 1)
    (verdict,) = [each for each in here.verdicts("") if each.ruling == "automate"]
    assert verdict.reason.endswith(
        "thank_you_for of the company is set; the event invoice_paid of the company is sent; a task is made"
    )


STORY = [invoice(10), invoice(20, **PAID), invoice(11, record="invoice:2", number="INV-2"),
         invoice(21, record="invoice:2", number="INV-2", **PAID), company(Side.ERP, 12, credit_hold=True)]  # fmt: skip


@settings(max_examples=30)
@given(told=st.permutations(STORY * 2), rests=st.sets(st.integers(min_value=0, max_value=9)))
def test_whatever_is_heard_again_in_whatever_order_each_cause_is_one_event(told: list[Any], rests: set[int]) -> None:
    here = court(EVENT, HELD)
    for place, each in enumerate(told):
        here.hear(each)
        if place in rests:
            here.settle()
    here.hear(*told)
    here.settle()
    sent = [each.record for each in events(here)]
    assert len(sent) == len(set(sent))
    assert len([each for each in events(here) if each.fields["name"] == "put_on_hold"]) == 1


@pytest.mark.parametrize("name", ["invoice_paid", "put_on_hold"])
def test_the_same_word_under_two_automations_is_two_events(name: str):
    twice = [EVENT | {"automation": each, "event": {"of": "company", "name": name}} for each in ("one", "two")]
    here = court(*twice)
    here.hear(invoice(10), invoice(20, **PAID))
    here.settle()
    assert len({each.record for each in events(here)}) == len(events(here)) == 2
