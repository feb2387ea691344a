"""The words of an explanation: each key, rule and reason has its own."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from agents.meaning import meaning
from agents.rules.ownership import ownership
from console.explain import document
from console.explain.standing import of_names, of_record
from console.projection.store import Store
from schemas.names import Entity
from tables.customers import CustomerState
from tables.entities import EntityState
from tests.support.contracts import contract
from tests.unit.console.records import delivery, variance, verdict

ROOT = Path(__file__).parents[3]


def test_every_key_and_word_of_the_document_is_explained():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("## Explain a record")[2]
    prose = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    told = set(re.findall(r"`([^`\n]+)`", prose))
    parts = [each for each in vars(document).values() if isinstance(each, type) and issubclass(each, document.Part)]
    keys = {name for part in parts for name in part.model_fields}
    words = {word for part in parts for field in part.model_fields.values() for word in get_args(field.annotation)}
    assert keys - told == set()
    assert {word for word in words if isinstance(word, str)} - told == set()


def test_every_rule_that_decides_has_its_sentence():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "agents").rglob("*.py"))
    named = set(re.findall(r'"(guard\.[a-z_]+)"', sources)) | set(re.findall(r'rule="([a-z_]+)"', sources))
    assert len(named) >= 6
    assert {rule for rule in named if not meaning(rule)} == set()
    assert meaning("guard.of_another_version") == ""


def test_a_guard_of_the_contracts_own_says_its_reason():
    own = {"guard": "big", "protects": ["name"], "when": "customer.ordered", "because": "it is printed"}
    assert meaning("guard.big", contract({"guards": {"own": [own]}})) == "it is printed"


def test_a_value_that_both_sides_state_is_not_said_to_be_the_crms_alone():
    state = EntityState(Entity.DEAL, "deal:1", derived={"amount": "1200.00"})
    state.crm.fields = {"amount": "1200.00", "stage": "closedwon"}
    both, one = (ownership(contract(), CustomerState("company:1"), state, name).why for name in ("amount", "stage"))
    assert both == "the contract does not list it: it is read and never written"
    assert one == f"only the CRM holds it, and {both}"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({}, "amount: the CRM says 100.00 EUR, the ERP says 110.00 EUR, for 2026-11-20"),
        (
            {"kind": "void", "difference": Decimal("-110.00")},
            "void: the ERP says 110.00 EUR, and in the CRM it is deleted, void or a draft, for 2026-11-20",
        ),
        (
            {"kind": "void", "difference": Decimal("100.00")},
            "void: the CRM says 100.00 EUR, and in the ERP it is deleted, void or a draft, for 2026-11-20",
        ),
        (
            {"kind": "missing", "crm_total": None, "difference": Decimal("-110.00")},
            "missing: the ERP says 110.00 EUR, and in the CRM it is not, for 2026-11-20",
        ),
    ],
    ids=["amount", "deleted in the CRM", "void in the ERP", "missing"],
)
def test_a_variance_says_what_each_side_has_and_leads_to_the_platforms_own_figures(
    store: Store, found: dict[str, Any], says: str
):
    one = variance(1, **found)
    store.apply([delivery("variances", 0, one, "v1")])
    (standing,) = of_names(store, one.document, [])
    assert standing.says == says
    assert standing.next == "revmark reconcile --night 2026-11-20"


def test_what_is_held_does_not_lead_to_its_own_explanation():
    state = EntityState(Entity.INVOICE, "invoice:1")
    state.crm.ref, state.crm.version = "hubspot/invoice/1", 1
    held = verdict(1, record="invoice:1", field="", ruling="hold", rule="guard.finance_kept", reason="it stands")
    (standing,) = of_record(state, [held], [], "company:1")
    assert (standing.says, standing.next) == ("it stands", "revmark decisions --record invoice:1")


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        ("called off", []),
        ("called off: RM-1 is credited by RM-1-CR", []),
        ("called off: RM-1 is being credited", [("waits", "RM-1 is being credited")]),
        ("called off: RM-1 stands, void it in the ERP", [("held", "RM-1 stands, void it in the ERP")]),
        ("called off: RM-1 stands, refused: no. Mend it", [("held", "RM-1 stands, refused: no. Mend it")]),
    ],
)
def test_a_deal_that_is_called_off_says_what_is_left_to_do(status: str, stands: list[tuple[str, str]]):
    state = EntityState(Entity.DEAL, "deal:1", derived={"order_status": status})
    state.crm.ref, state.crm.version = "hubspot/deal/1", 1
    found = of_record(state, [], [], "company:1")
    assert [(each.state, each.says) for each in found] == stands
    assert all(each.then and each.next == "revmark decisions --record deal:1" for each in found)
