"""Owners by state: what lint finds, and that what it lets pass has one owner in every situation."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.contract import FieldRule, lint
from schemas.contract.owners import ONE_SIDED, owners
from schemas.contract.states import OTHERWISE, STATES, situations
from schemas.entities import ENTITIES
from schemas.names import Entity, Side
from schemas.published import contract_schema
from streams.platforms.hubspot.shapes import SHAPES
from tests.support.contracts import contract, contract_text

STATED = sorted(STATES)
HOLDERS = st.sampled_from([Side.CRM, Side.ERP, "review"])


def field(entity: str, name: str, rule: dict[str, Any]) -> dict[str, Any]:
    """A change of one field's rule."""
    return {"entities": {entity: {"fields": {name: rule}}}}


@pytest.mark.parametrize(
    ("entity", "name", "rule", "level", "said"),
    [
        (
            "deal", "amount", {"owner": {"open": "crm", "won": "erp", "paid": "crm"}}, "error",
            "two owners while it is 'paid': crm by 'paid', erp by 'won'",
        ),
        (
            "company", "tax_number", {"owner": {"prospect": "crm", "on_hold": "erp", "otherwise": "erp"}}, "error",
            "two owners while it is 'prospect, on_hold'",
        ),
        (
            "invoice", "due_date", {"owner": {"unposted": "crm", "posted": "erp"}}, "error",
            "nobody owns it while it is 'ended'",
        ),
        (
            "deal", "amount", {"owner": {"held": "crm", "billed": "erp"}}, "error",
            "while it is 'open', 'ordered' or 'paid'",
        ),
        ("company", "tax_number", {"owner": {}}, "error", "needs an owner"),
        (
            "company", "tax_number", {"owner": {"prospct": "crm", "otherwise": "erp"}}, "error",
            "did you mean 'prospect'?",
        ),
        ("company", "tax_number", {"owner": {"zzz": "crm", "otherwise": "erp"}}, "error", "there are prospect"),
        ("product", "name", {"owner": {"open": "crm"}}, "error", "a product has no states"),
        (
            "company", "tax_number",
            {"owner": {"prospect": "crm", "ordered": "erp"}, "until": "first_order", "then": "erp"}, "error",
            "needs no 'until' and 'then'",
        ),
        ("company", "phone", {"owner": {"prospect": "crm", "ordered": "erp"}}, "error", "knows no owner"),
        (
            "invoice", "total", {"owner": {"unposted": "review", "otherwise": "erp"}}, "error",
            "never decided by time or left to review",
        ),
        ("invoice", "total", {"owner": {"unposted": "crm", "otherwise": "erp"}}, "error", "belongs to the ERP"),
        (
            "company", "tax_number", {"owner": {"prospect": "crm", "ordered": "erp", "otherwise": "crm"}}, "warning",
            "'otherwise' never applies",
        ),
        ("company", "tax_number", {"owner": {"on_hold": "erp", "clear": "erp"}}, "warning", "write owner: erp"),
        (
            "company", "currency", {"owner": {"clear": "crm", "on_hold": "erp"}, "until": None, "then": None},
            "warning",
            "two owners after",
        ),
        ("product", "name", {"until": "first_order", "then": "crm"}, "warning", "the first order is never seen here"),
        (
            "product", "price", {"policy": "monotonic", "owner": {"otherwise": "review"}}, "error",
            "'monotonic' needs an owner in every state",
        ),
        ("deal", "stage", {"owner": "crm"}, "warning", "only one side can hold it"),
    ],
)  # fmt: skip
def test_owners_that_cannot_be_meant_are_found(entity: str, name: str, rule: dict[str, Any], level: str, said: str):
    found = [each for each in lint(contract(field(entity, name, rule))) if said in each.message]
    assert [(each.level, each.path) for each in found] == [(level, f"entities.{entity}.fields.{name}")]


@pytest.mark.parametrize("entity", ["contact", "invoice"])
def test_whatever_has_a_customer_may_change_hands_at_the_first_order(entity: str):
    name = {"contact": "email", "invoice": "due_date"}[entity]
    assert lint(contract(field(entity, name, {"owner": "crm", "until": "first_order", "then": "erp"}))) == []


@pytest.mark.parametrize(
    ("entity", "name", "owner"),
    [
        ("deal", "amount", {"open": "crm", "won": "erp"}),
        ("deal", "amount", {"open": "crm", "won": "erp", "paid": "erp"}),  # twice, and the same
        ("deal", "currency", {"open": "crm", "held": "review", "otherwise": "erp"}),
        ("company", "tax_number", {"prospect": "crm", "ordered": "erp"}),
        ("company", "tax_number", {"on_hold": "erp", "clear": "review"}),
        ("contact", "email", {"prospect": "crm", "ordered": "erp"}),
        ("invoice", "due_date", {"unposted": "crm", "posted": "erp", "ended": "erp"}),
    ],
)
def test_owners_that_can_be_meant_find_nothing(entity: str, name: str, owner: dict[str, str]):
    assert lint(contract(field(entity, name, {"owner": owner}))) == []


def maps(entity: Entity) -> st.SearchStrategy[dict[str, Any]]:
    """Owner maps, most of which are wrong."""
    return st.dictionaries(st.sampled_from([*STATES[entity], OTHERWISE]), HOLDERS, min_size=1, max_size=5)


@given(st.sampled_from(STATED), st.data())
def test_what_lint_lets_pass_has_one_owner_in_every_situation_and_nothing_else_has(entity: Entity, data: st.DataObject):
    rule = FieldRule(owner=data.draw(maps(entity)))
    errors = [said for level, said in owners(entity, rule) if level == "error"]
    settled = all(rule.owner_in(entity, each) is not None for each in situations(entity))
    assert settled == (not errors), errors


@given(st.sampled_from([Entity.COMPANY, Entity.CONTACT]), st.sampled_from(list(Side)), st.sampled_from(list(Side)))
def test_until_the_first_order_is_short_for_the_customers_two_states(entity: Entity, first: Side, then: Side):
    short, long = FieldRule(owner=first, until="first_order", then=then), {"prospect": first, "ordered": then}
    for each in situations(entity):
        assert short.owner_in(entity, each) == FieldRule(owner=long).owner_in(entity, each)


def test_every_situation_has_a_state_and_a_state_situations_of_its_own():
    for entity, states in STATES.items():
        assert all(states.values())
        assert {each for covered in states.values() for each in covered} == set(situations(entity))
        assert OTHERWISE not in states


def test_fields_of_one_side_are_those_that_the_other_cannot_hold():
    for entity, names in ONE_SIDED.items():
        assert names <= set(ENTITIES[entity].model_fields)
    held = SHAPES["invoice"].held
    both = {"number", "status", "date", "due_date", "currency", "total", "amount_due", "amount_paid", "amount_credited"}
    assert set(ENTITIES[Entity.INVOICE].model_fields) - ONE_SIDED[Entity.INVOICE] == both <= held


@pytest.mark.parametrize(
    ("entity", "name", "owner", "fits"),
    [
        ("deal", "amount", {"open": "crm", "won": "erp"}, True),
        ("deal", "amount", {"prospect": "crm", "won": "erp"}, False),
        ("company", "tax_number", {"prospect": "crm", "otherwise": "review"}, True),
        ("company", "tax_number", {"prospect": "sales"}, False),
    ],
)
def test_an_editor_knows_the_states(entity: str, name: str, owner: dict[str, str], fits: bool):  # noqa: FBT001 - a column of the table
    text = contract_text(field(entity, name, {"owner": owner}))
    assert jsonschema.Draft202012Validator(yaml.safe_load(contract_schema())).is_valid(yaml.safe_load(text)) is fits
