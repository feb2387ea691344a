"""Daybreak: whoever has something due is told once an hour, and after each change of partitions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agents.daybreak import Daybreak
from schemas.contract import Contract
from schemas.dawn import Dawn
from streams.engine import Revoked
from streams.topics import Topics
from tests.support.contracts import contract
from tests.support.judging import START

LATE = {"automation": "late", "when": "invoice.overdue", "days": 3, "task": {"subject": "x"}}
TODAY, TOMORROW = "2026-09-01", "2026-09-02"  # in Auckland, at START


@dataclass
class Rows:
    """Customers' rows, by what is due of them."""

    rows: dict[str, Any]
    walks: int = 0

    async def walk(self, prefix: str) -> AsyncIterator[tuple[str, Any]]:
        self.walks += 1
        for name, row in self.rows.items():
            if name.startswith(prefix):
                yield name, row


@dataclass
class App:
    """What it asks of the app."""

    accounts: Rows
    contract: Contract = field(default_factory=lambda: contract({"automations": [LATE]}))
    names: Topics = field(default_factory=Topics)
    epoch: int = 1
    is_ready: bool = True
    revoked: bool = False
    said: list[tuple[str, str, Dawn]] = field(default_factory=list)

    async def produce(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        if self.revoked:
            raise Revoked("partitions move")
        assert key is not None
        self.said.append((topic, key.decode(), Dawn.from_bytes(value)))

    def customers(self) -> list[str]:
        """Who was told since somebody asked last."""
        said, self.said = self.said, []
        return [dawn.customer for _, _, dawn in said]


ROWS = {
    "c|main|company:a": {"alarms": {"invoice:1": TOMORROW, "invoice:2": TODAY}},
    "c|main|company:b": {"alarms": {"invoice:3": TOMORROW}},
    "c|main|company:c": {"alarms": {}},
    "c|main|company:old": {},
    "r|main|company:a|invoice:1": {"alarms": {"invoice:2": TODAY}},
}


def look(day: Daybreak) -> None:
    asyncio.run(day.tick())


def test_who_has_something_due_is_told_once_an_hour_and_after_partitions_moved():
    app, now = App(Rows(ROWS)), [START]
    day = Daybreak(app, clock=lambda: now[0])
    look(day)
    assert [(topic, key) for topic, key, _ in app.said] == [("revmark.facts", "main|company:a")]
    assert app.said[0][2] == Dawn(tenant="main", customer="company:a", at=START)
    app.customers()
    look(day)
    assert (app.customers(), app.accounts.walks) == ([], 1)
    app.epoch = 2
    look(day)
    assert app.customers() == ["company:a"]
    now[0] = START + timedelta(hours=3)  # it is past midnight in Auckland
    look(day)
    assert app.customers() == ["company:a", "company:b"]


def test_while_partitions_move_nobody_is_told_and_whoever_has_them_then_is():
    app = App(Rows(ROWS), is_ready=False)
    day = Daybreak(app, clock=lambda: START)
    look(day)
    app.is_ready, app.revoked = True, True
    look(day)
    assert app.customers() == []
    app.revoked = False
    look(day)
    assert app.customers() == ["company:a"]


def test_without_an_automation_that_waits_for_a_day_nothing_is_walked():
    app = App(Rows(ROWS), contract=contract())
    look(Daybreak(app, clock=_never))
    assert app.accounts.walks == 0


def _never() -> datetime:
    raise AssertionError("nobody asks for the time")
