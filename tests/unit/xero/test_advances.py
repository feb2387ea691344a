"""Money that came before an invoice or beyond it: read seldom, at once where something says so, and as a payment."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from schemas.change import Change
from schemas.names import Entity, Side
from schemas.sighting import Sighting
from streams.platforms.interface import Seen
from streams.platforms.xero.daybook import papers
from streams.platforms.xero.kinds import KINDS
from streams.platforms.xero.translation import sightings

if TYPE_CHECKING:
    from tests.unit.xero.organisations import Rig

ADVANCES = ["prepayment", "overpayment"]
CONTACT = "11111111-1111-4111-8111-111111111111"
INVOICE = "22222222-2222-4222-8222-222222222222"
MONEY = "33333333-3333-4333-8333-333333333333"


def raw(kind: str, **more: Any) -> dict[str, Any]:
    return {
        KINDS[kind].id_field: MONEY, "Type": f"RECEIVE-{kind.upper()}", "Status": "AUTHORISED", "CurrencyCode": "NZD",
        "Date": "/Date(1788220800000)/", "Total": Decimal(40), "RemainingCredit": Decimal(10), "Reference": "wire 9",
        "Contact": {"ContactID": CONTACT}, "CurrencyRate": Decimal(1),
        "Allocations": [{"Amount": Decimal(30), "Invoice": {"InvoiceID": INVOICE}}],
        **more,
    }  # fmt: skip


def translated(rig: Rig, seen: Seen) -> list[Sighting]:
    return sightings(
        Change(
            tenant="acme", platform="xero", side=Side.ERP, kind=seen.kind, record_id=seen.record_id,
            version=seen.version, seen_at=rig.clock.now(), raw=seen.raw,
        )
    )  # fmt: skip


def shown(kind: str, **more: Any) -> list[Sighting]:
    return sightings(
        Change(
            tenant="acme", platform="xero", side=Side.ERP, kind=kind, record_id=MONEY, version=1,
            seen_at=datetime(2026, 9, 1, tzinfo=UTC), raw=raw(kind, **more),
        )
    )  # fmt: skip


async def advance(rig: Rig, kind: str, contact: str, amount: object = "40.00") -> str:
    """Money is banked that pays no invoice yet."""
    line = {"Description": "Early", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
    banked = await rig.act("PUT", "BankTransactions", {
        "Type": f"RECEIVE-{kind.upper()}", "Contact": {"ContactID": contact}, "BankAccount": {"Code": "090"},
        "LineItems": [line], "Date": "2026-09-01",
    })  # fmt: skip
    return str(banked[KINDS[kind].id_field])


async def allocate(rig: Rig, kind: str, money: str, invoice: str, amount: object) -> None:
    await rig.act("PUT", f"{KINDS[kind].path}/{money}/Allocations", {
        "Allocations": [{"Invoice": {"InvoiceID": invoice}, "Amount": amount, "Date": "2026-09-01"}],
    })  # fmt: skip


@pytest.mark.parametrize("kind", ADVANCES)
def test_it_is_a_payment_that_stands_on_no_document(kind: str):
    (found,) = shown(kind)
    assert (found.entity, found.ref) == (Entity.PAYMENT, f"xero/{kind}/{MONEY}")
    assert found.fields == {
        "date": "2026-09-01", "amount": "40.00", "currency": "NZD", "reference": "wire 9", "status": "received",
        "currency_rate": "1", "advance": kind, "remaining": "10.00",
        "allocations": [{"invoice": INVOICE, "amount": "30.00"}],
    }  # fmt: skip
    assert found.parents == {"company": f"xero/contact/{CONTACT}"}


@pytest.mark.parametrize("kind", ADVANCES)
@pytest.mark.parametrize(("word", "status"), [("PAID", "received"), ("VOIDED", "deleted")])
def test_it_counts_until_it_is_voided(kind: str, word: str, status: str):
    assert [each.fields["status"] for each in shown(kind, Status=word)] == [status]


@pytest.mark.parametrize("kind", ADVANCES)
@pytest.mark.parametrize("begins", ["RECEIVE-", "AR", "SPEND-", "AP"])
def test_what_is_paid_to_suppliers_is_no_business_of_revenue(kind: str, begins: str):
    ours = begins in {"RECEIVE-", "AR"}
    word = f"{begins}{kind.upper()}"
    assert len(shown(kind, Type=word)) == len(papers(KINDS[kind], raw(kind, Type=word))) == ours


@pytest.mark.parametrize("kind", ADVANCES)
def test_a_night_counts_it_among_the_payments(kind: str):
    (paper,) = papers(KINDS[kind], raw(kind))
    assert (paper.kind, paper.total, paper.day, paper.counted) == ("payment", Decimal(40), "2026-09-01", True)
    (voided,) = papers(KINDS[kind], raw(kind, Status="VOIDED"))
    assert not voided.counted


@pytest.mark.parametrize("kind", ADVANCES)
async def test_it_brings_the_invoices_it_touches_and_its_refunds_are_listed(rig: Rig, kind: str):
    contact = await rig.contact()
    invoice, money = await rig.invoice(contact, 100), await advance(rig, kind, contact)
    await allocate(rig, kind, money, invoice, 30)
    refund = await rig.act("PUT", "Payments", {
        kind.capitalize(): {KINDS[kind].id_field: money}, "Account": {"Code": "090"}, "Amount": 4,
    })  # fmt: skip
    seen = {each.kind: each for each in await rig.client.read(kind, [money])}
    assert set(seen) == {kind, "invoice"}
    (found,) = translated(rig, seen[kind])
    assert (found.fields["remaining"], found.fields["amount"]) == ("6.00", "40.00")
    ((paid,), _) = await rig.polled("payment")
    (back,) = translated(rig, paid)
    assert (paid.record_id, back.fields["refund"], back.fields["currency_rate"]) == (refund["PaymentID"], True, "1")
    assert (back.fields["gives_back"], back.fields["document"]) == (kind, money)
    assert back.parents == {"company": f"xero/contact/{contact}"}
    (bill,) = translated(rig, seen["invoice"])
    assert (bill.fields["amount_due"], bill.fields["amount_credited"]) == ("70.00", "30.00")


@pytest.mark.parametrize("kind", ADVANCES)
async def test_it_is_listed_seldom_and_at_once_where_an_invoice_shows_it(rig: Rig, kind: str):
    contact = await rig.contact()
    invoice, money = await rig.invoice(contact, 100), await advance(rig, kind, contact)
    await rig.clock.advance(3600)
    seen, cursor = await rig.polled(kind)
    assert [each.record_id for each in seen] == [money]
    calls = len(rig.calls())
    for _ in range(4):
        await rig.clock.advance(120)
        assert await rig.polled(kind, cursor) == ([], cursor)
    assert len(rig.calls()) == calls
    await allocate(rig, kind, money, invoice, 30)
    await rig.polled("invoice")
    seen, cursor = await rig.polled(kind, cursor)
    (found,) = translated(rig, seen[0])
    assert found.fields["remaining"] == "10.00"
    calls = len(rig.calls())
    assert await rig.polled(kind, cursor) == ([], cursor), "what was shown has been listed"
    assert len(rig.calls()) == calls
    await rig.clock.advance(600)
    await rig.polled(kind, cursor)
    assert len(rig.calls()) == calls + 1


@pytest.mark.parametrize("kind", ADVANCES)
async def test_it_is_listed_with_the_next_round_where_webhooks_may_have_been_missed(rig: Rig, kind: str):
    contact = await rig.contact()
    _, cursor = await rig.polled(kind)
    money = await advance(rig, kind, contact)
    (page,) = await rig.pages(kind, cursor, missed=True)
    assert (page.records, page.asked) == ([], False), "a round has its pause as well"
    await rig.clock.advance(120)
    assert await rig.polled(kind, cursor) == ([], cursor)
    (page,) = await rig.pages(kind, cursor, missed=True)
    assert [each.record_id for each in page.records] == [money]
    assert page.asked
