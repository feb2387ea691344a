"""Edits with a time of their own, as a platform's history tells them: the record's version is that of its last edit."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from agents.rules import edits
from schemas.contract import FieldRule
from schemas.names import Entity, Side
from tables.entities import EntityState
from tests.unit.agents.telling import Platforms, met


def edited_twice(**history: list[tuple[float, Any]]) -> Platforms:
    """The CRM's phone is edited first and its name last; between them the ERP's phone. The CRM is read once."""
    found = met()
    found.entered = history
    found.edit(120, Side.ERP, phone="erp")
    found.held[Side.CRM]["phone"] = "crm"
    found.edit(130, Side.CRM, name="Acme Limited")
    return found


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_field_goes_by_its_own_time_and_not_by_its_records(order: tuple[int, ...]):
    found = edited_twice(phone=[(10, "old"), (110, "crm")])
    found.tell(tuple(found.facts[place] for place in order))
    assert [found.held[side]["phone"] for side in Side] == ["erp", "erp"]


def test_without_a_history_the_records_version_is_all_that_is_known():
    found = edited_twice()
    found.tell(tuple(found.facts))
    assert [found.held[side]["phone"] for side in Side] == ["crm", "crm"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_was_entered_and_entered_over_unheard_counts_in_any_order(order: tuple[int, ...]):
    found = met()
    found.entered = {"phone": [(10, "old"), (118, "early"), (150, "late")]}
    found.edit(115, Side.CRM, name="Acme Limited")
    found.edit(120, Side.ERP, phone="erp")
    found.edit(150, Side.CRM, phone="late")
    found.tell(tuple(found.facts[place] for place in order))
    assert [found.held[side]["phone"] for side in Side] == ["late", "late"]


def test_what_was_entered_before_the_record_was_known_is_no_edit_since():
    """A write of ours did not arrive: it is decided anew, and not for what was there before anybody compared."""
    state = EntityState(Entity.COMPANY, "company:1")
    state.crm.edited, state.crm.heard = {"phone": [[10, "first"], [20, "crm"], [150, "erp", True]]}, [100, 150]
    state.erp.edited, state.erp.heard = {"phone": [[100, "erp"]]}, [100]
    assert edits.unfinished(state, "phone", FieldRule(policy="newest"), "crm", "erp") is None
    state.crm.edited["phone"].insert(2, [120, "crm"])
    decided = edits.unfinished(state, "phone", FieldRule(policy="newest"), "crm", "erp")
    assert decided is not None
    assert decided.stands is Side.CRM
