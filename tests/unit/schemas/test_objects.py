"""On which object invoices are mirrored, as a contract says it."""

from __future__ import annotations

import pytest

from schemas.contract import lint
from schemas.errors import ContractError
from tests.support.contracts import contract


@pytest.mark.parametrize("chosen", ["native", {"custom": "revmark_invoice"}])
def test_a_contract_chooses(chosen: object):
    rules = contract({"platforms": {"objects": {"invoice": chosen}}})
    assert not [each for each in lint(rules) if each.path.startswith("platforms")]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("custom", "native"),
        ({"custom": "Revmark Invoice"}, "should match pattern"),
        ({"custom": "2-123"}, "should match pattern"),
        ({"custom": ""}, "should match pattern"),
        ({"custom": "x" * 51}, "at most 50 characters"),
        ({"costum": "revmark_invoice"}, "costum"),
    ],
)
def test_what_is_no_choice_is_named_with_its_place(chosen: object, said: str):
    with pytest.raises(ContractError, match=rf"platforms\.objects\.invoice(?s:.)*{said}"):
        contract({"platforms": {"objects": {"invoice": chosen}}})
