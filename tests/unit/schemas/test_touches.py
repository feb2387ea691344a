"""The contract's attribution: names that read no field, a set where one value is meant, words that are taken."""

import pytest

from schemas.contract import template
from schemas.contract.lint import lint
from schemas.contract.loader import parse_contract

MAPPINGS = """
mappings:
  company:
    custom_campaigns: {kind: set, crm: campaigns}
  deal:
    custom_source: {crm: lead_source}
"""


def said(attribution: str) -> list[tuple[str, str]]:
    found = lint(parse_contract(template() + MAPPINGS + f"attribution:\n  {attribution}\n"))
    return [(each.path, each.message) for each in found if each.path.startswith("attribution")]


def test_a_name_reads_one_field_for_each_model():
    assert said("campaign: {first_touch: custom_source, linear: custom_campaigns}") == []


@pytest.mark.parametrize(
    ("attribution", "path", "word"),
    [
        ("campaign: {}", "attribution.campaign", "it names no field: write one of first_touch, last_touch, linear"),
        ("deal: {linear: custom_campaigns}", "attribution.deal", "means something else already"),
        ("campaign: {last_touch: custom_last}", "attribution.campaign.last_touch", "'custom_last' of its own"),
        ("campaign: {linear: custom_source}", "attribution.campaign.linear", "is no set: map it with kind: set"),
        ("campaign: {first_touch: custom_campaigns}", "attribution.campaign.first_touch", "have no order"),
    ],
)
def test_what_cannot_be_meant_is_found(attribution: str, path: str, word: str):
    (found,) = said(attribution)
    assert found[0] == path
    assert word in found[1]
