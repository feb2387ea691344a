"""What a subscription says of itself, word for word, to people and to who subscribes to its news."""

from __future__ import annotations

import pytest

from agents.rules.numbering import invoice_id
from schemas.names import Entity, Side, digest
from tests.support.judging import ACME, company, fact, line
from tests.unit.agents.test_subscriptions import DAY, asked, bills, court, on, seat, shown, status

BILLED = {
    "number": "RM-1-2", "status": "posted", "date": "2026-09-28", "currency": "NZD", "total": "115.00",
    "amount_due": "115.00", "amount_paid": "0.00", "amount_credited": "0.00", "lines": [],
}  # fmt: skip


def test_the_news_of_a_subscription_says_whose_it_is_and_what_a_period_is_worth():
    here = on(court([seat("50.005"), line("SETUP", "1", "500")]), "2026-10-01")
    (event,) = [each for each in here.events() if each.type == "subscription_started"]
    order = here.state("deal:1").marks["order"]["id"]
    assert event.id == digest("main", "subscription_started", order, "1")
    assert (event.tenant, event.customer, event.customer_name) == ("main", ACME, "Acme")
    assert (event.document, event.number, event.deal) == (order, "Widgets", "deal:1")
    assert (str(event.money and event.money.amount), event.money and event.money.currency) == ("100.01", "NZD")
    assert (event.every, event.day, event.refs) == ("monthly", "2026-09-01", {"crm": "hubspot/deal/1"})
    (created,) = [each for each in here.events() if each.type == "order_created"]
    assert event.occurred_at == created.occurred_at, "as the CRM has it"


def test_a_bill_says_which_period_of_which_deal_it_is_of():
    here = on(court([seat() | {"description": None, "amount": "100"}, line("SETUP", "1", "500")]), "2026-10-01")
    assert [each.reason for each in asked(here)] == [
        "deal Widgets, period 1: 2026-09-01 to 2026-09-30", "deal Widgets, period 2: 2026-10-01 to 2026-10-31",
    ]  # fmt: skip
    assert [[(row["description"], row["amount"]) for row in each.fields["lines"]] for each in asked(here)] == [
        [("SEAT, 2026-09-01 to 2026-09-30", None), ("Widget", None)], [("SEAT, 2026-10-01 to 2026-10-31", None)],
    ]  # fmt: skip


def test_a_line_without_words_has_its_days_alone():
    here = court([seat() | {"description": None, "sku": None}])
    assert asked(here)[0].fields["lines"][0]["description"] == ", 2026-09-01 to 2026-09-30"


def test_what_was_billed_once_and_is_edited_is_held_in_words():
    here = shown(court([seat(), line("SETUP", "1", "500")]), lines=[seat(), line("SETUP", "1", "700")])
    (said,) = here.verdicts("lines")
    assert (said.ruling, said.rule, said.reason) == (
        "hold", "guard.posted_immutable",
        "lines that are billed once were edited after their bill: it changes through credit in the ERP only",
    )  # fmt: skip


@pytest.mark.parametrize("edited", [seat(starts_on="2026-09-05"), seat(every="weekly")])
def test_what_a_period_is_reckoned_by_is_put_back_in_words(edited: dict[str, object]):
    here = shown(court(), lines=[edited])
    assert status(here) == (
        "held: its frequency or its first day was edited after a period was billed: put it back as it was, "
        "or call the deal off and sell it anew"
    )
    assert here.verdicts("order_status")[-1].rule == "timing"


def test_a_bill_that_is_there_already_is_told_and_counts():
    here = court([seat(), line("SETUP", "1", "500")])
    there = invoice_id("main", "deal:1", 2)
    here.hear(fact(Entity.INVOICE, Side.ERP, BILLED, record=there, seconds=27 * DAY, related={"deal": "deal:1"}))
    here.settle()
    on(here, "2026-10-01")
    (said,) = [each for each in here.verdicts("") if each.record == "deal:1"]
    assert (said.ruling, said.rule, said.reason) == (
        "hold", "guard.posted_immutable",
        "RM-1-2 is in the ERP already: it is taken as the bill of the period 2026-10-01 to 2026-10-31",
    )  # fmt: skip
    assert status(here) == "running: monthly, 2 periods billed, the next on 2026-11-01"
    shown(here, lines=[seat(), line("SETUP", "1", "700")])
    assert any("billed once were edited" in each.reason for each in here.verdicts("lines"))


def test_a_free_period_has_no_bill_and_is_not_counted():
    here = court([seat("0")])
    assert (bills(here), status(here)) == ([], "running: monthly, 0 periods billed, the next on 2026-10-01")
    shown(here, lines=[seat("0.005")])
    assert bills(on(here, "2026-10-01")) == [("RM-1-2", "2026-10-01")]


def test_what_it_says_is_ruled_by_its_timing():
    here = court()
    said = here.verdicts("order_status")[-1]
    assert (said.ruling, said.rule, said.chosen, said.reason) == ("wait", "timing", status(here), status(here))


def test_a_term_that_people_bill_owes_nothing_when_it_is_over():
    here = court(bill="never", ends="custom_ends_on")
    shown(here, on="2026-09-20", custom_ends_on="2026-11-15")
    assert status(on(here, "2026-12-01")) == "ended: monthly, billed by people, over since 2026-11-15"


def test_a_pause_holds_for_what_begins_on_its_first_day_and_not_for_what_begins_on_its_last():
    here = court(paused_when_deal_stage=["paused"])
    shown(here, on="2026-10-01", stage="paused")
    assert len(bills(here)) == 1, "paused on the day on which a period begins"
    shown(here, on="2026-11-01", stage="closedwon")
    assert bills(here)[1:] == [("RM-1-3", "2026-11-01")], "and on again"
    shown(here, on="2026-11-20", stage="paused")
    shown(here, on="2026-11-25", stage="closedwon")
    assert bills(on(here, "2026-12-01"))[2:] == [("RM-1-4", "2026-12-01")]
    assert here.state("deal:1").marks["order"]["subscription"]["pauses"] == [
        ["2026-10-01", "2026-11-01"], ["2026-11-20", "2026-11-25"],
    ]  # fmt: skip


def test_a_longer_term_runs_on_and_a_shorter_one_is_an_amendment():
    here = court([seat(payments="4")])
    shown(here, lines=[seat(payments="3")])
    shown(here, lines=[seat(payments=None)])
    shown(here, lines=[seat(payments="12")])
    kinds = [each.type for each in here.events() if each.type.startswith(("subscription_", "renewal_"))]
    assert kinds == ["subscription_started", "subscription_amended", "renewal_booked", "subscription_amended"]
    assert status(here) == "running: monthly, 1 of 12 periods billed, the next on 2026-10-01"


def test_the_currency_of_its_bills_stays():
    here = court()
    shown(here, currency="AUD")
    on(here, "2026-10-01")
    assert {each.fields["currency"] for each in asked(here)} == {"NZD"}


def test_it_is_news_also_where_a_first_reading_lets_it_go_on():
    here = court([])
    here.hear(company(Side.ERP, here.clock + 60, credit_hold=True, alone=False))
    shown(here, lines=[seat()], stage="closedwon")
    here.hear(company(Side.ERP, here.clock + 60, credit_hold=False, alone=False, first=True))
    here.settle()
    assert "subscription_started" in here.told()
