"""`revmark facts check`: answers out of a file, against the sheets of what the workers know."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from console.projection.store import Store
from schemas.contract import template
from tests.unit.facts.records import ACME, ARM, COMPANY, OWN, PRODUCT, row

Run = Callable[..., Result]
TEXT = """Acme Ltd is based in Auckland. The robot arm sells for 1,380.00 NZD.
It comes with shipping for 40 NZD. Thank you!"""


@pytest.fixture(autouse=True)
def known(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(template("erp_led") + OWN, encoding="utf-8")
    monkeypatch.setenv("REVMARK_CONTRACT", str(path))
    store.apply([row(0, COMPANY, ACME, ACME), row(1, PRODUCT, ARM, ARM)])


@pytest.fixture
def asked(run: Run, tmp_path: Path) -> Callable[..., Result]:
    def ask(text: str, *options: str, name: str = "answers.txt") -> Result:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return run("facts", "check", str(path), "--offline", *options)

    return ask


def test_contradictions_come_with_their_sentence_the_value_and_its_owner(asked: Callable[..., Result]):
    done = asked(TEXT, "--json")
    assert done.exit_code == 1
    found: Any = json.loads(done.stdout)
    assert (found["sentences"], found["agreed"], found["silent"]) == (4, 1, 1)
    (one,) = found["contradictions"]
    # as long as not all invoices were read, nobody can say whose an address is
    assert (one["record"], one["fact"], one["said"], one["owner"]) == (COMPANY, "address", "Auckland", "nobody yet")
    assert one["sentence"] == "Acme Ltd is based in Auckland."
    assert one["value"]["city"] == "Wellington"
    assert [(each["facts"], each["why"]) for each in found["not_compared"]] == [
        (["price"], "it names nobody who has a sheet")
    ]


def test_people_read_the_same(asked: Callable[..., Result]):
    done = asked(TEXT)
    assert "Acme Ltd is based in Auckland." in done.stdout
    assert "it names nobody who has a sheet" in done.stdout
    said = " ".join(done.stderr.split())
    assert "4 sentences. Statements that agree with a sheet: 1, that contradict one: 1. Sentences" in said


def test_lines_say_what_they_are_about_and_who_said_it(asked: Callable[..., Result]):
    lines = [
        {"answer": "It costs 1,400 NZD.", "about": "ARM-7", "assistant": "one"},
        {"answer": "It costs 1,380 NZD.", "about": PRODUCT},
        {"answer": "It is in Auckland, and based in Auckland.", "about": "acme ltd", "assistant": "two"},
    ]
    done = asked("\n".join(map(json.dumps, lines)) + "\n\n", name="answers.jsonl")
    assert done.exit_code == 1
    assert "one: It costs 1,400 NZD." in done.stdout
    assert "two: It is in Auckland" in done.stdout
    assert "1,380.00 NZD" in done.stdout


def test_answers_that_agree_need_nobody(asked: Callable[..., Result]):
    done = asked("The robot arm sells for 1,380.00 NZD.")
    assert (done.exit_code, "nothing contradicts a sheet" in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("text", "name", "word"),
    [
        ("{", "a.jsonl", "a.jsonl:1 is no JSON"),
        ('{"answer": "Yes."}\n["No."]', "a.jsonl", "a.jsonl:2 is no answer: it is written"),
        ('{"answer": 7}', "a.jsonl", "is no answer"),
        ('{"about": "ARM-7"}', "a.jsonl", "is no answer"),
        ('{"answer": "Yes.", "about": "ARM-9"}', "a.jsonl", "nothing has a fact sheet as 'ARM-9'"),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_place(asked: Callable[..., Result], text: str, name: str, word: str):
    done = asked(text, name=name)
    assert (done.exit_code, word in " ".join(done.stderr.split())) == (2, True)


def test_a_file_that_cannot_be_read_is_refused(run: Run, tmp_path: Path):
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    for name, word in (("bytes.txt", "no text in UTF-8"), ("nowhere.txt", "cannot be read")):
        done = run("facts", "check", str(tmp_path / name), "--offline")
        assert (done.exit_code, word in " ".join(done.stderr.split())) == (2, True)
