"""Money that came before an invoice or beyond it: it lowers what is owed once, and is told on the day it came."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.postings import Owned, parts
from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, deal, fact, invoice, payment

KINDS = ["prepayment", "overpayment"]
OWN, SOLD = Owned("company:a"), Owned("company:a", "deal:1", ({"sku": "W-1", "amount": "100"},))


def advance(seconds: float, kind: str = "prepayment", **fields: Any) -> Fact:
    """Money in advance, as the ERP shows it."""
    shown = {
        "date": "2026-09-02", "amount": "40.00", "currency": "NZD", "reference": "early", "status": "received",
        "currency_rate": "1", "advance": kind, "remaining": "40.00", "allocations": [],
    }  # fmt: skip
    return fact(Entity.PAYMENT, Side.ERP, shown | fields, record="payment:9", seconds=seconds)


def allocated(amount: str, to: str = "1-erp") -> list[dict[str, str]]:
    return [{"invoice": to, "amount": amount}]


@pytest.mark.parametrize("kind", KINDS)
def test_it_lowers_the_balance_once_whether_it_is_allocated_or_not(kind: str):
    court = Court().known_everywhere()
    part = {"remaining": "10.00", "allocations": allocated("30.00")}
    story = [
        (invoice(10), "115.00"),
        (advance(20, kind), "75.00"),
        (advance(30, kind, **part), "105.00"),  # between two readings: the invoice says it a moment later
        (invoice(30, amount_due="85.00", amount_credited="30.00"), "75.00"),
        (payment(40, record="payment:2", amount="10.00", refund=True), "75.00"),
        (advance(40, kind, **part | {"remaining": "0.00"}), "85.00"),
    ]
    for finding, balance in story:
        court.hear(finding, finding)
        assert court.customer().balances == {"NZD": balance}
    court.settle()
    assert court.shown(Side.CRM, "balance_due") == ["85.00"]
    assert court.told() == ["invoice_posted", f"{kind}_received", "credit_allocated", "refund_made"]
    received = court.events()[1]
    assert received.money is not None
    assert (str(received.money.amount), received.number, received.day) == ("40.00", "early", "2026-09-02")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_voided_is_owed_again_and_told_as_reversed(kind: str):
    court = Court().known_everywhere()
    court.hear(invoice(10), advance(20, kind))
    assert court.customer().balances == {"NZD": "75.00"}
    court.hear(advance(30, kind, status="deleted", remaining="0.00"))
    court.hear(advance(31, kind, status="deleted", remaining="0.00"))
    court.settle()
    assert court.customer().balances == {"NZD": "115.00"}
    assert court.told() == ["invoice_posted", f"{kind}_received", "payment_reversed"]


def test_it_is_the_customers_last_payment_until_it_is_voided():
    court = Court().known_everywhere()
    court.hear(invoice(10), payment(20, amount="15.00", date="2026-09-01"), advance(30))
    court.settle()
    assert court.shown(Side.CRM, "last_payment_date", "last_payment_amount") == ["2026-09-02", "40.00"]
    court.hear(advance(40, status="deleted", remaining="0.00"))
    court.settle()
    assert court.shown(Side.CRM, "last_payment_date", "last_payment_amount") == ["2026-09-01", "15.00"]


def test_what_was_there_before_the_first_reading_is_no_news_and_counts():
    court = Court().known_everywhere()
    court.hear(advance(10).model_copy(update={"first": True}))
    assert court.told() == []
    assert court.customer().balances == {"NZD": "-40.00"}


def test_one_record_shows_it_and_goes_to_the_deal_once_it_is_allocated():
    court = Court(contract({"platforms": {"objects": {"payment": "native"}}})).known_everywhere()
    court.hear(deal(3, stage="open"), invoice(4, related={"deal": "deal:1"}))
    court.settle()
    court.hear(advance(5))
    court.settle()
    court.hear(advance(6, remaining="10.00", allocations=allocated("30.00")))
    court.settle()
    first, *links = court.commands(Side.CRM, Entity.RECEIPT)
    assert (first.kind, first.natural_key, first.links) == ("create", "9-erp", {"company": "hubspot/company/acme-crm"})
    told = ("subject", "kind", "status", "document", "paid", "refunded", "amount")
    assert [first.fields[name] for name in told] == [
        "prepayment early", "payment", "received", None, "40.00", "0.00", "40.00",
    ]  # fmt: skip
    assert [(each.kind, each.fields) for each in links] == [("update", {})]
    assert links[0].links.items() >= {"deal": "hubspot/deal/1", "invoice": "hubspot/invoice/1-crm"}.items()


def test_cash_moves_from_nobody_to_the_deal_whose_invoice_it_is_allocated_to():
    wanted = {"custom": "revmark_revenue", "basis": ["cash"], "by": "product"}
    court = Court(contract({"platforms": {"objects": {"revenue": wanted}}})).known_everywhere()
    lines = [{"sku": "W-1", "amount": "100.00"}]
    court.hear(deal(3, stage="open"), invoice(4, related={"deal": "deal:1"}, lines=lines), advance(5))
    court.settle()
    court.hear(advance(6, remaining="10.00", allocations=allocated("30.00")))
    court.settle()
    shown = {each.natural_key: each.fields for each in court.commands(Side.CRM, Entity.REVENUE) if each.fields}
    assert {key: (row["amount"], row["earned_by"], row["date"]) for key, row in shown.items()} == {
        "xero:payment:9-erp": ("10.00", None, "2026-09-02"),
        "xero:payment:9-erp:1-erp": ("30.00", "W-1", "2026-09-02"),
    }


@given(
    st.integers(0, 10**6), st.lists(st.tuples(st.sampled_from(["known", "unknown"]), st.integers(1, 10**5)), max_size=5)
)
def test_its_parts_are_the_whole_of_it_whatever_is_allocated(minor: int, found: list[tuple[str, int]]):
    fields = {
        "amount": f"{minor}", "advance": "overpayment",
        "allocations": [{"invoice": name, "amount": f"{amount}"} for name, amount in found],
    }  # fmt: skip
    held = list(parts(Entity.PAYMENT, fields, OWN, paid=None, invoice={"known": SOLD}.get))
    assert sum(each.amount for each in held) == minor
    assert all(each.owned.deal == ("deal:1" if each.against else None) for each in held)
    assert all(each.amount > 0 for each in held)
