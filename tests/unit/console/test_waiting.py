"""The review queue and the brakes, as the command line and the page show them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from console.page.overview import overview
from console.projection.filters import Filters
from console.projection.reviews import answered, open_review, open_reviews
from console.projection.store import Store
from console.projection.summary import status
from schemas.brake import BrakeState
from schemas.errors import Refused
from schemas.money import Money
from schemas.names import Entity, Side
from schemas.verdict import Verdict
from streams.settings import Settings
from tests.unit.console.records import INERT, at, delivery, verdict

Run = Callable[..., Result]


def review(nth: int, **changes: Any) -> Verdict:
    parts = {"ruling": "review", "rule": "newest", "field": "phone", "crm": "222", "erp": "111", "baseline": "0"}
    return verdict(nth, **(parts | {"chosen": None, "reason": "both sides changed it"} | changes))


def fill(store: Store, *verdicts: Verdict) -> None:
    store.apply([delivery("decisions", place, each) for place, each in enumerate(verdicts)])
    store.caught_up(["decisions", "revenue", "brakes"])


def refusal(nth: int, **changes: Any) -> Verdict:
    parts: dict[str, Any] = {"ruling": "refuse", "rule": "person", "who": "kim", "answer": "a1", "chosen": None}
    return review(nth, **(parts | {"reason": "the choice of kim was not carried out: changed"} | changes))


def test_a_question_is_open_until_something_is_decided_about_its_field(store: Store):
    fill(store, review(1), review(2, field="name"), review(3, field="name", ruling="close", rule="agree"))
    assert [each.verdict.field for each in open_reviews(store)] == ["phone"]
    assert status(store)["needs_person"] == {"reviews": 1}


def test_it_is_open_since_it_was_first_asked_with_the_values_it_has_now(store: Store):
    fill(store, review(1), review(2, ruling="take_crm"), review(3), refusal(4), review(5, erp="444"))
    (found,) = open_reviews(store)
    assert (found.id, found.verdict.erp, found.since) == ("verdict-5", "444", at(3))


def test_an_answer_that_was_not_carried_out_leaves_it_open(store: Store):
    fill(store, review(1), refusal(2))
    assert [each.id for each in open_reviews(store)] == ["verdict-1"]
    assert [each.id for each in answered(store, "a1")] == ["verdict-2"]


def test_a_review_is_found_by_the_beginning_of_its_id(store: Store):
    fill(store, review(1, id="abc1"), review(2, id="abd1", field="name"))
    assert open_review(store, "abc").id == "abc1"
    with pytest.raises(Refused, match="2 reviews begin with 'ab'"):
        open_review(store, "ab")
    with pytest.raises(Refused, match="no review is named 'zzz'"):
        open_review(store, "zzz")


def test_one_that_is_over_or_has_other_values_by_now_says_so(store: Store):
    fill(store, review(1), review(2, erp="444"), review(3, field="name"), review(4, field="name", ruling="take_erp"))
    with pytest.raises(Refused, match=r"have changed since .* Next: revmark review show verdict-2"):
        open_review(store, "verdict-1")
    with pytest.raises(Refused, match="is over: name was decided since"):
        open_review(store, "verdict-3")


def test_the_list_shows_both_values_the_baseline_and_the_money(store: Store, run: Run):
    fill(store, review(1, label=INERT, money=Money(amount="1150.00", currency="NZD")))
    shown = run("review", "list", "--offline")
    assert shown.exit_code == 0
    for word in ("verdict-1", INERT, "phone", "222", "111", "1,150.00 NZD", "newest", "2026-11-20 09:00:01"):
        assert word in shown.stdout
    (row,) = [json.loads(line) for line in run("review", "list", "--json", "--offline").stdout.splitlines()]
    assert (row["id"], row["crm"], row["erp"], row["baseline"]) == ("verdict-1", "222", "111", "0")
    assert (row["money"], row["rule"]) == ({"amount": "1150.00", "currency": "NZD"}, "newest")


@pytest.mark.parametrize(
    ("wish", "count"),
    [
        ([], 2),
        (["--field", "name"], 1),
        (["--rule", "newest"], 1),
        (["--type", "deal"], 0),
        (["--record", "acme ltd"], 2),
        (["-n", "1"], 1),
    ],
)
def test_the_list_takes_filters(store: Store, run: Run, wish: list[str], count: int):
    fill(store, review(1), review(2, field="name", rule="review"))
    assert len(run("review", "list", *wish, "--json", "--offline").stdout.splitlines()) == count


def test_show_tells_what_was_decided_before_and_how_to_answer(store: Store, run: Run):
    fill(store, review(1), refusal(2), review(3, erp="444"))
    shown = run("review", "show", "verdict-3", "--offline").stdout
    assert "revmark review choose verdict-3 --side crm|erp|value=... --by NAME --why TEXT" in shown
    assert "the choice of kim was not carried out" in shown
    document = json.loads(run("review", "show", "verdict-3", "--json", "--offline").stdout)
    assert [each["id"] for each in document["history"]] == ["verdict-2", "verdict-1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--side", "both", "--by", "kim", "--why", "x"], "--side is crm, erp or value=..."),
        (["--side", "value={a", "--by", "kim", "--why", "x"], "begins like JSON"),
        (["--side", "crm", "--by", " ", "--why", "x"], "must say something"),
        (["--side", "crm", "--by", "kim", "--why", ""], "must say something"),
    ],
)
def test_an_answer_that_says_nothing_is_wrong_use(run: Run, words: list[str], said: str):
    result = run("review", "choose", "verdict-1", *words)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def stopped(**changes: Any) -> BrakeState:
    parts: dict[str, Any] = {
        "tenant": "main", "connection": "main.xero", "platform": "xero", "side": Side.ERP, "entity": Entity.COMPANY,
        "rule": "owner", "state": "stopped", "records": 1001, "bound": 1000, "population": 4000, "held": 77,
        "command": "c1", "stopped_at": at(1),
    }  # fmt: skip
    return BrakeState(**(parts | changes))


def halt(store: Store, *brakes: BrakeState) -> None:
    rows = [delivery("brakes", n, each, f"{each.connection}|company|{each.rule}") for n, each in enumerate(brakes)]
    store.apply(rows)
    store.caught_up(["decisions", "revenue", "brakes"])


def test_a_stopped_rule_needs_a_person_and_shows_with_what_waits(store: Store, run: Run):
    fill(store, verdict(1, reason="the ERP owns it"))
    halt(store, stopped(), stopped(rule="newest", state="released", released_at=at(9), who="kim", why="meant so"))
    assert status(store)["needs_person"] == {"brakes": 1}
    listed = run("brake", "list", "--offline")
    assert listed.exit_code == 0
    for word in ("stopped", "owner", "1,001", "1,000", "4,000", "77", "released", "kim", "meant so"):
        assert word in listed.stdout
    told = run("brake", "status", "--offline")
    assert told.exit_code == 1
    assert "revmark brake release company owner --by NAME --why TEXT" in told.stdout
    assert "the ERP owns it" in told.stdout
    (row,) = run("brake", "list", "--state", "stopped", "--json", "--offline").stdout.splitlines()
    assert json.loads(row)["held"] == 77


def test_a_released_rule_is_the_same_row_and_needs_nobody(store: Store, run: Run):
    halt(store, stopped(), stopped(state="released", held=0, released_at=at(9)))
    assert status(store)["needs_person"] == {}
    assert run("brake", "status", "--offline").exit_code == 0


def test_the_page_shows_stopped_rules_and_questions_with_the_command_to_run(store: Store):
    fill(store, review(1, money=Money(amount="5.00", currency="NZD")))
    halt(store, stopped())
    brake, asked = overview(store, at(30), Settings(_env_file=None))["waiting"]
    assert brake["next"] == "revmark brake release company owner --by NAME --why TEXT"
    assert "1,001 of 4,000 records on Xero within an hour, 1,000 may pass: 77 writes wait" in brake["reason"]
    assert asked["next"] == "revmark review choose verdict-1 --side crm --by NAME --why TEXT"
    assert (asked["money"], asked["since"]) == ("5.00 NZD", at(1).isoformat())


def test_filters_that_reviews_do_not_know_are_refused(store: Store):
    with pytest.raises(Exception, match="cannot be filtered by --currency"):
        open_reviews(store, Filters(currency="NZD"))
