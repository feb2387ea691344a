"""Deposit and balance over both sandboxes: two bills, which together are the order."""

from decimal import Decimal

import pytest

from tests.simulation.counter import Sale
from tests.simulation.planned import theatre
from tests.simulation.test_parts import pay
from tests.simulation.trade import timed

DEPOSIT = {"invoice_when": "shipped", "deposit": {"percent": "30"}}


def test_a_customer_pays_a_deposit_and_gets_the_balance_with_the_goods():
    with theatre(contract=timed(**DEPOSIT)) as stage:
        sold = Sale(stage, [("10", "50.00"), ("3", "9.99")])
        assert [(each.lines, each.net, each.total) for each in sold.bills()] == [
            ((("Deposit of 30 % on Honey", "1.0000"),), Decimal("158.99"), Decimal("182.84"))
        ]
        pay(stage, f"RM-{sold.deal}", "182.84")
        sold.work()
        assert sold.shown("invoice_status", "amount_paid", "amount_due") == ["part_paid", "182.84", "0.00"]
        sold.ship("10", "3")
        balance = sold.bills()[1]
        assert balance.lines == (
            ("Line 0", "10.0000"), ("Line 1", "3.0000"), ("Billed before: Deposit of 30 % on Honey", "-1.0000"),
        )  # fmt: skip
        assert sold.shown("order_status", "amount_paid", "amount_due") == ["created", "182.84", f"{balance.total}"]
        assert sold.told() == ["order_created", "invoice_posted", "payment_received", "invoice_posted"]
        pay(stage, f"RM-{sold.deal}-2", f"{balance.total}")
        sold.work()
        assert sold.shown("invoice_status") == ["paid"]
        assert len(sold.mirrors()) == 2


@pytest.mark.parametrize(
    "lines", [[("3", "33.33")], [("7", "0.07"), ("1", "19.99")], [("0.9", "10.01"), ("1", "4.44")]]
)
def test_deposit_and_balance_are_the_order_to_the_cent(lines: list[tuple[str, str]]):
    with theatre(contract=timed(**DEPOSIT)) as stage:
        sold = Sale(stage, lines)
        sold.ship(*(quantity for quantity, _ in lines))
        once = Sale(stage, lines, name="Shipped before it is won", revmark_shipped_quantity="9")
        (bill,) = once.bills()
        assert len(sold.bills()) == 2
        for name in ("net", "tax", "total"):
            assert sum(getattr(each, name) for each in sold.bills()) == getattr(bill, name)
