"""`revmark verify` over the real broker and both sandboxes: played, cut short, cleaned, and refused where nobody works.

What is left is asked of the platforms' own state, and never of the command.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from streams.verification.run import MARK
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]
TOTAL = Decimal("42.57")  # 3 x 12.34, and 15 % GST
PATIENCE = 25  # seconds of a step: more than two of HubSpot's ten, the rest of which may be left to live work
KINDS = ("companies", "contacts", "products", "deals", "line_items", "invoices")


def revmark(play: Performance, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "console.main", *arguments]
    done = subprocess.run(command, env=play.stage.env, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603
    return done.returncode, done.stdout, done.stderr


def hubspot(play: Performance) -> dict[str, list[str]]:
    """The live records of runs, by kind; a mirror of an invoice is told by its company's absence from the cast."""
    cast = {row["properties"].get("revmark_invoice_number") for row in play.sales.records("invoices")} & {"INV-0001"}
    found: dict[str, list[str]] = {}
    for kind in KINDS:
        rows = play.sales.records(kind)
        if kind == "invoices":
            marked = [row["id"] for row in rows if row["properties"].get("revmark_invoice_number") not in cast]
        else:
            marked = [row["id"] for row in rows if _marked(row["properties"])]
        if marked:
            found[kind] = marked
    return found


def _marked(properties: dict[str, Any]) -> bool:
    named = [properties.get(name) or "" for name in ("name", "dealname", "hs_sku", "email")]
    return any(MARK in each or each.startswith(("RV-", "revmark-verification-")) for each in named)


def xero(play: Performance) -> dict[str, Any]:
    """What finance sees of runs."""
    contacts = [row for row in play.finance.shelf("Contacts") if MARK in row["Name"]]
    mine = {row["ContactID"] for row in contacts}
    return {
        "contacts": sorted(row["ContactStatus"] for row in contacts),
        "items": [row["Code"] for row in play.finance.shelf("Items") if row["Code"].startswith("RV-")],
        "invoices": [row["Status"] for row in play.finance.shelf("Invoices") if row["_contact"] in mine],
        "payments": [row["Status"] for row in play.finance.shelf("Payments")],
    }


def until(play: Performance, name: str, there: Callable[[], bool]) -> None:
    play.account.expect(name, "yes", lambda: "yes" if there() else "no")
    assert not play.differences(), play.differences()


def test_a_deployment_is_verified_and_whatever_stops_a_run_nothing_of_it_is_left(
    broker: str, names: str, tmp_path: Path
) -> None:
    with performance(tmp_path, broker, names) as play:
        assert_refused_where_nobody_works(play)
        play.stage.raise_curtain()
        play.story.first_sync()
        until(play, "both first readings have ended", lambda: _readings(play) == ["done", "done"])
        assert_verified(play)
        assert_cleaned_after_a_kill(play, tmp_path / "state" / "verify")
        assert_cleaned_after_workers_died(play, tmp_path / "state" / "verify")
        # It leaves nothing for a person to do, and nothing comes back once everything is told again.
        revmark(play, "sweep", "hubspot")
        calls = len(play.sales.calls())
        until(play, "the sweep is over", lambda: len(play.sales.calls()) > calls + 30)
        _, seen, _ = revmark(play, "status", "--json")
        asked = {name for name, count in json.loads(seen)["needs_person"].items() if count}
        assert not asked, seen
        assert not hubspot(play)


def _readings(play: Performance) -> list[str]:
    _, seen, _ = revmark(play, "status", "--json")
    return [each["state"] for each in json.loads(seen)["readings"]]


def assert_refused_where_nobody_works(play: Performance) -> None:
    code, _, said = revmark(play, "verify", "--yes")
    assert code == 3, said
    assert "no worker of the group" in said
    assert "Next: revmark worker" in said
    assert not hubspot(play)


def assert_verified(play: Performance) -> None:
    code, seen, said = revmark(play, "verify")
    assert code == 2
    assert "nobody can be asked. Next: revmark verify --yes" in said
    code, seen, said = revmark(play, "verify", "--yes", "--json")
    assert code == 0, seen + said
    found = json.loads(seen)
    assert found["ok"]
    assert not found["left"]
    assert {step["ok"] for step in found["steps"]} == {True}
    assert {role.partition("/")[0] for role in found["made"]} == {"hubspot", "xero"}
    assert any(f"{TOTAL}" in step["detail"] for step in found["steps"]), found["steps"]
    assert not hubspot(play)
    assert xero(play) == {"contacts": ["ARCHIVED"], "items": [], "invoices": ["VOIDED"], "payments": ["DELETED"]}
    assert not list((play.stage.options.folder / "state" / "verify").iterdir())


def assert_cleaned_after_a_kill(play: Performance, shelf: Path) -> None:
    """Not even its file is left, as on another machine: the records are found by their name."""
    command = [sys.executable, "-m", "console.main", "verify", "--yes"]
    with subprocess.Popen(command, env=play.stage.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:  # noqa: S603
        until(play, "the invoice is made", lambda: len(xero(play)["invoices"]) == 2)
        run.send_signal(signal.SIGKILL)
    (kept,) = shelf.iterdir()
    assert hubspot(play)
    kept.unlink()
    code, seen, said = revmark(play, "verify", "--clean", kept.stem, "--json")
    assert code == 0, seen + said
    assert not hubspot(play)
    assert xero(play)["invoices"] == ["VOIDED"] * 2
    assert not list(shelf.iterdir())


def assert_cleaned_after_workers_died(play: Performance, shelf: Path) -> None:
    """The run says where it stopped and what is left where; what was on its way is found by the cleaning."""
    workers = play.stage.processes["worker-1"], play.stage.processes["worker-2"]
    command = [sys.executable, "-m", "console.main", "verify", "--yes", "--patience", str(PATIENCE)]
    with subprocess.Popen(  # noqa: S603
        command, env=play.stage.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        until(play, "a run has begun", lambda: any(shelf.iterdir()))
        for each in workers:
            each.kill()
        seen, said = run.communicate(timeout=200)
    assert run.returncode == 1, seen + said
    (kept,) = shelf.iterdir()
    assert "stopped at: xero: Revmark has made the invoice" in seen, seen + said
    assert f"Next: revmark verify --clean {kept.stem}" in seen
    assert "revmark explain hubspot:deal:" in seen
    assert "hubspot company" in seen
    assert "/record/0-2/" in seen
    for each in workers:
        each.restart()
    until(play, "workers are back", lambda: len(xero(play)["invoices"]) == 3)
    code, seen, said = revmark(play, "verify", "--clean", kept.stem)
    assert code == 0, seen + said
    assert not hubspot(play)
    assert xero(play)["invoices"] == ["VOIDED"] * 3
    assert not list(shelf.iterdir())
