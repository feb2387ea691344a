"""`revmark reconcile`, `repair` and signatures over the real broker, with workers at work on both sandboxes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.night import Night
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]
NIGHT = "2025-11-20"  # a day that has passed on every machine


def revmark(play: Performance, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "console.main", *arguments]
    done = subprocess.run(command, env=play.stage.env, capture_output=True, text=True, timeout=180, check=False)  # noqa: S603
    return done.returncode, done.stdout, done.stderr


def reconcile(play: Performance, *more: str) -> tuple[int, str, str]:
    return revmark(play, "reconcile", "--night", NIGHT, "--settling", "0", *more)


def sell(play: Performance, amount: str) -> dict[str, Any]:
    """Finance enters an invoice of that day."""
    contact = play.cast.contacts["Harakeke"]
    line = {"Description": "Honey", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
    return play.finance.put("Invoices", {
        "Type": "ACCREC", "Contact": {"ContactID": contact}, "Date": NIGHT, "DueDate": NIGHT, "Status": "AUTHORISED",
        "LineItems": [line],
    })  # fmt: skip


def mirrors(play: Performance, row: dict[str, Any]) -> list[dict[str, Any]]:
    return play.sales.find("invoices", "xero_invoice_id", row["InvoiceID"])


def agreed(play: Performance) -> str:
    """Whether a night is reconciled, the stream's totals included."""
    code, seen, said = reconcile(play, "--json")
    if code:
        return f"{code}: {seen[-400:]} {said[-400:]}"
    behind = [
        each for each in json.loads(seen)["tallies"] if each["kind"] == "invoice" and each["stream_erp"] != each["erp"]
    ]
    return f"the stream is behind: {behind}" if behind else "agreed"


def nights(play: Performance) -> set[bool]:
    """Whether the nights that workers have had reconciled were read whole, and agree."""
    lying = play.records(play.topics.nights).values()
    found = [Night.from_bytes(value) for partition in lying for _, value in partition]
    return {each.whole and not each.differs for each in found}


def alarmed(play: Performance, late: dict[str, Any], *words: str) -> None:
    """The night's report says first that it has changed, and what."""
    code, seen, _ = reconcile(play, *words)
    assert code == 1
    assert seen.startswith("ALARM: this night was signed by Kim and has changed since."), seen
    assert "invoices in Xero: signed 1 of 120.00, now 2 of 150.00" in seen
    assert late["InvoiceNumber"] in seen


def money_behind_the_signature(play: Performance, row: dict[str, Any]) -> None:
    """Nobody reconciles, and it is seen all the same."""
    assert revmark(play, "totals", "--nights")[0] == 0
    play.finance.put("Payments", {
        "Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "090"}, "Date": NIGHT, "Amount": "20.00",
    })  # fmt: skip
    play.account.expect("a signed night has changed", 1, lambda: revmark(play, "totals", "--nights")[0])
    _, seen, _ = revmark(play, "totals", "--nights", "--day", NIGHT, "--json")
    assert json.loads(seen)["changed"] == [
        "NZD payments in Xero: signed 0 of 0, the stream now counts 1 of 20.00",
    ]  # fmt: skip
    assert revmark(play, "status")[0] == 1
    assert reconcile(play, "--sign", "Mo", "--why", "paid in cash")[0] == 0
    play.account.expect("the night agrees with it", "agreed", lambda: agreed(play))
    assert revmark(play, "totals", "--nights")[0] == 0


def what_people_did(play: Performance) -> None:
    """Each act is on the topic of its own."""
    _, seen, _ = revmark(play, "audit", "--json")
    deeds = [json.loads(line) for line in seen.splitlines()]
    assert [(each["what"], each["who"], each["outcome"]) for each in reversed(deeds) if each["what"] == "sign"] == [
        ("sign", "Kim", "done"), ("sign", "Lee", "done"), ("sign", "Mo", "done"),
    ]  # fmt: skip
    assert [each["outcome"] for each in reversed(deeds) if each["what"] == "repair"] == ["sent", "done"]


def test_a_night_is_counted_signed_spoilt_found_and_repaired(broker: str, names: str, tmp_path: Path) -> None:
    with performance(tmp_path, broker, names) as play:
        play.stage.env["REVMARK_RECONCILE_HOUR"] = "0"
        play.stage.raise_curtain()
        play.story.first_sync()
        play.account.expect("the last night was reconciled by itself", {True}, lambda: nights(play))
        row = sell(play, "120.00")
        play.account.expect("the invoice is in HubSpot", 1, lambda: len(mirrors(play, row)))
        play.account.expect("the night agrees", "agreed", lambda: agreed(play))
        calls = len(play.finance.calls())
        code, seen, said = reconcile(play, "--sign", "Kim")
        assert code == 0, seen + said
        assert "signed by Kim" in said
        assert len(play.finance.calls()) >= calls + 3
        code, seen, _ = reconcile(play)
        assert code == 0
        assert "Signed by Kim, " in seen

        # something is entered behind the signature
        late = sell(play, "30.00")
        play.account.expect("it is in HubSpot as well", 1, lambda: len(mirrors(play, late)))
        for words in ([], ["--no-stream"]):
            alarmed(play, late, *words)
        before = ("reconcile", "--night", "2025-11-19")
        play.account.expect("another night's report sounds the alarm", 1, lambda: revmark(play, *before)[0])
        _, seen, _ = revmark(play, *before)
        assert seen.startswith("ALARM: 1 other signed night has changed since."), seen
        assert f"Changed: {NIGHT}, signed by Kim: NZD invoices in " in seen
        assert reconcile(play, "--sign", "Lee")[0] == 2, "not without a reason"
        assert reconcile(play, "--sign", "Lee", "--why", "found in a drawer")[0] == 0
        play.account.expect("the night agrees again", "agreed", lambda: agreed(play))
        assert revmark(play, *before)[0] == 0, "what was signed again stands"

        money_behind_the_signature(play, row)
        # while nobody works somebody spoils a record: it is found all the same, and repaired once there are workers
        workers = play.stage.processes["worker-1"], play.stage.processes["worker-2"]
        for each in workers:
            each.kill()
        play.sales.tamper("invoices", mirrors(play, row)[0]["id"], revmark_total="1.00")
        play.account.expect("search shows it", 1, lambda: reconcile(play)[0])  # which is late, as HubSpot's is
        _, seen, said = reconcile(play, "--json")
        (found,) = json.loads(seen)["discrepancies"]
        assert (found["kind"], found["difference"]) == ("amount", "-119.00"), said
        code, seen, said = revmark(play, "repair", found["id"][:8], "--yes", "--wait", "1")
        assert code == 3
        assert "sent, but no worker took it up" in said
        for each in workers:
            each.restart()
        code, seen, said = revmark(play, "repair", found["id"][:8], "--yes", "--wait", "90")
        assert code == 0, seen + said
        play.account.expect("it is repaired", "agreed", lambda: agreed(play))
        assert not play.differences(), play.differences()
        assert not [call for call in play.finance.calls() if call["method"] != "GET" and "/Payments" in call["path"]]
        what_people_did(play)
