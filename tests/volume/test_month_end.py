"""A short month end with each test run: `make month-end` plays a whole one."""

from math import ceil

import pytest

from tests.volume.month import BATCH, Figures, MonthEnd, month_end, p95

INVOICES = 120  # twenty seconds of virtual time, some four of a processor


@pytest.fixture(scope="module")
def played() -> MonthEnd:
    return month_end(INVOICES, lambda _: None)


def test_every_won_deal_is_one_invoice_and_shown_on_the_deal(played: MonthEnd):
    assert (played.figures.billed, played.figures.twice) == (INVOICES, 0)
    deals = played.platforms.records("deals")
    assert {row["properties"].get("revmark_invoice_status") for row in deals} == {"posted"}


def test_invoices_go_out_in_full_calls(played: MonthEnd):
    # The first calls take what is there, as nothing waits for company while the minute has calls.
    assert played.figures.writes <= ceil(INVOICES / BATCH) + 3


def test_our_own_invoices_are_not_read_again_for_their_webhooks(played: MonthEnd):
    assert "Invoices by id" not in played.figures.reads
    # Two rounds of polls, one listing of money in advance, and the contact that was put on hold.
    assert sum(played.figures.reads.values()) <= 16


def test_what_people_do_meanwhile_arrives(played: MonthEnd):
    assert played.figures.waits["hold"]
    assert played.figures.tier1_p95 is not None


def test_ninety_five_of_a_hundred():
    assert p95([float(number) for number in range(1, 101)]) == 95.0
    assert p95([7.0]) == 7.0
    assert p95([1.0, None]) is None
    assert p95([]) is None


def test_the_ratio_is_of_calls_to_the_fewest():
    waits: dict[str, list[float | None]] = {"hold": [1.0, 3.0], "payment": [2.0], "name": [9.0]}
    figures = Figures(
        invoices=1, billed=1, twice=0, calls=11, writes=1, reads={}, minimum=10, refused=0, seconds=1.0, shown=2.0,
        waits=waits, largest=1,
    )  # fmt: skip
    assert (figures.ratio, figures.tier1_p95) == (1.1, 3.0)
