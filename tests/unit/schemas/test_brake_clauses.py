"""Brakes in the contract: which holds, what it lets pass, and which cannot be meant."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from schemas.contract import Pattern, lint, parse_contract, template
from schemas.contract.brakes import Brake, bound, brake_for
from schemas.errors import ContractError
from schemas.names import Entity
from tests.support.contracts import contract

OWNER = Brake(about=Entity.COMPANY, rule="owner", records=5)
ANY = Brake(about=Entity.COMPANY, records=9)


@pytest.mark.parametrize(
    ("entity", "rule", "expected"),
    [
        (Entity.COMPANY, "owner", OWNER),
        (Entity.COMPANY, "newest", ANY),
        (Entity.COMPANY, "guard.credit_hold", ANY),
        (Entity.DEAL, "owner", None),
    ],
)
def test_the_brake_that_names_a_rule_goes_before_the_one_for_any(entity: Entity, rule: str, expected: Brake | None):
    for brakes in ((OWNER, ANY), (ANY, OWNER)):
        assert brake_for(brakes, entity, rule) == expected


@pytest.mark.parametrize(
    ("words", "population", "expected"),
    [
        ({"records": 5}, None, 5),
        ({"records": 5, "percent": 50}, 1000, 5),
        ({"records": 900, "percent": 50}, 1000, 500),
        ({"records": 900, "percent": 50}, None, 900),
        ({"percent": 50}, None, None),
        ({"percent": 50}, 20, 100),
        ({"percent": 50, "at_least": 2}, 7, 3),
    ],
)
def test_whichever_limit_is_reached_first_counts(words: dict[str, Any], population: int | None, expected: int | None):
    assert bound(Brake(about=Entity.COMPANY, **words), population) == expected


def brake(**words: Any) -> dict[str, Any]:
    return {"brakes": [{"about": "company", **words}]}


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        (brake(), "error", "it can never act: give it 'records', 'percent' or both"),
        (brake(records=0), "error", "'records' is 1 or more"),
        (brake(percent=0), "error", "'percent' is from 1 to 99"),
        (brake(percent=100), "error", "'percent' is from 1 to 99"),
        (brake(percent=5, at_least=-1), "error", "'at_least' is 0 or more"),
        (brake(records=5, at_least=1), "warning", "'at_least' goes with 'percent'"),
        (brake(records=50, percent=5), "warning", "'percent' can never act"),
        (brake(records=5, rule="ownr"), "error", "did you mean 'owner'?"),
        (brake(records=5, rule="zzzz"), "error", "there are any, owner"),
        (brake(records=5, rule="guard.credit_hld"), "error", "did you mean 'guard.credit_hold'?"),
        (brake(records=5, rule="review"), "warning", "no field of company is decided by 'review'"),
        (brake(records=5, rule="timing"), "warning", "company is not what a deal's timing writes"),
        (brake(about="deal", records=5, rule="create"), "warning", "no deal is made on either side"),
        (brake(about="payment", records=5), "warning", "nothing of payment is written"),
        (brake(about="task", records=5), "warning", "the contract says nothing of task"),
        (brake(about="subscription", records=5), "warning", "the contract shows no subscriptions in HubSpot"),
        (brake(about="order", records=5), "warning", "the contract shows no orders in HubSpot"),
        (
            {"brakes": [{"about": "company", "records": 5}, {"about": "company", "rule": "any", "records": 6}]},
            "error", "there is a brake for 'any' of company already",
        ),
    ],
)  # fmt: skip
def test_a_brake_that_cannot_be_meant_is_found(changes: dict[str, Any], level: str, said: str):
    found = [finding for finding in lint(contract(changes)) if finding.path.startswith("brakes.")]
    assert [finding.level for finding in found if said in finding.message] == [level]


def test_a_brake_for_a_guard_of_the_contracts_own_is_known():
    own = {"guard": "late", "protects": ["name"], "when": "customer.ordered", "because": "it is late"}
    assert lint(contract({"guards": {"own": [own]}} | brake(rule="guard.late", records=5))) == []


def test_an_unknown_word_in_a_brake_is_refused_with_the_nearest():
    with pytest.raises(ContractError, match="did you mean 'percent'"):
        contract(brake(percnt=5))


@pytest.mark.parametrize("pattern", get_args(Pattern))
def test_the_shipped_contracts_brake_every_kind_that_is_written(pattern: Pattern):
    found = parse_contract(template(pattern))
    written = {entity for entity, clause in found.entities.items() if clause.fields}
    assert {each.about for each in found.brakes} == written
    assert not [finding for finding in lint(found) if finding.path.startswith("brakes")]


@pytest.mark.parametrize(
    ("brake", "shown", "said"),
    [
        ({"about": "revenue", "records": 9}, True, None),
        ({"about": "revenue", "rule": "revenue", "records": 9}, True, None),
        ({"about": "revenue", "records": 9}, False, "the contract shows no revenue in HubSpot"),
        ({"about": "revenue", "percent": 50}, True, "give it 'records'"),
        ({"about": "revenue", "rule": "owner", "records": 9}, True, "no other does"),
        ({"about": "deal", "rule": "revenue", "records": 9}, True, "no other does"),
        ({"about": "receipt", "records": 9}, True, None),
        ({"about": "receipt", "rule": "receipt", "records": 9}, True, None),
        ({"about": "receipt", "records": 9}, False, "the contract shows no payments in HubSpot"),
        ({"about": "payment", "rule": "receipt", "records": 9}, True, "no other does"),
    ],
)
def test_a_brake_about_what_is_shown_is_about_one_rule(brake: dict[str, Any], *, shown: bool, said: str | None):
    chosen = {"revenue": {"custom": "revmark_revenue"}, "payment": "native"}
    objects = {"platforms": {"objects": chosen}} if shown else {}
    found = [each.message for each in lint(contract({**objects, "brakes": [brake]})) if each.path == "brakes.0"]
    assert ([] if said is None else [True]) == [str(said) in each for each in found]
