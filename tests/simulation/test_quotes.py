"""Quote to cash over both sandboxes: a customer accepts a quote, and gets the bill for what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from tests.simulation.counter import Sale
from tests.simulation.planned import theatre
from tests.simulation.trade import timed


@contextmanager
def desk() -> Iterator[Sale]:
    """A deal at the stage of an order, under a contract that waits for a quote."""
    with theatre(contract=timed(order_when="quote_accepted")) as stage:
        yield Sale(stage, [("1", "999.00")])


def offer(sold: Sale, *lines: tuple[str, str], title: str = "Offer") -> str:
    """Sales writes a quote, with line items of its own, and sends it out."""
    sales = sold.stage.sales
    quote = sales.create(
        "quotes", {"deals": sold.deal}, hs_title=title, hs_expiration_date="2026-12-31", hs_currency="NZD"
    )
    for place, (quantity, price) in enumerate(lines):
        sales.create("line_items", {"quotes": quote}, name=f"{title} {place}", quantity=quantity, price=price)
    sales.edit("quotes", quote, hs_status="APPROVAL_NOT_NEEDED")
    sold.work()
    return quote


def accept(sold: Sale, quote: str) -> None:
    """The customer accepts."""
    sold.stage.sales.edit("quotes", quote, hs_status="ACCEPTED")
    sold.work()


def test_an_accepted_quote_is_ordered_and_billed_as_it_was_offered():
    with desk() as sold:
        quote = offer(sold, ("10", "50.00"), ("3", "9.99"))
        expired = offer(sold, ("1", "1.00"), title="Older offer")
        sold.stage.sales.edit("quotes", expired, hs_status="APPROVAL_NOT_NEEDED", hs_quote_status="EXPIRED")
        sold.work()
        assert (sold.bills(), sold.told()) == ([], [])
        accept(sold, quote)
        assert [(each.number, each.lines, each.total) for each in sold.bills()] == [
            ("", (("Offer 0", "10.0000"), ("Offer 1", "3.0000")), Decimal("609.47"))
        ]
        assert sold.shown("order_status", "invoice_number") == ["created", f"RM-{sold.deal}"]
        assert sold.told() == ["order_created", "invoice_posted"]
        accept(sold, quote)
        assert len(sold.bills()) == 1


def test_a_second_quote_is_held_for_a_person_and_bills_nothing():
    with desk() as sold:
        first, second = offer(sold, ("10", "50.00")), offer(sold, ("12", "50.00"), title="Better offer")
        accept(sold, first)
        accept(sold, second)
        assert len(sold.bills()) == 1
        assert f"quote {second} was accepted as well" in sold.shown("order_status")[0]
        sold.stage.sales.edit("quotes", second, hs_status="DRAFT")
        sold.work()
        assert (len(sold.bills()), sold.shown("order_status")) == (1, ["created"])
        assert sold.told() == ["order_created", "invoice_posted"]
