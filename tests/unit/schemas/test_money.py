from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas.money import LARGEST_EXPONENT, MOST_DIGITS, Amount, Money, amount_text, exact, minor_digits, plain, rounded

AMOUNTS = st.decimals(-(10**12), 10**12, places=4)


class Priced(BaseModel):
    """A record with an amount."""

    price: Amount


@pytest.mark.parametrize(
    "value", [1.5, 0.0, float("nan"), True, False, None, [], {}, "", "dear", "1,5", "NaN", "Infinity"]
)
def test_what_is_not_exact_is_no_amount(value: Any):
    with pytest.raises(ValueError, match="amount"):
        exact(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("1.50", "1.50"), (" 2 ", "2"), (3, "3"), (Decimal("4.0"), "4.0"), ("1e3", "1000"), ("-0.1", "-0.1")],
)
def test_what_is_exact_keeps_its_digits(value: Any, text: str):
    assert plain(exact(value)) == text


@given(st.text("0123456789+-.eEinfa _٣", max_size=45) | st.from_regex(r"[+-]?\d{0,32}\.?\d{0,32}(e-?\d\d?)?"))
@example("1" * 29)
@example("1E27")
@example("1E28")
@example("1E-31")
@example("Infinity")
def test_an_amount_is_exact_when_arithmetic_keeps_all_its_digits(text: str):
    try:
        found = exact(text)
    except ValueError:
        found = None
    try:
        wanted = Decimal(text.strip()) if text.isascii() and "_" not in text else None
    except InvalidOperation:
        wanted = None
    if wanted is not None:
        _, digits, places = wanted.as_tuple()
        kept = isinstance(places, int) and abs(places) <= LARGEST_EXPONENT
        wanted = wanted if kept and len(digits) + max(int(places), 0) <= MOST_DIGITS else None
    assert found == wanted


def test_no_float_passes_on_the_wire_in_either_direction():
    with pytest.raises(ValidationError):
        Priced.model_validate_json('{"price": 1.5}')
    with pytest.raises(ValidationError):
        Priced(price=1.5)  # type: ignore[arg-type] - the very thing that must not pass
    assert Priced.model_validate_json('{"price": "1.50"}').model_dump_json() == '{"price":"1.50"}'
    assert Money(amount=Decimal("1E+3"), currency="NZD").model_dump_json() == '{"amount":"1000","currency":"NZD"}'


@pytest.mark.parametrize("currency", ["nzd", "NZ", "NZDX", "", "€"])
def test_a_currency_is_three_capital_letters(currency: str):
    with pytest.raises(ValidationError):
        Money(amount=Decimal(1), currency=currency)


@pytest.mark.parametrize(
    ("currency", "digits", "text"), [("JPY", 0, "3"), ("NZD", 2, "2.50"), ("KWD", 3, "2.500"), ("XXX", 2, "2.50")]
)
def test_minor_units_follow_the_currency(currency: str, digits: int, text: str):
    assert minor_digits(currency) == digits
    assert amount_text("2.5", currency) == text


@pytest.mark.parametrize(
    ("value", "text"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("1.115", "1.12"), ("-0.001", "0.00"), ("-0", "0.00")]
)
def test_halves_are_rounded_up_and_zero_has_no_sign(value: str, text: str):
    assert amount_text(value, "NZD") == text


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_nothing(value: Any):
    assert amount_text(value, "NZD") is None


def test_three_lines_of_fifteen_percent_differ_from_their_sum():
    lines = [Decimal("25.06"), Decimal("25.61"), Decimal("25.63")]
    tax = Decimal("1.15")
    assert sum((rounded(line * tax, "NZD") for line in lines), Decimal(0)) == Decimal("87.74")
    assert rounded(sum(lines, Decimal(0)) * tax, "NZD") == Decimal("87.75")


@given(AMOUNTS, st.sampled_from(["JPY", "NZD", "KWD"]))
def test_a_text_read_again_is_the_same_text(amount: Decimal, currency: str):
    text = amount_text(amount, currency)
    assert text is not None
    assert amount_text(text, currency) == text
    assert exact(text) == amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)
    assert "E" not in text


@pytest.mark.parametrize("value", ["1e40", "1" * 40])
def test_what_no_currency_can_hold_is_no_amount(value: str):
    with pytest.raises(ValueError, match="out of range"):
        amount_text(value, "NZD")


def test_what_is_remembered_of_one_is_not_taken_for_true():
    assert amount_text(1, "NZD") == amount_text("1", "NZD") == "1.00"
    with pytest.raises(ValueError, match="not bool"):
        amount_text(True, "NZD")  # noqa: FBT003 - the value that is looked at
