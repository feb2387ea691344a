"""How far long readings are, as the command line and the page show it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from console.page.overview import overview
from console.projection.progress import progress
from console.projection.store import Store
from console.projection.summary import status
from schemas.reading import ReadingState, reading_key
from streams.settings import Settings
from tests.unit.console.records import at, delivery

Run = Callable[..., Result]


def reading(kind: str = "invoice", **changes: Any) -> ReadingState:
    parts: dict[str, Any] = {
        "tenant": "main", "connection": "main.xero", "platform": "xero", "kind": kind, "what": "backfill",
        "state": "running", "read": 2000, "left": 4000, "asked_at": at(0), "from_at": at(0), "at": at(20),
    }  # fmt: skip
    return ReadingState(**(parts | changes))


def fill(store: Store, *states: ReadingState) -> None:
    keys = [reading_key(each.connection, each.what, each.kind) for each in states]
    store.apply([delivery("readings", n, each, key) for n, (each, key) in enumerate(zip(states, keys, strict=True))])
    store.caught_up(["readings"])


def test_the_rate_is_over_all_kinds_for_they_take_turns(store: Store):
    fill(store, reading(), reading("contact", read=1000, left=500, at=at(10)), reading("item", state="done", left=0))
    (found,) = progress(store, at(30))
    assert (found.state, found.read, found.total, found.rate) == ("running", 5000, 9500, 250.0)
    assert found.seconds_left == 18  # 4,500 records at 250 a second
    assert found.calls_left == 5


def test_what_the_quota_does_not_let_through_takes_longer_whatever_the_rate(store: Store):
    fill(store, reading(left=1_300_000))
    (found,) = progress(store, at(30))
    assert (found.calls_left, found.days) == (1300, 3)  # a backfill takes 600 of the smallest tier's 1,000 calls a day
    assert found.seconds_left == 2 * 86_400 + 100 * 2  # two days wait for the next, the rest goes at 30 a minute


def test_what_came_before_a_stop_counts_for_no_rate(store: Store):
    fill(store, reading(read=5000, from_read=4000, from_at=at(10)))
    assert progress(store, at(30))[0].rate == 100.0


def test_a_rate_of_a_second_is_none_yet(store: Store):
    fill(store, reading(at=at(1)))
    (found,) = progress(store, at(30))
    assert (found.rate, found.seconds_left) == (None, 8)  # four calls at thirty a minute


def test_a_total_is_not_known_before_the_platform_says(store: Store):
    fill(store, reading(left=None))
    (found,) = progress(store, at(30))
    assert (found.total, found.seconds_left) == (None, None)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"until": at(5_000_000_000), "why": "left to live work"}, "waiting"),
        ({"until": at(25)}, "running"),
        ({"failures": 3, "until": at(40), "why": "no such scope"}, "failing"),
        ({"state": "stopped"}, "stopped"),
        ({"state": "dropped"}, "dropped"),
        ({"state": "done", "left": 0}, "done"),
    ],
)
def test_how_it_stands(store: Store, run: Run, changes: dict[str, Any], state: str):
    fill(store, reading(**changes))
    (found,) = progress(store, at(30))
    assert found.state == state
    assert ("readings" in status(store)["needs_person"]) is (state == "failing")  # type: ignore[operator]
    said = run("backfill", "status", "--offline")
    assert said.exit_code == (1 if state == "failing" else 0)
    shown = overview(store, at(30), Settings(_env_file=None))["readings"]
    assert bool(shown) is found.open
    if changes.get("why") and state != "running":
        assert changes["why"] in said.stdout


def test_an_earlier_backfill_is_not_told_with_a_later_one_unless_it_is_open(store: Store):
    old = {"asked_at": at(-9000), "from_at": at(-9000), "at": at(-8000)}
    fill(store, reading(), reading("item", state="done", left=0, **old), reading("contact", state="stopped", **old))
    (found,) = progress(store, at(30))
    assert {row.kind for row in found.kinds} == {"invoice", "contact"}


def test_status_shows_what_is_being_read_and_json_all_of_it(store: Store, run: Run):
    fill(store, reading(), reading("contact", what="first", state="done", left=0))
    said = run("status", "--offline")
    assert "Being read" in said.stdout
    (line,) = [line for line in said.stdout.splitlines() if line.startswith("main.xero")]
    assert line.split()[:8] == ["main.xero", "backfill", "running", "2,000", "6,000", "100.0", "1", "min"]
    document = json.loads(run("backfill", "status", "--offline", "--json").stdout)
    assert [(each["what"], each["state"]) for each in document["readings"]] == [
        ("backfill", "running"), ("first", "done"),
    ]  # fmt: skip


def test_without_one_there_is_nothing_to_tell(store: Store, run: Run):
    store.caught_up(["readings"])
    said = run("backfill", "status", "--offline")
    assert (said.exit_code, said.stdout) == (0, "")
    assert "revmark worker" in said.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--platform", "sap"], "'sap' is no platform: it is one of hubspot, xero"),
        (["--platform", "xero", "--entity", "deal"], "xero holds no records of kind deal"),
        (["--entity", "subscription"], "hubspot and xero hold no records of kind subscription"),
        (["--since", "yesterday"], "--since 'yesterday' is no day or time"),
        (["--since", "2999-01-01"], "--since '2999-01-01' lies ahead"),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_can(run: Run, words: list[str], said: str):
    answer = run("backfill", *words)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "Nothing was sent. Next: revmark backfill" in answer.stderr
