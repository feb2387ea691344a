"""What an automation asks for and says of it, word for word, and what a task is given to do."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.command import Command
from schemas.dawn import Dawn
from schemas.names import Entity, Side
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
    """Why."""
    return [each.reason for each in here.verdicts() if each.ruling == "automate"]


def test_a_task_says_what_is_owed_since_when_and_by_whom():
    words = "{customer} owes {open} of {total} {currency} on {number} since {due_date}, {days} days by {day}"
    wanted = {"subject": words, "body": "{nothing}", "due_in_days": 3}
    made = task(late(court(LATE | {"task": wanted}, owner="77"), amount_due="15.00"))
    assert made.fields == {
        "subject": "Acme owes 15.00 of 115.00 NZD on INV-1 since 2026-10-01, 14 days by 2026-10-15",
        "body": None, "priority": "MEDIUM", "due_at": "2026-10-18T12:00:00Z", "owner": "77",
    }  # fmt: skip
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


def test_two_dates_of_two_automations_are_watched_the_nearer_first():
    far = LATE | {"automation": "far", "days": 60, "task": {"subject": "far"}}
    here = court(LATE | {"task": {"subject": "near"}}, far)
    here.hear(invoice(10))
    assert here.customer().alarms == {"invoice:1": "2026-10-15"}
    late(here)
    assert (task(here).fields["subject"], here.customer().alarms) == ("near", {"invoice:1": "2026-11-30"})
    late(here, 90)
    assert [each.fields["subject"] for each in here.commands(Side.CRM, Entity.TASK)] == ["near", "far"]
