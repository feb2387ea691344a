"""The key that seals grants is changed while lanes write, and Xero's tokens die under them: no call fails for it.

Counted in the pretend Xero's own log of calls.
"""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.demo.cast import win_deal
from console.demo.story import ROBOT
from streams.platforms.xero.quota import CONCURRENT_CALLS
from streams.vault import Vault
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]
NEW = base64.b64encode(bytes(range(32))).decode()


def test_the_key_changes_and_tokens_die_under_load_and_no_call_fails(broker: str, names: str, tmp_path: Path) -> None:
    with performance(tmp_path, broker, names) as play:
        play.stage.raise_curtain()
        play.story.first_sync()
        old = (tmp_path / "secret.key").read_text()
        assert sealed_with(play) == Vault.from_text(old).active_key
        deals: list[str] = []
        began = tokens(play)
        # Every worker knows the new key before one seals with it, and the old one goes once nobody does.
        for keys in (f"{old},{NEW}", f"{NEW},{old}", NEW):
            for number in (1, 2):
                deals.append(win_deal(play.sales, play.cast, "Tui", f"Robot {len(deals) + 1}", ROBOT))
                name = f"worker-{number}"
                play.stage.processes.pop(name).stop()
                play.stage.spawn(name, "worker", REVMARK_WORKER=name, REVMARK_SECRET_KEY=keys)
            refreshed(play)
            billed(play, deals)
        assert sealed_with(play) == Vault.from_text(NEW).active_key
        assert all(process.running for process in play.stage.processes.values()), play.stage.dead()
        calls = play.finance.calls()
        assert [each["status"] for each in calls if each["path"] == "/connect/token"] == [200] * (began + 3)
        assert not [each for each in calls if each["status"] in {400, 403} or each["status"] >= 500]
        # No more calls are under way when a token dies than Xero takes at once; each is made again with the next one.
        assert len([each for each in calls if each["status"] == 401]) <= 3 * CONCURRENT_CALLS
        said = "".join(path.read_text() for path in (tmp_path / "logs").glob("worker-*.log"))
        assert "sealed with key" not in said


def refreshed(play: Performance) -> None:
    """All access tokens die; one refresh follows, whoever has the lane."""
    before = tokens(play)
    httpx.post(f"{play.stage.xero['url']}/_sandbox/expire", json={}, timeout=30).raise_for_status()
    play.account.expect("one refresh for a token that died", before + 1, lambda: tokens(play))
    assert not play.differences()


def billed(play: Performance, deals: list[str]) -> None:
    numbers = sorted(f"RM-{deal}" for deal in deals)
    play.account.expect("each deal is billed once", numbers, lambda: sorted(
        row["InvoiceNumber"] for row in play.finance.invoices() if row["InvoiceNumber"].startswith("RM-")
    ))  # fmt: skip
    assert not play.differences()


def tokens(play: Performance) -> int:
    return sum(each["path"] == "/connect/token" for each in play.finance.calls())


def sealed_with(play: Performance) -> str:
    """The id of the key that seals Xero's grant, as the lane's table has it."""
    found: Any = None
    for rows in play.records(play.topics.cursors).values():
        for key, value in rows:
            if key is not None and key.endswith(b'xero|grant"') and value is not None:
                found = json.loads(value)
    assert isinstance(found, str), found
    return found.split(".")[1]
