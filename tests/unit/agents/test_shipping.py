"""An order that is billed when it has been shipped: by the quantities of its lines, or by the deal's stage."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from agents.trial import trials
from schemas.contract import lint
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, line

SHIPPED: dict[str, Any] = {"timing": {"invoice_when": "shipped", "shipped_when_deal_stage": ["delivered"]}}


def court(**erp: Any) -> Court:
    """Acme, under a contract that bills what was shipped."""
    return Court(contract(SHIPPED)).known_everywhere(erp=erp)


def lines(*sent: str | None, quantity: str = "2") -> list[dict[str, Any]]:
    """Lines of two pieces each, and how many of them were shipped."""
    return [line(f"W-{number}", quantity) | {"shipped": each} for number, each in enumerate(sent)]


def bills(here: Court) -> list[Any]:
    """The invoices asked for."""
    return here.commands(Side.ERP, Entity.INVOICE)


def status(here: Court) -> Any:
    """What the deal says of its order."""
    here.settle()
    return here.shown(Side.CRM, "order_status", record="deal:1")[0]


def test_the_bill_waits_until_all_of_it_was_shipped():
    here = court()
    here.hear(deal(10, lines=lines(None, None)))
    assert (status(here), bills(here), here.told()) == ("created: 0 of 2 lines shipped", [], ["order_created"])
    here.hear(deal(1000, lines=lines("2", "1"), order_status="created: 0 of 2 lines shipped"))
    assert (status(here), bills(here)) == ("created: 1 of 2 lines shipped", [])
    here.hear(deal(2000, lines=lines("2", "2"), order_status="created: 1 of 2 lines shipped"))
    assert status(here) == "created"
    assert len(bills(here)) == 1
    assert here.told() == ["order_created", "invoice_posted"]


def test_what_was_shipped_is_no_part_of_the_bill_and_no_edit_of_the_order():
    here = court()
    here.hear(deal(10, lines=lines("2")))
    here.settle()
    (bill,) = bills(here)
    assert "shipped" not in bill.fields["lines"][0]
    here.hear(deal(2000, lines=lines("3"), order_status="created"))
    here.settle()
    assert here.verdicts("lines") == []
    here.hear(deal(3000, lines=lines("3", quantity="3"), order_status="created"))
    here.settle()
    assert [verdict.rule for verdict in here.verdicts("lines")] == ["guard.posted_immutable"]


@pytest.mark.parametrize(
    ("sent", "quantity", "billed"),
    [
        ("2", "2", True),
        ("2.0", "2", True),
        ("1.99", "2", False),
        ("5", "2", True),
        ("0.5", "0.5", True),
        (None, "0", True),
    ],
)
def test_a_line_is_shipped_when_its_quantity_is(sent: str | None, quantity: str, billed: bool):  # noqa: FBT001 - a column of the table
    here = court()
    here.hear(deal(10, lines=lines(sent, quantity=quantity)))
    assert bool(bills(here)) is billed


def test_a_stage_says_it_for_all_lines_and_makes_the_order_too():
    here = court()
    here.hear(deal(10, stage="delivered", lines=lines(None, "1")))
    assert status(here) == "created"
    assert len(bills(here)) == 1
    assert here.told()[0] == "order_created"


def test_a_deal_moves_from_won_to_delivered_and_its_order_stands():
    here = court()
    here.hear(deal(10, lines=lines(None)))
    here.settle()
    here.hear(deal(1000, stage="delivered", lines=lines(None), order_status="created: 0 of 1 lines shipped"))
    assert status(here) == "created"
    assert here.verdicts("stage") == []
    assert len(bills(here)) == 1


def test_a_hold_holds_what_was_shipped():
    here = court()
    here.hear(deal(10, lines=lines(None)))
    here.settle()
    here.hear(company(Side.ERP, 900, credit_hold=True, crm_id="acme-crm"))
    here.hear(deal(1000, lines=lines("2"), order_status="created: 0 of 1 lines shipped"))
    assert bills(here) == []
    assert "credit hold" in status(here)
    here.hear(company(Side.ERP, 9000, credit_hold=False, crm_id="acme-crm"))
    assert status(here) == "created"
    assert len(bills(here)) == 1


def test_a_deal_without_lines_is_shipped_by_its_stage_only():
    here = Court(contract(SHIPPED | {"required": None})).known_everywhere()
    here.hear(deal(10, lines=[]))
    assert (status(here), bills(here)) == ("created: 0 of 0 lines shipped", [])


def test_news_of_two_deals_end_alike_in_any_order():
    news = [deal(10, lines=lines("1")), deal(20, lines=lines("2")), deal(15, record="deal:2", lines=lines("2", None))]
    ends = set()
    for order in permutations(news):
        here = court()
        here.hear(*order)
        here.settle()
        ends.add((here.shown(Side.CRM, "order_status", record="deal:2")[0], status(here), len(bills(here))))
    assert ends == {("created: 1 of 2 lines shipped", "created", 1)}


@pytest.mark.parametrize(
    ("timing", "level", "path", "said"),
    [
        ({"partial": "each"}, "warning", "timing.partial", "it decides nothing"),
        ({"invoice_when": "never", "called_off_posted": "credit"}, "warning", "timing.called_off_posted",
         "it decides nothing"),
        ({"shipped_when_deal_stage": ["x"]}, "warning", "timing.shipped_when_deal_stage", "it decides nothing"),
        (
            {"invoice_when": "shipped", "shipped_when_deal_stage": ["closedwon"]}, "warning",
            "timing.shipped_when_deal_stage", "'closedwon' is an order and shipped at once",
        ),
        ({"invoice_when": "shipped", "order_when_deal_stage": []}, "warning", "timing.invoice_when", "none is billed"),
    ],
)  # fmt: skip
def test_timing_that_cannot_be_meant_is_found(timing: dict[str, Any], level: str, path: str, said: str):
    (finding,) = lint(contract({"timing": timing}))
    assert (finding.level, finding.path) == (level, path)
    assert said in finding.message


def test_timing_by_shipment_finds_nothing():
    assert lint(contract(SHIPPED)) == []
    assert lint(contract({"timing": {"invoice_when": "shipped"}})) == []


@pytest.mark.parametrize(("sent", "invoice"), [("1", "none"), ("2", "asked")])
def test_an_example_can_say_what_was_shipped(sent: str, invoice: str):
    won = {"stage": "closedwon", "currency": "NZD", "lines": [{"quantity": "2", "unit_price": "1", "shipped": sent}]}
    words = {
        "example": "shipped",
        "about": "deal",
        "when": {"crm": won},
        "then": {"order": "created", "invoice": invoice},
    }
    (played,) = trials(contract(SHIPPED | {"examples": [words]}))
    assert played.holds, played.misses


def test_one_that_is_called_off_before_it_is_billed_leaves_no_row_of_a_bill():
    here = court()
    here.hear(deal(10, lines=lines(None, None)))
    here.hear(deal(1000, lines=lines(None, None), stage="closedlost"))
    here.settle()
    assert [name for name in here.records.rows if "invoice:" in name] == []
    here.hear(deal(2000, lines=lines("2", "2"), stage="closedwon"))
    here.settle()
    assert len(bills(here)) == 1
