"""Writes on their way: their outcomes and their echoes."""

from __future__ import annotations

from schemas.names import Side
from tests.support.judging import Court, company, linked, outcome


def test_an_unknown_outcome_leaves_the_write_on_its_way():
    court = Court()
    court.hear(company(Side.CRM))
    (made,) = court.commands(Side.ERP)
    result = court.hear(outcome(made, "unknown"))
    assert result.counts["outcome_open"] == 1
    assert len(court.state().flights["erp"]) == 1
    assert court.hear(company(Side.CRM, 10)).counts["lanes.xero"] == 0


def test_an_outcome_told_twice_counts_once():
    court = Court()
    court.hear(company(Side.CRM))
    (made,) = court.commands(Side.ERP)
    told = outcome(made, ref="xero/contact/x")
    court.hear(told)
    assert court.hear(told).counts["outcome_known"] == 1


def test_our_own_write_coming_back_decides_nothing_in_any_order():
    for order in ((0, 1), (1, 0), (0, 1, 1, 0), (1, 1, 0)):
        court = Court().known_everywhere()
        court.hear(linked(3000, name="Acme Ltd"))
        write = court.commands(Side.ERP)[-1]
        answers = court.carry_out(write)
        before = len(court.commands())
        court.hear(*(answers[index] for index in order))
        assert len(court.commands()) == before
        assert court.state().baseline["name"] == "Acme Ltd"


def test_an_echo_older_than_the_write_does_not_take_it_back():
    court = Court().known_everywhere()
    court.hear(linked(3000, name="Acme Ltd"))
    write = court.commands(Side.ERP)[-1]
    court.hear(outcome(write, seconds=3010, ref=write.ref))
    result = court.hear(company(Side.ERP, 3005, crm_id="acme-crm"))
    assert result.counts["stale"] == 1
    assert court.shown(Side.ERP, "name") == ["Acme Ltd"]
    assert court.commands()[-1].id == write.id


def test_a_write_that_was_superseded_is_judged_anew():
    court = Court().known_everywhere()
    court.hear(linked(3000, name="Acme Ltd"))
    write = court.commands(Side.ERP)[-1]
    court.answered.add(write.id)
    court.hear(outcome(write, "superseded", seconds=3001))
    court.settle()
    assert court.commands(Side.ERP)[-1].id != write.id
    assert court.shown(Side.ERP, "name") == ["Acme Ltd"]


def test_an_answer_older_than_what_was_seen_since_does_not_turn_it_back():
    court = Court().known_everywhere()
    court.hear(linked(3000, name="Acme Ltd"))
    write = court.commands(Side.ERP)[-1]
    court.answered.add(write.id)
    court.hear(company(Side.ERP, 3020, name="Finance Ltd", crm_id="acme-crm"))
    court.hear(outcome(write, seconds=3010, ref=write.ref))
    assert court.state().erp.fields["name"] == "Finance Ltd"
    court.settle()
    assert court.shown(Side.ERP, "name") == court.shown(Side.CRM, "name") == ["Acme Ltd"]


def test_a_stage_that_was_refused_is_not_written_again():
    court = Court().known_everywhere()
    court.hear(linked(3000, lifecycle="customer"))
    (back,) = [command for command in court.commands(Side.CRM) if "lifecycle" in command.fields]
    court.answered.add(back.id)
    court.hear(outcome(back, "refused", seconds=3001, message="no such stage"))
    court.settle()
    assert len([command for command in court.commands(Side.CRM) if "lifecycle" in command.fields]) == 1
