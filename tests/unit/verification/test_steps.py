"""A step that does not come says for how long it was waited for, and for what."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import Throttled
from streams.verification.pacing import Pacing
from streams.verification.run import Run
from streams.verification.steps import Step, Stopped, Walk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEN = timedelta(seconds=10)


async def test_a_wait_that_is_longer_than_the_patience_is_not_begun_and_says_so():
    told: list[Step] = []
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def throttled() -> None:
        raise Throttled("the rest of HubSpot's ten seconds is left to live work", until=NOW + TEN, code="spare")

    walk = Walk(Run("0123abcd", "now"), Pacing(8, lambda: NOW, sleep), lambda _run: None, told.append)
    with pytest.raises(Stopped):
        async with walk.step("hubspot: the company is made"):
            await walk.pacing.ask(throttled)
    (step,) = told
    assert (step.ok, slept) == (False, [])
    assert step.detail == "not within 8 s: the rest of HubSpot's ten seconds is left to live work"
