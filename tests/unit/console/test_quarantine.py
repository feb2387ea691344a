"""Quarantine as the projection keeps it: what is held, what a person said of it, and the bytes to put back."""

import base64
from collections.abc import Callable
from itertools import permutations

import orjson
import pytest
from typer.testing import Result

from console.exits import NEEDS_PERSON
from console.projection.filters import Filters
from console.projection.held import Bytes
from console.projection.listing import bytes_of, held, quarantined
from console.projection.store import Store
from console.projection.summary import status
from console.word import Place, turned_down
from schemas.quarantine import Settlement
from tests.unit.console.records import at, delivery

Run = Callable[..., Result]
NAME = "revmark.changes-2-17"


def record(offset: int = 17, **changes: object) -> bytes:
    """A record as the engine quarantines it."""
    kept = {
        "topic": "revmark.changes", "partition": 2, "offset": offset, "timestamp": 1, "reason": "not a change",
        "key": base64.b64encode(b"main").decode(), "value": base64.b64encode(b'{"a": \xff}').decode(),
        "headers": [["trace", base64.b64encode(b"7").decode()]], "complete": True,
    }  # fmt: skip
    return orjson.dumps(kept | changes)


def settled(state: str = "dropped", offset: int = 17) -> Settlement:
    return Settlement(
        topic="revmark.changes", partition=2, offset=offset, state=state, who="kim", why="a test", at=at(9),  # type: ignore[arg-type]
    )  # fmt: skip


def names(store: Store, state: str) -> list[str]:
    return [each.name for each in quarantined(store, Filters(state=state))]


@pytest.mark.parametrize("order", list(permutations([record(17), record(18), settled()])))
def test_what_a_person_said_holds_in_whatever_order_it_is_read(store: Store, order: tuple[bytes | Settlement, ...]):
    store.apply([delivery("quarantine", place, each) for place, each in enumerate(order)])
    assert names(store, "held") == ["revmark.changes-2-18"]
    assert names(store, "dropped") == [NAME]
    assert status(store)["needs_person"] == {"quarantined": 1}
    settlement = held(store, NAME).settlement
    assert settlement is not None
    assert (settlement.who, settlement.why) == ("kim", "a test")


def test_a_record_that_is_quarantined_again_from_its_place_stays_settled(store: Store):
    store.apply([delivery("quarantine", 0, record()), delivery("quarantine", 1, settled("replayed"))])
    store.apply([delivery("quarantine", 2, record(reason="read again after a crash"))])
    assert status(store)["needs_person"] == {}
    assert store.rows("SELECT sum(count) AS n FROM pulse WHERE stop = 'quarantine'")[0]["n"] == 2


def test_the_bytes_are_kept_as_they_were(store: Store):
    store.apply(
        [delivery("quarantine", 0, record()), delivery("quarantine", 1, record(18, complete=False, value=None))]
    )
    assert bytes_of(store, NAME) == Bytes(
        "revmark.changes", 2, 17, b"main", b'{"a": \xff}', (("trace", b"7"),), complete=True
    )
    cut = bytes_of(store, "revmark.changes-2-18")
    assert cut is not None
    assert (cut.complete, cut.value) == (False, None)


@pytest.mark.parametrize("broken", [b"no json", b"[]", b'{"topic": "a"}', record(key="no base64!")])
def test_a_record_that_does_not_say_what_lay_where_has_no_bytes(store: Store, broken: bytes):
    store.apply([delivery("quarantine", 0, broken)])
    (found,) = quarantined(store)
    assert bytes_of(store, found.name) is None


@pytest.mark.parametrize(
    ("value", "about"),
    [
        ({"type": "change", "platform": "xero", "kind": "contact", "record_id": "a"}, "xero/contact/a"),
        ({"type": "fact", "id": "company:1f"}, "company:1f"),
        ({"type": "command", "id": "9f", "record": "deal:2e"}, "deal:2e"),
        ({"document": "invoice:3d"}, "invoice:3d"),
        ({"broken": True}, ""),
        ([1], ""),
    ],
)
def test_it_says_which_record_it_is_about(store: Store, value: object, about: str):
    store.apply([delivery("quarantine", 0, record(value=base64.b64encode(orjson.dumps(value)).decode()))])
    assert held(store, NAME).about == about
    if about:
        assert [each.name for each in quarantined(store, Filters(record=about))] == [NAME]


def test_the_commands_show_what_became_of_it(store: Store, run: Run):
    store.apply([delivery("quarantine", 0, record()), delivery("quarantine", 1, settled())])
    store.caught_up(["quarantine"])
    assert "quarantine is empty" in run("quarantine", "list", "--offline").stderr
    assert "dropped" in run("quarantine", "list", "--state", "any", "--offline").stdout
    shown = run("quarantine", "show", NAME, "--offline").stdout
    assert "dropped by kim at 2026-11-20 09:00:09 UTC: a test" in shown
    assert (
        orjson.loads(run("quarantine", "show", NAME, "--json", "--offline").stdout)["settlement"]["state"] == "dropped"
    )


@pytest.mark.parametrize(
    "arguments",
    [["replay"], ["replay", NAME, "--all"], ["drop", NAME], ["drop", NAME, "--why", " "], ["drop"]],
)
def test_a_word_that_makes_no_sense_is_not_sent(run: Run, arguments: list[str]):
    assert run("quarantine", *arguments).exit_code == 2


def test_a_filter_that_leaves_nothing_does_not_say_that_quarantine_is_empty(store: Store, run: Run):
    store.apply([delivery("quarantine", 0, record())])
    store.caught_up(["quarantine"])
    said = run("quarantine", "list", "--type", "revmark.facts", "--offline").stderr
    assert "nothing in quarantine is like that; 1 record in all" in said
    assert "quarantine is empty" not in said


def test_a_word_that_went_into_quarantine_was_not_carried_out(store: Store, capsys: pytest.CaptureFixture[str]):
    place = Place("revmark.changes", 2, 17)
    assert turned_down(store, place) is None
    store.apply([delivery("quarantine", 0, record(reason="no connection demo is set up here"))])
    refusal = turned_down(store, place)
    assert refusal is not None
    assert refusal.exit_code == NEEDS_PERSON
    said = " ".join(capsys.readouterr().err.split())
    assert (
        f"not done: no connection demo is set up here. It is in quarantine as {NAME}. Next: revmark quarantine drop"
        in said
    )
