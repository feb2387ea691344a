"""A write that was overtaken is judged anew, on the version that overtook it and not before."""

import pytest

from schemas.fact import GONE, Fact, Outcome
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


def test_what_was_meant_for_a_record_that_another_has_replaced_meanwhile_is_asked_of_that_one():
    court = Court().known_everywhere()
    court.hear(company(Side.ERP, 50, crm_id="acme-crm", alone=False, credit_hold=True))
    command = [one for one in court.commands(Side.CRM) if "credit_hold" in one.fields][-1]
    court.answered.add(command.id)
    court.hear(
        fact(Entity.COMPANY, Side.CRM, {}, seconds=51, deleted=True, ended="merged", alone=False),
        linked(52, credit_hold=False).model_copy(update={"ref": SURVIVOR, "alone": False}),
    )
    before = holds(court)
    told = outcome(command, "superseded", seconds=60)
    court.hear(told.model_copy(update={"ref": command.ref, "version": int(at(58).timestamp() * 1000)}))
    assert holds(court) == [*before, SURVIVOR], "news of the old one is another customer's, or never comes"


def gone(*, seconds: float) -> tuple[Court, Outcome]:
    """Acme's hold was to be shown in the CRM, where Acme was taken away for good: of `seconds`, as far as is known."""
    court = Court().known_everywhere()
    court.hear(company(Side.ERP, 50, crm_id="acme-crm", alone=False, credit_hold=True))
    command = [one for one in court.commands(Side.CRM) if "credit_hold" in one.fields][-1]
    court.answered.add(command.id)
    told = outcome(command, "superseded", seconds=60)
    version = court.state().crm.version + int(seconds * 1000)
    return court, told.model_copy(update={"version": version, "code": GONE})


def end(court: Court, told: Outcome) -> Fact:
    bare = fact(Entity.COMPANY, Side.CRM, {}, seconds=61, deleted=True, ended="deleted", alone=False)
    return bare.model_copy(update={"version": told.version, "ref": court.state().crm.ref})


@pytest.mark.parametrize("heard_first", [False, True])
@pytest.mark.parametrize("seconds", [0, 5])
def test_a_write_to_what_is_gone_is_asked_for_no_more_whichever_is_heard_first(seconds: float, *, heard_first: bool):
    court, told = gone(seconds=seconds)
    ended, before = end(court, told), holds(court)
    court.hear(*([ended, told] if heard_first else [told, ended]))
    assert holds(court) == before
    state = court.state()
    assert (state.crm.deleted, state.flights["crm"], state.blocked["crm"]) == (True, [], {})
    court.hear(company(Side.ERP, 70, crm_id="acme-crm", alone=False, credit_hold=False))
    assert holds(court) == before, "nothing is written to what is gone"
    court.hear(linked(80, credit_hold=True))
    assert len(holds(court)) == len(before) + 1, "restored, it is shown what holds now"


def test_a_write_to_what_was_gone_and_is_there_again_is_asked_for_once_more():
    court, told = gone(seconds=0)
    court.hear(end(court, told), linked(55, credit_hold=False))
    before = holds(court)
    court.hear(told)
    assert len(holds(court)) == len(before) + 1


def test_between_the_answer_and_the_end_nothing_is_asked_however_often_the_answer_comes():
    court, told = gone(seconds=0)
    before = holds(court)
    for _ in range(20):
        court.hear(told)
    assert holds(court) == before
