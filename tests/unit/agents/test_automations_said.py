"""What an automation asks for and says of it, word for word, and what a task is given to do."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.command import Command
from schemas.dawn import Dawn
from schemas.names import Entity, Side, canonical_id
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, company, deal, invoice

DAY = 86_400.0
PAID: dict[str, Any] = {"status": "paid", "amount_due": "0.00", "amount_paid": "115.00"}
LATE: dict[str, Any] = {"automation": "late", "when": "invoice.overdue", "days": 14}
SAYS = "The contract has the CRM told when this happens, once for each time."


def court(*automations: dict[str, Any], **crm: Any) -> Court:
    """Acme on both sides, under a contract with these automations."""
    return Court(contract({"automations": list(automations)})).known_everywhere(crm=crm)


def late(here: Court, days: float = 44, **fields: Any) -> Court:
    """An invoice that is due on 2026-10-01, and a day that begins after it."""
    here.hear(invoice(10, **fields), Dawn(tenant="main", customer=ACME, at=at(days * DAY)))
    return here


def task(here: Court) -> Command:
    """The one task."""
    (found,) = here.commands(Side.CRM, Entity.TASK)
    return found


def reasons(here: Court) -> list[str]:
    """Why: each is said of the whole record, and once."""
    return [each.reason for each in here.verdicts("") if each.ruling == "automate"]


def test_a_task_says_what_is_owed_since_when_and_by_whom():
    words = "{customer} owes {open} of {total} {currency} on {number} since {due_date}, {days} days by {day}"
    wanted = {"subject": words, "body": "{nothing}", "due_in_days": 3}
    made = task(late(court(LATE | {"task": wanted}, owner="77"), amount_due="15.00"))
    assert made.fields == {
        "subject": "Acme owes 15.00 of 115.00 NZD on INV-1 since 2026-10-01, 14 days by 2026-10-15",
        "body": None, "priority": "MEDIUM", "due_at": "2026-10-18T12:00:00Z", "owner": "77",
    }  # fmt: skip
    assert made.record == canonical_id(Entity.TASK, "main", "late", "invoice:1", "2026-10-01"), (
        "whenever it is asked for"
    )
    assert (made.kind, made.reason, made.rules) == (
        "create", "the invoice is overdue by 14 days", ["automation.late"]
    )  # fmt: skip


@pytest.mark.parametrize(("to", "owner"), [("owner", "77"), ("nobody", None), ("12", "12")])
def test_a_task_is_for_whom_the_contract_says(to: str, owner: str | None):
    made = task(late(court(LATE | {"task": {"subject": "Call", "body": "now: {number}", "to": to}}, owner="77")))
    assert (made.fields["owner"], made.fields["body"]) == (owner, "now: INV-1")


def test_an_automation_may_set_and_make_and_says_both():
    both = {"set": {"of": "invoice", "property": "late", "value": "{day}"}, "task": {"subject": "Call"}}
    here = late(court(LATE | both))
    here.settle()
    assert reasons(here) == ["the invoice is overdue by 14 days: late of the invoice is set; a task is made"]
    (asked,) = [each for each in here.commands(Side.CRM) if "trigger_late" in each.fields]
    assert (asked.kind, asked.record, asked.reason) == ("update", "invoice:1", f"trigger_late: {SAYS}")


def test_what_is_late_at_once_is_late_by_no_days():
    wanted = {"subject": "{number} is late by {days} days"}
    here = late(court({"automation": "late", "when": "invoice.overdue", "task": wanted}), 30)
    assert (reasons(here), task(here).fields["subject"]) == (
        ["the invoice is overdue: a task is made"], "INV-1 is late by  days"
    )  # fmt: skip


def test_a_task_about_the_bill_of_a_deal_hangs_on_the_deal():
    here = court({"automation": "paid", "when": "invoice.paid", "task": {"subject": "Thank them"}})
    here.hear(deal(20))
    here.settle()
    (bill,) = here.commands(Side.ERP, Entity.INVOICE)
    here.hear(invoice(here.clock + 60, record=bill.record, number="RM-1", related={"deal": "deal:1"}, **PAID))
    here.settle()
    assert task(here).record == canonical_id(Entity.TASK, "main", "paid", bill.record)
    assert task(here).links == {"company": here.customer().crm, "deal": "hubspot/deal/1"}


@pytest.mark.parametrize(
    ("when", "held", "why"),
    [
        ("credit_hold.set", True, "the customer was put on credit hold: a task is made"),
        ("credit_hold.lifted", False, "the credit hold was lifted: a task is made"),
    ],
)
def test_a_credit_hold_says_which_way_it_went(when: str, held: bool, why: str):  # noqa: FBT001 - a column
    here = court({"automation": "hold", "when": when, "task": {"subject": "{customer}, {day}"}})
    for seconds, now in ((100, not held), (200, held)):
        here.hear(company(Side.ERP, seconds, credit_hold=now))
    assert (reasons(here), task(here).fields["subject"]) == ([why], "Acme, 2026-09-01")
    version = str(here.state().erp.version)
    assert task(here).record == canonical_id(Entity.TASK, "main", "hold", ACME, version)


def test_two_causes_may_be_told_in_the_same_words():
    here = court({"automation": "hold", "when": "credit_hold.set", "task": {"subject": "Call"}})
    for seconds, now in ((100, True), (200, False), (300, True)):
        here.hear(company(Side.ERP, seconds, credit_hold=now))
    assert reasons(here) == ["the customer was put on credit hold: a task is made"] * 2


def test_two_dates_of_two_automations_are_watched_the_nearer_first():
    far = LATE | {"automation": "far", "days": 60, "task": {"subject": "far"}}
    here = court(LATE | {"task": {"subject": "near"}}, far)
    here.hear(invoice(10))
    assert here.customer().alarms == {"invoice:1": "2026-10-15"}
    late(here)
    assert (task(here).fields["subject"], here.customer().alarms) == ("near", {"invoice:1": "2026-11-30"})
    late(here, 90)
    assert [each.fields["subject"] for each in here.commands(Side.CRM, Entity.TASK)] == ["near", "far"]


CALL: dict[str, Any] = LATE | {"task": {"subject": "Call: {number}."}}
THANKS: dict[str, Any] = {
    "automation": "thanks", "when": "invoice.paid", "set": {"of": "company", "property": "thanks", "value": "{number}"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "called"),
    [
        ({"amount_due": "0.50"}, 1),
        ({"amount_due": "0.00"}, 0),
        ({"amount_due": None}, 0),
        ({"status": "draft"}, 0),
        ({"due_date": None}, 0),
        ({"number": None}, 1),
    ],
)
def test_what_is_owed_by_a_day_is_called_for(fields: dict[str, Any], called: int):
    here = late(court(CALL), **fields)
    subjects = [each.fields["subject"] for each in here.commands(Side.CRM, Entity.TASK)]
    assert subjects == [f"Call: {fields.get('number', 'INV-1') or ''}."] * called


def test_a_draft_that_is_posted_when_it_is_late_is_late_at_once():
    here = court(CALL)
    here.hear(invoice(10, status="draft"), invoice(60 * DAY))
    assert reasons(here) == ["the invoice is overdue by 14 days: a task is made"]


def test_on_its_own_day_it_is_told_once_whatever_is_heard():
    here = late(court(CALL))
    late_today = 44 * DAY + 60
    here.hear(invoice(late_today, reference="edited"), Dawn(tenant="main", customer=ACME, at=at(late_today + 60)))
    assert len(reasons(here)) == 1


def test_what_is_history_sets_no_alarm():
    here = court(CALL)
    here.hear(invoice(60 * DAY, first=True))
    assert (reasons(here), here.customer().alarms) == ([], {})


def test_an_automation_that_is_named_later_has_no_day_of_its_own_yet():
    here = court(CALL)
    here.hear(invoice(10))
    later = Court(contract({"automations": [CALL, CALL | {"automation": "other"}]}), here.records, here.customers)
    later.hear(Dawn(tenant="main", customer=ACME, at=at(44 * DAY)))
    assert task(later).rules == ["automation.late"]


@pytest.mark.parametrize("paid", ["0.50", None])
def test_whatever_somebody_paid_is_paid(paid: str | None):
    here = court(THANKS)
    here.hear(invoice(10), invoice(20, status="paid", amount_due="0.00", amount_paid=paid))
    assert len(reasons(here)) == (1 if paid else 0)


def test_what_we_have_billed_is_news_even_while_the_erp_is_read_for_the_first_time():
    here = court(THANKS)
    here.hear(deal(20))
    here.settle()
    (bill,) = here.commands(Side.ERP, Entity.INVOICE)
    paid = invoice(here.clock + 60, record=bill.record, number="RM-1", related={"deal": "deal:1"}, first=True, **PAID)
    here.hear(paid)
    assert reasons(here) == ["the invoice is paid: thanks of the company is set"]


def test_the_deal_of_a_bill_is_known_where_the_news_does_not_name_it():
    here = court(THANKS)
    here.hear(deal(20))
    here.settle()
    (bill,) = here.commands(Side.ERP, Entity.INVOICE)
    here.hear(invoice(here.clock + 60, record=bill.record, number="RM-1", first=True, **PAID))
    assert len(reasons(here)) == 1


def test_two_properties_wait_each_for_its_own():
    other = THANKS | {"automation": "other", "set": {"of": "company", "property": "other", "value": "{number}"}}
    here = court(THANKS, other)
    here.hear(invoice(10), invoice(10, record="invoice:2", number="INV-2"))
    here.hear(invoice(20, **PAID), invoice(20, record="invoice:2", number="INV-2", **PAID))
    here.settle()
    set_ = [each.fields for each in here.commands(Side.CRM) if "trigger_thanks" in each.fields]
    others = [each.fields for each in here.commands(Side.CRM) if "trigger_other" in each.fields]
    assert set_ == [{"trigger_thanks": "INV-1"}, {"trigger_thanks": "INV-2"}]
    assert others == [{"trigger_other": "INV-1"}, {"trigger_other": "INV-2"}]
