"""One company on both sides, and what comparing them leads to."""

from __future__ import annotations

from typing import Any

from agents.rules.case import Case
from agents.rules.comparison import compare
from schemas.contract import Contract
from schemas.names import Entity, Side
from tables.customers import CustomerState
from tables.entities import EntityState, SideState
from tests.support.casing import a_case, asked, said
from tests.support.contracts import contract
from tests.support.judging import ACME

CRM, ERP = {"erp_id": "a"}, {"crm_id": "1"}
GATE = "guard.lifecycle_gating"
BACK = "no company is customer in the CRM before the ERP has an order of it"


def field(name: str, rule: dict[str, Any], **more: Any) -> Contract:
    """The shipped contract with one field's rule of a company."""
    return contract({"entities": {"company": {"fields": {name: {"owner": None, **rule}}}}, **more})


def acme(crm: dict[str, Any], erp: dict[str, Any], baseline: dict[str, Any] | None = None, **marks: Any) -> EntityState:
    """The company on both sides, linked."""
    return EntityState(
        Entity.COMPANY,
        ACME,
        crm=SideState(ref="hubspot/company/1", version=20_000, fields=CRM | crm),
        erp=SideState(ref="xero/contact/a", version=10_000, fields=ERP | erp),
        baseline=baseline or {},
        marks=marks,
    )


def judged(state: EntityState, rules: Contract | None = None, **customer: Any) -> Case:
    """The case after the comparison."""
    parts = {"settled": True, "hold": False, **customer}
    case = a_case(customer=CustomerState(id=ACME, name="Acme", **parts), **({"contract": rules} if rules else {}))
    compare(case, state)
    return case


def writes(case: Case) -> list[tuple[Side, dict[str, Any], str, list[str], bool]]:
    """The writes asked for: where, what, why, by which rules, and whether the platform's value is compared first."""
    return [(one.side, one.fields, one.reason, list(one.rules), one.compare) for one in asked(case)]


def rulings(case: Case) -> list[tuple[str, str, str, str, Any, Side | None]]:
    """The verdicts: of which field, what, by which rule, why, the value, and the side written to."""
    return [(one.field, one.ruling, one.rule, one.reason, one.chosen, one.written_to) for one in said(case)]
