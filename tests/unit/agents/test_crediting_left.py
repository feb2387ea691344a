"""Credits that are left to people: of a deal that is merged away half-way, or was called off under another contract."""

from __future__ import annotations

import pytest

from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import fact, outcome
from tests.unit.agents.credited import CREDIT, Books, books


def merged(here: Books) -> Books:
    """Sales merges the deal into another one."""
    kept = here.state("deal:1").crm.ref
    news = fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=here.clock + 60, deleted=True, ref=kept)
    here.hear(news.model_copy(update={"ended": "merged"}))
    here.works()
    return here


def on_people(here: Books) -> list[str]:
    """What was left to people when the deal had gone."""
    return [each.reason for each in here.verdicts("order_status") if "gone from the CRM" in each.reason]


@pytest.mark.parametrize("when", ["asked", "made", "shown"])
def test_a_credit_that_was_begun_is_finished_once_when_the_deal_is_merged_into_another(when: str):
    here = books().moves("closedlost")
    if when == "asked":
        merged(here).applied(here.notes()[0]).note()
    elif when == "made":
        merged(here.applied(here.notes()[0])).note()
    else:
        merged(here.applied(here.notes()[0]).note())
    here.note()
    assert [len(here.notes(kind)) for kind in ("create", "update")] == [1, 1]
    assert on_people(here) == []


def test_an_allocation_that_was_taken_back_and_whose_deal_is_merged_into_another_is_put_to_a_person_once():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).note().moves("closedwon")
    here.take_back(here.notes("update")[0])
    merged(here).shows().note()
    assert len(here.notes("update")) == 1, "it was wanted when it was last heard of"
    (said,) = on_people(here)
    assert said.endswith("half way through its credit: RM-1-CR is to be allocated to RM-1 by hand in the ERP")


def test_a_credit_note_that_was_refused_and_whose_deal_is_merged_into_another_is_put_to_a_person():
    here = books().moves("closedlost")
    here.hear(outcome(here.notes()[0], "refused", seconds=here.clock + 1, message="the period is locked"))
    merged(here)
    assert len(here.notes()) == 1
    (said,) = on_people(here)
    assert "RM-1 stands, its credit note was refused: the period is locked" in said


def test_a_draft_of_a_deal_that_is_merged_into_another_is_put_to_a_person():
    here = books({"timing": {"called_off_posted": "draft_credit"}}).moves("closedlost")
    merged(here.applied(here.notes()[0]).note(status="draft")).note(status="draft")
    (said,) = on_people(here)
    assert said.endswith("the draft credit note RM-1-CR of RM-1 waits in the ERP: approve it there and allocate it")


@pytest.mark.parametrize("wish", ["credit", "draft_credit"])
def test_what_was_called_off_before_the_contract_said_so_is_left_to_people(wish: str):
    here = books({}).moves("closedlost")
    here.contract = contract({"timing": {"called_off_posted": wish}})
    here.shows().moves("closedlost").shows(amount_due="100.00", amount_paid="15.00")
    assert here.notes() == []
    assert here.says() == "called off: RM-1 stands, credit or void it in the ERP"


def test_and_is_credited_when_it_is_won_and_called_off_again():
    here = books({}).moves("closedlost")
    here.contract = contract(CREDIT)
    here.moves("closedwon").moves("closedlost")
    assert [each.fields["total"] for each in here.notes()] == ["115.00"]


def test_a_deal_of_an_earlier_release_that_is_off_already_is_left_to_people():
    here = books({}).moves("closedlost")
    here.forgets("wish")
    here.contract = contract(CREDIT)
    assert here.moves("closedlost").notes() == []


def test_one_whose_credit_an_earlier_release_has_begun_gets_its_allocation():
    here = books().moves("closedlost")
    here.forgets("wish")
    here.applied(here.notes()[0]).note()
    assert len(here.notes("update")) == 1


@pytest.mark.parametrize(("before", "now"), [("draft_credit", "credit"), ("credit", "draft_credit"), ("credit", "ask")])
def test_of_two_contracts_the_more_careful_holds(before: str, now: str):
    here = books({"timing": {"called_off_posted": before}}).moves("closedlost")
    here.contract = contract({"timing": {"called_off_posted": now}})
    here.applied(here.notes()[0]).note()
    assert here.notes("update") == []
    assert here.says() == "called off: RM-1-CR is to be allocated to RM-1 by hand in the ERP"


def test_a_credit_note_of_which_finance_has_allocated_a_part_is_left_to_people():
    here = books().moves("closedlost")
    (row,) = here.allocation()
    here.applied(here.notes()[0]).shows(amount_due="95.00", amount_credited="20.00")
    here.note(remaining="95.00", allocations=[row | {"amount": "20.00"}])
    assert here.notes("update") == []
    assert "by hand" in here.says()


def test_an_allocation_that_finance_takes_back_before_it_was_read_is_left_to_people():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).note()
    here.applied(here.notes("update")[0])
    assert "is being credited" in here.says(), "until it has been read"
    here.shows().note()
    assert len(here.notes("update")) == 1
    assert "by hand" in here.says()
