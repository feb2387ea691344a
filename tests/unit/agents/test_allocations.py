"""What of a credit is set against an invoice, or taken off it, is told: once, with its amount and the invoice."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.judging import Court, fact, invoice

NOTE, ADVANCE = "credit_note:1", "payment:9"
SHOWN: dict[str, dict[str, Any]] = {
    NOTE: {"number": "CN-1", "status": "posted", "date": "2026-09-02", "currency": "NZD", "total": "100.00",
           "remaining": "100.00", "lines": []},
    ADVANCE: {"reference": "CN-1", "status": "received", "date": "2026-09-02", "currency": "NZD", "amount": "100.00",
              "remaining": "100.00", "advance": "prepayment", "refund": False},
}  # fmt: skip
ENTITY = {NOTE: Entity.CREDIT_NOTE, ADVANCE: Entity.PAYMENT}
CREDITS = pytest.mark.parametrize("credit", [NOTE, ADVANCE])


def shown(credit: str, seconds: float, *against: tuple[str, str], **fields: Any) -> Fact:
    """A credit as the ERP shows it, set against invoices."""
    allocations = [{"invoice": to, "amount": amount} for to, amount in against]
    more = {name: fields.pop(name) for name in ("first", "deleted") if name in fields}
    values = SHOWN[credit] | {"allocations": allocations} | fields
    return fact(ENTITY[credit], Side.ERP, values, record=credit, seconds=seconds, **more)


def moves(court: Court) -> list[tuple[str, str, str]]:
    """What was told: the type, the amount, the invoice."""
    found = [each for each in court.events() if each.type in {"credit_allocated", "allocation_removed"}]
    assert len({each.id for each in found}) == len(found)
    assert {each.number for each in found} <= {"CN-1"}
    return [(each.type, str(each.money.amount), each.refs["invoice"]) for each in found if each.money]


@CREDITS
def test_each_allocation_is_told_once_with_its_amount_and_the_invoice(credit: str):
    court = Court().known_everywhere()
    for finding in (
        shown(credit, 10),
        shown(credit, 20, ("a", "30.00")),
        shown(credit, 30, ("a", "30.00"), ("b", "20.00")),
        shown(credit, 40, ("a", "30.00"), ("a", "10.00"), ("b", "20.00"), remaining="40.00"),
    ):
        court.hear(finding, finding)
    assert moves(court) == [
        ("credit_allocated", "30.00", "xero/invoice/a"),
        ("credit_allocated", "20.00", "xero/invoice/b"),
        ("credit_allocated", "10.00", "xero/invoice/a"),
    ]


@CREDITS
def test_what_is_taken_off_and_set_against_it_again_is_told_each_time(credit: str):
    court = Court().known_everywhere()
    on, off = ("a", "30.00"), ("a", "0.00")
    court.hear(shown(credit, 10, on), shown(credit, 20), shown(credit, 30, on), shown(credit, 40, off))
    assert [(kind, amount) for kind, amount, _ in moves(court)] == [
        ("credit_allocated", "30.00"), ("allocation_removed", "30.00"),
        ("credit_allocated", "30.00"), ("allocation_removed", "30.00"),
    ]  # fmt: skip


@CREDITS
@pytest.mark.parametrize("end", [{"status": "deleted"}, {"deleted": True}])
def test_a_credit_that_is_gone_is_set_against_nothing(credit: str, end: dict[str, Any]):
    court = Court().known_everywhere()
    court.hear(shown(credit, 10, ("a", "30.00")), shown(credit, 20, ("a", "30.00"), **end))
    assert [kind for kind, _, _ in moves(court)] == ["credit_allocated", "allocation_removed"]


def test_a_draft_is_set_against_nothing_until_it_is_posted():
    court = Court().known_everywhere()
    court.hear(shown(NOTE, 10, ("a", "30.00"), status="draft"))
    assert moves(court) == []
    court.hear(shown(NOTE, 20, ("a", "30.00")))
    assert len(moves(court)) == 1


@CREDITS
def test_what_the_first_reading_shows_is_history_and_what_comes_after_it_is_not(credit: str):
    court = Court().known_everywhere()
    court.hear(shown(credit, 10, ("a", "30.00"), first=True))
    assert moves(court) == []
    court.hear(shown(credit, 20, ("a", "30.00"), ("b", "5.00")))
    assert moves(court) == [("credit_allocated", "5.00", "xero/invoice/b")]


@CREDITS
def test_what_an_older_release_has_told_of_is_no_news(credit: str):
    """Its row says that the credit was heard of, and nothing of allocations."""
    court = Court().known_everywhere()
    court.hear(shown(credit, 10))
    for key, row in list(court.records.rows.items()):
        if row.get("id") == credit:
            row["marks"].pop("set_against")
            court.records[key] = row
    court.hear(shown(credit, 20, ("a", "30.00")))
    assert moves(court) == []
    court.hear(shown(credit, 30, ("a", "35.00")))
    assert moves(court) == [("credit_allocated", "5.00", "xero/invoice/a")]


def test_of_a_bill_of_ours_that_we_have_credited_the_deal_is_named():
    court = Court().known_everywhere()
    bill = invoice(5, record="invoice:7", related={"deal": "deal:1"})
    note = shown(NOTE, 10, ("7", "115.00")).model_copy(update={"related": {"invoice": "invoice:7"}})
    court.hear(bill, note)
    (event,) = [each for each in court.events() if each.type == "credit_allocated"]
    assert (event.deal, event.document) == ("deal:1", NOTE)
