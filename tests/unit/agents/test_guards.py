from __future__ import annotations

import itertools
from typing import Any

import pytest

from agents.rules.guards import field_guard, lifecycle_advance, lifecycle_guard, order_guard
from schemas.names import Entity
from tables.customers import CustomerState
from tests.support.contracts import contract, shipped

ALL = {"credit_hold": False, "address_governance": False, "currency_lock": False, "lifecycle_gating": False}
UNGUARDED = contract({"guards": ALL})


def customer(
    *, hold: bool | None = None, ordered: bool = False, erp: str | None = None, name: str = ""
) -> CustomerState:
    """A customer in some state."""
    return CustomerState(id="company:1", hold=hold, ordered=ordered, erp=erp, name=name)


@pytest.mark.parametrize(
    ("entity", "field", "hold", "ordered", "rule"),
    [
        (Entity.COMPANY, "payment_terms", True, False, "guard.credit_hold"),
        (Entity.DEAL, "order_status", True, False, "guard.credit_hold"),
        (Entity.COMPANY, "payment_terms", False, True, None),
        (Entity.COMPANY, "payment_terms", None, True, None),
        (Entity.COMPANY, "name", True, True, None),
        (Entity.COMPANY, "shipping_address", False, True, "guard.address_governance"),
        (Entity.COMPANY, "shipping_address", True, False, None),
        (Entity.COMPANY, "currency", False, True, "guard.currency_lock"),
        (Entity.COMPANY, "currency", False, False, None),
        (Entity.DEAL, "currency", False, True, None),
        (Entity.CONTACT, "email", True, True, None),
    ],
)
def test_a_guard_speaks_for_its_fields_in_its_state_and_not_when_switched_off(
    entity: Entity,
    field: str,
    hold: bool | None,  # noqa: FBT001 - a column of the table
    ordered: bool,  # noqa: FBT001 - as above
    rule: str | None,
):
    found = field_guard(shipped(), customer(hold=hold, ordered=ordered), entity, field)
    assert (found[0] if found else None) == rule
    assert field_guard(UNGUARDED, customer(hold=hold, ordered=ordered), entity, field) is None


@pytest.mark.parametrize(
    ("when", "hold", "ordered", "settled", "erp", "speaks"),
    [
        ("customer.ordered", False, True, True, {}, True),
        ("customer.ordered", False, False, True, {}, False),
        ("customer.ordered", False, False, False, {}, True),  # not all invoices are read: nobody can say
        ("customer.on_hold", None, False, True, {}, True),  # as above
        ("not customer.on_hold", None, False, True, {}, True),  # as above
        ("customer.on_hold", False, False, True, {}, False),
        ("erp.balance_due > 100", False, False, True, {"balance_due": "100.01"}, True),
        ("erp.balance_due > 100", False, False, True, {"balance_due": "20"}, False),
        ("erp.balance_due > 100", False, False, True, {}, False),
        ('erp.shipping_address.country == "AU"', False, False, True, {"shipping_address": {"country": "AU"}}, True),
        ('erp.shipping_address.country == "AU"', False, False, True, {"shipping_address": None}, False),
        ("crm.name", False, False, True, {}, True),
    ],
)
def test_a_guard_of_the_contracts_own_speaks_where_its_condition_holds_or_nobody_can_say(
    when: str,
    hold: bool | None,  # noqa: FBT001 - a column of the table
    ordered: bool,  # noqa: FBT001 - as above
    settled: bool,  # noqa: FBT001 - as above
    erp: dict[str, Any],
    speaks: bool,  # noqa: FBT001 - as above
):
    own = {"guard": "late", "protects": ["name"], "when": when, "because": "it is late"}
    rules = contract({"guards": {"own": [own]}})
    state = CustomerState(id="company:1", hold=hold, ordered=ordered, settled=settled)
    expected = ("guard.late", "it is late") if speaks else None
    assert field_guard(rules, state, Entity.COMPANY, "name", erp) == expected
    assert field_guard(rules, state, Entity.COMPANY, "phone", erp) is None
    assert field_guard(rules, state, Entity.PRODUCT, "name", erp) is None


def test_the_hold_names_the_customer_and_the_field_in_words():
    found = field_guard(shipped(), customer(hold=True, name="Acme"), Entity.COMPANY, "payment_terms")
    assert found is not None
    assert found[1] == "Acme is on credit hold in the ERP: the CRM cannot change payment terms"


@pytest.mark.parametrize(
    ("hold", "erp", "reason"),
    [
        (True, "xero/contact/a", "the customer is on credit hold in the ERP"),
        (True, None, "the customer is on credit hold in the ERP"),
        (None, "xero/contact/a", "the ERP has not said yet whether the customer is on credit hold"),
        (None, None, None),
        (False, "xero/contact/a", None),
    ],
)
def test_an_order_is_held_on_hold_and_while_the_hold_is_not_known(
    hold: bool | None,  # noqa: FBT001 - a column of the table
    erp: str | None,
    reason: str | None,
):
    expected = ("guard.credit_hold", reason) if reason else None
    assert order_guard(shipped(), customer(hold=hold, erp=erp)) == expected
    assert order_guard(UNGUARDED, customer(hold=hold, erp=erp)) is None


@pytest.mark.parametrize(
    ("shown", "before", "back"),
    [
        ("customer", "lead", "lead"),
        ("evangelist", "lead", "lead"),
        ("customer", None, "opportunity"),
        ("customer", "evangelist", "opportunity"),
        ("lead", "customer", None),
        (None, "lead", None),
    ],
)
def test_a_gated_stage_falls_back_on_the_one_before(shown: str | None, before: str | None, back: str | None):
    assert lifecycle_guard(shipped(), customer(), shown, before) == back
    assert lifecycle_guard(shipped(), customer(ordered=True), shown, before) is None
    assert lifecycle_guard(UNGUARDED, customer(), shown, before) is None


def test_what_the_guards_write_is_never_taken_back_by_them():
    rules = [
        shipped(),
        contract({"lifecycle": {"gated": ["evangelist"]}}),
        contract({"lifecycle": {"customer": "vip"}}),
    ]
    stages = [None, "lead", "customer", "evangelist", "opportunity", "vip"]
    for rule, shown, before, ordered in itertools.product(rules, stages, stages, (True, False)):
        state = customer(ordered=ordered)
        written = lifecycle_guard(rule, state, shown, before) or lifecycle_advance(rule, state, shown)
        if written:
            assert lifecycle_guard(rule, state, written, before) is None
            assert lifecycle_advance(rule, state, written) is None
