"""A few short stories with each test run: most are played by `make simulate`."""

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.names import record_id
from schemas.wire import encode
from streams.engine.record import Record
from tests.simulation import __main__ as simulation
from tests.simulation.__main__ import judge, judge_story, main
from tests.simulation.cashier import TAKING_BACK
from tests.simulation.checks import resting
from tests.simulation.clockwork import Standstill, VirtualLoop
from tests.simulation.evidence import violations
from tests.simulation.ordering import SHIPPING, SUBSCRIBING
from tests.simulation.people import ENDINGS, LATENESS
from tests.simulation.scenes import Scene, Story
from tests.simulation.shrinking import shrink
from tests.simulation.shuffling import disordered
from tests.simulation.storm import storm
from tests.simulation.story import draw
from tests.simulation.troubles import TROUBLES
from tests.simulation.witness import Witness
from tests.simulation.world import run

ROOT = Path(__file__).parents[2]
OPERATIONS = 15  # deeds: about half a second a story
ENOUGH = 50  # seeds within which a planted bug is found; counted from one shortly before the first that finds it


@pytest.fixture(autouse=True)
def _other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("REVMARK_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("seed", range(6))
def test_invariants_hold_whatever_goes_wrong(seed: int):
    assert judge(seed, OPERATIONS).found == {}


def test_a_seed_is_always_the_same_story():
    def traces(hashing: str) -> list[str]:
        command = [sys.executable, "-m", "tests.simulation", "--seeds", "2", "--from", "3", "--trace", "--jobs", "2",
                   "--operations", "12"]  # fmt: skip
        here = {**os.environ, "PYTHONHASHSEED": hashing, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=here, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
        return [line.split()[3] for line in done.stdout.splitlines() if line.startswith("seed ")]

    assert traces("1") == traces("2") == [judge(seed, 12).trace for seed in (3, 4)]


def test_what_is_due_at_once_runs_in_the_order_asked_and_time_jumps():
    loop, order = VirtualLoop(), list[str]()
    for at, name in ((7200.0, "late"), (5.0, "first"), (5.0, "second"), (1.0, "cancelled")):
        timer = loop.call_at(at, order.append, name)
        if name == "cancelled":
            timer.cancel()
    loop.run_until_complete(asyncio.sleep(7201))
    assert order == ["first", "second", "late"]
    assert loop.time() == 7201
    with pytest.raises(Standstill):
        loop.run_until_complete(loop.create_future())
    loop.close()


def test_how_far_it_has_come_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(simulation, "NEWS", 0.0)
    assert main(["--seeds", "2", "--operations", "2", "--jobs", "1"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("1 of 2 seeds, 0 failed")
    assert said.out.endswith("2 passed, 0 failed\n")


@pytest.mark.parametrize(
    ("bug", "first", "operations"),
    [
        ("echo", 2, 12),
        ("hasty", 1, 12),
        ("overbilled", 4, 200),
        ("overcredited", 19, 200),
        ("uncredited", 15, 100),
        ("thankful", 9, 100),
        ("backdated", 14, 40),
        ("unprorated", 38, 120),
        ("unrenewed", 14, 40), ("presumptuous", 41, 100), ("unvoided", 6, 150), ("unsummed", 14, 60),
        ("unwaiting", 21, 60), ("misreversed", 30, 120), ("unended", 3, 60),
    ],
)  # fmt: skip
def test_a_planted_bug_is_found(bug: str, first: int, operations: int):
    assert any(judge(seed, operations, bug).found for seed in range(first, ENOUGH))


ZOMBIE = Story(1, (
    Scene(0.0, "crm_company", 1), Scene(0.5, "erp_contact", 2), Scene(1.0, "crm_company", 3),
    Scene(1.2, "frozen", 4, {"worker": 0, "seconds": 25.0}), *(Scene(2.0 + n, "crm_rename", n) for n in range(26)),
    Scene(30.0, "unheard", 4, {"worker": 1, "seconds": 20.0}), *(Scene(31.0 + n, "crm_rename", n) for n in range(16)),
    Scene(52.0, "move", 5, {"partition": 0, "seconds": 9.0}), Scene(54.0, "crash", 6, {"worker": 1, "seconds": 15.0}),
))  # fmt: skip


def test_a_zombie_writes_nothing_and_what_it_had_goes_on_elsewhere():
    world = run(ZOMBIE)
    assert (world.group.zombies, world.group.deaths) == (2, 1)
    assert world.group.shares >= 4
    assert judge_story(ZOMBIE).found == {}
    assert "a worker ends" in judge_story(ZOMBIE, "unfenced").found


RETOLD = Story(1, (
    Scene(0.0, "skew", 1, {"ahead": {"hubspot": 60.0, "xero": -80.0, "worker0": -30.0, "worker1": -70.0}}),
    Scene(0.5, "crm_company", 2), Scene(4.0, "crm_person", 3),
    Scene(19.0, "replay", 4, {"topic": "facts", "records": 50}),
))  # fmt: skip


def test_what_is_delivered_again_brings_nobody_back_who_has_become_another():
    assert judge_story(RETOLD).found == {}
    assert "I10 replay" in judge_story(RETOLD, "forgetful").found


def test_a_value_written_again_is_found_unless_a_change_in_between_was_superseded():
    world = run(Story(1, (Scene(0.0, "crm_company", 1), Scene(1.0, "erp_contact", 2), Scene(5.0, "crm_rename", 3))))
    writes = world.platforms.xero.state.writes.writes
    assert resting.repeated(Witness(world)) == []
    mine = [row for row in writes if row.actor == "api" and row.action == "update"][-1]
    writes.append(replace(mine, at=mine.at + timedelta(seconds=9)))
    assert len(resting.repeated(Witness(world))) == 1
    place = next(place for place, rows in world.broker.records.items() if place[0] == "ledger" and rows)
    between = encode({"state": "superseded", "message": "", "command": {"ref": f"xero/contact/{mine.id}"}})
    millis = int(mine.at.timestamp() * 1000) + 2_000
    world.broker.records[place].append(Record(b"null", between, len(world.broker.records[place]), millis))
    assert resting.repeated(Witness(world)) == []
    writes.insert(-1, replace(mine, at=mine.at + timedelta(seconds=5), body={"TaxNumber": "1"}))  # another field
    assert resting.repeated(Witness(world)) == []


def test_what_was_on_its_way_to_companies_that_became_one_is_judged_anew_and_written_once():
    world = run(Story(1, (Scene(0.0, "crm_company", 1), Scene(0.0, "crm_company", 2), Scene(2.0, "crm_merge", 3))))
    assert violations(world) == {}
    (became,) = world.platforms.records("companies")
    superseded = {record_id(command["ref"]) for command, _ in Witness(world).ledgered("superseded")}
    assert superseded == set(became["properties"]["hs_merged_object_ids"].split(";"))
    ours = [row for row in world.platforms.portal.writes.writes if row.actor == "api"]
    assert {row.id for row in ours} == {became["id"]}
    written = [name for row in ours for name in row.body]
    assert sorted(written) == ["revmark_credit_hold", "xero_contact_id"]


def test_what_was_on_its_way_at_midnight_is_found_at_the_next_look_and_no_later():
    ahead = {"hubspot": 76.884, "xero": 12.011, "worker0": 19.062, "worker1": -50.834}
    scenes = (
        Scene(10_771.789, "skew", 3426523110, {"ahead": ahead}), Scene(10_771.926, "erp_contact", 3046179472),
        Scene(10_779.269, "crm_subscribe", 1011419984),
    )  # fmt: skip
    world = run(Story(9114, scenes, "subscriptions"))
    assert violations(world) == {}
    world.over -= resting.SETTLES
    assert resting.late(Witness(world)) != [], "what was to rest before midnight has no such hour"


def test_a_storm_over_more_records_than_a_brake_lets_pass_is_not_stopped():
    figures = storm(records=110, seconds=1)
    assert figures.writes >= figures.records
    assert figures.holds, str(figures)


def test_a_conflict_storm_ends_with_its_last_edit():
    figures = storm(records=10, seconds=5)
    assert figures.edits == 10 * 5 * 4
    assert figures.holds, figures


@pytest.mark.parametrize("seed", range(2))
def test_the_same_facts_end_in_the_same_state_in_any_order(seed: int):
    assert disordered(seed, ways=2) == []


def test_a_failure_says_how_to_see_it_again_and_shows_its_shortest_story(capsys: pytest.CaptureFixture[str]):
    assert main(["--seeds", "1", "--from", "11", "--operations", "6", "--bug", "echo"]) == 1
    said = capsys.readouterr().out
    assert 'make simulate ARGS="--seeds 1 --from 11 --operations 6 --bug echo"' in said
    assert "shortest story (1 scenes)" in said
    assert said.endswith("0 passed, 1 failed\n")


def test_shrinking_keeps_what_it_takes_to_go_wrong():
    story = Story(0, tuple(Scene(at, "crash", at) for at in range(20)))

    def wrong(each: Story) -> bool:
        return {3, 17} <= {scene.draw for scene in each.scenes}

    assert [scene.draw for scene in shrink(story, wrong).scenes] == [3, 17]


def test_every_trouble_and_every_ending_is_drawn():
    drawn = {scene.what for seed in range(150) for scene in draw(seed, 40).scenes}
    assert not {*TROUBLES, *ENDINGS, *SHIPPING, *LATENESS, *SUBSCRIBING, *TAKING_BACK} - drawn


def test_the_page_says_of_every_fault_where_it_is_met():
    page = (ROOT / "docs" / "simulation.md").read_text()
    rows = {int(number): cells for number, cells in re.findall(r"^\| F(\d+) (.*) \|$", page, re.MULTILINE)}
    assert rows.keys() == set(range(1, 41))
    for name, trouble in TROUBLES.items():
        for fault in trouble.faults:
            assert f"`{name}`" in rows[int(fault.removeprefix("F"))], (name, fault)
    named = {name for cells in rows.values() for name in re.findall(r"`(\w+)`", cells.split("|")[1])}
    assert named <= {*TROUBLES, *ENDINGS}
    for path in re.findall(r"`(tests/[\w/.]+)`", page):
        assert (ROOT / path).exists(), path
