"""What a rehearsal takes an allocation to leave of a credit note and an invoice."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from agents.imagined import Fields, allocated

NOTE: Fields = {"number": "RM-7-CR", "status": "posted", "remaining": "115.00"}
BILL: Fields = {"number": "RM-7", "status": "posted", "currency": "NZD", "amount_due": "75.00", "amount_paid": "40.00"}


def test_what_was_due_is_credited_and_what_was_paid_is_left_on_the_note():
    note, bill = allocated(NOTE, BILL, "75.00")
    assert note == NOTE | {"remaining": "40.00"}
    assert bill == BILL | {"amount_due": "0.00", "amount_credited": "75.00", "status": "paid"}


def test_a_note_of_which_nothing_is_left_is_settled_and_a_bill_on_which_something_is_due_is_not():
    note, bill = allocated(NOTE | {"remaining": "20.00"}, BILL | {"amount_credited": "5.00"}, "20.00")
    assert (note["remaining"], note["status"]) == ("0.00", "paid")
    assert (bill["amount_due"], bill["amount_credited"], bill["status"]) == ("55.00", "25.00", "posted")


@given(st.integers(1, 7500), st.sampled_from(["NZD", "EUR"]))
def test_what_leaves_the_note_leaves_the_bill(cents: int, currency: str):
    share = Decimal(cents) / 100
    note, bill = allocated(NOTE, {**BILL, "currency": currency}, str(share))
    assert Decimal(note["remaining"]) + share == Decimal("115.00")
    assert Decimal(bill["amount_due"]) + Decimal(bill["amount_credited"]) == Decimal("75.00")
    assert (bill["status"] == "paid") is (share == Decimal("75.00"))
