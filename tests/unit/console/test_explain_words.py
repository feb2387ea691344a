"""The words of an explanation: each key, rule and reason has its own."""

import re
from pathlib import Path
from typing import get_args

from agents.meaning import meaning
from agents.rules.ownership import ownership
from console.explain import document
from schemas.names import Entity
from tables.customers import CustomerState
from tables.entities import EntityState
from tests.support.contracts import contract

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
