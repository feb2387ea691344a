"""Bills of an order: when one waits, for what, and what is asked of the ERP when it may go."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules import billing, orders
from schemas.wire import fingerprint
from tables.entities import SideState
from tests.support.casing import a_case, asked, said
from tests.support.contracts import contract
from tests.support.judging import line
from tests.unit.agents.winning import BILL, SHIPPED, a_deal, considered, held, known, ordered, rulings


def test_a_bill_waits_for_its_customer_in_the_erp():
    deal = a_deal()
    case = considered(deal, erp=None)
    assert asked(case) == []
    assert case.customer.waiting == ["deal:1"]
    assert deal.derived["order_status"] == "created"


def test_a_bill_of_an_archived_customer_says_so():
    deal, case = a_deal(), a_case(**known(erp=None))
    case.company().erp = SideState(ref="xero/contact/a", deleted=True)
    orders.consider(case, deal)
    reason = "the customer's contact in the ERP is archived or was merged away: restore it, or link another"
    assert rulings(case)[1:] == held(reason, "guard.finance_kept")
    assert (deal.derived["order_status"], case.customer.waiting) == (f"held: {reason}", ["deal:1"])


def test_a_hold_after_the_order_holds_the_bill():
    deal = ordered(billed=False)
    reason = "Acme is on credit hold in the ERP"
    case = considered(deal, hold=True)
    assert rulings(case) == held(reason, "guard.credit_hold")
    assert deal.derived["order_status"] == f"held: {reason}"
    considered(deal)
    assert deal.derived["order_status"] == "created"


@pytest.mark.parametrize("there", ["ref", "flight"])
def test_a_bill_that_is_there_or_on_its_way_is_not_asked_for(there: str):
    deal = ordered(billed=False)
    other = considered(a_deal())
    case = a_case(**known())
    if there == "ref":
        case.known(BILL).erp.ref = "xero/invoice/1"
    else:
        case.known(BILL).flights = other.known(BILL).flights
    orders.consider(case, deal)
    assert asked(case) == []


@pytest.mark.parametrize("mended", [False, True])
def test_a_bill_that_was_refused_waits_until_the_customer_was_mended(mended: bool):  # noqa: FBT001 - a column
    refused = asked(considered(a_deal()))[0].fields
    deal, case = ordered(billed=False), a_case(**known())
    case.company().erp.version = 5
    bill = case.known(BILL)
    bill.marks["refused_at"], bill.blocked["erp"] = 4 if mended else 5, {"*": fingerprint(refused)}
    orders.consider(case, deal)
    assert len(asked(case)) == (1 if mended else 0)
    assert case.customer.waiting == ["deal:1"], "for it to be mended, or to come on hold before the bill is made"


# Shipping


@pytest.mark.parametrize(
    ("lines", "stage", "status"),
    [
        ([line()], "closedwon", "created: 0 of 1 lines shipped"),
        ([{**line(), "shipped": "2"}, line("B")], "closedwon", "created: 1 of 2 lines shipped"),
        ([{**line(), "shipped": "1.9"}], "closedwon", "created: 0 of 1 lines shipped"),
        ([{**line(), "shipped": "2"}, {**line("B"), "shipped": "3"}], "closedwon", "created"),
    ],
)
def test_a_bill_waits_until_all_is_shipped(lines: list[Any], stage: str, status: str):
    deal = a_deal(lines=lines, stage=stage)
    case = considered(deal, SHIPPED)
    assert deal.derived["order_status"] == status
    if status == "created":
        assert len(asked(case)) == 1
        return
    assert asked(case) == []
    why = f"{status.removeprefix('created: ')}: it is billed when all of it is"
    assert rulings(case)[1:] == [("deal:1", "order_status", "wait", "timing", why)]
    assert said(case)[1].chosen == "created"


def test_a_stage_may_say_that_all_is_shipped():
    rules = contract(
        {
            "timing": {
                "invoice_when": "shipped",
                "order_when_deal_stage": ["closedwon", "delivered"],
                "shipped_when_deal_stage": ["delivered"],
            }
        }
    )
    assert len(asked(considered(a_deal(stage="delivered"), rules))) == 1
    assert asked(considered(a_deal(), rules)) == []


def test_nothing_to_ship_is_not_shipped():
    assert billing.shipped(a_deal(lines=None)) == (0, 0)
    rules = contract({"timing": {"invoice_when": "shipped"}, "required": {"order": []}})
    assert asked(considered(a_deal(lines=[]), rules)) == []


# What the customer's own record says


@pytest.mark.parametrize(
    ("erp", "crm", "tax"),
    [
        ({"country": "AU"}, {"country": "US"}, "ZERORATEDOUTPUT"),
        ({"country": ""}, {"country": "US"}, "ZERORATEDOUTPUT"),
        (None, {"country": "US"}, "ZERORATEDOUTPUT"),
        ({"country": "DE"}, {"country": "US"}, "OUTPUT2"),
        (None, None, "OUTPUT2"),
    ],
)
def test_the_tax_follows_the_country_that_the_erp_names_first(erp: Any, crm: Any, tax: str):
    case = a_case(**known())
    case.company().erp = SideState(ref="xero/contact/a", fields={"shipping_address": erp})
    case.company().crm = SideState(ref="hubspot/company/1", fields={"shipping_address": crm})
    orders.consider(case, a_deal())
    assert asked(case)[0].fields["lines"][0]["tax_type"] == tax


@pytest.mark.parametrize(
    ("terms", "due"),
    [
        ("14 DAYSAFTERBILLDATE", "2026-09-14"),
        ("0 DAYSAFTERBILLDATE", "2026-08-31"),
        ("14 OFFOLLOWINGMONTH", "2026-09-20"),
        ("14", "2026-09-20"),
        ("x DAYSAFTERBILLDATE", "2026-09-20"),
        (None, "2026-09-20"),
    ],
)
def test_the_due_date_follows_the_terms_that_count_from_the_bill(terms: str | None, due: str):
    case = a_case(**known())
    case.company().erp = SideState(ref="xero/contact/a", fields={"payment_terms": terms})
    orders.consider(case, a_deal())
    assert asked(case)[0].fields["due_date"] == due


# History, and deals that change their company


@pytest.mark.parametrize("won", [True, False])
def test_a_deal_won_before_the_first_reading_is_history(won: bool):  # noqa: FBT001 - a column
    deal, case = a_deal(**({} if won else {"stage": "lead"})), a_case()
    orders.first_seen(case, deal)
    why = "won before the first reading: it is taken as billed already"
    assert rulings(case) == ([("deal:1", "", "hold", "timing", why)] if won else [])
    assert deal.marks == ({"historic": True} if won else {})


@pytest.mark.parametrize(("won", "placed"), [(True, False), (True, True), (False, False)])
def test_a_deal_that_was_moved_here_when_won_is_not_billed_again(won: bool, placed: bool):  # noqa: FBT001 - columns
    deal, case = a_deal(**({} if won else {"stage": "lead"})), a_case()
    deal.marks = {"order": {}} if placed else {}
    orders.moved_here(case, deal)
    why = (
        "it was won for another company and then moved here: see whether RM-7 is in the ERP, "
        "which that company would get; it is not billed again, bill it by hand if due"
    )
    assert rulings(case) == (held(why, "timing") if won and not placed else [])
    assert deal.marks.get("historic") == (True if won and not placed else None)
