"""Both sides' figures: what agrees is silent, and a cent is told."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.contract import parse_contract, template
from schemas.names import Entity
from streams.verification.figures import expected, of_hubspot, of_invoice
from streams.verification.recipe import recipe

RECIPE = recipe(parse_contract(template()), "Test")
INVOICE: dict[str, Any] = {
    "InvoiceNumber": "RM-1", "Status": "AUTHORISED", "CurrencyCode": "NZD", "SubTotal": Decimal("37.02"),
    "TotalTax": Decimal("5.55"), "Total": Decimal("42.57"), "AmountDue": Decimal("42.57"), "AmountPaid": Decimal(0),
}  # fmt: skip
PAID = INVOICE | {"Status": "PAID", "AmountDue": Decimal(0), "AmountPaid": Decimal("42.57")}


def test_an_invoice_of_the_deals_line_is_right():
    assert of_invoice(INVOICE, RECIPE, "NZD") == []
    assert of_invoice(PAID, RECIPE, "NZD") == []


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"SubTotal": Decimal("37.03"), "TotalTax": Decimal("5.54")}, "SubTotal"),
        ({"TotalTax": Decimal("5.54")}, "Total"),
        ({"AmountDue": Decimal("42.56")}, "AmountDue"),
        ({"CurrencyCode": "AUD"}, "CurrencyCode"),
    ],
)
def test_a_cent_or_a_currency_of_xeros_own_is_told(changed: dict[str, Any], where: str):
    (found,) = of_invoice(INVOICE | changed, RECIPE, "NZD")
    assert found.where == f"xero invoice: {where}"


def test_hubspot_agrees_whatever_the_digits_are_written_like():
    wanted = expected(PAID, RECIPE, paid=True)
    assert wanted[Entity.COMPANY] == {"balance_due": Decimal(0), "last_payment_amount": Decimal("42.57")}
    shown = {
        entity: {name: str(value).replace("42.57", "42.570") for name, value in fields.items()}
        for entity, fields in wanted.items()
    }
    assert shown[Entity.INVOICE]["status"] == "paid"
    assert of_hubspot(shown, wanted) == []


@pytest.mark.parametrize("wrong", ["42.56", "", "many"])
def test_a_cent_that_hubspot_shows_otherwise_is_told_and_so_is_nothing(wrong: str):
    wanted = expected(INVOICE, RECIPE, paid=False)
    shown = {entity: {name: str(value) for name, value in fields.items()} for entity, fields in wanted.items()}
    shown[Entity.COMPANY]["balance_due"] = wrong
    (found,) = of_hubspot(shown, wanted)
    assert str(found) == f"hubspot company: balance_due is {wrong or 'empty'} and should be 42.57"
