"""`revmark facts check --ask`: an assistant over TCP is asked, and its answers are compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from console.assistant import Assistant, question
from console.projection.store import Store
from schemas.contract import template
from schemas.errors import SettingsError
from streams.settings import Settings
from tests.support.assistants import KEY, MODEL, Oracle, oracle
from tests.unit.facts.records import ACME, ARM, COMPANY, OWN, PRODUCT, made, row

Run = Callable[..., Result]
KNOWS = {
    "company Harbour": "Harbour Instruments is based in Dunedin. Its phone number is +64 9 555 0100.",
    "product Robot": "The SKU of the Robot arm is ARM-7. It costs NZ$1,400.",
    "company Acme": "Acme Ltd is based in Wellington.",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Oracle]:
    with oracle() as found:
        yield found


@pytest.fixture
def wise(running: Oracle) -> Oracle:
    """An assistant that nobody has told to misbehave."""
    running.knows, running.key, running.status, running.after, running.body = dict(KNOWS), KEY, 0, 0, None
    running.asked.clear()
    return running


@pytest.fixture
def ask(store: Store, wise: Oracle, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    path = tmp_path / "contract.yaml"
    path.write_text(template("erp_led") + OWN, encoding="utf-8")
    monkeypatch.setenv("REVMARK_CONTRACT", str(path))
    monkeypatch.setenv("REVMARK_ASSISTANT_URL", wise.url)
    monkeypatch.setenv("REVMARK_ASSISTANT_MODEL", MODEL)
    monkeypatch.setenv("REVMARK_ASSISTANT_KEY", KEY)
    store.apply([row(0, COMPANY, ACME, ACME), row(1, PRODUCT, ARM, ARM)])
    return lambda *options: run("facts", "check", "--ask", "--offline", *options)


def said(done: Result) -> str:
    return " ".join(done.stderr.split())


def test_it_is_asked_about_the_seller_and_the_products_and_no_customer(ask: Callable[..., Result], wise: Oracle):
    done = ask("--json")
    assert done.exit_code == 1
    found: Any = json.loads(done.stdout)
    assert [(each["fact"], each["said"], each["assistant"]) for each in found["contradictions"]] == [
        ("address", "Dunedin", MODEL), ("price", "NZ$1,400", MODEL),
    ]  # fmt: skip
    assert found["agreed"] == 2
    assert len(wise.asked) == 2
    assert "asking oracle-1 at 127.0.0.1 about 2 of 2; names and SKUs leave this machine" in said(done)


def test_a_question_holds_names_and_no_facts(ask: Callable[..., Result], wise: Oracle):
    ask()
    ask("--about", "acme ltd")
    assert [each.partition("?")[0] for each in wise.asked] == [
        "What do you know about the company Harbour Instruments",
        "What do you know about the product Robot arm (SKU ARM-7) of Harbour Instruments",
        "What do you know about the company Acme Ltd",
    ]
    for fact in ("1380", "Kiwi", "98-765-432", "123 4567", "Quay"):
        assert not any(fact in each for each in wise.asked)
    broken = made({"name": "Acme\nIgnore this"}, None)
    assert "Acme Ignore this?" in question(broken, None)


def test_answers_are_kept_and_can_be_compared_again(ask: Callable[..., Result], run: Run, tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    done = ask("--keep", str(path))
    again = run("facts", "check", str(path), "--offline")
    assert (again.exit_code, again.stdout) == (done.exit_code, done.stdout)


def test_what_came_before_a_failure_is_kept(ask: Callable[..., Result], wise: Oracle, tmp_path: Path):
    wise.status, wise.after = 500, 1
    path = tmp_path / "answers.jsonl"
    assert ask("--keep", str(path)).exit_code == 3
    assert [json.loads(line)["about"] for line in path.read_text(encoding="utf-8").splitlines()] == ["seller"]


@pytest.mark.parametrize(
    ("told", "code", "word"),
    [
        ({"key": "another"}, 2, "answered 401: see REVMARK_ASSISTANT_KEY"),
        ({"status": 429}, 3, "answered 429. Try again later"),
        ({"status": 503}, 3, "answered 503"),
        ({"status": 400}, 2, "answered 400: see REVMARK_ASSISTANT_URL"),
        ({"status": 307}, 2, "answered 307"),
        ({"body": {"choices": []}}, 2, "answered without a text"),
        ({"body": ["no"]}, 2, "answered without a text"),
        ({"body": {"choices": [{"message": {"content": None}}]}}, 2, "answered without a text"),
    ],
)
def test_what_goes_wrong_is_told_without_the_key(
    ask: Callable[..., Result], wise: Oracle, told: dict[str, Any], code: int, word: str
):
    for name, value in told.items():
        setattr(wise, name, value)
    done = ask("--limit", "1")
    assert (done.exit_code, word in said(done)) == (code, True), done.stderr
    assert KEY not in done.output


def test_one_that_is_not_there_is_told(ask: Callable[..., Result], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REVMARK_ASSISTANT_URL", "http://127.0.0.1:1/v1")
    done = ask()
    assert (done.exit_code, "127.0.0.1 did not answer (ConnectError)" in said(done)) == (3, True)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1", "http://169.254.169.254/latest", "ftp://127.0.0.1/v1", "127.0.0.1:8080",
        "https://api.example.com/v1?key=1", "https://name:word@api.example.com/v1", "http://10.0.0.7/v1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_is_not_called(url: str):
    with pytest.raises(SettingsError, match="called"):
        Assistant(Settings(assistant_url=url, assistant_model=MODEL, _env_file=None))


@pytest.mark.parametrize("options", [["answers.txt", "--ask"], [], ["answers.txt", "--keep", "kept.jsonl"]])
def test_a_file_and_a_question_are_two_things(run: Run, options: list[str]):
    done = run("facts", "check", "--offline", *options)
    assert (done.exit_code, "give a file of answers, or --ask" in said(done)) == (2, True)


def test_without_an_assistant_nothing_is_asked(ask: Callable[..., Result], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REVMARK_ASSISTANT_MODEL", "")
    done = ask()
    assert (done.exit_code, "no assistant is named. Nothing was asked" in said(done)) == (2, True)


def test_answers_that_cannot_be_kept_are_not_asked_for(ask: Callable[..., Result], wise: Oracle, tmp_path: Path):
    done = ask("--keep", str(tmp_path / "nowhere" / "answers.jsonl"))
    assert (done.exit_code, "answers cannot be kept" in said(done), wise.asked) == (2, True, [])


def test_a_record_that_has_no_sheet_is_not_asked_about(ask: Callable[..., Result], wise: Oracle):
    done = ask("--about", "ARM-9")
    assert (done.exit_code, wise.asked) == (2, [])
