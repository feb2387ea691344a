"""People at the console: a stopped rule is let go and a review answered, from other processes, through Kafka alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts import contract_text
from tests.support.invariants import violations
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]
CHANGES = {
    # long enough for two people on a busy machine to have edited at once
    "entities": {"company": {"fields": {"phone": {"policy": "newest", "tolerance_seconds": 600}}}},
    "brakes": [{"about": "company", "rule": "newest", "records": 1}],
}


def test_a_person_lets_a_stopped_rule_go_on_and_answers_a_review(broker: str, names: str, tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text(contract_text(CHANGES), encoding="utf-8")
    with performance(tmp_path, broker, names) as play:
        play.stage.raise_curtain()
        play.story.first_sync()
        play.account.expect("phones agree", 4, lambda: agreed(play, "Harakeke", "Kauri", "Rimu", "Tui"))
        # The rule first: what is asked of one side before the other was heard is counted, and then not written.
        release_a_rule(play)
        answer_a_review(play)
        play.account.expect("all invariants hold", {}, lambda: violations(play), patience=30)
        differences = "\n".join(f"{e.name}\n  expected {e.expected}\n  seen     {e.seen}" for e in play.differences())
        assert not differences, differences


def release_a_rule(play: Performance) -> None:
    shops = ("Harakeke", "Tui", "Kauri")
    for number, name in enumerate(shops):
        edit(play, name, crm=f"700{number}")
    expected = {"state": "stopped", "rule": "newest", "records": 2, "bound": 1, "held": 2}

    def look() -> Any:
        (row,) = [row for row in rows(play, "brake", "list") if row["platform"] == "xero"]
        return {name: row[name] for name in expected}

    play.account.expect("the second write stops the rule, the third waits", expected, look)
    play.account.expect("one went through", 1, lambda: agreed(play, *shops))
    for worker in ("worker-1", "worker-2"):
        play.stage.processes[worker].kill()
        play.stage.processes[worker].restart()
    play.stage.run("brake", "release", "company", "newest", "--by", "kim", "--why", "a new number plan")
    all_of_them = {name: (f"700{number}",) * 2 for number, name in enumerate(shops)}
    play.account.expect("let go, the others follow", all_of_them, lambda: {
        name: phones(play)[name] for name in shops
    })  # fmt: skip
    play.account.expect("alarm and release are revenue events", ["brake_tripped", "brake_released"], lambda: [
        row["type"] for row in play.witness.seen(play.topics.name(play.topics.revenue))
        if row["type"].startswith("brake")
    ])  # fmt: skip
    (row,) = rows(play, "brake", "list", "--state", "released")
    assert (row["held"], row["who"], row["why"]) == (0, "kim", "a new number plan")


def answer_a_review(play: Performance) -> None:
    # Both edit before anybody hears of either; else the second may well have seen what was made of the first.
    with play.stage.processes["worker-1"].paused(), play.stage.processes["worker-2"].paused():
        edit(play, "Rimu", crm="1001", erp="2002")
    early = asked(play, "1001", "2002")
    edit(play, "Rimu", erp="3003")
    late = asked(play, "1001", "3003")
    words = ("--by", "kim", "--why", "she called")
    code, said = refused(play, "review", "choose", early["id"], "--side", "crm", *words)
    assert (code, f"revmark review show {late['id']}" in said) == (2, True), said
    play.stage.run("review", "choose", late["id"], "--side", "value=4004", *words)
    play.account.expect("the value goes to both sides", ("4004", "4004"), lambda: phones(play)["Rimu"])
    assert rows(play, "review", "list") == []
    decided = [row for row in rows(play, "decisions", "--state", "settle") if row["field"] == "phone"]
    assert {row["written_to"] for row in decided} == {"crm", "erp"}
    assert {(row["rule"], row["who"], row["why"]) for row in decided} == {("person", "kim", "she called")}


def edit(play: Performance, name: str, *, crm: str | None = None, erp: str | None = None) -> None:
    """People type in a customer's phone."""
    if erp is not None:
        contact = contact_of(play, name)["ContactID"]
        phone = {"PhoneType": "DEFAULT", "PhoneCountryCode": "", "PhoneAreaCode": "", "PhoneNumber": erp}
        play.finance.post("Contacts", {"ContactID": contact, "Phones": [phone]})
    if crm is not None:
        play.sales.edit("companies", company_of(play, name)["id"], phone=crm)


def asked(play: Performance, crm: str, erp: str) -> dict[str, Any]:
    """The open review of these values, once it is there."""
    listed: list[dict[str, Any]] = []

    def shown() -> list[tuple[Any, ...]]:
        listed[:] = rows(play, "review", "list")
        return [(row["crm"], row["erp"], row["field"], row["rule"]) for row in listed]

    play.account.expect("a person is asked about the phone", [(crm, erp, "phone", "newest")], shown)
    return listed[0]


def rows(play: Performance, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in play.stage.run(*words, "--json").splitlines()]


def refused(play: Performance, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "console.main", *words]
    done = subprocess.run(command, env=play.stage.env, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own command
    return done.returncode, done.stderr


def phones(play: Performance) -> dict[str, tuple[str, str]]:
    """What both sides show, customer by customer."""
    return {name: (company_of(play, name)["properties"].get("phone") or "", _phone(contact_of(play, name)))
            for name in ("Harakeke", "Kauri", "Rimu", "Tui")}  # fmt: skip


def agreed(play: Performance, *names: str) -> int:
    """How many of the customers show the same phone on both sides."""
    shown = phones(play)
    return sum(bool(crm) and crm == erp for crm, erp in (shown[name] for name in names))


def company_of(play: Performance, name: str) -> dict[str, Any]:
    return next(row for row in play.sales.records("companies") if row["properties"]["name"].startswith(name))


def contact_of(play: Performance, name: str) -> dict[str, Any]:
    return next(row for row in play.finance.shelf("Contacts") if row["Name"].startswith(name))


def _phone(contact: dict[str, Any]) -> str:
    shown = next((row for row in contact.get("Phones") or () if row["PhoneType"] == "DEFAULT"), {})
    parts = (shown.get(part) or "" for part in ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"))
    return " ".join(part for part in parts if part)
