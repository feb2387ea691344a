"""A subscription is amended in the middle of a billed period: what more is billed, once, and what is said of less."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from agents.rules.numbering import invoice_id
from schemas.dawn import Dawn
from schemas.names import Entity, Side, digest
from tests.support.judging import ACME, START, Court, at, company, deal, fact, line
from tests.unit.agents.test_subscriptions import DAY, MONTHLY, asked, bills, court, on, seat, shown, status


def prorating(lines: list[dict[str, Any]] | None = None, **rules: Any) -> Court:
    """Acme, whose deal is billed from the first of September on: two seats at 50."""
    return court(lines, amended="prorated", **rules)


def seats(quantity: str, price: str = "50") -> dict[str, Any]:
    return seat(price) | {"quantity": quantity}


def more(here: Court) -> list[tuple[str, str, list[str]]]:
    """Number, day and amounts of what was added to bills."""
    return [
        (str(each.natural_key), each.fields["date"], [row["unit_price"] for row in each.fields["lines"]])
        for each in asked(here)
        if "." in str(each.natural_key)
    ]


def news(here: Court) -> list[str]:
    found = [each for each in here.events() if each.type == "subscription_prorated"]
    assert len({each.id for each in found}) == len(found)
    return [f"{each.day} {each.money.amount} {each.money.currency}" for each in found if each.money]


def days(day: str) -> float:
    """Seconds until a day begins."""
    return (date.fromisoformat(day) - START.date()).days * DAY


def test_more_in_mid_term_is_billed_for_the_days_that_are_left():
    here = shown(prorating(), on="2026-09-20", lines=[seats("3")])
    assert more(here) == [("RM-1.1", "2026-09-20", ["18.33"])]
    bill = asked(here)[-1]
    (row,) = bill.fields["lines"]
    assert (row["description"], row["quantity"], row["sku"]) == (
        "Widget, 2026-09-20 to 2026-09-30: 11 of 30 days of 50.00", "1", "SEAT"
    )  # fmt: skip
    assert (row["discount_percent"], row["amount"], "recurs" in row) == (None, None, False)
    assert bill.reason == "deal Widgets, period 1 amended: 11 of 30 days, 2026-09-20 to 2026-09-30"
    assert status(here) == "running: monthly, 1 period billed, the next on 2026-10-01"
    assert bills(on(here, "2026-10-01"))[2:] == [("RM-1-2", "2026-10-01")]
    assert [row["quantity"] for row in asked(here)[-1].fields["lines"]] == ["3"]
    shown(here, on="2026-10-31", lines=[seats("4")])
    assert more(here)[1:] == [("RM-1-2.1", "2026-10-31", ["1.61"])]
    assert news(here) == ["2026-09-20 18.33 NZD", "2026-10-31 1.61 NZD"]


def test_the_deal_names_its_bills_in_the_order_of_what_they_are_for():
    here = shown(prorating(), on="2026-09-20", lines=[seats("3")])
    for month in ("2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-05", "2027-06"):
        on(here, f"{month}-01")
    (named,) = here.shown(Side.CRM, "invoice_number", record="deal:1")
    assert named.split(", ") == ["RM-1", "RM-1.1", *(f"RM-1-{place}" for place in range(2, 11))]


def test_the_news_of_it_says_whose_it_is():
    here = shown(prorating(), on="2026-09-20", lines=[seats("3")])
    (event,) = [each for each in here.events() if each.type == "subscription_prorated"]
    order = here.state("deal:1").marks["order"]["id"]
    assert event.id == digest("main", "subscription_prorated", order, "1", "1")
    assert (event.customer, event.document, event.deal, event.number) == (ACME, order, "deal:1", "Widgets")
    assert (event.every, event.refs) == ("monthly", {"crm": "hubspot/deal/1"})


def test_it_is_told_when_its_bill_is_there_and_not_before():
    here = prorating()
    here.clock = days("2026-09-20")
    here.hear(deal(here.clock, lines=[seats("3")]))
    assert (len(more(here)), news(here)) == (1, [])
    here.settle()
    assert news(here) == ["2026-09-20 18.33 NZD"]


def test_by_default_an_amendment_holds_from_the_next_period_on():
    here = shown(court(), on="2026-09-20", lines=[seats("3")])
    assert (more(here), news(here)) == ([], [])
    assert "rest" not in here.state("deal:1").marks["order"]["subscription"]


def test_the_currency_says_how_far_it_is_rounded():
    here = shown(prorating([]), currency="JPY", lines=[seats("2")], stage="closedwon")
    shown(here, on="2026-09-20", lines=[seats("3")])
    assert more(here) == [("RM-1.1", "2026-09-20", ["18"])]


def test_lines_that_came_and_went_are_told_line_by_line():
    here = prorating([seat(), line("CARE", "1", "10") | {"recurs": MONTHLY}])
    shown(here, on="2026-09-16", lines=[line("PRO", "1", "200") | {"recurs": MONTHLY}, seats("3")])
    (bill,) = [each for each in asked(here) if "." in str(each.natural_key)]
    assert [(row["sku"], row["unit_price"]) for row in bill.fields["lines"]] == [
        ("PRO", "100.00"), ("SEAT", "25.00"), ("CARE", "-5.00"),
    ]  # fmt: skip


def test_what_rounds_to_nothing_is_billed_with_what_comes_after_it():
    here = shown(prorating([seats("1000", "0.01")]), on="2026-09-30", lines=[seats("1010", "0.01")])
    assert more(here) == [], "a tenth for one day of thirty"
    shown(here, on="2026-09-30", lines=[seats("1020", "0.01")])
    assert more(here) == [("RM-1.1", "2026-09-30", ["0.01"])]


def test_what_is_billed_once_is_never_prorated():
    here = prorating([seat(), line("SETUP", "1", "500")])
    shown(here, on="2026-09-20", lines=[seat(), line("SETUP", "1", "700")])
    assert more(here) == []


def test_less_is_said_to_people_and_credited_by_nobody():
    here = shown(prorating(), on="2026-09-20", lines=[seats("1")])
    assert len(bills(here)) == 1
    said = "2026-09-20 to 2026-09-30"
    assert status(here) == (
        f"running: monthly, 1 period billed, the next on 2026-10-01; credit 18.33 NZD before tax, {said} "
        "if that was agreed"
    )
    (verdict,) = here.verdicts("lines")
    assert (verdict.ruling, verdict.rule) == ("hold", "guard.posted_immutable")
    assert verdict.reason == (
        "its lines were worth more when period 1 was billed: credit 18.33 NZD before tax in the ERP for 11 of 30 days, "
        f"{said}, if that was agreed"
    )
    on(here, "2026-10-01")
    assert [row["quantity"] for row in asked(here)[-1].fields["lines"]] == ["1"]
    assert status(here) == "running: monthly, 2 periods billed, the next on 2026-11-01"
    assert len(here.verdicts("lines")) == 1


def test_an_edit_back_gives_nothing_more_and_takes_the_word_of_a_credit_back():
    here = shown(prorating(), on="2026-09-10", lines=[seats("1")])
    shown(here, on="2026-09-15", lines=[seats("2")])
    assert (more(here), status(here)) == ([], "running: monthly, 1 period billed, the next on 2026-10-01")
    shown(here, on="2026-09-16", lines=[seats("3")])
    shown(here, on="2026-09-20", lines=[seats("2")])
    assert "credit 18.33" in status(here)
    shown(here, on="2026-09-21", lines=[seats("3")])
    assert more(here) == [("RM-1.1", "2026-09-16", ["25.00"])]
    shown(here, on="2026-09-21", lines=[seats("5")])
    assert more(here)[1:] == [("RM-1.2", "2026-09-21", ["33.33"])]


def test_several_edits_before_the_bill_are_one():
    here = prorating([seats("2")])
    held = days("2026-09-09")
    here.clock = held
    here.hear(company(Side.ERP, held, credit_hold=True, alone=False))
    shown(here, on="2026-09-10", lines=[seats("9")])
    assert status(here).startswith("held: ")
    shown(here, on="2026-09-16", lines=[seats("3")])
    here.hear(company(Side.ERP, here.clock + 90, credit_hold=False, alone=False))
    here.settle()
    assert more(here) == [("RM-1.1", "2026-09-16", ["25.00"])]


def test_edited_and_back_before_the_bill_is_nothing():
    here = prorating()
    here.clock = days("2026-09-09")
    here.hear(company(Side.ERP, here.clock, credit_hold=True, alone=False))
    shown(here, on="2026-09-10", lines=[seats("9")])
    shown(here, on="2026-09-16", lines=[seats("2")])
    here.hear(company(Side.ERP, here.clock + 90, credit_hold=False, alone=False))
    here.settle()
    assert (more(here), news(here)) == ([], [])


def test_what_waited_beyond_its_period_is_billed_for_its_own_days_before_the_next_one():
    here = prorating()
    here.clock = days("2026-09-09")
    here.hear(company(Side.ERP, here.clock, credit_hold=True, alone=False))
    shown(here, on="2026-09-16", lines=[seats("3")])
    on(here, "2026-10-02")
    shown(here, on="2026-10-03", lines=[seats("4")])
    here.hear(company(Side.ERP, here.clock + 90, credit_hold=False, alone=False))
    here.settle()
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1.1", "RM-1-2"]
    assert more(here) == [("RM-1.1", "2026-09-16", ["25.00"])]
    assert [row["quantity"] for row in asked(here)[-1].fields["lines"]] == ["4"]


def test_redelivery_and_dawns_give_no_second_bill():
    here = prorating()
    amended = deal(days("2026-09-20"), lines=[seats("3")])
    here.hear(amended, amended)
    here.settle()
    here.hear(amended, Dawn(tenant="main", customer=ACME, at=at(days("2026-09-22"))), amended)
    shown(here, on="2026-09-23", name="Another name")
    assert (len(more(here)), len(news(here))) == (1, 1)


def test_one_that_is_heard_of_late_counts_from_its_own_day():
    here = prorating()
    amended = deal(days("2026-09-20"), lines=[seats("3")])
    here.hear(amended.model_copy(update={"seen_at": amended.seen_at.replace(day=28)}))
    here.settle()
    assert more(here) == [("RM-1.1", "2026-09-20", ["18.33"])]


def test_a_line_that_was_taken_off_makes_the_deal_no_newer_and_counts_from_the_day_that_it_is_heard_of():
    rebate = line("LESS", "1", "-40") | {"recurs": MONTHLY}
    here = prorating([seat(), rebate])
    deal_ = here.state("deal:1").crm
    same = deal(0, **{**deal_.fields, "lines": [seat()]})
    here.hear(same.model_copy(update={"version": deal_.version, "seen_at": at(days("2026-09-16"))}))
    here.settle()
    assert more(here) == [("RM-1.1", "2026-09-16", ["20.00"])]


def test_amended_while_its_bill_is_on_its_way_it_waits_for_that():
    here = prorating([])
    here.hear(deal(here.clock + 60, lines=[seats("2")]), deal(days("2026-09-16"), lines=[seats("3")]))
    assert [each[0] for each in bills(here)] == ["RM-1"]
    here.settle()
    assert more(here) == [("RM-1.1", "2026-09-16", ["25.00"])]
    here.hear(deal(days("2026-09-21"), lines=[seats("4")]), deal(days("2026-09-21") + 60, lines=[seats("5")]))
    assert len(more(here)) == 2
    here.settle()
    assert more(here)[1:] == [("RM-1.2", "2026-09-21", ["16.67"]), ("RM-1.3", "2026-09-21", ["16.67"])]


def test_a_refused_one_is_asked_for_again_under_its_number_and_holds_up_the_next_period():
    here = prorating()
    here.clock = days("2026-09-20")
    here.hear(deal(here.clock, lines=[seats("3")]))
    here.settle(refuse=lambda command: command.natural_key == "RM-1.1" and command.kind == "create")
    assert status(here) == "invoice refused: no"
    on(here, "2026-10-01")
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1.1"]
    here.hear(company(Side.ERP, here.clock + 60, phone="1", alone=False))
    here.settle()
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1.1", "RM-1.1", "RM-1-2"]
    assert news(here) == ["2026-09-20 18.33 NZD"]


def test_refused_and_edited_back_it_is_over():
    here = prorating()
    here.clock = days("2026-09-20")
    here.hear(deal(here.clock, lines=[seats("3")]))
    here.settle(refuse=lambda command: command.natural_key == "RM-1.1" and command.kind == "create")
    shown(here, lines=[seats("2")])
    on(here, "2026-10-01")
    assert [each[0] for each in bills(here)] == ["RM-1", "RM-1.1", "RM-1-2"]
    assert news(here) == []


def test_amended_while_it_is_paused_it_counts_from_the_day_on_which_it_is_back():
    here = prorating(paused_when_deal_stage=["paused"])
    shown(here, on="2026-09-10", stage="paused", lines=[seats("3")])
    assert more(here) == []
    shown(here, on="2026-09-21", stage="closedwon")
    assert more(here) == [("RM-1.1", "2026-09-21", ["16.67"])]


def test_it_is_billed_until_the_day_on_which_it_ends():
    here = prorating(ends="custom_ends_on")
    shown(here, on="2026-09-20", custom_ends_on="2026-09-26", lines=[seats("3")])
    assert more(here) == [("RM-1.1", "2026-09-20", ["10.00"])]
    shown(here, on="2026-09-27", lines=[seats("9")])
    assert len(more(here)) == 1, "nothing is owed any more"


def test_called_off_before_the_bill_it_is_never_billed():
    here = prorating()
    here.clock = days("2026-09-09")
    here.hear(company(Side.ERP, here.clock, credit_hold=True, alone=False))
    shown(here, on="2026-09-10", lines=[seats("3")])
    shown(here, on="2026-09-11", stage="closedlost")
    here.hear(company(Side.ERP, here.clock + 90, credit_hold=False, alone=False))
    here.settle()
    assert more(here) == []


def test_of_a_period_whose_bill_was_voided_nothing_more_is_billed():
    here = prorating()
    there = here.state(invoice_id("main", "deal:1"))
    shown_ = {**there.erp.fields, "status": "voided"}
    here.clock = days("2026-09-15")
    here.hear(fact(Entity.INVOICE, Side.ERP, shown_, record=there.id, seconds=here.clock, related={"deal": "deal:1"}))
    shown(here, on="2026-09-20", lines=[seats("3")])
    assert more(here) == []


def test_one_that_finance_has_entered_is_taken_as_its_bill():
    here = prorating()
    there = invoice_id("main", "deal:1", 1, 1)
    shown_ = {"number": "RM-1.1", "status": "posted", "date": "2026-09-20", "currency": "NZD", "total": "10.00",
              "amount_due": "10.00", "amount_paid": "0.00", "amount_credited": "0.00", "lines": []}  # fmt: skip
    here.hear(fact(Entity.INVOICE, Side.ERP, shown_, record=there, seconds=19 * DAY, related={"deal": "deal:1"}))
    here.settle()
    shown(here, on="2026-09-20", lines=[seats("3")])
    assert (more(here), news(here)) == ([], ["2026-09-20 18.33 NZD"])
    (said,) = [each for each in here.verdicts("") if each.record == "deal:1"]
    assert said.reason == (
        "RM-1.1 is in the ERP already: it is taken as the bill of the amendment, 11 of 30 days, "
        "2026-09-20 to 2026-09-30"
    )


@pytest.mark.parametrize("change", [{"name": "Another"}, {"lines": [seat() | {"description": "Other words"}]}])
def test_edits_that_are_worth_nothing_add_nothing(change: dict[str, Any]):
    assert more(shown(prorating(), on="2026-09-20", **change)) == []


def test_a_period_that_was_billed_before_the_contract_said_so_is_left_as_it_is():
    here = court()
    here.state("deal:1").marks["order"]["subscription"].pop("rest", None)
    assert more(shown(here, on="2026-09-20", lines=[seats("3")])) == []
