"""What another subsidiary sells is not billed here, and what nobody says whose it is neither."""

from __future__ import annotations

import pytest

from agents.rules.guards import isolation_guard
from agents.trial import trials
from schemas.names import Entity, Side
from tests.support.contracts import contract, shipped
from tests.support.judging import Court, company, deal, invoice

NZ = {"subsidiary": {"name": "NZ", "crm": "billing_entity"}}
HERE = contract(NZ)
RULE = "guard.subsidiary_isolation"
EMPTY = "nobody says of which subsidiary it is: billing_entity is empty"


@pytest.mark.parametrize(
    ("company_says", "deal_says", "reason"),
    [
        ("NZ", None, None),
        (None, "NZ", None),
        ("NZ", "NZ", None),
        ("AU", "AU", "its company is of AU, and this ERP keeps the books of NZ"),
        ("NZ", "AU", "the deal is of AU, and this ERP keeps the books of NZ"),
        ("AU", "NZ", "its company is of AU, and this ERP keeps the books of NZ"),
        ("nz", None, "its company is of nz, and this ERP keeps the books of NZ"),
        (None, None, EMPTY),
        ("", "", EMPTY),
    ],
)
def test_only_what_is_of_this_subsidiary_passes(company_says: str | None, deal_says: str | None, reason: str | None):
    found = isolation_guard(HERE, {"subsidiary": company_says}, {"subsidiary": deal_says})
    assert found == ((RULE, reason) if reason else None)


def test_where_no_subsidiary_is_named_or_the_guard_is_off_nothing_is_held():
    assert isolation_guard(shipped(), {"subsidiary": "AU"}) is None
    off = contract(NZ | {"guards": {"subsidiary_isolation": False}})
    assert isolation_guard(off, {"subsidiary": "AU"}, {"subsidiary": "AU"}) is None


@pytest.mark.parametrize("said", [{"subsidiary": "AU"}, {}])
def test_a_deal_of_another_subsidiary_becomes_no_order(said: dict[str, str]):
    court = Court(HERE).known_everywhere()
    court.hear(deal(10, **said))
    court.settle()
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    assert court.told() == []
    (status,) = court.shown(Side.CRM, "order_status", record="deal:1")
    assert status.startswith("held: ")
    assert RULE in {each.rule for each in court.verdicts("order_status")}


def test_a_deal_whose_company_turns_out_to_be_of_this_subsidiary_goes_on():
    court = Court(HERE).known_everywhere()
    court.hear(deal(10))
    court.settle()
    court.hear(company(Side.CRM, 3000, subsidiary="NZ"))
    court.settle()
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1
    assert court.told().count("order_created") == 1


def test_an_order_that_waits_for_its_bill_is_not_billed_once_it_is_another_subsidiarys():
    rules = contract(NZ | {"timing": {"invoice_when": "shipped", "shipped_when_deal_stage": ["sent"]}})
    court = Court(rules).known_everywhere()
    court.hear(deal(10, subsidiary="NZ"))
    court.hear(deal(20, stage="sent", subsidiary="AU"))
    court.settle()
    assert court.told() == ["order_created"]
    assert court.commands(Side.ERP, Entity.INVOICE) == []


def test_a_company_of_another_subsidiary_is_not_made_in_the_erp_until_it_is_of_this_one():
    court = Court(contract(NZ | {"entities": {"company": {"create": {"erp": "always"}}}}))
    court.hear(company(Side.CRM, subsidiary="AU"))
    court.settle()
    assert court.commands(Side.ERP, Entity.COMPANY) == []
    court.hear(company(Side.CRM, 10, subsidiary="NZ"))
    court.settle()
    assert [each.kind for each in court.commands(Side.ERP, Entity.COMPANY)][:1] == ["create"]


def test_a_customer_of_this_erp_is_made_in_the_crm_with_the_name_of_the_subsidiary():
    rules = contract(NZ | {"entities": {"company": {"create": {"crm": "always"}}}})
    court = Court(rules)
    court.hear(company(Side.ERP))
    (made,) = court.commands(Side.CRM, Entity.COMPANY)
    assert (made.kind, made.fields["subsidiary"]) == ("create", "NZ")


def test_documents_carry_the_subsidiary_whose_books_are_kept():
    court = Court(HERE).known_everywhere()
    court.hear(invoice(10))
    assert [each.subsidiary for each in court.documents()] == ["NZ"]


def test_an_example_of_a_contract_can_speak_of_it():
    example = {
        "example": "Australia bills in Australia",
        "about": "deal",
        "when": {"crm": {"stage": "closedwon", "subsidiary": "AU", "currency": "NZD", "lines": [{"unit_price": "5"}]}},
        "then": {"order": "held", "by": RULE},
    }
    (played,) = trials(contract(NZ | {"examples": [example]}))
    assert played.misses == ()
