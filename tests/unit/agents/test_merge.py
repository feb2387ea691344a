"""A set that both sides edit is merged in the step: both are written, and a write that is refused removes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.command import Command
from schemas.contract import lint
from schemas.names import Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, linked, outcome

RULES = contract({
    "entities": {"company": {"fields": {"custom_segments": {"policy": "merge"}}}},
    "mappings": {"company": {"custom_segments": {"kind": "set", "crm": "segments", "erp": "CompanyNumber"}}},
})  # fmt: skip
MEMBERS = st.lists(st.sampled_from("abcd"), unique=True).map(sorted)
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def agreed(*members: str) -> Court:
    """Acme, with a set that both sides hold."""
    shown = {"custom_segments": list(members)}
    return Court(RULES).known_everywhere(crm=shown, erp=shown)


def crm(seconds: float, *members: str) -> Any:
    """The CRM's set."""
    return linked(seconds, custom_segments=list(members))


def erp(seconds: float, *members: str) -> Any:
    """The ERP's set."""
    return company(Side.ERP, seconds, custom_segments=list(members), crm_id="acme-crm")


def settle(court: Court, *, refuse: Callable[[Command], bool] = lambda _: False) -> int:
    """Answer commands as lanes do: one whose side has moved on since is superseded. The number of writes."""
    writes = 0
    for _ in range(20):
        waiting = [command for command in court.commands() if command.id not in court.answered]
        for command in waiting:
            now = court.state(command.record).side(command.side).fields
            if refuse(command):
                court.hear(*court.refuse(command))
            elif command.expected and any(now.get(name) != value for name, value in command.expected.items()):
                court.answered.add(command.id)
                court.hear(outcome(command, "superseded", seconds=court.clock))
            else:
                court.hear(*court.carry_out(command))
                writes += 1
    return writes


def shown(court: Court) -> list[Any]:
    """What both sides show of it."""
    return [*court.shown(Side.CRM, "custom_segments"), *court.shown(Side.ERP, "custom_segments")]


def test_a_set_of_the_customers_own_may_be_merged():
    assert lint(RULES) == []


def test_edits_of_both_sides_are_kept_and_it_is_said_once():
    court = agreed("a", "b")
    held = court.hear(erp(5000, "b", "d"), crm(5001, "a", "b", "c"))
    assert held.refused == []
    settle(court)
    assert shown(court) == [["b", "c", "d"], ["b", "c", "d"]]
    assert court.state().baseline["custom_segments"] == ["b", "c", "d"]
    assert {verdict.ruling for verdict in court.verdicts("custom_segments")} == {"merge"}
    assert settle(court) == 0


def test_an_edit_of_one_side_is_written_to_the_other_alone():
    court = agreed("a")
    before = len(court.commands())
    court.hear(crm(5000, "a", "c"))
    settle(court)
    (command,) = court.commands()[before:]
    assert (command.side, command.fields) == (Side.ERP, {"custom_segments": ["a", "c"]})


def test_what_one_side_refuses_is_not_removed_from_the_other():
    court = agreed("a")

    def erp_refuses(command: Command) -> bool:
        return command.side is Side.ERP

    court.hear(crm(5000, "a", "c"))
    settle(court, refuse=erp_refuses)
    assert shown(court) == [["a", "c"], ["a"]]
    court.hear(crm(6000, "a", "c", "d"))
    settle(court)
    assert shown(court) == [["a", "c", "d"], ["a", "c", "d"]]


def test_one_of_two_writes_refused_removes_nothing_either():
    court = agreed("a")
    court.hear(erp(5000, "a", "e"))
    flying = [command for command in court.commands() if command.id not in court.answered]
    court.hear(crm(5001, "a", "c"))  # while the other side's is on its way
    settle(court, refuse=lambda command: command.side is Side.ERP)
    assert flying
    assert set(court.shown(Side.CRM, "custom_segments")[0]) == {"a", "c", "e"}
    assert court.shown(Side.ERP, "custom_segments") == [["a", "e"]]


@given(MEMBERS, MEMBERS, MEMBERS)
@QUICK
def test_both_sides_end_with_the_same_set_whichever_is_heard_first(start: list[str], left: list[str], right: list[str]):
    ends = []
    for order in ((crm(5000, *left), erp(5000, *right)), (erp(5000, *right), crm(5000, *left))):
        court = agreed(*start)
        court.hear(*order)
        settle(court)
        assert court.shown(Side.CRM, "custom_segments") == court.shown(Side.ERP, "custom_segments")
        ends.append(court.shown(Side.CRM, "custom_segments"))
    assert ends[0] == ends[1]
