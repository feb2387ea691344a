from __future__ import annotations

import pytest

from agents.rules.numbering import bill_number, credit_id, credit_number, invoice_id, named, numbered
from schemas.names import Entity


@pytest.mark.parametrize(("part", "number"), [(1, "RM-7"), (2, "RM-7-2"), (10, "RM-7-10"), (1234, "RM-7-1234")])
def test_a_number_says_the_deal_and_the_part(part: int, number: str):
    assert bill_number("RM-", "7", part) == number
    assert numbered("RM-", number) == ("7", part, 0)


@pytest.mark.parametrize(
    ("part", "more", "number"), [(1, 1, "RM-7.1"), (4, 2, "RM-7-4.2"), (10, 12, "RM-7-10.12"), (1, 999, "RM-7.999")]
)
def test_a_number_says_what_was_added_to_a_part(part: int, more: int, number: str):
    assert bill_number("RM-", "7", part, more) == number
    assert numbered("RM-", number) == ("7", part, more)


@pytest.mark.parametrize(
    "number",
    [
        "", "RM-", "RM-7-", "RM-7-1", "RM-7-0", "RM-7-02", "RM-7-2-2", "RM-x", "XX-7", "RM-7 ", "RM-²", "7",
        "RM-7.", "RM-7.0", "RM-7.01", "RM-7-1.1", "RM-7.1.1", "RM-7.1-2", "RM-7.1000",
    ],
)  # fmt: skip
def test_other_numbers_say_nothing(number: str):
    assert numbered("RM-", number) is None


def test_the_first_bill_is_the_one_of_deals_that_have_one_only():
    assert invoice_id("main", "deal:1") == invoice_id("main", "deal:1", 1)
    assert len({invoice_id("main", deal, part) for deal in ("deal:1", "deal:2") for part in (1, 2, 3)}) == 6


def test_what_is_added_to_a_bill_is_a_record_of_its_own():
    places = [(1, 0), (1, 1), (2, 0), (2, 1), (1, 2), (12, 0), (11, 2)]
    assert len({invoice_id("main", "deal:1", *place) for place in places}) == len(places)


@pytest.mark.parametrize("part", [1, 2, 10])
def test_a_credit_note_names_its_bill_and_only_as_a_credit_note(part: int):
    number = credit_number(bill_number("RM-", "7", part))
    assert named("RM-", Entity.CREDIT_NOTE, number) == ("7", part, 0)
    assert named("RM-", Entity.INVOICE, number) is None
    assert named("RM-", Entity.CREDIT_NOTE, bill_number("RM-", "7", part)) is None
    assert named("RM-", Entity.PAYMENT, number) is None


def test_each_bill_has_a_credit_note_of_its_own():
    bills = [invoice_id("main", deal, part) for deal in ("deal:1", "deal:2") for part in (1, 2)]
    assert len({credit_id("main", bill) for bill in bills}) == 4
