"""What a step hands back: outputs with their cause, refusals, and a count of everything."""

from __future__ import annotations

from agents.rules.result import Output, Result
from schemas.names import Side
from tests.support.judging import company


def test_every_output_and_refusal_is_counted_and_knows_its_record():
    result, fact = Result(), company(Side.CRM)
    result.emit("facts", "main|1", fact)
    result.at = 3
    result.emit("facts", "main|2", fact)
    result.refuse(3, "no")
    result.refuse(4, "never")
    value = fact.to_bytes()
    assert result.outputs == [Output("facts", b"main|1", value, 0), Output("facts", b"main|2", value, 3)]
    assert result.refused == [(3, "no"), (4, "never")]
    assert result.counts == {"facts": 2, "quarantined": 2}


def test_another_steps_work_is_taken_over():
    mine, other = Result(), Result()
    for result in (mine, other):
        result.emit("facts", "k", company(Side.CRM))
        result.refuse(1, "no")
    mine.add(other)
    assert (len(mine.outputs), mine.refused, mine.counts) == (2, [(1, "no")] * 2, {"facts": 2, "quarantined": 2})
