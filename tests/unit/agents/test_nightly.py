"""The worker that has the tenant's documents has each night reconciled once, and again where that failed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.nightly import AGAIN, Nightly, reconcile
from schemas.contract import Contract, template
from streams.settings import Settings
from streams.topics import Topics
from tests.support.contracts import contract

NOON = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # noon of the 23rd in Auckland


def settings(hour: int | None) -> Settings:
    return Settings(reconcile_hour=hour, _env_file=None)  # type: ignore[call-arg]


@dataclass
class App:
    """What it asks of the app."""

    settings: Settings = field(default_factory=lambda: settings(3))
    contract: Contract = field(default_factory=lambda: contract({"timezone": "Pacific/Auckland"}))
    names: Topics = field(default_factory=Topics)
    is_ready: bool = True
    ours: bool = True

    def owns(self, topic: str, key: bytes) -> bool:
        assert (self.is_ready, topic, key) == (True, "revmark.documents", b"main")
        return self.ours


@dataclass
class Night:
    """A clock, and readings that end as they are told to."""

    app: App = field(default_factory=App)
    now: datetime = NOON
    codes: list[int | Exception] = field(default_factory=list)
    begun: int = 0

    def __post_init__(self) -> None:
        self.nightly = Nightly(self.app, run=self.run, clock=lambda: self.now)

    async def run(self) -> tuple[int, str]:
        self.begun += 1
        code = self.codes.pop(0) if self.codes else 0
        if isinstance(code, Exception):
            raise code
        return code, "Xero does not answer"

    async def later(self, more: timedelta) -> int:
        self.now += more
        await self.nightly.tick()
        return self.begun


@pytest.mark.parametrize(
    "app",
    [App(settings(None)), App(ours=False), App(is_ready=False)],
    ids=["no hour", "another worker's", "between two assignments"],
)
async def test_where_it_is_not_wanted_or_not_ours_nothing_is_begun(app: App):
    assert await Night(app).later(timedelta(0)) == 0


async def test_each_night_is_begun_once():
    night = Night()
    assert [await night.later(timedelta(hours=1)) for _ in range(16)] == [1] * 14 + [2] * 2  # three in the morning
    assert await night.later(timedelta(hours=22)) == 2
    assert await night.later(timedelta(hours=1)) == 3


@pytest.mark.parametrize(
    ("codes", "begun", "said"),
    [([1, 0], [1, 1, 2, 2, 2], 0), ([1, 1, 0], [1, 1, 2, 3, 3], 1)],
    ids=["variances", "broken"],
)
async def test_where_a_process_says_one_it_is_asked_once_more_for_it_may_have_broken(
    codes: list[int | Exception], begun: list[int], said: int, caplog: pytest.LogCaptureFixture
):
    night = Night(codes=codes)
    steps = (timedelta(0), AGAIN - timedelta(seconds=1), timedelta(seconds=1), AGAIN, AGAIN)
    with caplog.at_level(logging.WARNING):
        assert [await night.later(step) for step in steps] == begun
    assert caplog.text.count("was not reconciled (1)") == said


@pytest.mark.parametrize("wrong", [2, 3, -15, TimeoutError(), OSError("no memory")], ids=str)
async def test_what_failed_is_tried_again_and_said(wrong: int | Exception, caplog: pytest.LogCaptureFixture):
    night = Night(codes=[wrong, wrong])
    with caplog.at_level(logging.WARNING):
        assert [await night.later(step) for step in (timedelta(0), AGAIN - timedelta(seconds=1))] == [1, 1]
    assert "the night of 2026-11-22 was not reconciled" in caplog.text
    assert [await night.later(step) for step in (timedelta(seconds=1), AGAIN, AGAIN)] == [2, 3, 3]


async def test_a_worker_that_takes_over_begins_it_again():
    night = Night()
    await night.later(timedelta(0))
    assert await Night(night.app).later(timedelta(0)) == 1


async def test_the_process_says_what_kept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    monkeypatch.setenv("REVMARK_STATE", str(tmp_path))
    monkeypatch.setenv("REVMARK_BROKER", "127.0.0.1:1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.chdir(tmp_path)
    code, said = await reconcile()
    assert (code, "no Kafka answers at 127.0.0.1:1" in said) == (3, True)
