"""Amounts as people read them."""

from decimal import Decimal

import pytest

from console.output import money_text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0", "NZD", "0.00"),
        ("0", "JPY", "0"),
        ("0E+3", "KWD", "0.000"),
        ("1234567.5", "NZD", "1,234,567.50"),
        ("-12.345", "NZD", "-12.345"),
        ("0.1", "JPY", "0.1"),
        ("9999999999999999999999999999", "NZD", "9,999,999,999,999,999,999,999,999,999.00"),
        ("7", "", "7"),
    ],
)
def test_an_amount_has_its_currencys_digits_and_loses_none(amount: str, currency: str, text: str):
    assert money_text(Decimal(amount), currency) == text


def test_no_amount_is_a_dash():
    assert money_text(None, "NZD") == "-"
