"""Subscriptions over both sandboxes: a bill for each period, made by the calendar and by nobody's click."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.faults import Fault, FaultKind
from schemas.revenue import RevenueEvent
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_parts import pay
from tests.support.contracts import contract

DAY = timedelta(days=1).total_seconds()
MONTHLY = {"recurringbillingfrequency": "monthly", "hs_recurring_billing_start_date": "2026-09-01"}
STRIDE = 20  # days: a grant of Xero's lasts sixty, and is renewed by whoever works meanwhile


@contextmanager
def sold(*lines: tuple[str, str], rules: dict[str, Any] | None = None, **more: str) -> Iterator[Sale]:
    """A deal of recurring lines (quantity, price), won on the first of September."""
    said = {"timing": {"subscriptions": {"paused_when_deal_stage": ["decisionmakerboughtin"], **(rules or {})}}}
    with theatre(contract=contract(said)) as stage:
        yield Sale(stage, lines or [("2", "50.00")], **MONTHLY, **more)


def until(sale: Sale, day: str) -> None:
    """Let days pass, at the end of which the workers work."""
    stage, end = sale.stage, date.fromisoformat(day)
    while (left := (end - today(stage)).days) > 0:
        stage.pass_by(min(left, STRIDE) * DAY)
        sale.work()


def today(stage: Theatre) -> date:
    """The day of the people."""
    return (stage.world.hours() + timedelta(hours=12)).date()


def numbers(sale: Sale) -> list[str]:
    """The bills' numbers behind the deal's own, and their days."""
    return [f"{each.number} {day}" for each, day in zip(sale.bills(), dates(sale), strict=True)]


def dates(sale: Sale) -> list[str]:
    rows = [row for row in sale.stage.finance.invoices() if row["InvoiceNumber"].startswith(f"RM-{sale.deal}")]
    return [str(row["Date"])[:10] for row in rows]


def worth(sale: Sale) -> list[str]:
    """What is told of the subscription: the kind, and what a period is worth."""
    world = sale.stage.world
    events = [RevenueEvent.from_bytes(each.value) for each in world.all(world.topics.revenue)]
    return [f"{each.type} {each.money.amount} {each.every}" for each in events if each.every and each.money]


def test_a_subscription_lives_from_its_first_bill_to_its_last():
    with sold() as sale:
        assert numbers(sale) == [" 2026-09-01"]
        assert sale.bills()[0].lines == (("Line 0, 2026-09-01 to 2026-09-30", "2.0000"),)
        until(sale, "2026-10-02")
        assert numbers(sale) == [" 2026-09-01", "-2 2026-10-01"]
        pay(sale.stage, f"RM-{sale.deal}", "115.00")
        sale.stage.sales.edit("line_items", sale.lines[0], quantity="3")
        sale.work()
        until(sale, "2026-11-02")
        assert [each.total for each in sale.bills()] == [Decimal("115.00"), Decimal("115.00"), Decimal("172.50")]
        assert sale.shown("order_status", "invoice_status", "amount_paid") == [
            "running: monthly, 3 periods billed, the next on 2026-12-01", "part_paid", "115.00"
        ]  # fmt: skip

        sale.move("decisionmakerboughtin")
        until(sale, "2026-12-03")
        sale.move("closedwon")
        assert len(sale.bills()) == 3
        until(sale, "2027-01-02")
        assert numbers(sale)[3:] == ["-5 2027-01-01"], "the period that began while it was paused has none"

        sale.move("closedlost")
        until(sale, "2027-02-02")
        assert len(sale.bills()) == 4
        assert sale.shown("order_status") == ["ended: monthly, 4 periods billed, over since 2027-01-02"]
        assert len(sale.mirrors()) == 4
        assert worth(sale) == [
            "subscription_started 100.00 monthly", "subscription_amended 150.00 monthly",
            "subscription_paused 150.00 monthly", "subscription_resumed 150.00 monthly",
            "subscription_churned 150.00 monthly",
        ]  # fmt: skip


def test_a_term_ends_by_itself_and_is_renewed():
    with sold(hs_recurring_billing_number_of_payments="2", rules={"bill": "in_arrears"}) as sale:
        assert sale.bills() == []
        until(sale, "2026-11-02")
        assert numbers(sale) == [" 2026-10-01", "-2 2026-11-01"]
        until(sale, "2026-11-20")
        assert sale.shown("order_status") == ["ended: monthly, 2 of 2 periods billed, over since 2026-11-01"]
        sale.stage.sales.edit("line_items", sale.lines[0], hs_recurring_billing_number_of_payments="3")
        sale.work()
        until(sale, "2026-12-20")
        assert numbers(sale)[2:] == ["-3 2026-12-01"]
        assert [each.split()[0] for each in worth(sale)] == [
            "subscription_started", "subscription_churned", "renewal_booked", "subscription_churned",
        ]  # fmt: skip


def test_a_bill_whose_answer_is_lost_and_one_that_finance_has_entered_are_found():
    with sold() as sale:
        faults = sale.stage.world.platforms.faults
        faults["hubspot"].add(Fault(FaultKind.WEBHOOK_DUPLICATE, seed=1, params={"copies": 3}))
        lost = faults["xero"].add(Fault(FaultKind.DROP_AFTER, method="PUT", path="/Invoices", times=1, seed=1))
        until(sale, "2026-10-02")
        assert lost.struck == 1
        assert numbers(sale) == [" 2026-09-01", "-2 2026-10-01"]
        there = sale.stage.finance.contact("Tui Robotics")["ContactID"]
        sale.stage.finance.put("Invoices", {
            "Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": there},
            "InvoiceNumber": f"RM-{sale.deal}-3", "Date": "2026-10-28", "DueDate": "2026-11-20",
            "LineItems": [{"Description": "By hand", "Quantity": "1", "UnitAmount": "90", "AccountCode": "200"}],
        })  # fmt: skip
        sale.work()
        until(sale, "2026-12-02")
        assert numbers(sale) == [" 2026-09-01", "-2 2026-10-01", "-3 2026-10-28", "-4 2026-12-01"]
        assert sale.shown("order_status") == ["running: monthly, 4 periods billed, the next on 2027-01-01"]


def test_what_workers_have_missed_is_billed_when_they_are_back_each_period_once():
    with sold(("1", "10.00")) as sale:
        sale.stage.pass_by(45 * DAY)
        sale.work()
        sale.work()
        assert numbers(sale) == [" 2026-09-01", "-2 2026-10-01"]
