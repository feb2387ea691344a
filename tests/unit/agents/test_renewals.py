"""A term that ends soon is told once for each end, while the subscription runs, whatever is heard again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dawn import Dawn
from schemas.fact import Fact
from schemas.names import Entity, Side, canonical_id
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, deal
from tests.unit.agents.test_subscriptions import DAY, on, seat, shown

YEAR = {"payments": "12"}  # of months, from 2026-09-01: it ends on 2027-09-01
RENEW: dict[str, Any] = {
    "automation": "renew",
    "when": "subscription.renewal_due",
    "days": 30,
    "task": {"subject": "{deal} of {customer} ends on {ends_on}, in {days} days: {worth} {currency} {every}"},
    "set": {"of": "deal", "property": "renew_by", "value": "{ends_on}"},
}
SET = "trigger_renew_by"


def contracted(*automations: dict[str, Any], **rules: Any) -> Any:
    """The contract of people who are told."""
    named = {"automations": list(automations), "mappings": {"deal": {"custom_ends_on": {"kind": "day", "crm": "ends"}}}}
    return contract({"timing": {"subscriptions": {"bill": "never", **rules}}, **named})


def court(*automations: dict[str, Any], recurs: dict[str, Any] | None = None, **rules: Any) -> Court:
    """Acme, with a deal that is won on the first of September."""
    here = Court(contracted(*automations or (RENEW,), **rules)).known_everywhere()
    return shown(here, lines=[seat(**(recurs or YEAR))])


def told(here: Court) -> list[str]:
    """The ends that were told, write by write; each has a task of its own."""
    ends = [each.fields[SET] for each in here.commands(Side.CRM) if SET in each.fields]
    tasks = here.commands(Side.CRM, Entity.TASK)
    assert len({each.record for each in tasks}) == len(tasks) == len(ends)
    return ends


def test_a_term_that_ends_is_told_once_on_its_day():
    here = on(court(), "2027-08-01")
    assert told(here) == []
    for day in ("2027-08-02", "2027-08-02", "2027-08-03", "2027-08-31", "2027-09-01", "2027-10-01"):
        on(here, day)
    assert told(here) == ["2027-09-01"]
    (task,) = here.commands(Side.CRM, Entity.TASK)
    assert task.fields["subject"] == "Widgets of Acme ends on 2027-09-01, in 30 days: 100.00 NZD monthly"
    assert task.record == canonical_id(Entity.TASK, "main", "renew", "deal:1", "2027-09-01")
    assert task.links == {"company": here.customer().crm, "deal": "hubspot/deal/1"}
    (said,) = [each for each in here.verdicts() if each.ruling == "automate"]
    assert (said.record, said.rule) == ("deal:1", "automation.renew")
    assert said.reason == "the subscription's term ends on 2027-09-01: renew_by of the deal is set; a task is made"


def test_a_day_that_workers_slept_over_is_told_when_they_are_back_and_not_once_the_term_is_over():
    assert told(on(court(), "2027-08-31")) == ["2027-09-01"]
    assert told(on(court(), "2027-09-01")) == []


def test_each_term_is_a_cause_of_its_own():
    here = court(recurs={"payments": "3"}, renewed="automatically")
    for month in range(10, 16):
        on(here, date(2026 + month // 12, month % 12 + 1, 15).isoformat())
    assert told(here) == ["2026-12-01", "2027-03-01"]


def test_a_term_that_was_made_longer_is_told_again_at_its_new_end():
    here = on(court(recurs={"payments": "2"}), "2026-10-05")
    shown(here, lines=[seat(payments="4")])
    assert told(on(here, "2026-12-01")) == ["2026-11-01"]
    assert here.customer().alarms["deal:1"] == "2026-12-02"
    assert told(on(here, "2026-12-02")) == ["2026-11-01", "2027-01-01"]


def test_a_new_end_that_is_near_already_is_told_at_once_and_an_old_one_that_comes_back_is_not():
    here = on(court(ends="custom_ends_on"), "2026-10-01")
    shown(here, custom_ends_on="2026-10-20")
    assert told(here) == ["2026-10-20"]
    shown(here, custom_ends_on="2026-10-25")
    shown(here, custom_ends_on="2026-10-20")
    assert told(here) == ["2026-10-20", "2026-10-25"]
    shown(here, custom_ends_on=None)
    assert told(on(here, "2027-08-02")) == ["2026-10-20", "2026-10-25", "2027-09-01"]


@pytest.mark.parametrize("automatically", [True, False])
def test_of_the_day_that_people_have_named_and_that_of_the_term_the_earlier_counts(automatically: bool):  # noqa: FBT001 - a case
    here = court(ends="custom_ends_on", renewed="automatically" if automatically else "by_hand")
    shown(here, custom_ends_on="2028-01-01")
    assert told(on(here, "2027-08-01")) == []
    assert told(on(here, "2027-08-02")) == ["2027-09-01"]


def test_what_has_no_end_is_never_told():
    here = on(court(recurs={"note": "for good"}), "2036-09-01")
    assert (told(here), "deal:1" in here.customer().alarms) == ([], True)


@pytest.mark.parametrize("stage", ["paused", "closedlost"])
def test_what_is_paused_or_over_is_told_only_if_it_runs_again_in_time(stage: str):
    here = court(paused_when_deal_stage=["paused"])
    shown(here, on="2027-07-20", stage=stage)
    on(here, "2027-08-02")
    assert told(on(here, "2027-08-10")) == []
    shown(here, stage="closedwon")
    assert told(here) == ["2027-09-01"]
    late = court(paused_when_deal_stage=["paused"])
    shown(late, on="2027-07-20", stage=stage)
    assert told(shown(late, on="2027-09-02", stage="closedwon")) == []


def test_two_automations_have_each_its_own_day():
    soon = RENEW | {"automation": "soon", "days": 7, "set": None}
    here = on(court(RENEW, soon), "2027-08-02")
    assert here.customer().alarms["deal:1"] == "2027-08-25"
    on(here, "2027-08-25")
    assert [each.rules for each in here.commands(Side.CRM, Entity.TASK)] == [["automation.renew"], ["automation.soon"]]


@pytest.mark.parametrize(("day", "ends"), [("2027-08-03", []), ("2027-07-30", ["2027-09-01"])])
def test_an_automation_that_is_named_later_tells_what_becomes_near_from_then_on(day: str, ends: list[str]):
    here = on(Court(contracted()).known_everywhere(), "2026-09-01")
    on(shown(here, lines=[seat(**YEAR)]), "2027-06-01")
    later = Court(contracted(RENEW), here.records, here.customers, clock=here.clock)
    shown(later, on=day)
    on(later, "2027-08-20")
    assert told(later) == ends


def test_rows_of_before_there_were_renewals_tell_what_becomes_near_from_then_on():
    here = court()
    for row in here.records.rows.values():
        for name in ("ends", "renewals"):
            row["marks"].get("order", {}).get("subscription", {}).pop(name, None)
    shown(here, on="2027-08-10")
    assert told(here) == []
    shown(here, lines=[seat(payments="24")])
    assert told(on(here, "2028-08-10")) == ["2028-09-01"]


def test_a_short_term_that_is_won_within_its_days_is_told_at_once():
    assert told(court(recurs={"payments": "1"})) == ["2026-10-01"]


def test_a_deal_that_was_won_before_the_first_reading_tells_of_no_term():
    here = Court(contracted(RENEW)).known_everywhere()
    here.hear(deal(60, first=True, lines=[seat(payments="1")]))
    assert told(on(here, "2026-09-20")) == []


def edited(days: int, **fields: Any) -> Fact:
    """The deal as it is after so many days."""
    return deal(days * DAY, **{"lines": [seat(payments="2")], **fields})


LONGER = seat(payments="3")
STORY: list[Fact | Dawn] = [
    edited(1), edited(40, lines=[LONGER]), edited(50, stage="paused"), edited(60, lines=[LONGER]),
    *(Dawn(tenant="main", customer=ACME, at=at(day * DAY)) for day in (30, 45, 65, 80)),
]  # fmt: skip


@settings(max_examples=40)
@given(heard=st.permutations(STORY * 2), rests=st.sets(st.integers(min_value=0, max_value=15)))
def test_whatever_is_heard_again_in_whatever_order_each_end_is_told_once(
    heard: list[Fact | Dawn], rests: set[int]
) -> None:
    here = Court(contracted(RENEW, paused_when_deal_stage=["paused"])).known_everywhere()
    here.hear(deal(0, stage="contractsent", lines=[seat(payments="2")]))
    for place, each in enumerate(heard):
        here.hear(each)
        if place in rests:
            here.settle()
    here.hear(*STORY, *heard, deal(here.clock + 60, lines=[LONGER]), *heard)
    here.settle()
    ends = told(here)
    assert len(ends) == len(set(ends))
    assert set(ends) <= {"2026-11-01", "2026-12-01"}
    assert "2026-12-01" in ends, "it runs until then, and a day before that was seen"
