"""What an order is worth when the deal states no amount: its lines, rounded as its currency is."""

import pytest

from tests.support.judging import Court, deal, line


@pytest.mark.parametrize(("currency", "worth"), [("NZD", "1.23"), ("KWD", "1.235"), ("JPY", "1")])
def test_lines_are_rounded_to_the_minor_unit_of_the_deals_currency(currency: str, worth: str):
    court = Court().known_everywhere()
    court.hear(deal(5, amount=None, currency=currency, lines=[line(quantity="1", unit_price="1.2345")]))
    (event,) = [one for one in court.events() if one.type == "order_created"]
    assert event.money is not None
    assert event.money.model_dump(mode="json")["amount"] == worth
