"""Receipts: each payment and refund of the ERP is shown as one record, said once, and anew when it is another."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.meaning import SAYS
from schemas.command import Command
from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, fact, invoice, payment, retry

OBJECTS = {"payment": "native"}


def court(**objects: Any) -> Court:
    """Acme, known on both sides."""
    return Court(contract({"platforms": {"objects": OBJECTS | objects}})).known_everywhere()


def paid(seconds: float = 0, **fields: Any) -> Fact:
    """A payment of the invoice, which names it as Xero does."""
    return payment(seconds, **({"document": "1-erp"} | fields))


def refund(seconds: float = 0, **fields: Any) -> Fact:
    return paid(seconds, **({"record": "payment:2", "refund": True, "amount": "20.00", "document": "9-erp"} | fields))


def asked(court: Court) -> list[Command]:
    return court.commands(Side.CRM, Entity.RECEIPT)


def told(court: Court) -> dict[str, dict[str, Any]]:
    """What the CRM shows: the last that was written under each key."""
    return {str(each.natural_key): each.fields for each in asked(court) if each.fields}


def states(court: Court) -> dict[str, tuple[str, str]]:
    return {key: (one["status"], one["amount"]) for key, one in told(court).items()}


def test_a_payment_is_one_record_under_the_erps_id_with_company_deal_person_and_mirror():
    made = court()
    made.hear(fact(Entity.CONTACT, Side.ERP, {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"},
                   record="contact:1", seconds=2))  # fmt: skip
    made.hear(deal(3, stage="open"), invoice(4, related={"deal": "deal:1"}))
    made.settle()
    made.hear(paid(5, reference="Stripe 7", amount="15.00"))
    (one,) = asked(made)
    assert (one.kind, one.natural_key, one.rules, one.tier) == ("create", "1-erp", ["receipt"], 2)
    assert one.links == {
        "company": "hubspot/company/acme-crm", "deal": "hubspot/deal/1", "contact": "hubspot/contact/1-crm",
        "invoice": "hubspot/invoice/1-crm",
    }  # fmt: skip
    assert one.fields == {
        "subject": "payment of INV-1", "kind": "payment", "status": "received", "document": "INV-1",
        "reference": "Stripe 7", "date": "2026-09-03", "initiated_at": "2026-09-03T00:00:00Z", "paid": "15.00",
        "refunded": "0.00", "amount": "15.00", "currency": "NZD",
    }  # fmt: skip
    assert one.reason == "payment of INV-1 comes to 15.00 NZD"
    assert SAYS["receipt"]


def test_a_refund_is_a_record_of_its_own_below_zero():
    made = court()
    made.hear(invoice(2), paid(3), refund(4))
    made.settle()
    assert states(made) == {"1-erp": ("received", "115.00"), "2-erp": ("refunded", "-20.00")}
    back = told(made)["2-erp"]
    assert (back["kind"], back["paid"], back["refunded"]) == ("refund", "20.00", "20.00")


def test_a_payment_that_is_taken_back_is_reversed_and_worth_nothing_and_one_that_never_counted_is_not_shown():
    made = court()
    made.hear(invoice(2), paid(3), paid(3, record="payment:7", status="deleted"))
    made.settle()
    made.hear(paid(4, status="deleted"))
    made.settle()
    assert states(made) == {"1-erp": ("reversed", "0.00")}
    assert told(made)["1-erp"]["paid"] == "115.00"


def test_it_is_said_once_whatever_is_heard_again():
    made = court()
    made.hear(invoice(2), paid(3))
    made.settle()
    for seconds in (3, 4, 5):
        made.hear(paid(3), paid(seconds), invoice(seconds), company(Side.CRM, seconds), company(Side.ERP, seconds))
        made.settle()
    assert len(asked(made)) == 1


def in_the_first_reading(**objects: Any) -> Court:
    """Acme on both sides, while the invoices are still being read."""
    made = Court(contract({"platforms": {"objects": OBJECTS | objects}}))
    made.hear(*(unsettled(company(side, first=True, alone=False)) for side in Side))
    return made


def unsettled(news: Fact) -> Fact:
    return news.model_copy(update={"settled": False, "first": True})


def test_in_the_first_reading_a_payment_that_is_read_before_its_invoice_is_written_once():
    made = in_the_first_reading()
    made.hear(unsettled(paid(2)))
    assert asked(made) == []
    made.hear(unsettled(invoice(3)))
    made.settle()
    made.hear(company(Side.ERP, 4, alone=False))
    made.settle()
    assert [each.fields["subject"] for each in asked(made)] == ["payment of INV-1"]


def test_one_whose_invoice_is_not_there_is_written_when_all_invoices_have_been_read():
    made = in_the_first_reading()
    made.hear(unsettled(paid(2)))
    assert asked(made) == []
    made.hear(company(Side.ERP, 4, alone=False))
    made.settle()
    assert [each.fields["subject"] for each in asked(made)] == ["payment of bank"]


@pytest.mark.parametrize("payment", [None, "native"])
def test_without_the_choice_there_are_none_and_with_it_no_revenue_is_shown(payment: str | None):
    made = court(payment=payment)
    made.hear(invoice(2), paid(3))
    made.settle()
    assert len(asked(made)) == (payment is not None)
    assert made.commands(Side.CRM, Entity.REVENUE) == []


def test_both_may_be_shown_and_come_to_the_same():
    made = court(revenue={"custom": "revmark_revenue", "basis": ["cash"]})
    made.hear(invoice(2), paid(3), refund(4))
    made.settle()
    cash = {each.fields["amount"] for each in made.commands(Side.CRM, Entity.REVENUE)}
    assert cash == {one["amount"] for one in told(made).values()} == {"115.00", "-20.00"}


def test_a_mirror_that_is_being_made_is_waited_for_and_one_that_is_refused_is_not():
    for refused in (False, True):
        made = court()
        made.hear(invoice(2))
        made.hear(paid(3))
        assert asked(made) == []
        made.settle(refuse=lambda command, refused=refused: refused and command.entity is Entity.INVOICE)
        (one,) = asked(made)
        assert ("invoice" in one.links) == (not refused)


def test_what_is_known_later_is_associated_then_and_nothing_else_is_said():
    made = court()
    made.hear(paid(2))
    made.settle()
    assert told(made)["1-erp"]["subject"] == "payment of bank", "nobody knows that invoice yet"
    made.hear(invoice(3, related={"deal": "deal:1"}))
    made.settle()
    made.hear(deal(40, stage="open"))
    made.settle()
    assert told(made)["1-erp"]["document"] == "INV-1"
    assert set(asked(made)[-1].links) >= {"company", "deal", "invoice"}
    assert asked(made)[-1].fields == {}, "what it says is there already"


def test_a_person_may_have_what_was_refused_tried_again():
    made = court()
    made.hear(invoice(2))
    made.settle()
    made.hear(paid(3))
    (one,) = asked(made)
    made.settle(refuse=lambda command: command.entity is Entity.RECEIPT)
    made.hear(paid(4))
    assert len(asked(made)) == 1
    made.hear(retry(one, seconds=40))
    assert [each.fields for each in asked(made)] == [one.fields, one.fields]


AMOUNT = st.integers(1, 10**7).map(lambda cents: f"{Decimal(cents) / 100:.2f}")
PAYMENTS = st.lists(st.tuples(AMOUNT, st.booleans(), st.booleans()), min_size=1, max_size=4)


@settings(deadline=None, max_examples=30)
@given(drawn=PAYMENTS, order=st.randoms(use_true_random=False))
def test_whatever_comes_in_whichever_order_each_payment_has_one_record_of_its_amount_and_state(
    drawn: Sequence[tuple[str, bool, bool]], order: Any
):
    made = court()
    findings = [invoice(101, related={"deal": "deal:1"}), deal(102, stage="open")]
    expected: dict[str, set[tuple[str, str]]] = {}
    for place, (amount, back, reversed_) in enumerate(drawn, 3):
        one = {"record": f"payment:{place}", "amount": amount, "refund": back}
        findings.append(paid(100 + place, **one))
        state = ("refunded", f"-{amount}") if back else ("received", amount)
        expected[f"{place}-erp"] = {state}
        if reversed_:
            findings.append(paid(200 + place, status="deleted", **one))
            expected[f"{place}-erp"] = {("reversed", "0.00"), ("never shown", "")}
    order.shuffle(findings)
    for each in findings:
        made.hear(each)
        made.settle()
    found = states(made)
    for key, allowed in expected.items():
        assert found.pop(key, ("never shown", "")) in allowed
    assert found == {}
    assert len({each.ref or each.natural_key for each in asked(made) if each.kind == "create"}) <= len(drawn)
