"""Xero's money arithmetic: each line rounded half-up, then summed.

Recorded: 541.25 including 15 % holds 70.60 of tax. Summing first and rounding once gives other
totals for some invoices; that difference is Xero's, and reconciling it is the client's work.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

from sandbox.xero.problems import Invalid

HUNDRED = Decimal(100)
CENT = Decimal("0.01")
ZERO = Decimal("0.00")
NO_MINOR_UNIT = frozenset({"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"})


class Totals(NamedTuple):
    """What a document adds up to."""

    subtotal: Decimal
    tax: Decimal
    total: Decimal


def rounded(amount: Decimal, places: int = 2) -> Decimal:
    """Half-up, away from zero; what has more digits than arithmetic keeps is refused [K]."""
    try:
        return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise Invalid("The amount is out of range") from None


def money(amount: Decimal, currency: str) -> Decimal:
    """Rounded to the currency's minor unit, always written with two places.

    Two at most, also of dinars: Xero keeps no more of amounts, tax and totals [XD rounding guide]. That it rounds to
    whole yen nobody has recorded [K].
    """
    return rounded(amount, 0 if currency in NO_MINOR_UNIT else 2).quantize(CENT)


def discounted(gross: Decimal, rate: Decimal | None, amount: Decimal | None) -> Decimal:
    """Quantity x UnitAmount less the discount, by rate or by amount [SPEC LineItem]."""
    if rate is not None:
        return gross * (HUNDRED - rate) / HUNDRED
    return gross - amount if amount is not None else gross


def tax(line_amount: Decimal, rate: Decimal, line_amount_types: str) -> Decimal:
    """The tax of one line before rounding."""
    if line_amount_types == "NoTax" or not rate:
        return Decimal(0)
    if line_amount_types == "Inclusive":
        return line_amount * rate / (HUNDRED + rate)
    return line_amount * rate / HUNDRED


def totals(lines: Iterable[tuple[Decimal, Decimal]], line_amount_types: str) -> Totals:
    """Sum (LineAmount, TaxAmount) pairs."""
    pairs = list(lines)
    amount = sum((line for line, _ in pairs), ZERO)
    taxes = sum((each for _, each in pairs), ZERO)
    if line_amount_types == "Inclusive":
        return Totals(amount - taxes, taxes, amount)
    return Totals(amount, taxes, amount + taxes)
