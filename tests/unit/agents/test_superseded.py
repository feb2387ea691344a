"""A write that was overtaken is judged anew, on the version that overtook it and not before."""

import pytest

from schemas.names import Entity, Side
from tests.support.judging import Court, at, company, fact, linked, outcome

SURVIVOR = "hubspot/company/survivor"


def overtaken() -> Court:
    court = Court().known_everywhere()
    court.hear(linked(50, name="From the CRM"))
    (command,) = [one for one in court.commands(Side.ERP) if "name" in one.fields]
    court.answered.add(command.id)
    told = outcome(command, "superseded", seconds=60)
    court.hear(told.model_copy(update={"version": int(at(58).timestamp() * 1000)}))
    return court


def test_nothing_is_asked_for_until_the_newer_version_is_here():
    court = overtaken()
    assert len([one for one in court.commands(Side.ERP) if "name" in one.fields]) == 1


def test_the_newer_version_judges_the_record_again():
    court = overtaken()
    court.hear(company(Side.ERP, 58, name="From the ERP", crm_id="acme-crm", alone=False))
    (_, again) = [one for one in court.commands(Side.ERP) if "name" in one.fields]
    assert again.fields["name"] == "From the CRM"
    assert again.version == int(at(58).timestamp() * 1000)


def merged_away() -> Court:
    """Acme's hold was to be shown in the CRM, where Acme had become another company at that moment."""
    court = Court().known_everywhere()
    court.hear(company(Side.ERP, 50, crm_id="acme-crm", alone=False, credit_hold=True))
    command = [one for one in court.commands(Side.CRM) if "credit_hold" in one.fields][-1]
    assert command.fields["credit_hold"] is True
    court.answered.add(command.id)
    asked = holds(court)
    told = outcome(command, "superseded", seconds=60)
    court.hear(told.model_copy(update={"version": int(at(58).timestamp() * 1000)}))
    assert holds(court) == asked, "nothing is asked for before the merge is heard of"
    return court


def holds(court: Court) -> list[str | None]:
    return [one.ref for one in court.commands(Side.CRM) if "credit_hold" in one.fields]


@pytest.mark.parametrize("ours", [True, False])
def test_what_was_meant_for_a_record_that_was_merged_away_is_asked_of_its_survivor_where_that_is_ours(*, ours: bool):
    court = merged_away()
    before = holds(court)
    court.hear(fact(Entity.COMPANY, Side.CRM, {}, seconds=61, deleted=True, ended="merged", alone=False))
    if ours:
        court.hear(linked(58, credit_hold=False).model_copy(update={"ref": SURVIVOR, "alone": False}))
    court.hear(company(Side.ERP, 70, crm_id="acme-crm", alone=False, credit_hold=True))
    assert holds(court) == [*before, *([SURVIVOR] if ours else [])]
