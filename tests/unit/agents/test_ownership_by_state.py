"""Who decides about a field is told by the same rules that judge it, also where the owner differs by state."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.decision import SAYS
from agents.rules.ownership import ownership
from schemas.names import Entity
from tables.customers import CustomerState
from tables.entities import EntityState
from tests.support.contracts import contract
from tests.support.judging import ACME


@pytest.mark.parametrize(
    ("rule", "customer", "decides", "by", "said"),
    [
        (
            {"owner": {"clear": "crm", "on_hold": "erp"}},
            {"hold": True},
            "erp",
            "owner",
            "while it is prospect, on hold",
        ),
        ({"owner": {"clear": "crm", "on_hold": "erp"}}, {"hold": False}, "crm", "owner", "while it is prospect, clear"),
        ({"owner": {"clear": "crm", "on_hold": "erp"}}, {}, "waits", "owner", "nobody can say yet"),
        ({"owner": {"clear": "review", "on_hold": "erp"}}, {"hold": False}, "review", "review", "a person is asked"),
        ({"policy": "merge"}, {}, "merge", "merge", "on both"),
        ({"policy": "monotonic", "owner": "erp"}, {}, "erp", "monotonic", "fall without a refund"),
    ],
)
def test_who_decides_is_told(rule: dict[str, Any], customer: dict[str, Any], decides: str, by: str, said: str):
    rules = contract({"entities": {"company": {"fields": {"tax_number": {"owner": None, **rule}}}}})
    found = ownership(
        rules, CustomerState(id=ACME, settled=True, **customer), EntityState(Entity.COMPANY, ACME), "tax_number"
    )
    assert (found.decides, found.by) == (decides, by)
    assert said in found.why
    assert by in SAYS
