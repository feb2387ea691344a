"""Which state a record is in, and who owns a field there; where nobody can say, nobody is overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.situations import WAITS, holder, possible
from schemas.contract import Contract, FieldRule
from schemas.contract.states import STATES, situations
from schemas.names import Entity, Side
from tables.customers import CustomerState
from tables.entities import EntityState, SideState
from tests.support.contracts import contract, shipped
from tests.support.judging import ACME, Court, company, deal, fact, invoice, linked


def field(entity: str, name: str, rule: dict[str, Any]) -> Contract:
    """The shipped contract with one field's rule."""
    return contract({"entities": {entity: {"fields": {name: rule}}}})


@pytest.mark.parametrize(
    ("ordered", "settled", "hold", "found"),
    [
        (True, False, False, {"ordered, clear"}),
        (False, True, True, {"prospect, on_hold"}),
        (False, False, False, {"prospect, clear", "ordered, clear"}),
        (True, True, None, {"ordered, clear", "ordered, on_hold"}),
        (False, False, None, set(situations(Entity.COMPANY))),
    ],
)
def test_a_customer_is_in_every_situation_that_cannot_be_excluded(
    ordered: bool,  # noqa: FBT001 - a column of the table
    settled: bool,  # noqa: FBT001 - as above
    hold: bool | None,  # noqa: FBT001 - as above
    found: set[str],
):
    customer = CustomerState(id=ACME, ordered=ordered, settled=settled, hold=hold)
    for entity in (Entity.COMPANY, Entity.CONTACT):
        assert possible(shipped(), customer, EntityState(entity, "x")) == found


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ({"status": "draft"}, "draft"),
        ({"status": "submitted"}, "submitted"),
        ({"status": "posted"}, "unpaid"),
        ({"status": "posted", "amount_paid": "1.00"}, "part_paid"),
        ({"status": "posted", "amount_credited": "1.00"}, "part_paid"),
        ({"status": "paid", "amount_paid": "1.00"}, "paid"),
        ({"status": "voided"}, "ended"),
        ({"status": "deleted"}, "ended"),
    ],
)
def test_an_invoice_is_in_the_situation_that_the_erp_shows(shown: dict[str, str], found: str):
    state = EntityState(Entity.INVOICE, "invoice:1", erp=SideState(ref="xero/invoice/1", fields=shown))
    assert possible(shipped(), CustomerState(id=ACME), state) == {found}
    state.erp.deleted = True
    assert possible(shipped(), CustomerState(id=ACME), state) == {"ended"}


def test_an_invoice_that_the_erp_has_not_shown_can_be_anything():
    state = EntityState(Entity.INVOICE, "invoice:1", erp=SideState(ref="xero/invoice/1", fields={"status": "strange"}))
    assert possible(shipped(), CustomerState(id=ACME), state) == set(situations(Entity.INVOICE))


def test_records_without_states_are_in_none():
    assert possible(shipped(), CustomerState(id=ACME), EntityState(Entity.PRODUCT, "product:1")) == frozenset()


def test_a_deal_goes_from_open_to_paid():
    court = Court().known_everywhere(erp={"credit_hold": True})
    seen = []

    def now() -> None:
        seen.extend(possible(court.contract, court.customer(), court.state("deal:1")))

    court.hear(deal(10, stage="proposal"))
    now()
    court.hear(deal(20))
    now()
    court.hear(company(Side.ERP, 30, credit_hold=False))
    now()
    court.settle()
    bill = court.state("deal:1").derived["invoice_number"]
    record = next(command.record for command in court.commands(Side.ERP, Entity.INVOICE))
    related = {"deal": "deal:1"}
    paid = {"number": bill, "status": "paid", "amount_due": "0.00", "amount_paid": "100.00"}
    court.hear(invoice(5000, record=record, related=related, **paid))
    now()
    court.hear(deal(6000, stage="proposal"))  # the order stands
    now()
    assert seen == ["open", "held", "billed", "paid", "paid"]
    assert set(seen) <= set(STATES[Entity.DEAL])


def test_an_order_that_people_bill_is_ordered():
    court = Court(contract({"timing": {"invoice_when": "never"}})).known_everywhere()
    court.hear(deal(10))
    assert possible(court.contract, court.customer(), court.state("deal:1")) == {"ordered"}


def test_a_deal_won_before_revmark_counts_as_billed():
    court = Court().known_everywhere()
    court.hear(deal(10, first=True))
    assert possible(court.contract, court.customer(), court.state("deal:1")) == {"billed"}


def test_nobody_owns_a_field_while_its_state_is_not_known_and_the_owners_differ():
    state = EntityState(Entity.COMPANY, ACME)
    rule = FieldRule(owner={"prospect": Side.CRM, "ordered": Side.ERP})
    unknown = CustomerState(id=ACME, hold=False)
    assert holder(shipped(), unknown, state, rule) == WAITS
    unknown.settled = True
    assert holder(shipped(), unknown, state, rule) is Side.CRM
    same = FieldRule(owner={"prospect": Side.ERP, "ordered": Side.ERP})
    assert holder(shipped(), CustomerState(id=ACME), state, same) is Side.ERP


# In the step


def test_the_amount_of_an_order_is_written_back_and_that_of_an_open_deal_is_not():
    court = Court(field("deal", "amount", {"owner": {"open": "crm", "won": "erp"}})).known_everywhere()
    court.hear(deal(10, stage="proposal", amount="90.00"), deal(11, stage="proposal", amount="100.00"))
    court.hear(deal(20, amount="100.00"))
    court.settle()
    assert court.shown(Side.CRM, "amount", record="deal:1") == ["100.00"]
    assert court.verdicts("amount") == []
    court.hear(deal(5000, amount="1.00", order_status="created"))
    court.settle()
    assert court.shown(Side.CRM, "amount", record="deal:1") == ["100.00"]
    assert [(verdict.ruling, verdict.rule) for verdict in court.verdicts("amount")] == [("write_back", "owner")]


def test_a_state_may_leave_the_field_to_whoever_changes_it():
    rules = field("company", "tax_number", {"owner": {"clear": "review", "on_hold": "erp"}})
    court = Court(rules).known_everywhere(crm={"tax_number": "1"}, erp={"tax_number": "1"})
    court.hear(linked(100, tax_number="2"))
    court.settle()
    assert court.shown(Side.ERP, "tax_number") == ["2"]
    court.hear(company(Side.ERP, 5000, tax_number="2", credit_hold=True, crm_id="acme-crm"))
    court.settle()
    court.hear(linked(9000, tax_number="3", credit_hold=True))
    court.settle()
    assert court.shown(Side.CRM, "tax_number") == court.shown(Side.ERP, "tax_number") == ["2"]


PERSON = "contact:1"


def person(side: Side, seconds: float, name: str) -> Any:
    """Ann as one side shows her."""
    shown = {"email": "ann@acme.example", "first_name": name, "last_name": "Lee"}
    return fact(Entity.CONTACT, side, shown, record=PERSON, seconds=seconds, alone=False)


@pytest.mark.parametrize("settled_first", [True, False])
def test_a_record_that_waits_for_its_customers_state_is_judged_when_it_is_known(settled_first: bool):  # noqa: FBT001 - both orders
    rules = field("contact", "first_name", {"owner": {"prospect": "crm", "ordered": "erp"}})
    court = Court(rules)
    settled = company(Side.ERP, 50, alone=False)
    for shown in (company(Side.ERP, alone=False), company(Side.CRM, alone=False)):
        court.hear(shown.model_copy(update={"settled": False}))
    if settled_first:
        court.hear(settled)
    court.hear(person(Side.ERP, 10, "Anna"), person(Side.CRM, 11, "Ann"))
    if not settled_first:
        assert court.commands(entity=Entity.CONTACT) == []
        court.hear(settled)
    court.settle()
    assert court.shown(Side.ERP, "first_name", record=PERSON) == ["Ann"]
