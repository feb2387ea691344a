"""A platform that stores a value in its own spelling (trims, reformats) is not written to without end."""

from schemas.names import Side
from tests.support.judging import Court, linked


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
