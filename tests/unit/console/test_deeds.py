"""What people do: kept before it is done, and with what came of it; shown as the topic keeps it."""

import ast
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from typer.testing import Result

import console
from console.access.trail import MINUTE, REFUSALS, Crowd, Trail
from console.deeds import LONGEST, account, begun, doing, ended
from console.projection.said import said
from console.projection.store import Store
from schemas.deed import Deed
from schemas.errors import Transient
from streams.settings import Settings
from tests.unit.console.records import at, delivery, verdict

# What puts a person's word on a topic, by the module that it is imported from.
SENDS = {
    "console.word": {"hand_over", "place", "put", "send"},
    "console.quarantining": {"drop", "replay", "tell"},
    "console.retrying": {"drop", "retry"},
    "console.replaying": {"hand_over"},
    "console.repairing": {"repair"},
    "console.signing": {"sign"},
}


def settings() -> Settings:
    return Settings(broker="127.0.0.1:1", _env_file=None)  # type: ignore[call-arg]


def deed(number: int, what: str = "drop", **given: str) -> Deed:
    usual = {"who": "kim", "about": "revmark.changes-0-17", "why": "a test record", "via": "page", "outcome": "done"}
    return Deed.model_validate(
        {"id": f"deed-{number}", "tenant": "main", "what": what, "at": at(number), **usual, **given}
    )


def test_whatever_is_done_at_a_command_line_or_on_the_page_is_kept():
    acting = []
    for path in sorted(Path(console.__file__).parent.rglob("*.py")):
        if path.parent.name not in {"commands", "page"}:
            continue
        named = {
            (node.module, each.name)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for each in node.names
        }
        if any(name in SENDS.get(module or "", ()) for module, name in named):
            acting.append(path.stem)
            kept = {("console.deeds", "doing"), ("console.access.trail", "Trail")} & named
            assert kept, f"{path}: what it does is not on the topic audit"
    assert len(acting) > 10


def test_what_cannot_be_kept_is_not_done():
    done = []
    with pytest.raises(Transient, match="Nothing was sent"), doing(settings(), "drop", "kim"):
        done.append(1)
    assert done == []


def test_a_word_at_the_command_line_needs_the_broker_before_anything_else(run: Callable[..., Result]):
    pair = ("hubspot/company/17", "xero/contact/a")
    result = run("link", *pair, "--yes", "--why", "same VAT number")
    assert (result.exit_code, "Nothing was sent" in result.output) == (3, True)


def test_both_words_of_a_deed_are_one():
    first = begun(settings(), "drop", "kim", "a" * (LONGEST + 1), " a test ", "command line")
    last = ended(first, "refused", "it was dropped before")
    assert (first.id, first.at, first.outcome, first.why) == (last.id, last.at, "begun", "a test")
    assert (last.outcome, last.said, last.ended_at >= last.at if last.ended_at else None) == (
        "refused", "it was dropped before", True,
    )  # fmt: skip
    assert (len(first.about), first.account != "") == (LONGEST + 3, True)
    assert begun(settings(), "drop", "kim").account == ""


def test_the_log_shows_each_deed_once_with_what_came_of_it(store: Store):
    asked = verdict(1, ruling="review", rule="newest", chosen=None, label="Acme")
    late = {"outcome": "failed", "said": "no Kafka answers"}
    words = [
        deed(1, outcome="begun"), deed(1), deed(2, "answer", about=asked.id), deed(3, outcome="begun"),
        deed(4, "put back", about="one, two"), deed(5, "link", about="a and b", **late),
    ]  # fmt: skip
    store.apply([delivery("decisions", 0, asked)])
    store.apply([delivery("audit", offset, each) for offset, each in enumerate(words)])
    found = said(store, 9)
    assert [(each.what, each.about, each.came, each.held, each.record) for each in found] == [
        ("link", "a and b", "failed: no Kafka answers", "", ""),
        ("put back", "one, two", "", "", ""),
        ("drop", "revmark.changes-0-17", "begun; what came of it is not known", "revmark.changes-0-17", ""),
        ("answer", "Acme payment terms", "", "", asked.record),
        ("drop", "revmark.changes-0-17", "", "revmark.changes-0-17", ""),
    ]
    assert len(said(store, 2)) == 2


def test_it_is_listed_by_who_what_and_what_came(store: Store, run: Callable[..., Result]):
    words = [deed(1), deed(2, "sign in", who="eve", outcome="refused"), deed(3, who="ann", account="root")]
    store.apply([delivery("audit", offset, each) for offset, each in enumerate(words)])
    store.caught_up(["audit"])

    def found(*wish: str) -> list[str]:
        result = run("audit", "--offline", "--json", *wish)
        assert result.exit_code == 0, result.output
        return [orjson.loads(line)["id"] for line in result.stdout.splitlines() if line.startswith("{")]

    assert found() == ["deed-3", "deed-2", "deed-1"]
    assert found("--limit", "1", "--who", "eve") == found("--state", "refused") == found("--what", "sign in")
    assert found("--who", "root") == ["deed-3"]
    assert "ann (as root)" in run("audit", "--offline").output
    for nobodys in (("--who", "zoe"), ("--day", "2020-01")):
        assert run("audit", "--offline", *nobodys).stderr.splitlines()[-1] == (
            "nothing that was done is like that. Next: revmark audit"
        )


def test_an_empty_log_is_told_as_one(store: Store, run: Callable[..., Result]):
    store.caught_up(["audit"])
    assert run("audit", "--offline", "--who", "zoe").stderr.splitlines()[-1] == "nobody has done anything yet"


def test_strangers_cannot_fill_the_topic():
    crowd, now = Crowd(at(0)), at(0)
    assert [crowd.take(now) for _ in range(REFUSALS + 7)] == [0] * REFUSALS + [None] * 7
    assert [crowd.take(now + MINUTE), crowd.take(now + MINUTE)] == [7, 0]
    assert crowd.take(now + MINUTE * 2 - timedelta(seconds=1)) == 0


async def test_where_the_topic_cannot_be_reached_the_log_says_who_came(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        await Trail(settings(), lambda: at(1)).came("sign in", "kim@example.com", "as operator")
    assert "'kim@example.com', sign in, done (as operator): no Kafka answers" in caplog.text


def test_a_user_without_a_name_can_act(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch):
    def nameless() -> str:
        raise OSError("no username set in the environment")

    monkeypatch.setattr("getpass.getuser", nameless)  # as in a container whose user has no entry
    assert account() == f"user {os.getuid()}"
    result = run("link", "hubspot/company/1", "xero/contact/a", "--yes", "--why", "she called")
    assert (result.exit_code, "no Kafka answers" in result.output) == (3, True), result.output
