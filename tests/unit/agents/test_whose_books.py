"""What is told and stated says in which subsidiary's books it stands: by one rule, and a document to its end."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contract import Contract
from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.contracts import contract, shipped
from tests.support.judging import Court, company, deal, fact, invoice, line, payment

CRM = "billing_entity"
CONSENT = {"consent": {"property": "marketing_consent", "granted": ["yes"]}}
NZ = {"subsidiary": {"name": "NZ", "crm": CRM}}
PACIFIC = {"subsidiary": {"name": "Pacific", "crm": CRM}}
NOTE = {"number": "CN-1", "status": "posted", "date": "2026-09-02", "currency": "NZD", "total": "40.00",
        "remaining": "0.00", "allocations": [{"invoice": "1", "amount": "40.00"}], "lines": []}  # fmt: skip
ADVANCE = {"advance": "prepayment", "remaining": "115.00", "document": None}


def note(seconds: float) -> Fact:
    return fact(Entity.CREDIT_NOTE, Side.ERP, NOTE, record="credit_note:1", seconds=seconds)


LIFE: list[Fact] = [
    invoice(20), invoice(30, total="120.00"), payment(40), payment(50, record="payment:2", refund=True),
    payment(60, record="payment:3", **ADVANCE), payment(65, record="payment:3", **ADVANCE, status="deleted"),
    note(70), company(Side.ERP, 80, credit_hold=True), invoice(90, status="voided", total="120.00"),
]  # fmt: skip
TOLD = {
    "order_created", "order_cancelled", "invoice_posted", "invoice_restated", "invoice_voided", "payment_received",
    "refund_made", "prepayment_received", "payment_reversed", "credit_memo_issued", "credit_allocated",
    "credit_hold_changed", "consent_granted",
}  # fmt: skip


def lived(rules: Contract, **crm: Any) -> Court:
    """An order that is called off, and bills, credit, money and a hold of the ERP's own."""
    court = Court(rules).known_everywhere(crm={"consent": "no", **crm})
    court.hear(deal(5, **crm))
    court.hear(deal(8, stage="contractsent", **crm))
    court.hear(company(Side.CRM, 3000, consent="yes", **crm), *LIFE)
    return court


@pytest.mark.parametrize(("more", "said"), [(NZ, "NZ"), ({}, "")])
def test_all_that_is_told_and_stated_names_whose_books_it_stands_in(more: dict[str, Any], said: str):
    court = lived(contract(more | CONSENT | {"timing": {"invoice_when": "shipped"}}), subsidiary=said or None)
    assert set(court.told()) >= TOLD
    assert {each.subsidiary for each in (*court.events(), *court.documents())} == {said}


def test_a_subscription_names_them_as_well():
    monthly = line() | {"recurs": {"every": "monthly", "starts_on": "2026-09-01"}}
    court = Court(contract(NZ | {"timing": {"subscriptions": {"bill": "in_advance"}}})).known_everywhere()
    court.hear(deal(10, lines=[monthly], subsidiary="NZ"), deal(20, stage="closedlost", lines=[monthly]))
    assert set(court.told()) >= {"subscription_started", "subscription_churned"}
    assert {each.subsidiary for each in court.events()} == {"NZ"}


def test_it_is_the_same_when_all_is_heard_again():
    first, again = (lived(contract(NZ | CONSENT), subsidiary="NZ").events() for _ in range(2))
    assert first == again


@pytest.mark.parametrize(("before", "now", "said"), [(NZ, PACIFIC, "NZ"), ({}, NZ, "")])
def test_what_a_document_was_told_with_is_taken_back_with_it(before: dict[str, Any], now: dict[str, Any], said: str):
    court = Court(contract(before)).known_everywhere()
    court.hear(invoice(10))
    court.contract = contract(now)
    court.hear(invoice(20, total="120.00"), invoice(30, status="voided", total="120.00"))
    assert court.told() == ["invoice_posted", "invoice_restated", "invoice_voided"]
    assert [each.subsidiary for each in court.events()] == [said] * 3


def test_one_that_comes_back_is_told_anew_as_the_contract_is_now():
    court = Court(contract(NZ)).known_everywhere()
    court.hear(invoice(10), invoice(20, status="voided"))
    court.contract = contract(PACIFIC)
    court.hear(invoice(30))
    assert [each.subsidiary for each in court.events()] == ["NZ", "NZ", "Pacific"]


@pytest.mark.parametrize("said", ["AU", None])
def test_consent_is_of_the_subsidiary_that_the_crm_names(said: str | None):
    court = Court(contract(NZ | CONSENT)).known_everywhere(crm={"consent": "no", "subsidiary": said})
    court.hear(company(Side.CRM, 10, consent="yes", subsidiary=said))
    assert [(each.type, each.subsidiary) for each in court.events()] == [("consent_granted", said or "")]


def test_without_a_subsidiary_nothing_of_it_is_kept():
    court = Court(shipped()).known_everywhere()
    court.hear(invoice(10))
    assert "subsidiary" not in court.state("invoice:1").marks["told"]
