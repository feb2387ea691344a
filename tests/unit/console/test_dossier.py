"""What is told of one thing in quarantine: class, attempts, verdicts, what stands before and behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from typer.testing import Result

from console.projection.delivery import SHELVES
from console.projection.listing import held
from console.projection.refusals import refusals, standing
from console.projection.store import Store
from console.projection.summary import status
from schemas.names import Entity
from schemas.quarantine import Edit, Settlement
from tests.support.work import START as THEN
from tests.support.work import create, read
from tests.unit.console.records import ACME, at, delivery, entry, verdict

Run = Callable[..., Result]
TOPIC = "revmark.lanes.xero"


def record(offset: int, value: bytes, *, topic: str = TOPIC, key: bytes = b"main.xero", **more: Any) -> bytes:
    kept = {
        "topic": topic, "partition": 0, "offset": offset, "timestamp": 1_000 * offset, "reason": "bad",
        "key": base64.b64encode(key).decode(), "value": base64.b64encode(value).decode(), "headers": [],
        "complete": True,
    }  # fmt: skip
    return orjson.dumps(kept | more)


def went_back(offset: int, returned: int) -> Settlement:
    return Settlement(
        topic=TOPIC, partition=0, offset=offset, state="replayed", who="kim", at=at(1), returned=returned
    )  # fmt: skip


def fill(store: Store, *records: Any) -> None:
    store.apply([delivery("quarantine", place, each) for place, each in enumerate(records)])
    store.caught_up(SHELVES)


def shown(run: Run, name: str) -> dict[str, Any]:
    said = run("quarantine", "show", name, "--json", "--offline")
    assert said.exit_code == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    return found


@pytest.mark.parametrize(
    ("value", "topic", "recovery", "remedy"),
    [
        (b"{}", TOPIC, "refused", "it cannot be read as it is"),
        (create(1, connection="demo.xero").to_bytes(), TOPIC, "parked", "demo.xero is not set up here"),
        (read(lambda: THEN, "invoice", "1").to_bytes(), TOPIC, "refused", "it can be read now"),  # type: ignore[arg-type]
        (b"{}", "revmark.elsewhere", "refused", "no worker of this deployment reads revmark.elsewhere"),
    ],
)
def test_its_class_says_what_ends_it(store: Store, run: Run, value: bytes, topic: str, recovery: str, remedy: str):
    fill(store, record(4, value, topic=topic))
    found = shown(run, f"{topic}-0-4")
    assert (found["recovery"], remedy in found["remedy"]) == (recovery, True), found["remedy"]


def test_attempts_are_counted_through_all_its_names_and_its_first_place_orders_it(store: Store, run: Run):
    about = create(1).to_bytes()
    fill(store, record(5, about), went_back(5, 20), record(7, about), record(20, about), went_back(20, 31),
         record(31, about))  # fmt: skip
    again = held(store, f"{TOPIC}-0-31")
    assert (again.attempts, again.earlier, again.origin) == (3, (f"{TOPIC}-0-5", f"{TOPIC}-0-20"), (TOPIC, 0, 5))
    assert [shown(run, f"{TOPIC}-0-{n}")[which] for n, which in ((31, "behind"), (7, "before"), (31, "before"))] == [
        [f"{TOPIC}-0-7"], [f"{TOPIC}-0-31"], [],
    ]  # fmt: skip


def test_an_edit_is_shown_beside_what_was_there(store: Store, run: Run):
    was = create(1)
    edit = Edit(topic=TOPIC, partition=0, offset=5, who="kim", why="a typo", at=at(9),
                value=was.model_copy(update={"fields": {"name": "mended"}}).to_bytes().decode())  # fmt: skip
    fill(store, record(5, was.to_bytes()), edit.model_copy(update={"value": "{}"}), edit)
    text = run("quarantine", "show", f"{TOPIC}-0-5", "--offline").stdout
    assert 'fields.name: "v1" -> "mended"' in text
    assert "edited by kim at 2026-11-20 09:00:09 UTC: a typo" in text
    assert was.to_bytes().decode() in text
    assert shown(run, f"{TOPIC}-0-5")["changed"] == [{"path": "fields.name", "was": "v1", "is": "mended"}]
    assert "edited" in run("quarantine", "list", "--offline").stdout
    assert status(store)["needs_person"] == {"quarantined": 1}


def test_the_verdicts_that_led_to_a_command_are_shown_with_it(store: Store, run: Run):
    store.apply([delivery("decisions", n, verdict(n, command="c1", reason=f"because {n}")) for n in range(3)])
    fill(store, record(5, create(1).to_bytes()))
    assert [each["reason"] for each in shown(run, f"{TOPIC}-0-5")["verdicts"]] == [
        "because 2",
        "because 1",
        "because 0",
    ]
    assert "because 2" in run("quarantine", "show", f"{TOPIC}-0-5", "--offline").stdout


def refuse(store: Store) -> None:
    """A company that Xero refused to make, an invoice of its own, and a deal that waits for it."""
    row = orjson.dumps({"id": ACME, "waiting": ["deal:0000000000000001"]})
    store.apply([
        delivery("ledger", 0, entry(1, "refused", id="c1", entity=Entity.COMPANY, record=ACME), "main.xero|c1"),
        delivery("ledger", 1, entry(3, "superseded", id="c3", entity=Entity.COMPANY, record=ACME), "main.xero|c3"),
        delivery("ledger", 2, entry(4, "waiting", id="c4", entity=Entity.COMPANY, record=ACME), "main.xero|c4"),
        delivery("decisions", 0, verdict(1, command="c1", ruling="create", reason="it exists in the CRM only")),
        delivery("tables.accounts", 0, row, orjson.dumps(f"c|main|{ACME}").decode()),
    ])  # fmt: skip
    store.caught_up(SHELVES)


def test_a_refused_command_is_listed_and_shown_with_what_waits_behind_it(store: Store, run: Run):
    refuse(store)
    listed = run("quarantine", "list", "--offline").stdout
    for word in ("c1", "xero: create company", "refused", "400"):
        assert word in listed
    found = shown(run, "c1")
    assert (found["recovery"], found["attempts"], found["waiting"]) == ("refused", 1, ["deal:0000000000000001"])
    assert [(each["command"], each["state"]) for each in found["writes"]] == [("c3", "superseded"), ("c4", "waiting")]
    assert [each["reason"] for each in found["verdicts"]] == ["it exists in the CRM only"]
    text = run("quarantine", "show", "c1", "--offline").stdout
    assert "behind it: 2 writes of the record: c3 (superseded), c4 (waiting); 1 records of the customer" in text
    assert "revmark quarantine replay c1" in text


@pytest.mark.parametrize("state", ["replayed", "dropped"])
def test_one_that_a_person_has_spoken_of_needs_nobody(store: Store, run: Run, state: str):
    refuse(store)
    assert status(store)["needs_person"] == {"refused": 1}
    said = Settlement.model_validate(
        {"topic": "revmark.ledger", "partition": -1, "offset": -1, "command": "c1", "state": state, "who": "kim",
         "why": "the account was added", "at": at(9)}
    )  # fmt: skip
    fill(store, said)
    assert (standing(store), status(store)["needs_person"]) == (0, {})
    assert [each.name for each in refusals(store, state, limit=9)] == ["c1"]
    assert (
        f"{state} by kim at 2026-11-20 09:00:09 UTC: the account was added"
        in run("quarantine", "show", "c1", "--offline").stdout
    )


def test_words_that_make_no_sense_are_not_sent(run: Run):
    assert run("quarantine", "edit", "c1").exit_code == 2
    assert run("quarantine", "edit", "c1", "--why", " ").exit_code == 2
    assert run("quarantine", "edit", "c1", "--why", "x", "--set", "a=b", "--file", "c.json").exit_code == 2
