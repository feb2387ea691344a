"""A paid amount falls only as far as payments that were taken back explain, in whatever order that is heard."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, deal, fact, invoice, payment

MONOTONIC = {"policy": "monotonic", "owner": "erp"}
BILL = "invoice:1"


def court() -> Court:
    """An invoice of 115, paid in two parts, known on both sides."""
    rules = contract({"entities": {"invoice": {"fields": {"amount_paid": MONOTONIC}}}})
    found = Court(rules).known_everywhere()
    found.hear(payment(5, record="payment:1", amount="100.00"), payment(6, record="payment:2", amount="15.00"))
    found.hear(bill(10, amount_paid="115.00", amount_due="0.00", status="paid"))
    found.settle()
    assert found.shown(Side.CRM, "amount_paid", record=BILL) == ["115.00"]
    return found


def bill(seconds: float, **fields: Any) -> Any:
    """The invoice as the ERP shows it."""
    return invoice(seconds, **({"total": "115.00"} | fields))


FALLEN = {"status": "posted", "amount_paid": "15.00", "amount_due": "100.00"}


def test_a_paid_amount_that_falls_without_a_refund_is_a_persons_to_settle():
    here = court()
    here.hear(bill(5000, **FALLEN))
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", "status", record=BILL) == ["115.00", "posted"]
    assert [(one.ruling, one.rule) for one in here.verdicts("amount_paid")] == [("review", "monotonic")]


def test_payments_that_nobody_has_heard_of_explain_nothing():
    rules = contract({"entities": {"invoice": {"fields": {"amount_paid": MONOTONIC}}}})
    here = Court(rules).known_everywhere()
    here.hear(bill(10, amount_paid="115.00", amount_due="0.00", status="paid"))
    here.settle()
    here.hear(bill(5000, **FALLEN))
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record=BILL) == ["115.00"]


@pytest.mark.parametrize("gone", [{"status": "deleted"}, {"deleted": True}])
@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_payment_that_was_taken_back_lets_it_fall_in_either_order(order: tuple[int, ...], gone: dict[str, Any]):
    here = court()
    news = [bill(5000, **FALLEN), payment(5001, record="payment:1", amount="100.00", **gone)]
    for place in order:
        here.hear(news[place])
        here.settle()  # nothing else of the invoice is on its way: only the payment can have it judged anew
    assert here.shown(Side.CRM, "amount_paid", record=BILL) == ["15.00"]
    assert here.state(BILL).baseline["amount_paid"] == "15.00"


def test_it_falls_no_further_than_to_what_stands_and_rises_again():
    here = court()
    here.hear(payment(5000, record="payment:1", amount="100.00", status="deleted"))
    here.hear(bill(5001, **(FALLEN | {"amount_paid": "1.00"})))
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record=BILL) == ["115.00"]
    here.hear(bill(5002, **FALLEN))
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record=BILL) == ["15.00"]
    here.hear(payment(9000, record="payment:3", amount="60.00"), bill(9001, **(FALLEN | {"amount_paid": "75.00"})))
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record=BILL) == ["75.00"]
    here.hear(bill(9500, **(FALLEN | {"amount_paid": "30.00"})))  # the old refund explains this no more
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record=BILL) == ["75.00"]


def test_a_refund_of_a_credit_note_is_none_of_the_invoices():
    here = court()
    here.hear(payment(5000, record="payment:9", refund=True, status="deleted"))
    here.hear(bill(5001, **FALLEN))
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record=BILL) == ["115.00"]


def test_the_deal_follows_its_invoice():
    rules = contract({"entities": {"deal": {"fields": {"amount_paid": MONOTONIC}}}})
    here = Court(rules).known_everywhere()

    here.hear(deal(10))
    here.settle()
    record = next(command.record for command in here.commands(Side.ERP, Entity.INVOICE))
    shown = {"record": record, "related": {"deal": "deal:1"}, "number": "RM-1"}
    paid = fact(
        Entity.PAYMENT, Side.ERP, payment(0).fields | {"amount": "100.00"}, record="payment:1", seconds=4999,
        related={"invoice": record},
    )  # fmt: skip
    here.hear(paid, bill(5000, **shown, amount_paid="100.00", status="paid"))
    here.settle()
    here.hear(bill(6000, **shown, amount_paid="0.00"))
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record="deal:1") == ["100.00"]
    back = paid.model_copy(update={"fields": paid.fields | {"status": "deleted"}, "version": paid.version + 10**7})
    here.hear(back)
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record="deal:1") == ["0.00"]
