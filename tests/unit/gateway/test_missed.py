"""What webhooks would have told, had they come through, is asked of polls instead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from schemas.command import Poll
from streams.gateway import missed
from tests.unit.gateway.callers import ORGANISATION, Callers

EVENT = {"eventCategory": "PREPAYMENT", "eventType": "CREATE", "resourceId": ORGANISATION}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(missed, "EVERY_SECONDS", 3600.0)


@asynccontextmanager
async def watching(callers: Callers) -> AsyncIterator[None]:
    watch = asyncio.create_task(callers.gateway.missed.watch())
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch])
    assert watch.cancelled(), "the watch had ended by itself"


def polls(callers: Callers) -> list[Poll]:
    return [work for work in callers.log.work() if isinstance(work, Poll)]


async def turns() -> None:
    """Let everything that could go on go on."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_what_was_turned_away_is_polled_for_once_the_broker_is_back():
    callers = Callers()
    async with watching(callers):
        callers.log.away = True
        assert [await callers.xero(EVENT, first=number) for number in (1, 2, 3)] == [503] * 3
        await turns()
        assert polls(callers) == []
        callers.log.away = False
        await turns()
    (poll,) = polls(callers)
    assert (poll.missed, poll.sweep) == (True, False)
    assert poll.kinds == ["prepayment", "overpayment"], "the rest is polled every minute"


async def test_what_came_through_is_polled_for_by_nobody():
    callers = Callers()
    async with watching(callers):
        assert await callers.xero(EVENT) == 200
        await turns()
    assert polls(callers) == []


async def test_each_time_is_asked_for_anew():
    callers = Callers()
    async with watching(callers):
        for number in (1, 2):
            callers.gateway.missed.note()
            await turns()
            assert len(polls(callers)) == number
            assert await callers.xero(EVENT, first=number) == 200
            await turns()


async def test_it_is_asked_for_every_minute_until_a_webhook_comes_through(monkeypatch: pytest.MonkeyPatch):
    # Xero's next attempt is up to 15 minutes away, and until then it keeps back what happens meanwhile as well
    callers = Callers()
    silence = callers.gateway.missed
    monkeypatch.setattr(missed, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(missed, "LATE_MINUTES", 10**6)
    async with watching(callers):
        silence.note()
        while len(polls(callers)) < 5:  # noqa: ASYNC110 - the watch decides when
            await asyncio.sleep(0)
        assert await callers.xero(EVENT) == 200
        await turns()
        asked = len(polls(callers))
        await turns()
        assert len(polls(callers)) == asked


async def test_a_gateway_that_never_hears_of_xero_asks_no_longer_than_anything_could_wait(
    monkeypatch: pytest.MonkeyPatch,
):
    callers = Callers()
    monkeypatch.setattr(missed, "EVERY_SECONDS", 0.0)
    async with watching(callers):
        callers.gateway.missed.note()
        while len(polls(callers)) < 17:  # noqa: ASYNC110 - the watch decides when
            await asyncio.sleep(0)
        await turns()
    assert len(polls(callers)) == 17


async def test_without_a_webhook_of_xero_there_is_nothing_to_miss():
    callers = Callers(keys="")
    async with watching(callers):
        callers.gateway.missed.note()
        await turns()
    assert polls(callers) == []
