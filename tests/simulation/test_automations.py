"""Automations over both sandboxes: each cause is told once at HubSpot, whatever is lost, repeated or refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from sandbox.faults import Fault, FaultKind
from schemas.names import Entity
from schemas.revenue import RevenueEvent
from tests.simulation.checks import renewing, telling
from tests.simulation.counter import Sale
from tests.simulation.evidence import violations
from tests.simulation.planned import Theatre, theatre
from tests.simulation.scenes import Scene, Story
from tests.simulation.test_gone import settled
from tests.simulation.test_parts import pay
from tests.simulation.test_subscriptions import MONTHLY, until
from tests.simulation.witness import Witness
from tests.simulation.world import run
from tests.support.contracts import contract
from tests.support.judging import retry

HOUR = 3600.0  # seconds; the world begins at nine in the evening of its customers, three hours before their midnight
ENDED_13_DAYS_AGO = "2026-08-19"  # of that day: a day too early for `collect`
TOLD: list[dict[str, Any]] = [
    {
        "automation": "thanks",
        "when": "invoice.paid",
        "set": {"of": "deal", "property": "thank_you_for", "value": "{number}, {total} {currency}"},
    },
    {
        "automation": "collect",
        "when": "invoice.overdue",
        "days": 14,
        "set": {"of": "invoice", "property": "chase_since", "value": "{day}"},
        "task": {"subject": "Call {customer} about {number}", "priority": "HIGH"},
        "at_most": 2,
    },
    {"automation": "held", "when": "credit_hold.set", "task": {"subject": "{customer} is on hold"}},
    {"automation": "freed", "when": "credit_hold.lifted", "task": {"to": "nobody", "subject": "{customer} is free"}},
]


PAID: dict[str, Any] = {
    "automation": "paid",
    "when": "invoice.paid",
    "event": {"of": "deal", "name": "invoice_paid", "properties": {"number": "{number}", "paid": "{total} {currency}"}},
}
SEND = "/events/2026-09/send"
TASK = {"subject": "Look at {number}"}
OLD = {
    "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": "OLD-1", "Date": "2026-07-01", "DueDate": "2026-07-20",
    "LineItems": [{"Description": "Old", "Quantity": "1", "UnitAmount": "10", "AccountCode": "200"}],
}  # fmt: skip


@contextmanager
def told(automations: list[dict[str, Any]] = TOLD) -> Iterator[Theatre]:
    """The theatre under a contract with automations; Tui Robotics belongs to somebody."""
    with theatre(contract=contract({"automations": automations})) as stage:
        owner = next(iter(stage.world.platforms.portal.owners))
        stage.sales.edit("companies", stage.cast.companies["Tui"], hubspot_owner_id=str(owner))
        yield stage


def tasks(stage: Theatre) -> list[dict[str, Any]]:
    """HubSpot's tasks, by subject."""
    return sorted((row["properties"] for row in stage.sales.records("tasks")), key=lambda row: row["hs_task_subject"])


def subjects(stage: Theatre) -> list[str]:
    """What they are called."""
    return [row["hs_task_subject"] for row in tasks(stage)]


def events(stage: Theatre) -> list[tuple[str, str, dict[str, str]]]:
    """HubSpot's custom events: name, record, properties."""
    found = stage.world.platforms.portal.custom_events.occurrences
    return [(each.event, each.object_id, dict(each.properties)) for each in found]


def due(stage: Theatre, sold: Sale, day: str) -> None:
    """Finance moves the due date of the deal's bill."""
    (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{sold.deal}")
    stage.finance.post(f"Invoices/{row['InvoiceID']}", {"InvoiceID": row["InvoiceID"], "DueDate": day})
    sold.work()


def set_to(stage: Theatre, kind: str, name: str) -> list[str]:
    """What our writes have set a property to, one by one."""
    log = [row for row in stage.world.platforms.writes("hubspot") if row.resource == kind]
    bodies = [row.body.get("properties", row.body) for row in log if isinstance(row.body, dict)]
    return [body[name] for body in bodies if name in body]


def hold(stage: Theatre, *, on: bool) -> None:
    """Finance puts Tui on credit hold, or lifts it."""
    group = stage.world.platforms.shelf("ContactGroups")[0]["ContactGroupID"]
    contact, path = stage.finance.contact("Tui Robotics")["ContactID"], f"ContactGroups/{group}/Contacts"
    if on:
        stage.finance.put(path, {"Contacts": [{"ContactID": contact}]})
    else:
        stage.finance.delete(f"{path}/{contact}")


def test_an_invoice_is_chased_once_on_its_day_and_thanked_for_once_when_it_is_paid():
    with told() as stage:
        sold = Sale(stage, [("2", "50.00")])
        due(stage, sold, ENDED_13_DAYS_AGO)
        assert subjects(stage) == []
        stage.pass_by(4 * HOUR)
        sold.work()
        number = f"RM-{sold.deal}"
        (task,) = tasks(stage)
        assert task["hs_task_subject"] == f"Call Tui Robotics about {number}"
        assert (task["hs_task_priority"], task["hs_task_status"]) == ("HIGH", "NOT_STARTED")
        assert task["hs_timestamp"].startswith("2026-09-02T12:00:00")
        assert (
            task["hubspot_owner_id"]
            == stage.sales.properties("companies", stage.cast.companies["Tui"])["hubspot_owner_id"]
        )
        ends = {tuple(each["to"]) for each in stage.sales.state()["associations"] if each["from"][0] == "0-27"}
        assert ends == {("0-2", int(stage.cast.companies["Tui"])), ("0-3", int(sold.deal))}
        assert [row["chase_since"] for row in sold.mirrors()] == ["2026-09-02"]

        pay(stage, number, "115.00")
        for _ in range(3):
            sold.work()
        assert set_to(stage, "deals", "thank_you_for") == [f"{number}, 115.00 NZD"]
        assert stage.sales.properties("deals", sold.deal)["thank_you_for"] == f"{number}, 115.00 NZD"
        assert len(tasks(stage)) == 1


def test_answers_that_are_lost_and_webhooks_that_come_three_times_make_no_second_task():
    with told() as stage:
        sold = Sale(stage, [("2", "50.00")])
        faults = stage.world.platforms.faults
        faults["xero"].add(Fault(FaultKind("webhook_duplicate"), rate=1.0, seed=1, params={"copies": 3}))
        lost = faults["hubspot"].add(
            Fault(FaultKind.DROP_AFTER, method="POST", path="/crm/objects/2026-09/tasks", times=1, seed=1)
        )
        due(stage, sold, "2026-08-01")
        sold.work()
        assert lost.struck == 1
        assert subjects(stage) == [f"Call Tui Robotics about RM-{sold.deal}"]
        made = [row for row in stage.world.platforms.writes("hubspot") if row.resource == "tasks"]
        assert [row.action for row in made].count("create") == 1
        entries = [each for each in settled(stage).values() if each.command.entity is Entity.TASK]
        assert [each.state for each in entries] == ["applied"]


def test_an_event_is_sent_once_though_its_answers_are_lost_and_everything_comes_three_times():
    with told([PAID]) as stage:
        sold = Sale(stage, [("2", "50.00")])
        faults = stage.world.platforms.faults
        faults["xero"].add(Fault(FaultKind.WEBHOOK_DUPLICATE, rate=1.0, seed=1, params={"copies": 3}))
        lost = faults["hubspot"].add(Fault(FaultKind.DROP_AFTER, method="POST", path=SEND, times=2, seed=1))
        pay(stage, f"RM-{sold.deal}", "115.00")
        for _ in range(4):
            sold.work()
            stage.pass_by(60.0)
        assert lost.struck == 2
        number = f"RM-{sold.deal}"
        assert events(stage) == [("invoice_paid", sold.deal, {"number": number, "paid": "115.00 NZD"})]
        (entry,) = [each for each in settled(stage).values() if each.command.entity is Entity.EVENT]
        assert (entry.state, entry.attempts) == ("applied", 3)


def test_an_event_that_the_portal_may_not_have_is_refused_alone_and_sent_when_a_person_says_so():
    with told([PAID | {"set": TOLD[0]["set"]}]) as stage:
        sold = Sale(stage, [("2", "50.00")])
        stage.world.platforms.portal.enterprise = False
        pay(stage, f"RM-{sold.deal}", "115.00")
        sold.work()
        (entry,) = [each for each in settled(stage).values() if each.command.entity is Entity.EVENT]
        assert (entry.state, events(stage)) == ("refused", [])
        assert "Custom events need an Enterprise subscription" in entry.message
        assert stage.sales.properties("deals", sold.deal)["thank_you_for"], "the connection goes on"
        stage.world.platforms.portal.enterprise = True
        world, word = stage.world, retry(entry.command)
        key = f"{word.tenant}|{word.customer}".encode()
        stage.run(world.broker.produce(world.topics.name(world.topics.facts), key, word.to_bytes(), ()))
        sold.work()
        assert [each[0] for each in events(stage)] == ["invoice_paid"]


def test_more_tasks_than_an_hour_may_bring_wait_for_a_person():
    with told() as stage:
        for name in ("One", "Two", "Three"):
            due(stage, Sale(stage, [("1", "10.00")], name=name), "2026-08-01")
        assert len(tasks(stage)) == 2
        waiting = [each for each in settled(stage).values() if each.state == "waiting"]
        assert {each.message for each in waiting if each.command.entity is Entity.TASK} == {
            "the brake of automation.collect on task is on"
        }


def test_a_task_that_hubspot_refuses_is_shown_as_refused():
    with told([TOLD[1] | {"set": None, "task": {"to": "999", "subject": "Call"}}]) as stage:
        due(stage, Sale(stage, [("1", "10.00")]), "2026-08-01")
        (entry,) = [each for each in settled(stage).values() if each.command.entity is Entity.TASK]
        assert (entry.state, tasks(stage)) == ("refused", [])
        assert "999" in entry.message


def test_each_change_of_a_credit_hold_is_told_to_whoever_it_belongs():
    with told() as stage:
        sold = Sale(stage, [("1", "10.00")])
        for on in (True, False, True):
            hold(stage, on=on)
            sold.work()
        assert subjects(stage) == ["Tui Robotics is free", "Tui Robotics is on hold", "Tui Robotics is on hold"]


@pytest.mark.parametrize("first", [True, False])
def test_what_was_late_or_paid_before_the_first_reading_is_not_told(first: bool):  # noqa: FBT001 - a case
    with told() as stage:
        row = OLD | {"Contact": {"ContactID": stage.cast.contacts["Harakeke"]}}
        if not first:
            stage.run(stage.world.sync())
        stage.finance.put("Invoices", row)
        stage.run(stage.world.sync())
        stage.pass_by(4 * HOUR)
        stage.run(stage.world.sync())
        assert subjects(stage) == ([] if first else ["Call Harakeke Foods about OLD-1"])


def test_a_plan_says_what_would_be_told_and_by_which_automation():
    late = PAID["event"] | {"of": "company", "name": "invoice_late"}
    with told([*TOLD, TOLD[1] | {"automation": "late", "set": None, "task": None, "event": late}]) as stage:
        stage.run(stage.world.sync())
        stage.finance.put("Invoices", OLD | {"Contact": {"ContactID": stage.cast.contacts["Harakeke"]}})
        plan = stage.run(stage.world.plan())
        fields = {(each.name.split()[1:3][-1], name): one for each in plan.writes for name, one in each.fields.items()}
        task, trigger = fields["task", "subject"], fields["invoice", "trigger_chase_since"]
        assert (task.becomes, task.rule) == ("Call Harakeke Foods about OLD-1", "automation.collect")
        assert (trigger.becomes, trigger.rule) == ("2026-09-01", "automation.collect")
        event = fields["event", "properties"]
        assert (event.becomes, event.rule) == ({"number": "OLD-1", "paid": "11.50 NZD"}, "automation.late")
        assert fields["event", "name"].becomes == "invoice_late"


def test_a_renewal_is_told_once_for_each_end_though_answers_are_lost():
    renew = {
        "automation": "renew", "when": "subscription.renewal_due", "days": 30,
        "set": {"of": "deal", "property": "renew_by", "value": "{ends_on}"},
        "task": {"subject": "{deal} ends {ends_on}"},
    }  # fmt: skip
    with theatre(contract=contract({"timing": {"subscriptions": {}}, "automations": [renew]})) as stage:
        sale = Sale(stage, [("2", "50.00")], **MONTHLY, hs_recurring_billing_number_of_payments="3")
        until(sale, "2026-10-30")
        assert subjects(stage) == []
        faults = stage.world.platforms.faults["hubspot"]
        faults.add(Fault(FaultKind.WEBHOOK_DUPLICATE, seed=1, params={"copies": 3}))
        path = "/crm/objects/2026-09/tasks"
        lost = faults.add(Fault(FaultKind.DROP_AFTER, method="POST", path=path, times=1, seed=1))
        until(sale, "2026-11-05")
        assert lost.struck == 1
        assert subjects(stage) == ["Honey ends 2026-12-01"]
        stage.sales.edit("line_items", sale.lines[0], hs_recurring_billing_number_of_payments="5")
        sale.work()
        until(sale, "2027-01-10")
        assert subjects(stage) == ["Honey ends 2026-12-01", "Honey ends 2027-02-01"]
        assert set_to(stage, "deals", "renew_by") == ["2026-12-01", "2027-02-01"]
        until(sale, "2027-02-05")
        assert sale.shown("order_status") == ["ended: monthly, 5 of 5 periods billed, over since 2027-02-01"]
        assert len(subjects(stage)) == 2


def test_who_has_agreed_in_hubspot_is_thanked_and_whoever_agrees_after_paying_is_not():
    consent = {"property": "marketing_consent", "granted": ["yes"]}
    thanks = [TOLD[0] | {"needs_consent": True}, TOLD[0] | {"automation": "paid", "set": None, "task": TASK}]
    with theatre(contract=contract({"consent": consent, "automations": thanks})) as stage:
        tui = stage.cast.companies["Tui"]
        first = Sale(stage, [("2", "50.00")])
        pay(stage, f"RM-{first.deal}", "115.00")
        first.work()
        assert (set_to(stage, "deals", "thank_you_for"), len(subjects(stage))) == ([], 1)
        stage.world.platforms.faults["hubspot"].add(Fault(FaultKind.WEBHOOK_DUPLICATE, seed=1, params={"copies": 3}))
        stage.sales.edit("companies", tui, marketing_consent="yes")
        first.work()
        second = Sale(stage, [("1", "10.00")], name="More")
        pay(stage, f"RM-{second.deal}", "11.50")
        second.work()
        stage.sales.edit("companies", tui, marketing_consent="no")
        second.work()
        assert set_to(stage, "deals", "thank_you_for") == [f"RM-{second.deal}, 11.50 NZD"]
        assert len(subjects(stage)) == 2, "what needs no consent is told of both"
        world = stage.world
        events = [RevenueEvent.from_bytes(each.value) for each in world.all(world.topics.revenue)]
        told = [each.type for each in events if each.type.startswith("consent_")]
        assert told == ["consent_granted", "consent_withdrawn"]


RENEWS = Story(14, (
    Scene(0.0, "crm_company", 1), *(Scene(2.0 + each, "crm_subscribe", each) for each in range(12)),
), "subscriptions")  # fmt: skip


def test_an_end_that_is_told_twice_not_at_all_or_without_cause_is_found():
    world = run(RENEWS)
    assert violations(world) == {}
    portal = world.platforms.portal
    told = max(portal.store.all(portal.catalogue.get("tasks")), key=lambda row: str(row.get("hs_task_subject")))
    deal = str(portal.associations.ids(("0-27", told.id), "0-3")[0])
    end = told.get("hs_task_subject").removeprefix("Renew ")
    told.overwrite("hs_task_subject", "Renew 2027-01-01")
    assert f"nobody was told: {end} of deal {deal}" in renewing.untold(Witness(world))
    assert renewing.untrue(Witness(world)) == [f"deal {deal}: 2027-01-01 is no end of a term that is near"]
    told.overwrite("hs_task_subject", f"Renew {end}")
    write = next(row for row in portal.writes.writes if isinstance(row.body, dict) and "told_end" in str(row.body))
    portal.writes.writes.append(write)
    assert [each.split(" is set ")[1] for each in renewing.told_twice(Witness(world))] == [
        f"2 times to {write.body.get('properties', write.body)['told_end']}"
    ]


PAYS = Story(1, (
    Scene(0.0, "crm_company", 1), *(Scene(2.0 + each, "crm_deal", each) for each in range(4)),
    *(Scene(60.0 + each, "erp_due", each) for each in range(2)),
    *(Scene(90.0 + each, "erp_payment", each) for each in range(4)),
), "told")  # fmt: skip


def test_what_is_told_twice_not_at_all_or_without_cause_is_found():
    world = run(PAYS)
    assert violations(world) == {}
    portal = world.platforms.portal
    told = [row for row in portal.store.all(portal.catalogue.get("tasks")) if row.get("hs_task_subject")]
    assert {row.get("hs_task_subject").split()[0] for row in told} == {"Paid", "Late"}
    first = next(row for row in told if row.get("hs_task_subject").startswith("Paid"))
    subject = first.get("hs_task_subject")
    first.overwrite("hs_task_subject", "Paid RM-0")
    assert telling.untold(Witness(world)) == [f"nobody was told: {subject}"]
    assert telling.untrue(Witness(world)) == ["Paid RM-0"]
    sent = portal.custom_events.occurrences
    (event,) = sent
    number = event.properties["number"]
    sent[:] = [event, event]
    assert telling.told_twice(Witness(world)) == [f"2 events: paid {number}"]
    sent[:] = [replace(event, properties={"number": "RM-0"})]
    assert "an event says that RM-0 is paid" in telling.untrue(Witness(world))
    assert f"no event says that {number} is paid" in telling.untold(Witness(world))
    sent[:] = [event]
    for row in told:
        row.overwrite("hs_task_subject", subject)
    assert telling.told_twice(Witness(world)) == [f"{len(told)} tasks: {subject}"]
