"""What a guard or an unknown situation held is judged again as soon as that changes, whatever the record does."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, fact, invoice, line, linked

PERSON = "contact:1"
ON_HOLD = {"guard": "held_people", "about": "contact", "protects": ["first_name"], "because": "finance asked for it"}


def person(side: Side, seconds: float, first_name: str, *, alone: bool = False) -> Fact:
    fields = {"email": "a@acme.example", "first_name": first_name, "last_name": "B"}
    return fact(Entity.CONTACT, side, fields, record=PERSON, seconds=seconds, alone=alone)


def court(rule: dict[str, Any], *guards: dict[str, Any]) -> Court:
    changes = {"entities": {"contact": {"fields": {"first_name": rule}}}, "guards": {"own": list(guards)}}
    return Court(contract(changes))


def known(here: Court, *, settled: bool = False, hold: bool | None = False) -> None:
    """The customer and its person on both sides; the person is called otherwise on each."""
    erp = company(Side.ERP, 1, credit_hold=hold, crm_id="acme-crm", alone=False)
    if hold is None:
        erp = erp.model_copy(update={"fields": {k: v for k, v in erp.fields.items() if k != "credit_hold"}})
    here.hear(erp.model_copy(update={"settled": settled}))
    here.hear(linked(1, lifecycle="lead").model_copy(update={"settled": settled, "alone": False}))
    here.hear(person(Side.CRM, 2, "Ann"), person(Side.ERP, 2, "Anna"))
    here.settle()


def named(here: Court) -> tuple[Any, Any]:
    state = here.state(PERSON)
    return state.crm.fields["first_name"], state.erp.fields["first_name"]


UNTIL = {"owner": "crm", "until": "first_order", "then": "erp"}
STATES = {"owner": {"prospect": "crm", "ordered": "erp"}}
HELD = {"owner": {"clear": "crm", "on_hold": "erp"}}


@pytest.mark.parametrize("rule", [UNTIL, STATES])
def test_a_person_goes_on_once_the_customer_is_known_to_be_a_prospect(rule: dict[str, Any]):
    here = court(rule)
    known(here)
    assert named(here) == ("Ann", "Anna"), "nobody can say yet whose it is"
    here.hear(linked(1).model_copy(update={"settled": True, "alone": False}))
    here.settle()
    assert named(here) == ("Ann", "Ann")


@pytest.mark.parametrize("rule", [UNTIL, STATES])
@pytest.mark.parametrize("news", [[invoice(9)], [deal(9)]])
def test_a_person_goes_on_once_the_customer_has_ordered(rule: dict[str, Any], news: list[Fact]):
    here = court(rule)
    known(here)
    assert named(here) == ("Ann", "Anna")
    here.hear(*news)
    here.settle()
    assert named(here) == ("Anna", "Anna")


@pytest.mark.parametrize(("hold", "name"), [(False, "Ann"), (True, "Anna")])
def test_a_person_goes_on_once_the_hold_is_known(hold: bool, name: str):  # noqa: FBT001 - a column of the table
    here = court(HELD)
    known(here, settled=True, hold=None)
    assert named(here) == ("Ann", "Anna")
    here.hear(company(Side.ERP, 9, credit_hold=hold, crm_id="acme-crm"))
    here.settle()
    assert named(here) == (name, name)


@pytest.mark.parametrize(
    ("when", "news"),
    [
        ("customer.on_hold", company(Side.ERP, 9, credit_hold=True, crm_id="acme-crm")),
        ("customer.ordered", invoice(9)),
        ("customer.ordered", deal(9)),
    ],
)
def test_a_question_is_over_once_a_guard_speaks(when: str, news: Fact):
    here = court({"policy": "review"}, {**ON_HOLD, "when": when})
    known(here, settled=True)
    assert named(here) == ("Ann", "Anna")
    assert [(one.ruling, one.rule) for one in here.verdicts("first_name")][-1] == ("review", "review")
    here.hear(news)
    here.settle()
    assert named(here) == ("Anna", "Anna")
    assert here.verdicts("first_name")[-1].rule == "guard.held_people"


@pytest.mark.parametrize("first", [True, None])
def test_a_won_deal_goes_on_once_the_hold_is_lifted(first: bool | None):  # noqa: FBT001 - a column of the table
    here = Court()
    known(here, settled=True, hold=first)
    here.hear(deal(9))
    here.settle()
    assert here.commands(Side.ERP, Entity.INVOICE) == []
    here.hear(company(Side.ERP, 20, credit_hold=False, crm_id="acme-crm"))
    here.settle()
    assert len(here.commands(Side.ERP, Entity.INVOICE)) == 1
    assert here.state("deal:1").derived["order_status"] == "created"


def test_an_order_that_came_under_a_hold_is_billed_once_it_is_lifted():
    here = Court(contract({"timing": {"invoice_when": "shipped"}}))
    known(here, settled=True)
    here.hear(deal(9))
    here.settle()
    here.hear(company(Side.ERP, 10, credit_hold=True, crm_id="acme-crm"))
    here.hear(deal(11, lines=[line() | {"shipped": "2"}]))
    here.settle()
    assert here.commands(Side.ERP, Entity.INVOICE) == []
    here.hear(company(Side.ERP, 20, credit_hold=False, crm_id="acme-crm"))
    here.settle()
    assert len(here.commands(Side.ERP, Entity.INVOICE)) == 1


@pytest.mark.parametrize(("name", "before", "after"), [
    ("shipping_address", {"street": "1 Old Road"}, {"street": "2 New Road"}), ("currency", "NZD", "AUD"),
])  # fmt: skip
def test_a_guarded_field_of_the_company_goes_on_once_all_invoices_are_read(name: str, before: Any, after: Any):
    here = Court()
    unread = {"alone": False, "settled": False}
    here.hear(company(Side.ERP, 1, crm_id="acme-crm", **{name: before}).model_copy(update=unread))
    here.hear(linked(1, **{name: after}).model_copy(update=unread))
    here.settle()
    assert here.shown(Side.ERP, name) == [before], "perhaps it has ordered: then this is finance's"
    here.hear(linked(1, **{name: after}).model_copy(update={"settled": True, "alone": False}))
    here.settle()
    assert here.shown(Side.ERP, name) == [after]


def test_the_stage_goes_up_with_the_first_order():
    here = Court()
    known(here, settled=True)
    here.hear(linked(5, lifecycle="customer"))
    here.settle()
    assert here.shown(Side.CRM, "lifecycle") == ["lead"]
    here.hear(deal(9))
    here.settle()
    assert here.shown(Side.CRM, "lifecycle") == ["customer"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_in_which_this_is_heard_does_not_count(order: tuple[int, ...]):
    here = court(UNTIL)
    news = [person(Side.CRM, 2, "Ann"), person(Side.ERP, 2, "Anna"), invoice(3)]
    unread = {"alone": False, "settled": False}
    here.hear(company(Side.ERP, 1, crm_id="acme-crm").model_copy(update=unread), linked(1).model_copy(update=unread))
    for place in order:
        here.hear(news[place])
        here.settle()
    assert named(here) == ("Anna", "Anna")
