"""A platform that stores a value in its own spelling (trims, reformats) is not written to without end."""

import pytest

from schemas.names import Side
from tests.support.judging import Court, linked, outcome

TERMS = "30 DAYSAFTERBILLDATE"


def test_writing_comes_to_rest():
    court = Court().known_everywhere()
    court.hear(linked(60, name="Acme  Ltd"))  # two blanks; the ERP keeps one
    for _ in range(10):
        waiting = [c for c in court.commands() if c.id not in court.answered]
        for command in waiting:
            told, echo = court.carry_out(command)
            if command.side is Side.ERP and "name" in command.fields:
                echo = echo.model_copy(update={"fields": {**echo.fields, "name": "Acme Ltd"}})
            court.hear(told, echo)
    writes = [c for c in court.commands(Side.ERP) if "name" in c.fields]
    assert len(writes) <= 2, f"{len(writes)} writes of the same name, and no end"


@pytest.mark.parametrize("before", [True, False], ids=["outcome first", "fact first"])
def test_another_record_written_in_the_same_millisecond_spells_nothing(*, before: bool):
    """Of two companies linked to one customer the second stands, with the millisecond of our write to the first."""
    court = Court().known_everywhere()
    court.hear(linked(60, payment_terms="7 DAYSAFTERBILLDATE"))
    (asked,) = (c for c in court.commands(Side.CRM) if c.id not in court.answered)
    assert asked.fields == {"payment_terms": TERMS}
    left = linked(60, payment_terms="7 DAYSAFTERBILLDATE").model_copy(update={"deleted": True, "ended": "merged"})
    other = linked(70, payment_terms="20 DAYSAFTERBILLDATE").model_copy(update={"ref": "hubspot/company/other"})
    court.hear(left)
    told = [outcome(asked, seconds=70), other]
    for each in told if before else reversed(told):
        court.hear(each)
    court.answered.add(asked.id)
    court.settle()
    assert court.commands()[-1].ref == "hubspot/company/other"
    assert court.shown(Side.CRM, "payment_terms") == [TERMS]
