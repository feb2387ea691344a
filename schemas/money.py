"""Money: an exact amount with its currency. No float comes near it.

Invariant: an `Amount` on the wire is a decimal string; a JSON number with a fraction is refused unless it was parsed
as Decimal. Minor units follow ISO 4217.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

# ISO 4217 currencies whose minor unit is not two digits.
MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
DEFAULT_MINOR_DIGITS = 2
MINOR_UNITS = {digits: Decimal(1).scaleb(-digits) for digits in (*MINOR_DIGITS.values(), DEFAULT_MINOR_DIGITS)}
MOST_DIGITS = 28  # what decimal arithmetic keeps exactly; no amount of money has half as many
LARGEST_EXPONENT = 30  # either way: beyond it the digits of an amount are not worth a message of their own


def exact(value: Any) -> Decimal:
    """Parse an amount without ever passing through a float.

    Raises:
        ValueError: it is no amount, or none that arithmetic would keep; the text is without the value, which may be
            anything that somebody typed.
    """
    if isinstance(value, Decimal):
        amount = value
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        text = str(value).strip()
        amount = _parsed(text)
        if len(text) <= MOST_DIGITS and amount.is_finite() and "E" not in text.upper():
            return amount  # no more digits than characters, and all of them written out
    else:
        msg = f"an amount must be a decimal string, not {type(value).__name__}"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError, and only that, into a field error
    if not amount.is_finite():
        msg = "this is not an amount"
        raise ValueError(msg)
    _, digits, places = amount.as_tuple()
    exponent = int(places)
    # As it is written out, without an exponent: what is written has to be readable again.
    if abs(exponent) > LARGEST_EXPONENT or len(digits) + max(exponent, 0) > MOST_DIGITS:
        msg = "an amount of so many digits is out of range"
        raise ValueError(msg)
    return amount


def _parsed(text: str) -> Decimal:
    if "_" in text or not text.isascii():  # Python reads 1_000 and the digits of every script; no platform writes them
        msg = "this is not an amount"
        raise ValueError(msg)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        msg = "this is not an amount"
        raise ValueError(msg) from error


def plain(amount: Decimal) -> str:
    """Write an amount without an exponent."""
    return f"{amount:f}"


Amount = Annotated[Decimal, BeforeValidator(exact), PlainSerializer(plain, return_type=str)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]


def minor_digits(currency: str) -> int:
    """How many digits the currency's minor unit has."""
    return MINOR_DIGITS.get(currency, DEFAULT_MINOR_DIGITS)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's minor unit; raise ValueError for what no currency can hold."""
    try:
        whole = amount.quantize(MINOR_UNITS[minor_digits(currency)], rounding=ROUND_HALF_UP)
    except InvalidOperation as error:
        msg = f"an amount of {amount.adjusted() + 1} digits is out of range"
        raise ValueError(msg) from error
    return abs(whole) if whole.is_zero() else whole  # a zero has no sign, or the sides would never agree


def amount_text(value: Any, currency: str) -> str | None:
    """The canonical text of an amount in `currency`, or None where the platform holds nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, str | int):  # as amounts come from a topic
        return _amount_text(value, currency)
    return plain(rounded(exact(value), currency))


@lru_cache(maxsize=10_000, typed=True)  # a record's amounts are read again with each of its versions; True is not 1
def _amount_text(value: str | int, currency: str) -> str:
    return plain(rounded(exact(value), currency))


class Money(BaseModel):
    """An amount with its currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Amount
    currency: Currency
