"""What an event says of a document: as what a payment was told, what held before, and what is taken back at its end."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.fact import Fact
from schemas.names import Entity, Side
from schemas.revenue import RevenueEvent
from tests.support.judging import Court, fact, invoice, payment

NOTE = {"number": "CN-1", "status": "posted", "date": "2026-09-02", "currency": "NZD", "total": "40.00",
        "remaining": "40.00", "allocations": [], "lines": []}  # fmt: skip
FORMS: dict[str, dict[str, Any]] = {
    "payment_received": {},
    "refund_made": {"refund": True},
    "prepayment_received": {"advance": "prepayment", "remaining": "115.00", "document": None},
    "overpayment_received": {"advance": "overpayment", "remaining": "115.00", "document": None},
}
DEED = pytest.mark.parametrize(("kind", "form"), FORMS.items())


def note(seconds: float, **fields: Any) -> Fact:
    more = {name: fields.pop(name) for name in ("first", "deleted") if name in fields}
    return fact(Entity.CREDIT_NOTE, Side.ERP, NOTE | fields, record="credit_note:1", seconds=seconds, **more)


def figures(event: RevenueEvent) -> tuple[str, ...]:
    """Type, amount, currency and day; and those that held before."""
    assert event.money is not None
    said = (event.type, str(event.money.amount), event.money.currency, event.day)
    before = event.before
    return said if before is None else (*said, str(before.money.amount), before.money.currency, before.day)


@DEED
def test_what_is_reversed_says_as_what_it_was_told(kind: str, form: dict[str, Any]):
    court = Court().known_everywhere()
    court.hear(payment(10, **form), payment(20, **form, status="deleted"))
    came, back = court.events()
    assert (came.type, came.told_as) == (kind, None)
    assert (back.type, back.told_as, back.money, back.day) == ("payment_reversed", kind, came.money, came.day)


@DEED
def test_a_payment_that_is_changed_is_restated_and_taken_back_as_it_was_last(kind: str, form: dict[str, Any]):
    court = Court().known_everywhere()
    changed = payment(20, **form, amount="90.00", date="2026-10-01")
    ended = payment(30, **form, amount="0.00", date="2026-10-02", status="deleted")
    court.hear(payment(10, **form), changed, changed, ended)
    _, restated, back = court.events()
    assert figures(restated) == ("payment_restated", "90.00", "NZD", "2026-10-01", "115.00", "NZD", "2026-09-03")
    assert figures(back) == ("payment_reversed", "90.00", "NZD", "2026-10-01")
    assert restated.told_as == back.told_as == kind


def test_an_invoice_that_people_change_is_restated_each_time():
    court = Court().known_everywhere()
    court.hear(
        invoice(10), invoice(20, total="120.00"), invoice(30, total="115.00"), invoice(40, date="2026-08-31"),
        invoice(50, date="2026-08-31", currency="AUD"), invoice(60, total=None), invoice(70, status="voided"),
    )  # fmt: skip
    assert [figures(each) for each in court.events()] == [
        ("invoice_posted", "115.00", "NZD", "2026-09-01"),
        ("invoice_restated", "120.00", "NZD", "2026-09-01", "115.00", "NZD", "2026-09-01"),
        ("invoice_restated", "115.00", "NZD", "2026-09-01", "120.00", "NZD", "2026-09-01"),
        ("invoice_restated", "115.00", "NZD", "2026-08-31", "115.00", "NZD", "2026-09-01"),
        ("invoice_restated", "115.00", "AUD", "2026-08-31", "115.00", "NZD", "2026-08-31"),
        ("invoice_voided", "115.00", "AUD", "2026-08-31"),
    ]
    assert len({each.id for each in court.events()}) == 6


@pytest.mark.parametrize("end", [{"status": "voided"}, {"deleted": True}])
def test_a_credit_note_that_ends_is_told_as_it_was_told_last(end: dict[str, Any]):
    court = Court().known_everywhere()
    court.hear(note(10), note(20, total="35.00"), note(30, **{"total": "35.00", "remaining": "0.00"} | end))
    court.hear(note(31, **{"total": "35.00", "remaining": "0.00"} | end))
    assert [figures(each) for each in court.events()] == [
        ("credit_memo_issued", "40.00", "NZD", "2026-09-02"),
        ("credit_memo_restated", "35.00", "NZD", "2026-09-02", "40.00", "NZD", "2026-09-02"),
        ("credit_memo_voided", "35.00", "NZD", "2026-09-02"),
    ]


def test_a_draft_credit_note_that_is_deleted_was_never_told():
    court = Court().known_everywhere()
    court.hear(note(10, status="draft"), note(20, status="deleted"))
    assert court.told() == []


def test_what_was_told_is_told_to_its_end_though_a_first_reading_finds_it():
    court = Court().known_everywhere()
    court.hear(invoice(10), payment(10))
    court.hear(invoice(20, total="120.00", first=True), payment(20, status="deleted", first=True))
    court.hear(invoice(30, total="120.00", status="voided", first=True))
    assert court.told() == [
        "invoice_posted", "payment_received", "invoice_restated", "payment_reversed", "invoice_voided",
    ]  # fmt: skip


def test_what_changes_while_it_is_read_for_the_first_time_is_history():
    court = Court().known_everywhere()
    court.hear(invoice(10, first=True), invoice(20, total="120.00", first=True))
    assert court.told() == []
    court.hear(invoice(30, total="125.00"))
    (event,) = court.events()
    assert figures(event)[:5] == ("invoice_restated", "125.00", "NZD", "2026-09-01", "120.00")


def test_of_what_an_older_release_has_told_the_end_is_told_with_what_is_shown():
    """Its row says that the invoice was posted, and not with which figures."""
    court = Court().known_everywhere()
    court.hear(invoice(10))
    for key, row in list(court.records.rows.items()):
        if row.get("id") == "invoice:1":
            assert row["marks"].pop("told")
            court.records[key] = row
    court.hear(invoice(20, total="120.00"), invoice(30, total="125.00"), invoice(40, status="voided"))
    assert [figures(each)[:2] for each in court.events()[1:]] == [
        ("invoice_restated", "125.00"), ("invoice_voided", "125.00"),
    ]  # fmt: skip


def test_a_payment_names_what_it_pays_and_a_refund_what_it_pays_out():
    court = Court().known_everywhere()
    back = {"refund": True, "document": "n1", "record": "payment:2"}
    court.hear(note(5), payment(10), payment(20, **back))
    known = payment(30, **back | {"record": "payment:3"})
    court.hear(known.model_copy(update={"related": {"credit_note": "credit_note:1"}}))
    _, came, unknown, given = court.events()
    assert came.refs == {"erp": "xero/payment/1-erp", "invoice": "xero/invoice/1"}
    assert unknown.refs == {"erp": "xero/payment/2-erp"}
    assert given.refs == {"erp": "xero/payment/3-erp", "credit_note": "xero/credit_note/n1"}


@pytest.mark.parametrize("kind", ["credit_note", "prepayment", "overpayment"])
def test_a_refund_and_its_end_name_what_the_erp_says_that_it_gives_back(kind: str):
    court = Court().known_everywhere()
    back = {"refund": True, "document": "n1", "gives_back": kind}
    court.hear(payment(10, **back), payment(20, **back, status="deleted"))
    assert [each.type for each in court.events()] == ["refund_made", "payment_reversed"]
    named = {"erp": "xero/payment/1-erp", kind: f"xero/{kind}/n1"}
    assert [each.refs for each in court.events()] == [named, named]


def test_what_could_not_be_read_once_and_is_there_again_counts_again():
    court = Court().known_everywhere()
    court.hear(note(10), note(20, deleted=True), note(30), note(40, status="voided"))
    assert [each.type for each in court.events()] == ["credit_memo_issued", "credit_memo_voided"] * 2
    assert len({each.id for each in court.events()}) == 4
    row = court.state("credit_note:1")
    assert row.marks["voided"]


def test_what_ended_under_an_older_release_begins_again_under_a_name_of_its_own():
    court = Court().known_everywhere()
    court.hear(note(10), note(20, status="voided"))
    (key,) = [each for each in court.records.rows if "credit_note:1" in each]
    row = court.records.get(key)
    assert row is not None
    del row["marks"]["told"]
    court.records[key] = row
    court.hear(note(30))
    first, _, again = court.events()
    assert (again.type, again.money) == (first.type, first.money)
    assert again.id != first.id


def test_a_currency_that_is_left_out_has_not_changed():
    court = Court().known_everywhere()
    court.hear(*(payment(at, refund=True, currency=each) for at, each in ((10, "USD"), (20, None), (30, "USD"))))
    assert [each.type for each in court.events()] == ["refund_made"]
