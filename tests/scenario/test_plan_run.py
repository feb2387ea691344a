"""Plan, apply and diff over the real broker: gated workers wait for a person, and then do what was planned."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.plan import parse_plan
from tests.simulation.planned import applied, fulfilled
from tests.support.broker import cut
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
MOVED = "NO MORE THAN A NAME"


def revmark(play: Performance, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "console.main", *arguments]
    done = subprocess.run(command, env=play.stage.env, capture_output=True, text=True, timeout=180, check=False)  # noqa: S603
    return done.returncode, done.stdout, done.stderr


def ledger(play: Performance) -> list[bytes | None]:
    rows = play.records(play.topics.ledger).values()
    return [value for partition in rows for _, value in partition]


def test_what_was_planned_is_what_gated_workers_write_once_they_are_let(broker: str, names: str, tmp_path: Path):
    with performance(tmp_path, broker, names) as play:
        play.stage.env["REVMARK_GATED"] = "true"
        file = tmp_path / "plan.json"
        play.stage.run("plan", "--out", str(file))
        planned = parse_plan(file.read_bytes(), str(file))
        assert planned.first
        assert planned.writes
        assert not play.sales.writes()
        assert not play.finance.writes()

        play.stage.raise_curtain()
        wanted = len({(write.platform, write.record) for write in planned.writes if not write.refused})
        play.account.expect("gated workers decide", "much", lambda: "much" if _waiting(play) > wanted / 2 else "little")
        assert not play.sales.writes()
        assert not play.finance.writes()
        assert play.stage.run("apply", str(file), "--check")

        tui = play.cast.companies["Tui"]
        play.sales.edit("companies", tui, name=MOVED)
        code, seen, said = revmark(play, "apply", str(file))
        assert code == 1, said
        assert MOVED in seen
        assert "name" in seen
        assert not play.finance.writes()

        play.sales.edit("companies", tui, name="Tui Robotics")
        play.stage.run("apply", str(file), "--wait", "60")
        play.account.expect(
            "and then what was planned", [], lambda: fulfilled(planned, applied(ledger(play), BEGINNING))
        )
        assert not play.differences()
        assert_compared(play, tmp_path, broker, f"{names}.changes")


def _waiting(play: Performance) -> int:
    code, seen, said = revmark(play, "ledger", "--state", "waiting", "--limit", "1000", "--json")
    assert code == 0, said
    rows = [json.loads(line) for line in seen.splitlines()]
    assert all(row["message"].startswith("held until a plan is applied") for row in rows)
    return len({(row["command"]["platform"], row["command"]["record"]) for row in rows})


def assert_compared(play: Performance, folder: Path, broker: str, changes: str) -> None:
    """The same contract differs in nothing, another one does, and half a history is refused."""
    contract = folder / "contract.yaml"
    code, seen, said = revmark(play, "contract", "diff", str(contract))
    assert (code, "Nothing differs" in seen) == (0, True), seen + said
    other = folder / "other.yaml"
    text = contract.read_text(encoding="utf-8")
    assert "create: {crm: always, erp: always}" in text
    other.write_text(text.replace("create: {crm: always, erp: always}", "create: {crm: never, erp: never}"))
    code, seen, said = revmark(play, "contract", "diff", str(other), "--json")
    assert code == 1, said
    found = json.loads(seen)
    assert {"create hubspot company", "create xero company"} <= {group["name"] for group in found["writes"]}
    held = {place: len(rows) for place, rows in play.records(play.topics.changes).items() if rows}
    asyncio.run(cut(broker, changes, {place: count // 2 for place, count in held.items()}))
    code, seen, said = revmark(play, "contract", "diff", str(other))
    assert code == 3, seen
    assert "does not reach back to its first record: it is there from 20" in said
