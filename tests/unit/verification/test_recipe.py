"""What each contract asks of a test deal, and which contracts no test deal can verify."""

from typing import Any

import pytest
import yaml

from schemas.contract import parse_contract, template
from schemas.contract.model import Contract
from schemas.errors import Refused
from schemas.names import Entity
from streams.verification.recipe import recipe


def contract(pattern: str = "arbitrated", **changed: Any) -> Contract:
    """A shipped contract, with some of its keys changed; `a__b` is key b of a."""
    found = yaml.safe_load(template(pattern)) | {"examples": []}
    for path, value in changed.items():
        at, names = found, path.split("__")
        for each in names[:-1]:
            at = at.setdefault(each, {})
        at[names[-1]] = value
    return parse_contract(yaml.safe_dump(found))


def test_the_shipped_one_bills_a_won_deal_at_once():
    found = recipe(contract(), "Test")
    assert (found.stage, found.quantities, found.drafted, found.inclusive) == ("closedwon", False, False, False)
    assert "amount_due" in found.fields[Entity.INVOICE]
    assert not found.deal


def test_drafts_are_posted_by_the_verification():
    assert recipe(contract("crm_led"), "Test").drafted


@pytest.mark.parametrize(
    ("pattern", "changed", "said"),
    [
        ("erp_led", {}, "never bills no deal"),
        ("arbitrated", {"timing__invoice_when": "never"}, "never bills no deal"),
        ("arbitrated", {"entities__company__create__erp": "never"}, "is not made in the ERP"),
        ("arbitrated", {"required": {"order": ["currency", "invoice_number"]}}, "wants invoice_number"),
    ],
)
def test_a_contract_under_which_no_test_deal_is_billed_is_refused(pattern: str, changed: dict[str, Any], said: str):
    with pytest.raises(Refused, match=said):
        recipe(contract(pattern, **changed), "Test")


def test_where_shipping_bills_the_line_says_shipped_or_the_stage_does():
    assert recipe(contract(timing__invoice_when="shipped"), "Test").quantities
    by_stage = contract(timing__invoice_when="shipped", timing__shipped_when_deal_stage=["sent"])
    found = recipe(by_stage, "Test")
    assert (found.stage, found.quantities) == ("sent", False)


def test_a_subsidiary_and_a_required_field_of_the_customers_own_are_filled():
    said = contract(
        subsidiary={"name": "NZ", "crm": "billing_entity"},
        mappings={"deal": {"custom_purchase_order": {"crm": "po_number", "erp": "Reference"}}},
        required={"order": ["currency", "lines", "custom_purchase_order"]},
    )
    found = recipe(said, "Test")
    assert found.company == {"billing_entity": "NZ"}
    assert found.deal == {"billing_entity": "NZ", "po_number": "Test"}


def test_an_invoice_that_is_not_mirrored_is_not_waited_for():
    found = recipe(contract(entities__invoice__create__crm="never"), "Test")
    assert not found.fields[Entity.INVOICE]
    assert found.fields[Entity.DEAL]
