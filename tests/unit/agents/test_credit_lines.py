"""What of a bill a credit note takes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.credit_lines import credit_lines
from sandbox.xero.arithmetic import money, tax, totals

CENTS = st.integers(-5_000, 500_000).map(lambda cents: Decimal(cents) / 100)
RATES = st.sampled_from([Decimal(0), Decimal(5), Decimal("12.5"), Decimal(15), Decimal(19), Decimal(20)])


def row(amount: str, tax_: str = "0", **more: str) -> dict[str, Any]:
    return {"description": "Widget", "amount": amount, "tax": tax_, "account": "200", "tax_type": "OUTPUT2", **more}


@given(st.lists(st.tuples(CENTS, RATES), min_size=1, max_size=8), st.sampled_from(["Exclusive", "Inclusive"]))
def test_a_whole_bill_is_credited_to_the_cent_with_its_own_tax(lines: list[tuple[Decimal, Decimal]], how: str):
    taxed = [(amount, rate, money(tax(amount, rate, how), "NZD")) for amount, rate in lines]
    bill = totals(((amount, tax_) for amount, _, tax_ in taxed), how)
    if bill.total <= 0:
        return
    rows = [row(str(amount), str(tax_), tax_type=str(rate)) for amount, rate, tax_ in taxed]
    made = credit_lines({"total": str(bill.total), "lines": rows, "number": "RM-1"}, bill.total)
    prices = [(Decimal(each["unit_price"]), Decimal(each["tax_type"])) for each in made]
    note = totals(((price, money(tax(price, rate, "Inclusive"), "NZD")) for price, rate in prices), "Inclusive")
    assert (note.total, note.tax) == (bill.total, bill.tax)


@given(st.integers(1, 11_500))
def test_a_part_is_one_line_of_what_is_left(cents: int):
    left = Decimal(cents) / 100
    made = credit_lines({"total": "115.00", "lines": [row("60.00", "9.00"), row("40.00", "6.00")]}, left)
    assert sum(Decimal(each["unit_price"]) * Decimal(each["quantity"]) for each in made) == left


@pytest.mark.parametrize(
    ("bill", "left", "says"),
    [
        ({"total": "115.00", "lines": [row("100.00", "15.00")]}, "115.01", "115.01 of 115.00 is left"),
        ({"total": "115.00", "lines": [row("100.00", "15.00")]}, "0", "0 of 115.00 is left"),
        ({"total": "115.00", "lines": [row("100.00", "14.00")]}, "115.00", "do not add up"),
        ({"total": "115.00", "lines": []}, "115.00", "do not add up"),
        ({"total": "20.00", "lines": [row("10.00"), row("10.00", account="201")]}, "15.00", "differ in account or tax"),
        ({"total": "20.00", "lines": [row("10.00"), row("10.00", tax_type="X")]}, "15.00", "differ in account or tax"),
    ],
)
def test_what_nobody_can_say_is_refused_in_words(bill: dict[str, Any], left: str, says: str):
    with pytest.raises(ValueError, match=says):
        credit_lines(bill, Decimal(left))


def test_amounts_keep_the_digits_of_their_currency():
    yen = credit_lines({"total": "1100", "lines": [row("1000", "100")]}, Decimal(1100))
    dinar = credit_lines({"total": "33.330", "lines": [row("33.330")]}, Decimal("33.330"))
    assert [each["unit_price"] for each in (*yen, *dinar)] == ["1100", "33.330"]
