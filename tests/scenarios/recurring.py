"""What sales does with what recurs, and the calendar that it is billed by.

No clock is moved: what has recurred for weeks was sold, by its close and its first day, weeks ago. Those days are
chosen from the middle of a week, so that a midnight in a performance begins no other one.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.scenarios.agreements import DELIVERED
from tests.scenarios.customer import Customer
from tests.scenarios.playbill import Then
from tests.scenarios.seen import day_of
from tests.simulation.ordering import PAYMENTS

WEEKLY = {"recurringbillingfrequency": "weekly"}
START = "hs_recurring_billing_start_date"
DAYS = 7  # of a period of these subscriptions
CENT = Decimal("0.01")
MOVES = (
    "order_created", "order_cancelled", "subscription_started", "subscription_amended", "subscription_prorated",
    "subscription_paused", "subscription_resumed", "subscription_churned", "renewal_booked",
)  # fmt: skip


def subscribes(
    customer: Customer, since: date, *lines: tuple[str, str], term: str = "", once: tuple[str, str] | None = None,
    **more: str,
) -> str:  # fmt: skip
    """Sales wins a deal, closed on a day, of lines that are billed each week from it on; `term` is a number of weeks.

    A line that is billed `once` is its last.
    """
    deal = customer.quotes(closedate=f"{since}T00:00:00Z", **more)
    length = {PAYMENTS: term} if term else {}
    for line in lines:
        customer.adds(deal, *line, **WEEKLY, **{START: since.isoformat()}, **length)
    if once:
        customer.adds(deal, *once)
    customer.moves(deal, DELIVERED)
    return deal


def weeks(since: date, count: int) -> date:
    """The first day of the week that begins after some."""
    return since + timedelta(days=DAYS * count)


def billed(customer: Customer, deal: str, count: int, total: str = "115.00") -> Then:
    """So many weeks, from the first on, have one posted bill each."""
    places = ["", *(f"-{place}" for place in range(2, count + 1))]
    return Then(f"{count} weeks are billed", [(place, "AUTHORISED", total) for place in places],
                lambda: customer.bills(deal))  # fmt: skip


def says(customer: Customer, deal: str, status: str) -> Then:
    """What the deal says of itself."""
    return Then("the deal says it", (status,), lambda: customer.shown(deal, "order_status"))


def lives(customer: Customer, deal: str, *expected: str) -> Then:
    """What is told of the deal, its bills apart."""
    return Then("told", list(expected), lambda: [kind for kind in customer.events(deal) if kind in MOVES])


def share(customer: Customer, number: str, more: str, week: date) -> tuple[list[str], bool]:
    """The words of a bill for the days that are left of a week, and whether it is their share of what is worth more.

    It is made on the day of the edit: this one, or the one before if a midnight has passed meanwhile.
    """
    row = customer.invoice(number)
    day, last = date.fromisoformat(day_of(row)), week + timedelta(days=DAYS - 1)
    left = (last - day).days + 1
    amount = (Decimal(more) * left / DAYS).quantize(CENT, ROUND_HALF_UP)
    (line,) = row["LineItems"]
    said = f"Line 1, {day} to {last}: {left} of {DAYS} days of {more}"
    right = Decimal(str(row["SubTotal"])) == amount and customer.ago(1) <= day <= customer.today()
    return [line["Description"].replace(said, "its days")], right
