"""What is remembered of an invoice's payments, and how far a paid amount may fall because of it."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules import refunds
from agents.rules.numbering import invoice_id
from schemas.names import Entity
from tables.entities import EntityState, SideState
from tests.support.casing import a_case


def a_payment(
    number: int = 1, *, invoice: str | None = "invoice:1", deleted: bool = False, **fields: Any
) -> EntityState:
    """A payment of 50 on an invoice, as the ERP shows it."""
    shown = {"status": "received", "amount": "50.00", **fields}
    seen = SideState(ref=f"xero/payment/{number}", fields=shown, deleted=deleted)
    related = {"invoice": invoice} if invoice else {}
    return EntityState(Entity.PAYMENT, f"payment:{number}", erp=seen, related=related)


@pytest.mark.parametrize(
    ("payment", "payments"),
    [
        (a_payment(), {"payment:1": "50.00"}),
        (a_payment(amount=None), {"payment:1": "0"}),
        (a_payment(status="deleted"), {"payment:1": ""}),
        (a_payment(deleted=True), {"payment:1": ""}),
        (a_payment(refund=True), None),
        (a_payment(invoice=None), None),
    ],
)
def test_a_payment_is_noted_on_its_invoice(payment: EntityState, payments: dict[str, str] | None):
    case = a_case()
    refunds.note(case, payment)
    assert case.known("invoice:1").marks.get("payments") == payments


@pytest.mark.parametrize(("related", "touched"), [({"deal": "deal:1"}, ["invoice:1", "deal:1"]), ({}, ["invoice:1"])])
def test_a_payment_taken_back_has_invoice_and_deal_judged_anew_once(related: dict[str, str], touched: list[str]):
    case = a_case()
    case.known("invoice:1").related |= related
    refunds.note(case, a_payment(1))
    refunds.note(case, a_payment(2, amount="7"))
    assert list(case.touched) == []
    refunds.note(case, a_payment(2, amount="7", status="deleted"))
    assert list(case.touched) == touched
    case.touched.clear()
    refunds.note(case, a_payment(2, amount="7", status="deleted"))
    assert list(case.touched) == []
    assert case.known("invoice:1").marks["payments"] == {"payment:1": "50.00", "payment:2": ""}


@pytest.mark.parametrize(
    ("payments", "least"),
    [
        ({"a": "50.00", "b": "5"}, None),
        ({"a": "50.00", "b": "", "c": "5"}, "55.00"),
        ({"a": ""}, "0"),
        ({}, None),
        (None, None),
    ],
)
def test_a_paid_amount_may_fall_to_what_still_stands(payments: dict[str, str] | None, least: str | None):
    case = a_case()
    bill, deal = case.known(invoice_id("main", "deal:1")), EntityState(Entity.DEAL, "deal:1")
    if payments is not None:
        bill.marks["payments"] = payments
    assert refunds.floor(case, bill, "amount_paid") == least
    assert refunds.floor(case, deal, "amount_paid") == least
    assert refunds.floor(case, bill, "amount_due") is None
    fresh = a_case()
    assert refunds.floor(fresh, deal, "amount_paid") is None
    assert fresh.open[bill.id].entity is Entity.INVOICE
    company = case.company()
    company.marks["payments"] = {"a": ""}
    assert refunds.floor(case, company, "amount_paid") is None
