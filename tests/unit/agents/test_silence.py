"""Why nothing was decided about a deal, for people."""

from __future__ import annotations

import pytest

from agents.silence import silence
from schemas.names import Entity
from tables.entities import EntityState, SideState
from tests.support.contracts import contract


@pytest.mark.parametrize(
    ("stages", "says"),
    [(["closedwon"], "it becomes an order in closedwon"), ([], "the contract names none that makes it an order")],
)
def test_of_a_deal_that_is_no_order_it_is_said_what_would_make_it_one(stages: list[str], says: str):
    deal = EntityState(Entity.DEAL, "deal:1")
    deal.crm = SideState("hubspot/deal/1", 1, {"stage": "contractsent"})
    told = silence(deal, contract({"timing": {"order_when_deal_stage": stages}}))
    assert told == f"the deal is in stage contractsent: {says}"
