"""A bill that the ERP refused is asked for again when what may have been the cause was mended, and not before."""

from typing import Any

from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.judging import Court, company, deal, outcome


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
