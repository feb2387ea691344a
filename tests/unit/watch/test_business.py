"""The business list, counted from rows of both sides."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from console.projection.business import Business, business, quantile
from console.projection.delivery import Delivery
from console.projection.store import Store
from schemas.contract import parse_contract, template
from tests.unit.console.records import at
from tests.unit.watch.books import billed, customer, deal, invoice, ordered

CONTRACT = parse_contract(template())
HOUR = 3600


def counted(store: Store, *deliveries: Delivery, seconds: float = HOUR) -> Business:
    store.apply(deliveries)
    return business(store, CONTRACT, at(seconds))


def test_an_empty_book_counts_nothing(store: Store):
    assert counted(store) == Business()


def test_a_book_is_counted_by_currency_and_what_was_credited_was_not_paid(store: Store):
    found = counted(
        store,
        invoice(0, 1, amount_paid="60.00", amount_credited="40.00", amount_due="0.00", status="paid"),
        invoice(1, 2, total="300.00", amount_paid="240.00", amount_due="60.00"),
        invoice(2, 3, amount_credited="100.00", amount_due="40.00", total="140.00"),
        invoice(3, 4, currency="JPY", total="1000", amount_due="1000"),
    )
    assert {name: (book.posted, book.paid) for name, book in found.books.items()} == {"EUR": (3, 1), "JPY": (1, 0)}
    assert found.books["EUR"].paid_share == Decimal("0.75")
    assert found.books["JPY"].paid_share == Decimal(0)


@pytest.mark.parametrize("status", ["draft", "submitted", "voided", "deleted"])
def test_what_does_not_stand_in_the_books_is_not_counted(store: Store, status: str):
    assert counted(store, invoice(0, status=status, mirrored=False, deal=None)) == Business()


@pytest.mark.parametrize(
    ("fields", "overdue"),
    [
        ({"due_date": "2026-11-19"}, 1),
        ({"due_date": "2026-11-20"}, 0),
        ({"due_date": "2026-11-19", "amount_due": "0.00"}, 0),
        ({"due_date": None}, 0),
    ],
    ids=["yesterday", "today", "paid", "no day"],
)
def test_an_invoice_is_overdue_on_the_day_after(store: Store, fields: dict[str, Any], overdue: int):
    """Noon of the 20th in the contract's zone."""
    found = business_at_noon(store, invoice(0, **fields))
    assert found.books["EUR"].overdue == overdue


def business_at_noon(store: Store, *deliveries: Delivery) -> Business:
    store.apply(deliveries)
    return business(store, CONTRACT.model_copy(update={"timezone": "UTC"}), at(3 * HOUR))


def test_an_invoice_without_deal_or_mirror_is_said(store: Store):
    found = counted(store, invoice(0, 1, deal=None), invoice(1, 2, mirrored=False), invoice(2, 3))
    assert (found.invoices_without_deal, found.invoices_not_mirrored) == (1, 1)


@pytest.mark.parametrize(
    ("rows", "strangers"),
    [
        ([customer(0, erp=None), deal(1)], 1),
        ([customer(0), deal(1)], 0),
        ([deal(1)], 1),
        ([customer(0, erp=None), deal(1, stage="appointmentscheduled")], 0),
        ([customer(0, erp=None), deal(1, historic=True)], 0),
    ],
    ids=["unknown", "known", "no customer row", "not won", "won before the first reading"],
)
def test_a_won_deal_of_a_customer_that_the_erp_does_not_know(store: Store, rows: list[Delivery], strangers: int):
    assert counted(store, *rows).won_deals_without_customer == strangers


def test_an_order_is_billed_with_its_first_posted_invoice(store: Store):
    found = counted(store, ordered(0), billed(1, seconds=600), billed(2, seconds=60), ordered(3, 2, seconds=30))
    assert found.billing == [timedelta(seconds=60)]
    assert found.unbilled == [timedelta(seconds=HOUR - 30)]


def test_orders_of_more_than_a_month_ago_are_no_news(store: Store):
    found = counted(store, ordered(0), seconds=31 * 24 * HOUR)
    assert (found.billing, found.unbilled) == ([], [])


def test_an_order_that_was_called_off_waits_for_no_bill_until_it_is_wanted_again(store: Store):
    off = ordered(1, seconds=60, kind="order_cancelled")
    assert counted(store, ordered(0), off).unbilled == []
    assert counted(store, ordered(2, seconds=600)).unbilled == [timedelta(seconds=HOUR - 600)]


def test_clocks_that_differ_make_no_negative_time(store: Store):
    assert counted(store, ordered(0, seconds=60), billed(1, seconds=0)).billing == [timedelta(0)]


def test_quantiles():
    times = [timedelta(seconds=each) for each in range(1, 101)]
    assert [quantile(times, each) for each in (0.5, 0.95)] == [timedelta(seconds=51), timedelta(seconds=96)]
    assert quantile(times[:1], 0.95) == times[0]
    assert quantile([], 0.5) is None
