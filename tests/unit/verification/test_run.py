"""A run on disk, and the patience of a step."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sandbox.clock import VirtualClock
from schemas.errors import Refused, Throttled, Transient
from streams.verification.pacing import Overdue, Pacing
from streams.verification.run import Run, Shelf
from streams.verification.steps import Step, Stopped, Walk


def test_what_was_made_is_found_again_until_it_is_forgotten(tmp_path: Path):
    shelf = Shelf(tmp_path / "verify")
    assert shelf.open() == []
    run = Run("3f9a2c71", "2026-11-22T00:00:00+00:00", {"hubspot": "1"}, "RM-")
    told: list[Step] = []
    clock = VirtualClock(automatic=True)
    walk = Walk(run, Pacing(10, clock.now, clock.sleep), shelf.keep, told.append)
    walk.made("hubspot/company", "17")
    walk.made("xero/item", "4f0c")
    walk.gone("xero/item")
    assert shelf.open() == [run.id]
    again = shelf.find(run.id)
    assert again == run
    assert again is not None
    assert again.left == {"hubspot/company": "17"}
    shelf.forget(run)
    assert shelf.find(run.id) is None


@pytest.mark.parametrize("name", ["", "../../x", "3F9A2C71", "3f9a2c7"])
def test_what_is_no_run_is_refused(tmp_path: Path, name: str):
    with pytest.raises(Refused, match="is no run"):
        Shelf(tmp_path).find(name)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"id": "3f9a2c71", "other": 1}'])
def test_a_file_that_is_none_of_ours_says_what_to_do(tmp_path: Path, text: bytes):
    (tmp_path / "3f9a2c71.json").write_bytes(text)
    with pytest.raises(Refused, match="Remove it"):
        Shelf(tmp_path).find("3f9a2c71")


def patience(seconds: float) -> tuple[Pacing, VirtualClock]:
    clock = VirtualClock(automatic=True)
    return Pacing(seconds, clock.now, clock.sleep), clock


async def test_a_quota_and_a_hiccup_are_waited_for():
    pacing, clock = patience(100)
    began = clock.now()
    asked: list[datetime] = []

    async def question() -> str:
        asked.append(clock.now())
        if len(asked) == 1:
            raise Throttled("the minute is spent", until=began + timedelta(seconds=40))
        if len(asked) == 2:
            raise Transient("away")
        return "there"

    assert await pacing.ask(question) == "there"
    assert [(at - began).total_seconds() for at in asked] == [0, 40, 43]


async def test_a_wait_beyond_the_patience_is_not_begun():
    pacing, clock = patience(30)

    async def question() -> str:
        raise Throttled("the day is spent", until=clock.now() + timedelta(hours=3))

    began = clock.now()
    with pytest.raises(Overdue, match="the day is spent"):
        await pacing.ask(question)
    assert clock.now() == began


async def test_a_step_that_does_not_come_says_what_was_last_seen_and_costs_few_looks(tmp_path: Path):
    pacing, clock = patience(600)
    looks: list[datetime] = []
    told: list[Step] = []
    walk = Walk(Run("3f9a2c71", ""), pacing, Shelf(tmp_path).keep, told.append)

    async def look() -> tuple[str | None, str]:
        looks.append(clock.now())
        return None, f"nothing, look {len(looks)}"

    with pytest.raises(Stopped) as stop:
        async with walk.step("it comes"):
            await pacing.until(look)
    assert stop.value.step == told[-1]
    assert (told[-1].ok, f"nothing, look {len(looks)}" in told[-1].detail) == (False, True)
    assert 40 < len(looks) < 60
    assert (looks[-1] - looks[0]).total_seconds() <= 600
