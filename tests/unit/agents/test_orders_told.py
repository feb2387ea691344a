"""Orders and bills, whole: the occurrence, the invoice that is asked for, and what is said while one has to wait."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules import orders
from schemas.names import Entity, Side, canonical_id, digest
from tables.entities import EntityState
from tests.support.casing import a_case, asked, said, told
from tests.support.contracts import contract
from tests.support.judging import ACME, line
from tests.unit.agents.winning import BILL, a_deal, considered, held, known, ordered, rulings


def test_an_order_is_told_marked_and_billed():
    deal = a_deal()
    case = considered(deal)
    (event,) = told(case)
    order = canonical_id(Entity.ORDER, "main", "deal:1")
    assert (event.type, event.tenant, event.customer, event.customer_name) == ("order_created", "main", ACME, "Acme")
    assert event.id == digest("main", "order_created", order)
    assert (event.document, event.number, event.deal, event.day) == (order, "Widgets", "deal:1", "2026-08-31")
    assert event.money is not None
    assert (str(event.money.amount), event.money.currency) == ("100.00", "AUD")
    assert event.occurred_at == case.seen_version(deal.crm.version)
    assert event.refs == {"crm": "hubspot/deal/7"}
    assert deal.derived == {"order_status": "created", "amount": "100.00", "currency": "AUD"}
    assert (deal.marks["order"]["id"], deal.marks["order"]["day"]) == (order, "2026-08-31")
    assert deal.marks["order"]["billed"] is True
    assert case.customer.ordered is True
    assert list(case.touched) == [ACME]
    assert rulings(case) == [
        ("deal:1", "order_status", "create", "timing", "stage closedwon: the deal becomes an order"),
        (BILL, "", "create", "timing", "order of deal Widgets"),
    ]
    assert [one.chosen for one in said(case)] == ["created", None]
    assert (said(case)[1].written_to, said(case)[1].command) == (Side.ERP, asked(case)[0].id)


def test_the_bill_is_asked_for_whole():
    case = considered(a_deal(lines=[{**line(), "shipped": "1"}, line(sku="")]))
    (bill,) = asked(case)
    assert (bill.side, bill.kind, bill.record, bill.natural_key) == (Side.ERP, "create", BILL, "RM-7")
    assert (bill.links, list(bill.rules), bill.reason) == (
        {"company": "xero/contact/a"},
        ["timing"],
        "order of deal Widgets",
    )
    filled = {"account": "200", "tax_type": "OUTPUT2"}
    assert bill.fields == {
        "status": "posted",
        "date": "2026-08-31",
        "due_date": "2026-09-20",
        "currency": "AUD",
        "reference": "Widgets",
        "line_amount_types": "Exclusive",
        "lines": [{**line(), **filled}, {**line(sku=""), **filled}],
        "number": "RM-7",
    }
    assert case.known(BILL).related == {"deal": "deal:1"}


def test_a_line_goes_to_its_own_account_where_the_contract_names_one():
    rules = contract({"invoice_defaults": {"accounts_by_sku": {"B": "210"}}})
    case = considered(a_deal(lines=[line(), line("B")]), rules)
    assert [row["account"] for row in asked(case)[0].fields["lines"]] == ["200", "210"]


def test_what_the_erp_states_of_a_deal_outlives_its_order():
    deal = a_deal()
    deal.derived["invoice_number"] = "RM-7"
    considered(deal)
    assert deal.derived["invoice_number"] == "RM-7"


def test_an_order_is_news_even_while_history_is_read():
    case = a_case(**known(), history=True)
    orders.consider(case, a_deal())
    assert [one.type for one in told(case)] == ["order_created"]


def test_looking_again_asks_for_nothing_more():
    deal = a_deal()
    case = considered(deal)
    orders.consider(case, deal)
    assert (len(asked(case)), len(told(case)), len(said(case))) == (1, 1, 2)


@pytest.mark.parametrize(
    ("fields", "amount", "currency"),
    [
        ({"amount": "90.00"}, "90.00", "AUD"),
        ({"amount": None}, "100.00", "AUD"),
        ({"amount": None, "lines": [line() | {"amount": "7.25"}, line(quantity="1")]}, "57.25", "AUD"),
        ({"amount": None, "lines": [{**line("W", "3", "9.99"), "discount_percent": "10"}]}, "26.97", "AUD"),
        ({"amount": None, "currency": "JPY", "lines": [line(quantity="1", unit_price="10.6")]}, "11", "JPY"),
        ({"currency": None}, "100.00", "USD"),
    ],
)
def test_an_order_states_its_amount_and_currency(fields: dict[str, Any], amount: str, currency: str):
    deal = a_deal(**fields)
    considered(deal)
    assert (deal.derived["amount"], deal.derived["currency"]) == (amount, currency)


def test_without_any_currency_the_contracts_counts():
    deal = a_deal(currency=None)
    assert asked(considered(deal, currency=None))[0].fields["currency"] == "NZD"
    assert deal.derived["currency"] == "NZD"


def test_a_nameless_deal_is_referred_to_by_its_id():
    assert asked(considered(a_deal(name=None)))[0].fields["reference"] == "deal:1"


@pytest.mark.parametrize(("deal", "gone"), [(a_deal(stage="lead"), "stage"), (a_deal(), "crm"), (a_deal(), "historic")])
def test_what_is_not_won_or_not_there_or_history_is_no_order(deal: EntityState, gone: str):
    deal.crm.deleted = gone == "crm"
    deal.marks = {"historic": True} if gone == "historic" else {}
    case = considered(deal)
    assert told(case) == asked(case) == said(case) == []
    assert "order" not in deal.marks


@pytest.mark.parametrize(
    ("required", "fields", "reason"),
    [
        (["lines", "amount"], {"lines": [], "amount": None}, "an order needs: lines, amount"),
        (["lines", "amount"], {"lines": []}, "an order needs: lines"),
        (["currency"], {"currency": None}, None),
    ],
)
def test_an_order_that_lacks_something_is_held_and_says_what(
    required: list[str], fields: dict[str, Any], reason: str | None
):
    deal = a_deal(**fields)
    case = considered(deal, contract({"required": {"order": required}}))
    assert rulings(case)[:1] == (held(reason) if reason else rulings(case)[:1])
    assert deal.marks.get("held") == (True if reason else None)
    assert case.customer.waiting == ["deal:1"], "held, or with a bill that a hold of the customer would take back"
    assert deal.derived["order_status"] == (f"held: {reason}" if reason else "created")


def test_a_credit_hold_comes_before_what_is_lacking():
    deal = a_deal(lines=[])
    reason = "Acme is on credit hold in the ERP"
    case = considered(deal, hold=True)
    assert rulings(case) == held(reason, "guard.credit_hold")
    assert deal.derived == {"order_status": f"held: {reason}"}
    assert told(case) == []


def test_an_order_that_was_held_is_of_the_day_on_which_it_goes_through():
    deal = a_deal()
    considered(deal, hold=True)
    assert deal.marks == {"held": True}
    considered(deal)
    assert deal.marks["order"]["day"] == "2026-09-01"


@pytest.mark.parametrize(
    ("closed", "day"),
    [
        ("2026-08-30T11:59:00Z", "2026-08-30"),
        ("2026-08-30T12:00:00Z", "2026-08-31"),
        ("2026-09-01T09:01:00Z", "2026-09-01"),
        ("2026-12-24T00:00:00Z", "2026-09-01"),  # a close that is planned, not done
        (None, "2026-09-01"),
    ],
)
def test_an_order_is_of_the_day_of_the_close_where_the_tenant_is(closed: str | None, day: str):
    deal = a_deal(closed_at=closed)
    considered(deal)
    assert deal.marks["order"]["day"] == day


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        (
            {"stage": "lead"},
            "stage",
            "the deal was moved after its order was placed: the order stands, cancel it in the ERP",
        ),
        (
            {"lines": [line(quantity="9")]},
            "lines",
            "the lines were edited after the bill: it changes through credit in the ERP only",
        ),
        ({"lines": [{**line(), "shipped": "1"}]}, "", None),
        ({}, "", None),
    ],
)
def test_what_was_billed_is_not_edited(fields: dict[str, Any], name: str, reason: str | None):
    case = considered(ordered(**fields))
    verdict = ("deal:1", name, "hold", "guard.posted_immutable", reason)
    assert rulings(case) == ([verdict] if reason else [])
    assert asked(case) == []


def test_an_order_that_is_not_billed_may_change_and_wait():
    case = considered(ordered(billed=False, lines=[line(quantity="9")]))
    (bill,) = asked(case)
    assert bill.fields["lines"][0]["quantity"] == "9"
    assert [one[2] for one in rulings(case)] == ["create"]
    moved = ordered(billed=False, stage="lead")
    case = a_case(**known())
    case.known(BILL).blocked["erp"] = {"*": "mark"}
    orders.consider(case, moved)
    assert asked(case) == said(case) == []
    moved.crm.fields["stage"] = "closedwon"
    orders.consider(case, moved)
    assert case.known(BILL).blocked["erp"] == {}
    assert len(asked(case)) == 1


def test_lines_that_are_billed_later_are_the_ones_remembered():
    deal = ordered(billed=False, lines=[line(quantity="9")])
    considered(deal)
    assert rulings(considered(deal)) == []


# While a bill has to wait
