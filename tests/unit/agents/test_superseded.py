"""A write that was overtaken is judged anew, on the version that overtook it and not before."""

from schemas.names import Side
from tests.support.judging import Court, at, company, linked, outcome


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
