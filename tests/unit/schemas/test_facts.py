"""The contract's facts: fields that are not there, or cannot hold what they are named for."""

import pytest

from schemas.contract import template
from schemas.contract.lint import lint
from schemas.contract.loader import parse_contract
from schemas.errors import ContractError

MAPPINGS = """
mappings:
  company:
    custom_legal: {crm: legal_name}
    custom_areas: {kind: set, crm: service_areas}
    custom_founded: {kind: day, crm: founded}
"""


def said(facts: str) -> list[tuple[str, str]]:
    found = lint(parse_contract(template() + MAPPINGS + f"facts:\n  {facts}\n"))
    return [(each.path, each.message) for each in found if each.path.startswith("facts")]


@pytest.mark.parametrize(
    "facts",
    [
        "company: {legal_name: custom_legal, service_areas: custom_areas}",
        "company: {trading_names: custom_legal}",
        "seller: {name: Harbour, address: {city: Auckland}, service_areas: [Otago]}",
    ],
)
def test_a_fact_is_held_by_a_field_that_is_there(facts: str):
    assert said(facts) == []


@pytest.mark.parametrize(
    ("facts", "path", "word"),
    [
        ("company: {legal_name: custom_name}", "facts.company.legal_name", "has no field 'custom_name' of its own"),
        (
            "company: {legal_name: custom_areas}",
            "facts.company.legal_name",
            "one text, and custom_areas is of kind: set",
        ),
        ("company: {service_areas: custom_founded}", "facts.company.service_areas", "is of kind: day"),
    ],
)
def test_what_cannot_be_meant_is_found(facts: str, path: str, word: str):
    (found,) = said(facts)
    assert found[0] == path
    assert word in found[1]


def test_a_seller_has_a_name():
    with pytest.raises(ContractError, match="name"):
        said("seller: {domain: harbour.example}")
