"""A write to a record that was merged away meanwhile lands on its survivor: what it tells is not of our record."""

from typing import Any

from schemas.fact import Fact
from schemas.names import Entity, Side
from tests.support.judging import Court, company, fact, linked, outcome

SURVIVOR = "hubspot/company/survivor"


def landed_elsewhere() -> Court:
    """Acme's hold was to be shown in the CRM, and came to be written on the record that Acme was merged into."""
    court = Court().known_everywhere()
    court.hear(held(50, credit_hold=True))
    command = [one for one in court.commands(Side.CRM) if "credit_hold" in one.fields][-1]
    assert command.fields["credit_hold"] is True
    court.answered.add(command.id)
    court.hear(outcome(command, seconds=100, ref=SURVIVOR))
    return court


def held(seconds: float, **fields: Any) -> Fact:
    return company(Side.ERP, seconds, crm_id="acme-crm", alone=False, **fields)


def ended(seconds: float) -> Fact:
    return fact(Entity.COMPANY, Side.CRM, {}, seconds=seconds, deleted=True, ended="merged", alone=False)


def test_the_end_of_our_record_does_not_pass_for_older_than_its_survivor():
    court = landed_elsewhere()
    court.hear(ended(60))
    assert not court.state().side(Side.CRM).present


def test_a_late_reading_of_our_record_does_not_hide_its_end():
    court = landed_elsewhere()
    court.hear(linked(55), ended(60))
    assert not court.state().side(Side.CRM).present


def test_nothing_is_written_to_the_survivor_in_our_records_name_afterwards():
    court = landed_elsewhere()
    court.hear(ended(60))
    before = len(court.commands(Side.CRM))
    court.hear(held(120, credit_hold=False, phone="04 090 6602"))
    assert len(court.commands(Side.CRM)) == before


def test_a_survivor_that_is_ours_goes_on_with_what_was_written_there():
    court = landed_elsewhere()
    court.hear(ended(60))
    shown = linked(100, credit_hold=True)
    court.hear(shown.model_copy(update={"ref": SURVIVOR, "alone": False}))
    assert court.state().side(Side.CRM).ref == SURVIVOR
    before = len(court.commands())
    court.hear(held(130, credit_hold=True))
    assert len(court.commands()) == before, "both sides have it"
