"""A deal that was an order of one customer and becomes one of another: both are told, each under ids of its own."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.names import Entity, Side, canonical_id, digest
from schemas.revenue import RevenueEvent
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, deal, line

SHIPPED: dict[str, Any] = {"timing": {"invoice_when": "shipped"}}
RECURRING: dict[str, Any] = {"timing": {"subscriptions": {"bill": "in_advance"}}}
MONTHLY = line() | {"recurs": {"every": "monthly", "starts_on": "2026-09-01"}}
ORDER = canonical_id(Entity.ORDER, "main", "deal:1")
OTHER = "company:other"


def hears(here: Court, customer: str, stage: str, lines: list[dict[str, Any]] | None = None, **more: Any) -> Court:
    """A customer's deal is in a stage."""
    one = deal(here.clock + 60, stage=stage, lines=lines or [line()])
    here.hear(one.model_copy(update={"customer": customer} | more))
    return here


def moves(here: Court, before: str, after: str, stage: str = "closedlost") -> Court:
    """Sales gives the deal to another company."""
    hears(here, before, stage, deleted=True, ended="parted", fields={})
    return hears(here, after, stage, moved=True)


def of(here: Court, customer: str) -> list[RevenueEvent]:
    """What was told of a customer's orders."""
    return [each for each in here.events() if each.customer == customer and each.document == ORDER]


def test_both_customers_orders_are_told_and_those_who_drop_doubles_lose_neither():
    here = Court(contract(SHIPPED)).known_everywhere()
    hears(hears(here, ACME, "closedwon"), ACME, "closedlost")
    moves(here, ACME, OTHER)
    hears(hears(here, OTHER, "closedwon"), OTHER, "closedlost")
    moves(here, OTHER, ACME)
    hears(here, ACME, "closedwon")
    assert [each.type for each in of(here, ACME)] == ["order_created", "order_cancelled", "order_created"]
    assert [each.type for each in of(here, OTHER)] == ["order_created", "order_cancelled"]
    ids = [each.id for each in of(here, ACME) + of(here, OTHER)]
    assert len(set(ids)) == len(ids)
    assert ids[:2] == [digest("main", "order_created", ORDER), digest("main", "order_cancelled", ORDER, "1")]
    again = Court(contract(SHIPPED)).known_everywhere()
    hears(moves(hears(hears(again, ACME, "closedwon"), ACME, "closedlost"), ACME, OTHER), OTHER, "closedwon")
    assert [each.id for each in of(again, OTHER)] == [of(here, OTHER)[0].id], "the same, however often it is played"


def test_both_customers_subscriptions_are():
    here = Court(contract(RECURRING)).known_everywhere()
    hears(hears(here, ACME, "closedwon", [MONTHLY]), ACME, "closedlost", [MONTHLY])
    hears(moves(here, ACME, OTHER), OTHER, "closedwon", [MONTHLY])
    started = [each.id for each in here.events() if each.type == "subscription_started"]
    assert len(set(started)) == len(started) == 2


@pytest.mark.parametrize("more", [{}, {"moved": True, "unsold": True}])
def test_a_deal_that_was_no_order_elsewhere_is_told_as_ever(more: dict[str, Any]):
    here = Court(contract(SHIPPED)).known_everywhere()
    hears(hears(here, ACME, "contractsent", **more), ACME, "closedwon")
    assert [each.id for each in of(here, ACME)] == [digest("main", "order_created", ORDER)]


def leaves(here: Court, *, answered: bool = True) -> Court:
    """Acme's deal, won there, becomes another company's."""
    moves(here, ACME, OTHER, stage="closedwon")
    if answered:
        here.settle()
    return here


def test_an_order_that_leaves_before_it_is_billed_is_taken_back_and_no_order_there():
    here = hears(Court(contract(SHIPPED)).known_everywhere(), ACME, "closedwon")
    here.settle()
    leaves(here)
    assert [each.type for each in of(here, ACME)] == ["order_created", "order_cancelled"]
    assert of(here, OTHER) == []
    moves(here, OTHER, ACME, stage="closedwon")
    assert [each.type for each in of(here, ACME)] == ["order_created", "order_cancelled", "order_created"]
    assert here.commands(Side.ERP, Entity.INVOICE) == []


def test_a_bill_that_waits_is_taken_back_when_its_deal_leaves():
    here = hears(Court().known_everywhere(), ACME, "closedwon")
    (asked,) = here.commands(Side.ERP, Entity.INVOICE)
    leaves(here, answered=False)
    assert [each.command for each in here.withdrawn()] == [asked.id]
    assert any(each.reason.endswith("became another company's") for each in here.verdicts(""))
    here.take_back(asked)
    assert [each.type for each in of(here, ACME)] == ["order_created", "order_cancelled"]
    assert here.commands(Side.ERP, Entity.INVOICE) == [asked], "billed by hand, if it is due there"


def test_what_was_billed_before_its_deal_left_stands():
    here = hears(Court(contract({"timing": {"called_off_posted": "credit"}})).known_everywhere(), ACME, "closedwon")
    here.settle()
    leaves(here)
    assert [each.type for each in of(here, ACME)] == ["order_created"]
    assert here.commands(Side.ERP, Entity.CREDIT_NOTE) == []
