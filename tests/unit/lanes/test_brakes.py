"""A rule that touches too much is stopped: what it wants waits, others go on, and a person lets it go."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from schemas.brake import BrakeState
from schemas.command import Command
from schemas.contract.brakes import Brake
from schemas.errors import Parked
from schemas.names import Entity
from schemas.revenue import RevenueEvent
from streams.lanes.brakes import Brakes, Limits
from tables.view import MemoryView
from tests.support.lane import Papers, Shift
from tests.support.work import START, command, create, poll, release, resume, update

CLOSE = Limits((Brake(about=Entity.INVOICE, rule="owner", records=3),))


def wanted(number: int, *rules: str, **more: Any) -> Command:
    """A create that a rule wants."""
    return create(number, rules=list(rules or ["owner"]), **more)


def shift(limits: Limits = CLOSE) -> Shift:
    return Shift(limits=limits)


def states(papers: Papers) -> list[BrakeState]:
    return [value for _, _, value in papers.sent if isinstance(value, BrakeState)]


def alarms(papers: Papers) -> list[RevenueEvent]:
    return [value for _, _, value in papers.sent if isinstance(value, RevenueEvent)]


def made(found: Shift) -> list[int]:
    return [int(key.removeprefix("RM-")) for key in found.platform.created]


async def test_a_thousand_records_of_one_rule_trip_it_and_the_rest_waits_while_other_rules_go_on():
    found = shift(Limits((Brake(about=Entity.INVOICE, records=999),)))
    works = [wanted(number) for number in range(1_100)]
    for start in range(0, 1_100, 550):
        await found.work(*works[start : start + 550], wanted(2_000 + start, "create"))
        await found.rest()
    assert sorted(made(found)) == [*range(999), 2_000, 2_550]
    held = works[999:]
    assert {found.papers.state(each) for each in held} == {"waiting"}
    (alarm,) = alarms(found.papers)
    assert (alarm.type, alarm.number, alarm.day) == ("brake_tripped", "invoice owner", "2026-09-01")
    state = states(found.papers)[-1]
    assert (state.state, state.records, state.bound, state.held) == ("stopped", 1_000, 999, 101)
    assert state.command == held[0].id
    assert found.lane is not None
    assert found.lane.snapshot.stopped == {("invoice", "owner"): 101}
    await found.work(release(found.clock, "owner"))
    await found.rest()
    assert sorted(made(found))[:1_100] == list(range(1_100))
    assert made(found)[-101:] == list(range(999, 1_100))
    assert [each.type for each in alarms(found.papers)] == ["brake_tripped", "brake_released"]
    last = states(found.papers)[-1]
    assert (last.state, last.held, last.who, last.why) == ("released", 0, "kim", "meant so")
    assert not [key for key in found.papers.cursors if "|brake|of|" in key or "|held|" in key]


async def test_the_same_works_stop_at_the_same_command_whatever_the_clock_says_and_however_they_are_cut():
    works = [wanted(number, at=START + timedelta(minutes=number)) for number in range(6)]
    ends = []
    for size, late in ((6, 0), (1, 0), (2, 86_400)):
        found = shift()
        found.clock.pass_by(late)
        for start in range(0, 6, size):
            await found.work(*works[start : start + size])
            found.clock.pass_by(size * 7)
        rows = {key: row for key, row in found.papers.cursors.items() if "|brake" in key}
        ends.append((rows, sorted(made(found)), states(found.papers)[-1]))
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][1] == [0, 1, 2]


async def test_a_restart_between_keeps_the_count_and_the_queue():
    found = shift()
    for number in range(5):
        await found.work(wanted(number))  # a new worker each time
    assert made(found) == [0, 1, 2]
    await found.work(release(found.clock, "owner"))
    await found.rest()
    assert made(found) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("dies", [1, 2, 3])
async def test_a_batch_that_dies_and_comes_again_holds_and_writes_everything_once(dies: int):
    found = shift()
    works = [wanted(number) for number in range(6)]
    assert not await found.work(*works, die_in_write=dies)
    await found.work(*works)
    await found.rest()
    assert sorted(made(found)) == [0, 1, 2]
    assert states(found.papers)[-1].held == 3
    assert len({event.id for event in alarms(found.papers)}) == 1
    again = release(found.clock, "owner")
    assert not await found.work(again, die_in_write=1)
    await found.work(again)
    await found.work(*works, again)
    await found.rest()
    assert sorted(made(found)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("step", ["claimed", "called", "answered", "recorded", "produced"])
async def test_a_batch_that_dies_after_a_release_loses_nothing_that_was_held(step: str):
    found = shift()
    await found.work(*(wanted(number) for number in range(5)))
    again = release(found.clock, "owner")
    assert not await found.work(again, die_at=step)
    await found.work(again)
    await found.rest()
    assert sorted(made(found)) == [0, 1, 2, 3, 4]
    assert {outcome.command for outcome in found.papers.outcomes()} == {f"c{number}" for number in range(5)}


@pytest.mark.parametrize("table", ["ledger", "cursors"])
async def test_of_a_batch_whose_tables_were_written_in_part_nothing_is_lost_and_nothing_slips_through(table: str):
    found, lost = shift(), shift()
    works = [wanted(number) for number in range(5)]
    await found.work(*works)
    before = copy.deepcopy(getattr(lost.papers, table))
    lost.papers.ledger.update(copy.deepcopy({key: row for key, row in found.papers.ledger.items() if "c4" in key}))
    lost.papers.cursors.update(copy.deepcopy(found.papers.cursors))
    getattr(lost.papers, table).clear()
    getattr(lost.papers, table).update(before)
    await lost.work(*works)
    await lost.rest()
    assert 4 not in made(lost)
    await lost.work(release(lost.clock, "owner"))
    await lost.rest()
    assert sorted(made(lost)) == [0, 1, 2, 3, 4]


async def test_a_write_of_several_rules_waits_for_each_of_them_that_is_stopped():
    both = Limits((Brake(about=Entity.INVOICE, records=1),))
    found = shift(both)
    await found.work(wanted(0, "owner"), wanted(1, "newest"), wanted(2, "owner", "newest"), wanted(3, "identity"))
    assert made(found) == [0, 1, 3]
    assert {(each.rule, each.state) for each in states(found.papers)} == {("owner", "stopped"), ("newest", "stopped")}
    await found.work(release(found.clock, "owner"))
    await found.rest()
    assert 2 not in made(found)
    await found.work(release(found.clock, "newest"))
    await found.rest()
    assert 2 in made(found)


async def test_a_later_write_of_the_same_field_does_not_overtake_what_waits():
    found = shift(Limits((Brake(about=Entity.INVOICE, rule="owner", records=1),)))
    found.platform.put("invoice", "u1")
    parts: dict[str, Any] = {"ref": "xero/invoice/u1", "record": "invoice:u1"}
    old = command(1, "update", fields={"name": "old", "phone": "1"}, rules=["owner"], **parts)
    new = command(2, "update", fields={"name": "new"}, rules=["person"], **parts)
    other = command(3, "update", fields={"town": "Oamaru"}, rules=["person"], **parts)
    await found.work(wanted(0), old, new, other)
    assert found.platform.records["invoice"]["u1"].get("name") is None
    assert found.platform.records["invoice"]["u1"]["town"] == "Oamaru"
    await found.work(release(found.clock, "owner"))
    await found.rest()
    shown = found.platform.records["invoice"]["u1"]
    assert (shown["name"], shown["phone"]) == ("new", "1")


async def test_a_percentage_is_of_what_the_last_full_reading_found():
    found = shift(Limits((Brake(about=Entity.INVOICE, rule="owner", percent=50, at_least=1),)))
    for number in range(8):
        found.platform.put("invoice", f"i{number}")
    await found.work(*(wanted(number) for number in range(3)))
    assert len(made(found)) == 3  # nobody knows yet of how many
    await found.work(poll(found.clock))
    await found.rest()
    later = START + timedelta(hours=3)
    await found.work(*(wanted(number, at=later) for number in range(10, 20)))
    state = states(found.papers)[-1]
    assert (state.population, state.bound, state.records) == (11, 5, 6)
    assert len(made(found)) == 3 + 5


async def test_a_second_full_reading_counts_from_nothing():
    found = shift()
    for number in range(5):
        found.platform.put("invoice", f"i{number}")
    for _ in range(2):
        await found.work(poll(found.clock, sweep=True))
        await found.rest()
        assert found.papers.cursors["main.xero|cursor|invoice"]["population"] == 5
    found.platform.put("invoice", "i9")
    await found.work(poll(found.clock))
    assert found.papers.cursors["main.xero|cursor|invoice"]["population"] == 5


async def test_what_the_first_reading_asks_for_does_not_count_unless_the_contract_says_so():
    found = shift()
    await found.work(*(wanted(number, first=True) for number in range(9)))
    assert len(made(found)) == 9
    counted = shift(Limits((Brake(about=Entity.INVOICE, rule="owner", records=3, first_reading=True),)))
    await counted.work(*(wanted(number, first=True) for number in range(9)))
    assert len(made(counted)) == 3


async def test_for_an_hour_after_a_release_nothing_is_counted():
    found = shift()
    await found.work(*(wanted(number) for number in range(5)))
    await found.work(release(found.clock, "owner"), *(wanted(number) for number in range(10, 20)))
    await found.rest()
    assert len(made(found)) == 15
    late = found.clock() + timedelta(minutes=61)
    await found.work(*(wanted(number, at=late) for number in range(20, 30)))
    await found.rest()
    assert len(made(found)) == 15 + 3
    assert [each.type for each in alarms(found.papers)] == ["brake_tripped", "brake_released", "brake_tripped"]


async def test_a_release_of_what_is_not_stopped_changes_nothing():
    found = shift()
    await found.work(wanted(0), release(found.clock, "owner"), release(found.clock, "nonsense"))
    await found.work(*(wanted(number) for number in range(1, 6)))
    assert made(found) == [0, 1, 2]
    assert [each.type for each in alarms(found.papers)] == ["brake_tripped"]


async def test_a_rule_stays_stopped_when_the_brake_is_taken_out_of_the_contract():
    found = shift()
    await found.work(*(wanted(number) for number in range(4)))
    found.limits = Limits()
    await found.work(wanted(4), wanted(5, "newest"))
    assert made(found) == [0, 1, 2, 5]
    await found.work(release(found.clock, "owner"))
    await found.rest()
    assert sorted(made(found)) == [0, 1, 2, 3, 4, 5]


async def test_a_parked_connection_holds_and_releases_all_the_same():
    found = shift()
    found.platform.mishaps.append(Parked("no grant", until=found.clock() + timedelta(hours=1)))
    await found.work(wanted(9, "create"))
    await found.work(*(wanted(number) for number in range(5)))
    assert states(found.papers)[-1].held == 2
    await found.work(release(found.clock, "owner"))
    assert made(found) == []
    found.clock.pass_by(3_601)
    await found.rest()
    assert sorted(made(found)) == [0, 1, 2, 3, 4, 9]


async def test_what_waits_behind_a_brake_is_not_looked_at_by_a_wake_up():
    found = shift()
    await found.work(*(wanted(number) for number in range(400)))
    await found.work(resume(found.clock))
    assert found.desk.ledger_writes == 0
    assert found.due is None
    assert not found.asked


async def test_a_release_of_many_goes_on_portion_by_portion():
    found = shift()
    await found.work(*(wanted(number) for number in range(703)))
    await found.work(release(found.clock, "owner"))
    assert len(made(found)) == 3 + 500
    assert found.asked
    await found.rest()
    assert made(found) == list(range(703))


def test_without_brakes_nothing_is_looked_up():
    class Blind:
        cursors = MemoryView()
        ledger = None

    brakes = Brakes(Blind(), "main", "main.xero", "xero", create(1).side, Limits(), START)  # type: ignore[arg-type]
    assert brakes.admits(update(1, rules=["owner"]), ())
    brakes.save()
    assert Blind.cursors.rows == {}
