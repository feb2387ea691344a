"""A subscription is billed period by period: on which days, what is on the bills, and what is told of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from agents.rules.numbering import invoice_id
from schemas.command import Command
from schemas.contract import lint
from schemas.dawn import Dawn
from schemas.errors import ContractError
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import ACME, START, Court, at, company, deal, fact, line

DAY = 86_400.0  # seconds
MONTHLY: dict[str, Any] = {"every": "monthly", "starts_on": "2026-09-01"}


def seat(price: str = "50", **recurs: Any) -> dict[str, Any]:
    """A line that is billed every month, from September on."""
    return line("SEAT", "2", price) | {"recurs": MONTHLY | recurs}


def court(lines: list[dict[str, Any]] | None = None, **rules: Any) -> Court:
    """Acme, with a won deal that recurs."""
    timing = {"timing": {"subscriptions": {"bill": "in_advance", **rules}}}
    mapped = {"custom_ends_on": {"kind": "day", "crm": "ends_on"}}
    here = Court(contract({**timing, "mappings": {"deal": mapped}})).known_everywhere()
    return shown(here, lines=[seat()] if lines is None else lines)


def shown(here: Court, *, on: str = "", **fields: Any) -> Court:
    """Sales edits the deal, on a day; the workers work."""
    if on:
        here.clock = max(here.clock, (date.fromisoformat(on) - START.date()).days * DAY)
    kept = {"stage": "closedwon", **here.state("deal:1").crm.fields}
    here.hear(deal(here.clock + 60, **(kept | fields)))
    here.settle()
    return here


def on(here: Court, day: str) -> Court:
    """A day begins."""
    here.clock = max(here.clock, (date.fromisoformat(day) - START.date()).days * DAY)
    here.hear(Dawn(tenant="main", customer=ACME, at=at(here.clock)))
    here.settle()
    return here


def bills(here: Court) -> list[tuple[str, str]]:
    """Numbers and dates of the bills, in order."""
    return [(str(each.natural_key), each.fields["date"]) for each in asked(here)]


def asked(here: Court) -> list[Command]:
    """What the ERP was asked for."""
    return [each for each in here.commands(Side.ERP, Entity.INVOICE) if each.kind == "create"]


def status(here: Court) -> Any:
    """What the deal says of itself."""
    return here.shown(Side.CRM, "order_status", record="deal:1")[0]


def told(here: Court) -> list[str]:
    """What is told of the subscription, with the day and what a period is worth."""
    found = [each for each in here.events() if each.type.startswith(("subscription_", "order_", "renewal_"))]
    assert len({each.id for each in found}) == len(found), "each is news of its own"
    return [f"{each.type.removeprefix('subscription_')} {each.day} {each.money.amount}" for each in found if each.money]


def test_each_period_has_a_bill_of_its_own_on_its_first_day():
    here = court()
    assert bills(here) == [("RM-1", "2026-09-01")]
    assert status(here) == "running: monthly, 1 period billed, the next on 2026-10-01"
    assert bills(on(here, "2026-09-30")) == [("RM-1", "2026-09-01")]
    assert bills(on(here, "2026-10-01")) == [("RM-1", "2026-09-01"), ("RM-1-2", "2026-10-01")]
    on(on(here, "2026-10-01"), "2026-11-01")
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-2", "RM-1-3"]
    first = asked(here)[0].fields["lines"]
    assert [(each["description"], each["quantity"], each["unit_price"]) for each in first] == [
        ("Widget, 2026-09-01 to 2026-09-30", "2", "50")
    ]
    assert "recurs" not in first[0]
    assert told(here) == ["order_created 2026-09-01 100.00", "started 2026-09-01 100.00"]
    assert {each.every for each in here.events() if each.type == "subscription_started"} == {"monthly"}


def test_in_arrears_a_period_is_billed_on_the_day_after_its_last_one():
    here = court(bill="in_arrears")
    assert (bills(here), status(here)) == ([], "running: monthly, 0 periods billed, the next on 2026-10-01")
    assert bills(on(here, "2026-10-01")) == [("RM-1", "2026-10-01")]
    assert "2026-09-01 to 2026-09-30" in asked(here)[0].fields["lines"][0]["description"]


def test_people_may_bill_and_what_becomes_of_it_is_told_all_the_same():
    here = on(court([seat(payments="2")], bill="never", renewed="automatically"), "2026-11-01")
    assert bills(here) == []
    assert status(here) == "running: monthly, billed by people, the next on 2026-12-01"
    assert told(here)[1:] == ["started 2026-09-01 100.00", "renewal_booked 2026-11-01 100.00"]


def test_what_was_missed_is_billed_bill_by_bill_each_with_its_own_day():
    here = on(court(), "2027-01-15")
    assert bills(here) == [
        ("RM-1", "2026-09-01"), ("RM-1-2", "2026-10-01"), ("RM-1-3", "2026-11-01"), ("RM-1-4", "2026-12-01"),
        ("RM-1-5", "2027-01-01"),
    ]  # fmt: skip
    assert here.shown(Side.CRM, "invoice_status", record="deal:1") == ["posted"]


def test_periods_that_had_ended_when_the_deal_was_won_are_not_billed():
    here = court([seat(starts_on="2026-06-15")])
    assert bills(here) == [("RM-1-3", "2026-08-15")]
    assert bills(on(here, "2026-09-15"))[1:] == [("RM-1-4", "2026-09-15")]


def test_one_that_begins_later_is_not_billed_before():
    here = court([seat(starts_on="2026-12-31")])
    assert (bills(here), status(here)) == ([], "running: monthly, 0 periods billed, the next on 2026-12-31")
    on(here, "2026-11-01")
    shown(here, lines=[seat(starts_on="2027-01-31")])
    assert bills(on(here, "2027-01-30")) == []
    assert bills(on(here, "2027-01-31")) == [("RM-1", "2027-01-31")]
    assert bills(on(here, "2027-02-28"))[1:] == [("RM-1-2", "2027-02-28")], "the last day of a shorter month"


def test_what_is_billed_once_is_on_the_first_bill_alone():
    here = on(court([seat(), line("SETUP", "1", "500")]), "2026-10-01")
    assert [len(each.fields["lines"]) for each in asked(here)] == [2, 1]
    shown(here, lines=[seat(), line("SETUP", "1", "700")])
    assert any("billed once were edited" in each.reason for each in here.verdicts("lines"))


def test_amended_in_mid_term_it_is_billed_anew_from_the_next_period_on():
    here = court()
    shown(here, on="2026-09-20", lines=[seat("60"), seat("10", note=None) | {"sku": "MORE", "recurs": MONTHLY}])
    assert len(bills(here)) == 1
    on(here, "2026-10-01")
    assert [sum(Decimal(row["unit_price"]) for row in each.fields["lines"]) for each in asked(here)] == [50, 70]
    assert told(here)[1:] == ["started 2026-09-01 100.00", "amended 2026-09-20 140.00"]


def test_paused_no_period_that_begins_meanwhile_is_billed():
    here = court(paused_when_deal_stage=["paused"])
    shown(here, on="2026-09-20", stage="paused")
    assert status(here) == "paused: monthly, 1 period billed, none that begins meanwhile"
    on(here, "2026-11-20")
    shown(here, on="2026-11-25", stage="closedwon")
    assert (len(bills(here)), status(here)) == (1, "running: monthly, 1 period billed, the next on 2026-12-01")
    assert bills(on(here, "2026-12-01"))[1:] == [("RM-1-4", "2026-12-01")]
    assert told(here)[2:] == ["paused 2026-09-20 100.00", "resumed 2026-11-25 100.00"]


def test_a_pause_that_is_heard_of_late_began_when_the_crm_says():
    here = court(paused_when_deal_stage=["paused"])
    paused = deal((date(2026, 9, 20) - START.date()).days * DAY, stage="paused", lines=[seat()])
    here.hear(paused.model_copy(update={"seen_at": paused.seen_at.replace(month=11)}))
    here.settle()
    assert len(bills(here)) == 1


def test_a_term_ends_and_a_longer_one_renews_it():
    here = on(court([seat(payments="2")]), "2026-12-05")
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-2"]
    assert status(here) == "ended: monthly, 2 of 2 periods billed, over since 2026-11-01"
    shown(here, lines=[seat(payments="4")])
    assert bills(here)[2:] == [("RM-1-3", "2026-11-01"), ("RM-1-4", "2026-12-01")]
    assert told(here)[2:] == ["churned 2026-11-01 100.00", "renewal_booked 2026-12-05 100.00"]


def test_a_term_may_renew_itself():
    here = on(court([seat(term="P2M")], renewed="automatically"), "2027-01-01")
    assert len(bills(here)) == 5
    assert told(here)[2:] == ["renewal_booked 2026-11-01 100.00", "renewal_booked 2027-01-01 100.00"]


def test_churned_nothing_is_billed_any_more_and_what_was_billed_stands():
    here = court()
    shown(here, on="2026-09-20", stage="closedlost")
    on(here, "2026-11-01")
    assert len(bills(here)) == 1
    assert status(here) == "ended: monthly, 1 period billed, over since 2026-09-20"
    assert told(here)[2:] == ["churned 2026-09-20 100.00"]
    shown(here, on="2026-11-10", stage="closedwon")
    assert bills(on(here, "2026-12-01"))[1:] == [("RM-1-4", "2026-12-01")], "what began meanwhile is not billed"
    assert told(here)[3:] == ["resumed 2026-11-10 100.00"]


def test_one_that_is_called_off_before_its_first_bill_is_no_order_any_more():
    here = court([seat(starts_on="2026-12-01")])
    shown(here, on="2026-09-20", stage="closedlost")
    assert status(here) == "called off"
    assert told(here)[2:] == ["order_cancelled 2026-09-20 100.00", "churned 2026-09-20 100.00"]
    shown(here, on="2026-09-21", stage="closedwon")
    assert bills(on(here, "2026-12-01")) == [("RM-1", "2026-12-01")]
    assert told(here)[4:] == ["order_created 2026-09-21 100.00", "resumed 2026-09-21 100.00"]


@pytest.mark.parametrize(
    ("bill", "numbers", "owed"), [("in_advance", "2 periods", ""), ("in_arrears", "1 period", "2026-10-01")]
)
def test_a_day_may_be_named_on_which_it_ends(bill: str, numbers: str, owed: str):
    here = court(bill=bill, ends="custom_ends_on")
    shown(here, on="2026-09-20", custom_ends_on="2026-10-15")
    on(on(here, "2026-10-14"), "2026-12-01")
    assert len(bills(here)) == int(numbers[0])
    assert told(here)[2:] == ["churned 2026-10-15 100.00"]
    said = f"; bill what is owed from {owed} on by hand" if owed else ""
    assert status(here) == f"ended: monthly, {numbers} billed, over since 2026-10-15{said}"


def test_a_customer_on_hold_is_not_billed_and_then_is():
    here = court()
    here.clock = 29 * DAY
    here.hear(company(Side.ERP, here.clock, credit_hold=True, alone=False))
    on(here, "2026-10-01")
    assert len(bills(here)) == 1
    assert status(here).startswith("held: ")
    here.hear(company(Side.ERP, here.clock + 60, credit_hold=False, alone=False))
    here.settle()
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-2"]


def test_a_bill_that_the_erp_has_already_is_taken_as_its_periods():
    here = court()
    there = invoice_id("main", "deal:1", 2)
    shown_ = {"number": "RM-1-2", "status": "posted", "date": "2026-09-28", "currency": "NZD", "total": "115.00",
              "amount_due": "115.00", "amount_paid": "0.00", "amount_credited": "0.00", "lines": []}  # fmt: skip
    here.hear(fact(Entity.INVOICE, Side.ERP, shown_, record=there, seconds=27 * DAY, related={"deal": "deal:1"}))
    here.settle()
    on(on(here, "2026-10-01"), "2026-11-01")
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-3"]


def test_a_refused_bill_is_asked_for_again_and_holds_up_those_after_it():
    here = court([seat(), line("SETUP", "1", "500")])
    here.clock = 30 * DAY
    here.hear(deal(here.clock, lines=[seat(), line("SETUP", "1", "500")]))
    here.settle(refuse=lambda command: command.natural_key == "RM-1-2" and command.kind == "create")
    assert status(here) == "invoice refused: no"
    on(here, "2026-11-01")
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-2"]
    shown(here, lines=[seat("55"), line("SETUP", "1", "500")])
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-2", "RM-1-2", "RM-1-3"]
    assert [len(each.fields["lines"]) for each in asked(here)] == [2, 1, 1, 1]


def test_a_bill_is_asked_for_when_the_one_before_it_is_known_to_be_there():
    here = court([seat(starts_on="2026-10-01")])
    here.hear(
        deal(70 * DAY, lines=[seat(starts_on="2026-10-01")]),
        deal(70 * DAY + 60, name="more", lines=[seat(starts_on="2026-10-01")]),
    )
    assert [each[0] for each in bills(here)] == ["RM-1"]
    here.settle()
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1-2"]


def test_a_first_bill_that_is_refused_keeps_what_is_billed_once():
    here = court([seat(starts_on="2026-10-01"), line("SETUP", "1", "500")])
    here.clock = 30 * DAY
    here.hear(deal(here.clock, lines=[seat(starts_on="2026-10-01"), line("SETUP", "1", "500")]))
    here.settle(refuse=lambda command: command.natural_key == "RM-1" and command.kind == "create")
    shown(here, lines=[seat("55", starts_on="2026-10-01"), line("SETUP", "1", "500")])
    assert [len(each.fields["lines"]) for each in asked(here)] == [2, 2]


def test_the_customers_alarm_says_when_it_is_looked_at_next():
    here = court([seat(payments="2")])
    assert here.customer().alarms == {"deal:1": "2026-10-01"}
    assert on(here, "2026-10-01").customer().alarms == {"deal:1": "2026-11-01"}, "its end is told"
    assert on(here, "2026-11-01").customer().alarms == {}


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([seat(), seat(every="weekly")], "differ in frequency"),
        ([seat(every="hourly")], "nothing is known of the billing frequency 'hourly'"),
        ([seat(starts_on=None, delayed=True)], "starts with a delay"),
        ([seat(payments="1.5")], "1 to 1000 payments"),
        ([seat(term="P45D")], "no number of periods"),
    ],
)
def test_lines_that_do_not_say_when_they_are_billed_are_held(lines: list[dict[str, Any]], says: str):
    here = court(lines)
    assert bills(here) == []
    assert says in status(here)
    assert bills(shown(here, lines=[seat()])) == [("RM-1", "2026-09-01")]


def test_its_first_day_is_not_moved_once_it_is_billed():
    here = court()
    shown(here, lines=[seat(starts_on="2026-09-05")])
    assert "its first day was edited" in status(here)
    assert bills(on(here, "2026-10-05")) == bills(here) == [("RM-1", "2026-09-01")]
    assert len(bills(shown(here, lines=[seat()]))) == 2


def test_without_the_setting_a_recurring_line_is_billed_once_like_any():
    here = Court(contract({})).known_everywhere()
    on(shown(here, lines=[seat()]), "2026-10-01")
    assert bills(here) == [("RM-1", "2026-09-01")]
    assert not told(here)[1:]


@pytest.mark.parametrize(
    ("timing", "where", "says"),
    [
        ({"invoice_when": "shipped"}, "", "by its day"),
        ({"invoice_when": "never"}, "", "invoice_when: never are not supported"),
        ({"subscriptions": {"paused_when_deal_stage": ["closedwon"]}}, ".paused_when_deal_stage", "paused at once"),
        ({"subscriptions": {"amended": "prorated", "bill": "in_arrears"}}, ".amended", "needs one that was made"),
        ({"subscriptions": {"amended": "prorated", "bill": "never"}}, ".amended", "bill: never is not supported"),
        ({"subscriptions": {"ends": "custom_nothing"}}, ".ends", "no field 'custom_nothing'"),
        ({"subscriptions": {"ends": "custom_text"}}, ".ends", "is no day"),
    ],
)
def test_lint_refuses_what_does_not_go_with_subscriptions(timing: dict[str, Any], where: str, says: str):
    mapped = {"mappings": {"deal": {"custom_text": {"crm": "text"}}}}
    found = lint(contract({"timing": {"subscriptions": {}, **timing}, **mapped}))
    assert [(each.level, each.path) for each in found if says in each.message] == [
        ("error", f"timing.subscriptions{where}")
    ]


def test_a_contract_with_another_word_for_amendments_is_refused():
    with pytest.raises(ContractError, match="amended"):
        contract({"timing": {"subscriptions": {"amended": "prorate"}}})


def test_a_contract_with_subscriptions_lints():
    rules = {"bill": "in_arrears", "ends": "custom_ends_on", "paused_when_deal_stage": ["paused"]}
    mapped = {"mappings": {"deal": {"custom_ends_on": {"kind": "day", "crm": "ends_on"}}}}
    assert lint(contract({"timing": {"subscriptions": rules}, **mapped})) == lint(contract({}))
