"""A bill that the ERP refused is asked for again when what may have been the cause was mended, and not before."""

from typing import Any

import pytest

from schemas.dawn import Dawn
from schemas.fact import Fact
from schemas.names import Entity, Side
from tables import entities
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, at, company, deal, fact, outcome
from tests.unit.agents.test_subscriptions import seat


def refused() -> Court:
    court = Court().known_everywhere()
    court.hear(deal(50))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    court.answered.add(bill.id)
    court.hear(
        outcome(bill, seconds=60).model_copy(
            update={"state": "refused", "fields": {}, "ref": None, "message": "The contact is archived"}
        )
    )
    court.settle()
    return court


def shown_again(court: Court, seconds: float, **fields: Any) -> Fact:
    """The deal as HubSpot shows it, with what we wrote there."""
    held = {**court.state("deal:1").crm.fields, **fields}
    held.pop("lines")
    return deal(seconds, **held)


def test_it_is_billed_when_the_customer_is_mended_in_the_erp():
    court = refused()
    court.hear(company(Side.ERP, 90, crm_id="acme-crm", phone="+64"))
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2


def test_it_is_billed_when_a_person_changes_the_deal():
    court = refused()
    court.hear(shown_again(court, 90, stage="contractsent"))
    court.hear(shown_again(court, 95, stage="closedwon"))
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2


def test_it_is_not_tried_again_by_our_own_writes():
    court = refused()
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1


def test_it_is_billed_when_the_deal_was_deleted_and_is_restored():
    court = refused()
    kept = dict(court.state("deal:1").crm.fields)
    gone = fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=90, deleted=True, ref="hubspot/deal/1")
    court.hear(gone, deal(95, **kept))
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2
    court.hear(gone, deal(95, **kept))
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2


def test_a_deal_says_that_its_bill_was_refused_whatever_it_has_said_meanwhile():
    court = refused()
    row = court.state("deal:1")
    row.derived["order_status"] = "created"
    entities.save(court.records, "main", ACME, row)
    court.hear(deal(court.clock + 60, **row.crm.fields))
    assert court.state("deal:1").derived["order_status"] == "invoice refused: The contact is archived"


@pytest.mark.parametrize("period", [1, 2])
def test_a_period_is_billed_when_the_subscription_is_won_again(period: int):
    number = "RM-1" if period == 1 else "RM-1-2"
    here = Court(contract({"timing": {"subscriptions": {"bill": "in_advance"}}})).known_everywhere()
    here.hear(deal(60, lines=[seat()]))
    if period > 1:
        here.settle()
        here.hear(Dawn(tenant="main", customer=ACME, at=at(30 * 24 * 3600)))
    here.settle(refuse=lambda command: command.natural_key == number)
    bills = len(here.commands(Side.ERP, Entity.INVOICE))
    for stage in ("closedlost", "closedwon"):
        here.hear(deal(here.clock + 60, **(dict(here.state("deal:1").crm.fields) | {"stage": stage})))
    assert [each.natural_key for each in here.commands(Side.ERP, Entity.INVOICE)][bills:] == [number]
    here.settle()
    assert str(here.state("deal:1").derived["order_status"]).startswith("running: ")
