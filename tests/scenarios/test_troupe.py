"""The troupe itself: who fails fails alone, says which step differed, and what is undone later is noticed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.scenarios.playbill import Play, Playbill, Then
from tests.scenarios.troupe import Curtain, Mishaps, Part, Troupe


@dataclass
class Table:
    """What the scenarios of these tests look at. Every look is noted."""

    held: dict[str, Any] = field(default_factory=dict)
    looks: int = 0

    def look(self) -> None:
        self.looks += 1


@dataclass
class Worker:
    """Somebody who can be killed."""

    name: str
    log: list[str]

    def kill(self) -> None:
        self.log.append(f"{self.name} killed")

    def restart(self) -> None:
        self.log.append(f"{self.name} back")


def writes(table: Table, name: str, *values: str, after: Any = None) -> Play:
    for value in values:
        table.held[name] = value
        yield Then(f"{name} is {value}", value, lambda: table.held[name])
    if after is not None:
        raise after


def played(table: Table, mishaps: Mishaps | None = None, dead: str = "", **plays: Play) -> dict[str, Part]:
    parts = [Part(name, play) for name, play in plays.items()]
    troupe = Troupe(parts, table, mishaps or Mishaps(1), lambda: dead, patience=0.0, every=0.0)
    troupe.play()
    troupe.still()
    return {part.name: part for part in parts}


def test_one_that_is_not_seen_fails_alone_and_says_which_step_differed():
    table = Table()

    def never() -> Play:
        yield from writes(table, "b", "1")
        yield Then("b is paid", "paid", lambda: table.held["b"])

    parts = played(table, a=writes(table, "a", "1", "2"), b=never())
    assert not parts["a"].missed
    assert parts["b"].missed == "b is paid\n  expected 'paid'\n  seen     '1'"
    assert [step.split("  ")[1] for step in parts["b"].steps] == ["b is 1"]


def test_one_that_stumbles_fails_alone():
    table = Table()
    parts = played(table, a=writes(table, "a", "1"), b=writes(table, "b", "1", after=KeyError("no such invoice")))
    assert not parts["a"].missed
    assert "KeyError: 'no such invoice'" in parts["b"].missed


def test_what_is_undone_after_its_scenario_has_ended_is_noticed():
    table = Table()

    def undoes() -> Play:
        yield from writes(table, "b", "1")
        table.held["a"] = "gone"
        yield from writes(table, "b", "2")

    parts = played(table, a=writes(table, "a", "1"), b=undoes())
    assert parts["a"].missed.startswith("at the end no more: a is 1")
    assert not parts["b"].missed


def test_one_that_expects_nothing_fails():
    assert played(Table(), a=iter(()))["a"].missed == "it expects nothing"


def test_what_has_died_by_itself_is_told_by_all_that_waited():
    table = Table()
    waits = iter([Then("it comes", "x", lambda: table.held["never"])])
    assert played(table, dead="worker-1 ended: out of memory", a=waits)["a"].missed


def test_kills_come_at_moments_that_the_seed_draws_while_every_scenario_is_played_and_are_mended():
    log: list[str] = []
    for seed in range(20):
        table = Table()
        mishaps = Mishaps(seed, [Worker("one", log), Worker("two", log)], among=4)
        parts = played(table, mishaps, **{each: writes(table, each, *"12345") for each in "abcd"})
        assert len(mishaps.kills) == 2, seed
        assert all(part.kills for part in parts.values()), seed
    assert log == ["one killed", "one back", "two killed", "two back"] * 20


def test_the_curtain_rises_for_all_within_one_look():
    curtain = Curtain(["a", "b", "c"])
    looks = [{"a": True}, {"c": True}, {"a": True, "b": True}, {}, {}]
    up = [[curtain.rises(name, ready.get(name, False)) for name in "abc"] for ready in looks]
    assert up == [[False] * 3, [False] * 3, [False] * 3, [True] * 3, [True] * 3]


def test_two_scenarios_of_one_title_are_refused():
    bill = Playbill()
    bill.scenario("The same")(lambda _customer: iter(()))
    with pytest.raises(ValueError, match="two scenarios are called 'The same'"):
        bill.scenario("The same")(lambda _customer: iter(()))
