from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.names import Entity, Side
from tests.support.judging import Court, company, deal, fact, invoice, outcome, payment

INVOICE_OF_DEAL = {"deal": "deal:1"}


# Invoices, payments and credit in the ERP


def test_an_invoice_appears_in_the_crm_beside_its_deal_and_company():
    court = Court().known_everywhere()
    court.hear(deal(10))
    court.settle()
    (mirror,) = court.commands(Side.CRM, Entity.INVOICE)
    assert mirror.links == {"company": court.customer().crm, "deal": "hubspot/deal/1"}
    assert mirror.fields["total"] == "100.00"
    assert court.made[("crm", mirror.record)] == 1


@pytest.mark.parametrize("status", ["draft", "submitted", "voided", "deleted"])
def test_an_invoice_that_does_not_count_is_not_shown_to_the_crm(status: str):
    court = Court().known_everywhere()
    court.hear(invoice(10, status=status))
    court.settle()
    assert court.commands(Side.CRM, Entity.INVOICE) == []
    assert court.told() == []


def test_a_payment_reaches_invoice_deal_and_company():
    court = Court().known_everywhere()
    court.hear(deal(10))
    court.settle()
    bill = court.commands(Side.ERP, Entity.INVOICE)[0].record
    reference = court.state(bill).erp.ref
    assert reference is not None
    paid = {"status": "paid", "total": "100.00", "amount_due": "0.00", "amount_paid": "100.00", "number": "RM-1"}
    news = invoice(3000, record=bill, related=INVOICE_OF_DEAL, **paid).model_copy(update={"ref": reference})
    money = payment(3000, amount="100.00").model_copy(update={"related": {"invoice": bill}})
    court.hear(news, money)
    court.settle()
    assert court.shown(Side.CRM, "status", "amount_due", record=bill) == ["paid", "0.00"]
    assert court.shown(Side.CRM, "invoice_status", "amount_due", "amount_paid", record="deal:1") == [
        "paid", "0.00", "100.00",
    ]  # fmt: skip
    assert court.shown(Side.CRM, "balance_due", "last_payment_date", "last_payment_amount") == [
        "0.00", "2026-09-03", "100.00",
    ]  # fmt: skip
    received = court.events()[-1]
    assert (received.type, received.deal) == ("payment_received", "deal:1")


def test_partial_payment_credit_and_refund_move_the_balance_and_are_told_once():
    court = Court().known_everywhere()
    note = {
        "number": "CN-1", "status": "posted", "date": "2026-09-05", "currency": "NZD", "total": "30.00",
        "remaining": "30.00",
    }  # fmt: skip
    story = [
        (invoice(10), "115.00"),
        (invoice(20, amount_due="65.00", amount_paid="50.00"), "65.00"),
        (payment(20, amount="50.00"), "65.00"),
        (fact(Entity.CREDIT_NOTE, Side.ERP, note, record="credit_note:1", seconds=30), "35.00"),
        (
            fact(Entity.CREDIT_NOTE, Side.ERP, note | {"remaining": "10.00"}, record="credit_note:1", seconds=40),
            "55.00",
        ),
        (invoice(40, amount_due="45.00", amount_paid="50.00", amount_credited="20.00"), "35.00"),
        (payment(50, record="payment:2", amount="10.00", refund=True), "35.00"),
        (
            fact(Entity.CREDIT_NOTE, Side.ERP, note | {"remaining": "0.00", "status": "paid"}, record="credit_note:1",
                 seconds=50),
            "45.00",
        ),
    ]  # fmt: skip
    for finding, balance in story:
        court.hear(finding, finding)
        assert court.customer().balances == {"NZD": balance}
        court.settle()
        assert court.shown(Side.CRM, "balance_due") == [balance]
    assert court.told() == ["invoice_posted", "payment_received", "credit_memo_issued", "refund_made"]
    assert court.shown(Side.CRM, "last_payment_amount") == ["50.00"]


def test_a_part_paid_invoice_says_so_on_the_deal():
    court = Court().known_everywhere()
    court.hear(deal(10))
    court.settle()
    bill = court.commands(Side.ERP, Entity.INVOICE)[0].record
    court.hear(invoice(3000, record=bill, related=INVOICE_OF_DEAL, amount_due="65.00", amount_paid="50.00"))
    court.settle()
    assert court.shown(Side.CRM, "invoice_status", record="deal:1") == ["part_paid"]


def test_a_reversed_payment_falls_back_on_the_one_before():
    court = Court().known_everywhere()
    court.hear(invoice(5), payment(10, amount="20.00", date="2026-09-02"))
    court.hear(payment(20, record="payment:2", amount="30.00", date="2026-09-04"))
    court.settle()
    assert court.shown(Side.CRM, "last_payment_amount") == ["30.00"]
    court.hear(payment(30, record="payment:2", amount="30.00", date="2026-09-04", status="deleted"))
    court.hear(payment(31, record="payment:2", amount="30.00", date="2026-09-04", status="deleted"))
    court.settle()
    assert court.shown(Side.CRM, "last_payment_date", "last_payment_amount") == ["2026-09-02", "20.00"]
    assert court.told().count("payment_reversed") == 1


def test_a_voided_invoice_leaves_balance_and_revenue():
    court = Court().known_everywhere()
    court.hear(invoice(10), invoice(20, status="voided", amount_due="0.00"))
    court.settle()
    assert court.customer().balances == {"NZD": "0.00"}
    assert court.told() == ["invoice_posted", "invoice_voided"]
    assert [document.counted for document in court.documents() if document.side is Side.ERP] == [True, False]


def test_an_invoice_that_vanished_leaves_its_own_currency_and_its_own_window():
    court = Court().known_everywhere()
    court.hear(invoice(10, currency="USD"))
    gone = invoice(20, deleted=True).model_copy(update={"fields": {}})
    court.hear(gone)
    assert court.customer().balances == {"USD": "0.00"}
    voided = court.events()[-1]
    assert voided.type == "invoice_voided"
    assert voided.money is not None
    assert (str(voided.money.amount), voided.money.currency, voided.day) == ("115.00", "USD", "2026-09-01")
    last = court.documents()[-1]
    assert (last.side, last.counted, last.currency) == (Side.ERP, False, "USD")


def test_a_mirror_deleted_in_the_crm_is_stated_to_reconciliation():
    court = Court().known_everywhere()
    court.hear(invoice(10))
    court.settle()
    shown = court.state("invoice:1").crm
    assert shown.ref is not None
    court.hear(fact(Entity.INVOICE, Side.CRM, {}, record="invoice:1", seconds=5000, deleted=True, ref=shown.ref))
    court.settle()
    assert [(one.side, one.counted) for one in court.documents()] == [
        (Side.ERP, True), (Side.CRM, True), (Side.CRM, False),
    ]  # fmt: skip


@pytest.mark.parametrize("version", [0, None], ids=["edited since", "not told"])
def test_a_mirror_that_is_found_again_and_was_edited_meanwhile_gets_finances_total_back(version: int | None):
    court = Court().known_everywhere()
    court.hear(invoice(10))
    (made,) = court.commands(Side.CRM, Entity.INVOICE)
    court.answered.add(made.id)
    result = court.hear(outcome(made, seconds=11, ref="hubspot/invoice/7").model_copy(update={"version": version}))
    assert result.refused == []
    edited = made.fields | {"total": "1.00"}
    court.hear(fact(Entity.INVOICE, Side.CRM, edited, record="invoice:1", seconds=12, ref="hubspot/invoice/7"))
    court.settle()
    assert court.shown(Side.CRM, "total", record="invoice:1") == ["115.00"]
    assert [one.fields for one in court.commands(Side.CRM, Entity.INVOICE)[1:]] == [{"total": "115.00"}]
    assert [(one.side, one.total, one.version < 1) for one in court.documents()[:2]] == [
        (Side.ERP, Decimal("115.00"), False), (Side.CRM, Decimal("115.00"), True),
    ]  # fmt: skip


def test_an_invoice_whose_currency_is_corrected_moves_its_balance():
    court = Court().known_everywhere()
    court.hear(invoice(10, currency="USD"), invoice(20, currency="NZD"))
    assert court.customer().balances == {"USD": "0.00", "NZD": "115.00"}


def test_the_first_reading_is_taken_in_but_is_no_news():
    court = Court().known_everywhere(first=True)
    court.hear(invoice(10, first=True), payment(10, first=True))
    assert court.told() == []
    assert court.customer().ordered
    court.hear(invoice(20, status="voided", amount_due="0.00"))
    assert court.told() == ["invoice_voided"]


def test_a_credit_hold_of_the_first_reading_is_no_news_but_its_lifting_is():
    court = Court()
    court.hear(company(Side.ERP, credit_hold=True, first=True))
    assert court.told() == []
    court.hear(company(Side.ERP, 10, credit_hold=False))
    assert court.told() == ["credit_hold_changed"]
