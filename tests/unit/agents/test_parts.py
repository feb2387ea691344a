"""What is billed of an order part by part, and that all its bills together are the order, whatever is rounded."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.rules.parts import Part, Rows, deposit, next_part, order_name, sale, taken_back
from sandbox.xero import arithmetic
from schemas.money import exact
from tests.support.judging import line

ZERO = Decimal(0)


def sent(*quantities: str | None, of: Sequence[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Two lines of ten at 50.00 and three at 9.99, unless told otherwise, with what was shipped of each."""
    rows = of or [line("W-1", "10", "50.00"), line("S-1", "3", "9.99")]
    return [row | {"shipped": quantity} for row, quantity in zip(rows, quantities, strict=True)]


def billed(*stages: Sequence[dict[str, Any]], each: bool = True) -> list[Part]:
    """The bills of an order as more and more of it is shipped."""
    bills: list[Rows] = []
    found = []
    for lines in stages:
        part = next_part(sale(lines), bills, "NZD", each=each)
        if part is not None:
            found.append(part)
            bills.append(part.rows)
    return found


def said(part: Part) -> list[tuple[str, str]]:
    """The lines of a bill as people read them."""
    return [(row["description"] if "Billed" in row["description"] else row["sku"], row["quantity"])
            for row in part.lines]  # fmt: skip


def test_each_part_bills_what_was_shipped_and_is_not_billed_yet():
    found = billed(sent("4", None), sent("4", None), sent("7", "3"), sent("10", "3"))
    assert [(said(part), part.closes) for part in found] == [
        ([("W-1", "4")], False),
        ([("W-1", "3"), ("S-1", "3")], False),
        ([("W-1", "10"), ("Billed before: Widget", "-4"), ("Billed before: Widget", "-3")], True),
    ]


def test_what_was_shipped_at_once_is_billed_as_one_bill_for_all_of_it():
    whole = sent("10", "3")
    (part,) = billed(whole)
    assert part.lines == [{name: value for name, value in row.items() if name != "shipped"} for row in whole]
    assert part.closes


def test_where_parts_are_not_billed_the_bill_waits_for_the_rest():
    assert [said(part) for part in billed(sent("4", None), sent("10", "3"), each=False)] == [
        [("W-1", "10"), ("S-1", "3")]
    ]


@pytest.mark.parametrize("quantity", [None, "0", "-1"])
def test_nothing_shipped_is_nothing_billed(quantity: str | None):
    assert billed(sent(quantity, None)) == []


def test_more_than_was_ordered_is_not_billed():
    assert [said(part) for part in billed(sent("99", None), sent("99", "99"))] == [[("W-1", "10")], [("S-1", "3")]]


def test_what_takes_money_off_goes_onto_the_first_bill_that_is_worth_more():
    rows = [line("A", "1", "10"), line("B", "1", "90"), line("LOYAL", "1", "-30")]
    found = billed(sent("1", None, None, of=rows), sent("1", "1", None, of=rows))
    assert [said(part) for part in found] == [[("A", "1"), ("B", "1"), ("LOYAL", "1")]]


def test_what_is_worth_nothing_does_not_keep_an_order_open():
    rows = [line("A", "2", "10"), line("GIFT", "1", "0")]
    first, last = billed(sent("1", None, of=rows), sent("2", None, of=rows), sent("2", "1", of=rows))[:2]
    assert (first.closes, last.closes) == (False, True)


def test_what_is_worth_nothing_has_no_bill_of_its_own():
    rows = [line("A", "2", "10"), line("GIFT", "1", "0")]
    found = billed(sent(None, "1", of=rows), sent("1", "1", of=rows))
    assert [said(part) for part in found] == [[("A", "1"), ("GIFT", "1")]]


@pytest.mark.parametrize(
    ("price", "second"),
    [
        ("0.025", [("W-1", "3")]),
        ("0.015", [("W-1", "7"), ("Billed before: Widget", "-4")]),
    ],
)
def test_a_bill_states_all_of_a_line_where_what_is_left_is_no_more_than_roundings_come_to(
    price: str, second: list[tuple[str, str]]
):
    rows = [line("W-1", "10", price)]
    _, found = billed(sent("4", of=rows), sent("7", of=rows))
    assert (said(found), found.closes) == (second, False)


def test_a_share_is_of_the_lines_as_the_currency_rounds_them():
    part = deposit(sale([line("A", "1", "0.5"), line("B", "1", "0.5")]), "JPY", line(), Decimal(100))
    assert part is not None
    assert (part.lines[0]["unit_price"], part.value) == ("2", ZERO)


def test_a_line_without_words_is_taken_off_without():
    rows = [line("", "2", "10") | {"description": None}]
    _, found = billed(sent("1", of=rows), sent("2", of=rows))
    assert [row["description"] for row in found.lines] == [None, "Billed before: "]


def test_lines_may_change_places_and_stand_for_each_other():
    rows = [line("W-1", "2", "5"), line("W-1", "2", "5"), line("X", "1", "1")]
    first = sent("2", "1", None, of=rows)
    again = sent(None, "2", "2", of=[rows[2], rows[0], rows[1]])
    assert order_name(first) == order_name(again)
    assert [said(part) for part in billed(first, again)] == [
        [("W-1", "3")], [("W-1", "2"), ("W-1", "2"), ("Billed before: Widget", "-3")],
    ]  # fmt: skip


def test_more_billed_than_shipped_is_found():
    (part,) = billed(sent("4", "1"))
    assert taken_back(sale(sent("4", "2")), [part.rows]) == []
    assert [row["sku"] for row in taken_back(sale(sent("3", "2")), [part.rows])] == ["W-1"]


# Every rounding comes out even

PRICES = st.decimals("0", "999.9999", places=4).map(lambda price: f"{price:f}")
PERCENTS = st.sampled_from([None, "5", "12.5", "33.33", "100"])
LINES = st.lists(
    st.builds(
        lambda quantity, price, percent: line("W", quantity, price) | {"discount_percent": percent},
        st.sampled_from(["1", "3", "7", "10", "2.5", "0.3333"]), PRICES, PERCENTS,
    ),
    min_size=1, max_size=4,
)  # fmt: skip
SHARES = st.lists(st.lists(st.sampled_from(["0", "0.1", "0.25", "0.34", "0.5", "0.9", "1"]), min_size=4, max_size=4))


def owed(lines: Sequence[dict[str, Any]], currency: str, rate: str, kind: str) -> arithmetic.Totals:
    """What Xero would make of a bill."""
    pairs = []
    for row in lines:
        quantity, price = (arithmetic.rounded(exact(row[name]), 4) for name in ("quantity", "unit_price"))
        percent = exact(row["discount_percent"]) if row.get("discount_percent") else None
        amount = arithmetic.money(arithmetic.discounted(quantity * price, percent, None), currency)
        pairs.append((amount, arithmetic.money(arithmetic.tax(amount, Decimal(rate), kind), currency)))
    return arithmetic.totals(pairs, kind)


@settings(max_examples=300, deadline=None)
@given(
    LINES, SHARES, st.sampled_from(["NZD", "JPY"]), st.sampled_from(["0", "7.7", "15", "20"]),
    st.sampled_from(["Exclusive", "Inclusive", "NoTax"]),
)  # fmt: skip
def test_all_bills_together_are_the_order_and_never_more(
    lines: list[dict[str, Any]], shares: list[list[str]], currency: str, rate: str, kind: str
):
    whole, bills, sums = owed(lines, currency, rate, kind), list[Rows](), [ZERO, ZERO, ZERO]
    most = [ZERO] * len(lines)
    closed = False
    for share in [*shares, ["1"] * 4]:
        most = [
            max(old, exact(row["quantity"]) * exact(part)) for old, row, part in zip(most, lines, share, strict=False)
        ]
        order = sale([row | {"shipped": f"{quantity:f}"} for row, quantity in zip(lines, most, strict=True)])
        assert taken_back(order, bills) == []
        part = None if closed else next_part(order, bills, currency, each=True)
        if part is None or (bills and not part.rows):
            closed = closed or part is not None
            continue
        bills.append(part.rows)
        stated = owed(part.lines, currency, rate, kind)
        sums = [sum_ + each for sum_, each in zip(sums, stated, strict=True)]
        assert stated.total >= 0
        assert sums[2] <= whole.total
        closed = part.closes
    assert closed
    assert sums == list(whole)
