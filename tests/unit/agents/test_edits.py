"""Edits of people, told in every order, also of one record's own versions, while writes go to both platforms."""

from __future__ import annotations

from itertools import permutations

import pytest

from schemas.fact import Fact
from schemas.names import Side
from tests.support.capturing import Desk, crm, erp
from tests.support.judging import company, deal, outcome
from tests.support.shuffling import Office
from tests.unit.agents.telling import Platforms, met


def phones() -> Platforms:
    """The CRM's phone is the later edit; the ERP's record was edited once more, in another field."""
    found = met()
    found.edit(110, Side.ERP, phone="erp")
    found.edit(130, Side.CRM, phone="crm")
    found.edit(150, Side.ERP, payment_terms="7 DAYSAFTERBILLDATE")
    return found


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_later_edit_stands_whichever_version_showed_it_first(order: tuple[int, ...]):
    found = phones()
    found.tell(tuple(found.facts[place] for place in order))
    assert [found.held[side]["phone"] for side in Side] == ["crm", "crm"]
    assert not any(verdict.ruling == "review" for verdict in found.court.verdicts())


@pytest.mark.parametrize("write", [1, 2, 3])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_where_one_of_two_writes_does_not_arrive_the_later_edit_stands(order: tuple[int, ...], write: int):
    found = phones()
    found.restless = write
    found.tell(tuple(found.facts[place] for place in order))
    assert [found.held[side]["phone"] for side in Side] == ["crm", "crm"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_value_that_came_and_went_is_dated_by_its_return(order: tuple[int, ...]):
    found = met()
    found.edit(110, Side.ERP, phone="one")
    found.edit(120, Side.ERP, phone="two")
    found.edit(130, Side.CRM, phone="three")
    found.edit(140, Side.ERP, phone="one")
    found.tell(tuple(found.facts[place] for place in order))
    assert [found.held[side]["phone"] for side in Side] == ["one", "one"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_stage_that_was_taken_back_is_what_the_order_earns(order: tuple[int, ...]):
    found = met()
    found.edit(110, Side.CRM, lifecycle="subscriber")
    found.edit(120, Side.CRM, lifecycle="evangelist")
    found.facts.append(deal(130))
    found.tell(tuple(found.facts[place] for place in order))
    assert found.held[Side.CRM]["lifecycle"] == "evangelist"


@pytest.mark.parametrize("write", [None, 1, 2])
@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_the_stage_before_a_gated_one_may_be_heard_of_later(order: tuple[int, ...], write: int | None):
    found = met()
    found.restless = write
    found.edit(110, Side.CRM, lifecycle="subscriber")
    found.edit(120, Side.CRM, lifecycle="customer")
    found.tell(tuple(found.facts[place] for place in order))
    assert found.held[Side.CRM]["lifecycle"] == "subscriber"


def test_a_stage_stands_though_the_write_that_brings_it_did_not_arrive():
    court = met().court
    court.hear(company(Side.CRM, 120, alone=False, lifecycle="customer"))
    court.hear(company(Side.CRM, 110, alone=False, lifecycle="subscriber"))
    fallback, before = [one for one in court.commands() if "lifecycle" in one.fields]
    assert [one.fields["lifecycle"] for one in (fallback, before)] == ["lead", "subscriber"]
    court.hear(outcome(fallback, seconds=130, ref=fallback.ref), outcome(before, "superseded"))
    court.answered |= {fallback.id, before.id}
    court.settle()
    assert court.shown(Side.CRM, "lifecycle") == ["subscriber"]


def test_a_persons_choice_is_not_taken_back_because_an_older_version_is_told():
    found = phones()
    found.tell(tuple(found.facts[:2]), again=False)
    found.edit(2000, Side.CRM, phone="kim's")
    found.tell((*found.facts[2:], *found.facts[:2]))
    assert [found.held[side]["phone"] for side in Side] == ["kim's", "kim's"]


def test_a_version_that_was_overtaken_is_told_only_to_date_edits():
    desk = Desk().ready()
    desk.take(erp("a"), crm("1", xero_contact_id="a"), crm("1", version=5, phone="2", xero_contact_id="a"))
    before = dict(desk.names.rows)
    desk.take(crm("1", version=3, phone="1", xero_contact_id="a"))
    late = [one for one in desk.outputs if isinstance(one, Fact)][-1]
    assert (late.past, late.fields["phone"], late.ref) == (True, "1", "hubspot/company/1")
    assert desk.names.rows == before
    count = len(desk.outputs)
    desk.take(crm("9", version=3), crm("1", version=2, deleted=True))
    assert not any(one.past for one in desk.outputs[count:] if isinstance(one, Fact))


def test_an_overtaken_version_changes_nothing_of_what_the_record_is_now():
    office = Office()
    office.desk.ready()
    office.take(erp("a"), crm("1", xero_contact_id="a", phone="2", version=5))
    office.court.settle()
    before = office.standing()
    record = next(key.split("|")[2] for key in office.court.records.rows if "company:" in key)
    shown = office.court.state(record, record).crm.fields
    office.take(crm("1", xero_contact_id="a", phone="1", version=3))
    assert office.standing() == before
    assert office.court.state(record, record).crm.fields == shown
