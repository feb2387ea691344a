"""A deposit: billed when the order is made, and taken off the bill for what was shipped."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contract import lint
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, line

SHARE: dict[str, Any] = {"timing": {"invoice_when": "shipped", "deposit": {"percent": "30", "account": "835"}}}
FIELD: dict[str, Any] = {
    "timing": {"invoice_when": "shipped", "deposit": {"field": "custom_deposit"}},
    "mappings": {"deal": {"custom_deposit": {"kind": "amount", "crm": "deposit_agreed"}}},
}


def court(rules: dict[str, Any]) -> Court:
    """Acme, under a contract with a deposit."""
    return Court(contract(rules)).known_everywhere()


def sell(here: Court, shipped: str | None = None, quantity: str = "10", **fields: Any) -> Court:
    """Widgets at 50, and so many of them shipped."""
    known = dict(here.state("deal:1").crm.fields) | {"lines": [line("W-1", quantity, "50") | {"shipped": shipped}]}
    news = deal(here.clock + 60, **(known | fields))
    here.hear(news, news)
    here.settle()
    return here


def bills(here: Court) -> list[tuple[str | None, list[tuple[str, str, str, str]]]]:
    """The invoices that were asked for."""
    names = ("description", "quantity", "unit_price", "account")
    return [
        (each.natural_key, [tuple(row[name] for name in names) for row in each.fields["lines"]])  # type: ignore[misc]
        for each in here.commands(Side.ERP, Entity.INVOICE)
    ]


def status(here: Court) -> Any:
    """What the deal says of its order."""
    return here.shown(Side.CRM, "order_status", record="deal:1")[0]


DEPOSIT = ("RM-1", [("Deposit of 30 % on Widgets", "1", "150.00", "835")])
BALANCE = (
    "RM-1-2",
    [("Widget", "10", "50", "200"), ("Billed before: Deposit of 30 % on Widgets", "-1", "150.00", "835")],
)


def test_a_deposit_is_billed_with_the_order_and_the_balance_with_its_shipment():
    here = sell(court(SHARE))
    assert (bills(here), status(here)) == ([DEPOSIT], "created: 0 of 1 lines shipped, 1 bill so far")
    sell(here, "4")
    assert bills(here) == [DEPOSIT]
    sell(here, "10")
    assert (bills(here), status(here)) == ([DEPOSIT, BALANCE], "created")
    names = ("invoice_number", "amount_due")
    assert here.shown(Side.CRM, *names, record="deal:1") == ["RM-1, RM-1-2", "500.00"]
    assert here.told() == ["order_created", "invoice_posted", "invoice_posted"]


def test_what_is_shipped_at_once_has_no_deposit():
    assert bills(sell(court(SHARE), "10")) == [("RM-1", [("Widget", "10", "50", "200")])]


def test_the_order_may_be_amended_until_it_is_shipped():
    here = sell(sell(court(SHARE)), "12", quantity="12")
    assert bills(here)[1][1][0] == ("Widget", "12", "50", "200")
    assert bills(here)[1][1][1] == BALANCE[1][1]


def test_a_deposit_that_is_more_than_the_order_is_a_persons_to_settle():
    here = sell(sell(court(SHARE)), "2", quantity="2")
    assert status(here).startswith("held: the deposit is more than the order comes to")
    assert len(bills(here)) == 1


@pytest.mark.parametrize(
    ("stated", "asked"),
    [("120.50", ["120.50"]), (None, []), ("", []), ("0", []), ("0.00", []), ("500", ["500"]), ("1", ["1"])],
)
def test_a_field_of_the_deal_says_how_much_it_is(stated: str | None, asked: list[str]):
    here = sell(court(FIELD), custom_deposit=stated)
    assert [row[1][0][2] for row in bills(here)] == asked


UNCLEAR = [
    ("much", "is no amount"), ("1,000.00", "is no amount"), ("NaN", "is no amount"), (["500"], "is no amount"),
    ("-5", "is below zero"),
]  # fmt: skip


@pytest.mark.parametrize("stages", [[], ["closedwon"]])
@pytest.mark.parametrize("sent", [None, "10"])
@pytest.mark.parametrize(("stated", "wrong"), UNCLEAR)
def test_a_deposit_of_which_nobody_can_say_how_much_it_is_holds_the_order_also_when_it_is_shipped(
    stated: Any, wrong: str, sent: str | None, stages: list[str]
):
    rules = FIELD | {"timing": {**FIELD["timing"], "shipped_when_deal_stage": stages}}
    here = sell(court(rules), sent, custom_deposit=stated)
    says = f"the deposit in deposit_agreed {wrong}: write how much it is there, as 120.50, or 0 for none"
    assert (bills(here), status(here)) == ([], f"held: {says}")


@pytest.mark.parametrize(("stated", "_wrong"), UNCLEAR)
def test_an_order_goes_on_once_its_deposit_is_mended(stated: Any, _wrong: str):
    here = sell(sell(court(FIELD), custom_deposit=stated), custom_deposit="150.00")
    assert (bills(here)[0][1][0][2], status(here)) == ("150.00", "created: 0 of 1 lines shipped, 1 bill so far")
    here = sell(sell(court(FIELD), "10", custom_deposit=stated), "10", custom_deposit=None)
    assert (bills(here), status(here)) == ([("RM-1", [("Widget", "10", "50", "200")])], "created")


def test_what_becomes_of_the_field_once_the_deposit_is_billed_holds_nothing():
    here = sell(sell(court(FIELD), custom_deposit="150.00"), "10", custom_deposit="much")
    assert [row[0] for row in bills(here)] == ["RM-1", "RM-1-2"]


def test_where_a_deposit_decides_nothing_it_holds_nothing():
    at_once = FIELD | {"timing": {**FIELD["timing"], "invoice_when": "order_created"}}
    assert len(bills(sell(court(at_once), custom_deposit="much"))) == 1


@pytest.mark.parametrize("kind", ["text", "set", "day"])
def test_a_deposit_in_a_field_that_can_be_no_amount_is_refused(kind: str):
    rules = FIELD | {"mappings": {"deal": {"custom_deposit": {"kind": kind, "crm": "deposit_agreed"}}}}
    (found,) = lint(contract(rules))
    assert (found.level, found.path) == ("error", "timing.deposit.field")
    assert found.message == "'custom_deposit' is no amount: give it kind: amount under mappings.deal"


def test_a_stated_deposit_beyond_the_order_is_not_billed():
    here = sell(court(FIELD), custom_deposit="500.01")
    assert bills(here) == []
    assert status(here).startswith("held: the deposit is more")


def test_a_deposit_as_large_as_the_order_leaves_nothing_to_bill():
    here = sell(sell(court(FIELD), custom_deposit="500"), "10")
    assert (bills(here), status(here)) == ([("RM-1", [("Deposit on Widgets", "1", "500", "200")])], "created")


def test_a_deposit_is_of_the_day_of_the_order_and_the_balance_of_the_day_of_its_shipment():
    here = sell(sell(court(SHARE), closed_at="2026-08-20T22:00:00Z"), "10")
    assert [each.fields["date"] for each in here.commands(Side.ERP, Entity.INVOICE)] == ["2026-08-21", "2026-09-01"]


def test_a_share_is_rounded_as_the_currency_of_the_order_is():
    assert bills(sell(court(SHARE), quantity="1.5", currency="JPY"))[0][1][0][2] == "23"


def test_a_refused_deposit_is_asked_for_again_under_its_number():
    here = court(SHARE)
    here.hear(deal(60, lines=[line("W-1", "10", "50")]))
    here.settle(refuse=lambda command: command.natural_key == "RM-1")
    here.hear(company(Side.ERP, here.clock + 60, crm_id="acme-crm", phone="+64"))
    here.settle()
    assert bills(here) == [DEPOSIT, DEPOSIT]


def test_what_was_billed_as_a_deposit_is_taken_off_as_it_was_whatever_the_contract_says_by_then():
    here = sell(court(SHARE))
    here.contract = contract({"timing": {"invoice_when": "shipped"}, "invoice_defaults": {"tax_type": "EXEMPTOUTPUT"}})
    sell(here, "10")
    assert bills(here) == [DEPOSIT, BALANCE]
    asked = here.commands(Side.ERP, Entity.INVOICE)
    assert {row["tax_type"] for each in asked for row in each.fields["lines"]} == {"OUTPUT2"}


@pytest.mark.parametrize(
    ("timing", "level", "path", "said"),
    [
        ({"invoice_when": "order_created", "deposit": {"percent": 30}}, "warning", "timing.deposit", "decides nothing"),
        (
            {"invoice_when": "shipped", "partial": "each", "deposit": {"percent": 30}}, "error", "timing.deposit",
            "which part would it come off",
        ),
        ({"invoice_when": "shipped", "deposit": {}}, "error", "timing.deposit", "either percent or field"),
        (
            {"invoice_when": "shipped", "deposit": {"percent": 30, "field": "custom_deposit"}}, "error",
            "timing.deposit", "either percent or field",
        ),
        (
            {"invoice_when": "shipped", "deposit": {"field": "custom_deposti"}}, "error", "timing.deposit.field",
            "no field 'custom_deposti' of its own",
        ),
    ],
)  # fmt: skip
def test_a_deposit_that_cannot_be_meant_is_found(timing: dict[str, Any], level: str, path: str, said: str):
    rules = FIELD | {"timing": timing}
    (finding,) = [each for each in lint(contract(rules)) if each.path == path]
    assert finding.level == level
    assert said in finding.message


def test_a_deposit_finds_nothing_else():
    assert [*lint(contract(SHARE)), *lint(contract(FIELD))] == []
