"""What an outage of HubSpot costs: attempts, probes and waits, counted from the sandbox's own log in virtual time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sandbox.faults import FaultKind
from tests.support.outage import HubSpotWeather

TEN = 10  # seconds of the rolling limit


@pytest.mark.parametrize("stated", [None, 40])
async def test_ten_seconds_that_are_spent_are_waited_for_and_used_whole(stated: int | None):
    """Four calls in ten seconds are allowed, each takes a hundred records; somebody else's calls fill ten of them."""
    weather = await HubSpotWeather(burst_limit=4).furnish()
    for number in range(2_000):
        weather.asked(number, 0.0, tier=1 if number >= 1_500 else 3)
    await weather.pass_until(35)
    weather.strike(FaultKind.STATUS, times=1, status=429, **({} if stated is None else {"retry_after": stated}))
    await weather.pass_until_done(1200)
    (struck,) = [weather.second(each) for each in weather.calls() if each.status == 429]
    wait = stated or TEN
    assert [each.status for each in weather.calls(struck, struck + wait - 0.001)] == [429], "nothing inside the wait"
    done = max(weather.settled(each) for each in weather.commands)
    allowed = 4 * (done - wait) / TEN
    assert sum(each.status != 429 for each in weather.calls()) >= 0.9 * allowed
    first = max(weather.settled(each) for each in weather.commands if each.tier == 1)
    assert first <= min(weather.settled(each) for each in weather.commands if each.tier == 3)


async def test_searches_that_are_refused_hold_no_write_up():
    """The limit of searches is apart: while each of them is refused, writes go on."""
    weather = await HubSpotWeather().furnish()
    weather.polls(10, 60)
    await weather.pass_until(5)
    weather.strike(FaultKind.STATUS, path="/search", status=429, policy="SECONDLY")
    for number in range(20):
        weather.asked(number, 10.5 + number)
    await weather.pass_until_done(60)
    assert max(weather.settled(each) - weather.until(each.at) for each in weather.commands) < 0.1
    refused = sorted(weather.second(each) for each in weather.calls() if each.status == 429)
    assert len(refused) > 1
    assert all(later - one >= 1 for one, later in pairwise(refused)), "a second is what it asks for"


async def test_a_spent_day_parks_until_midnight_and_leaves_the_last_calls_to_the_first_tier():
    """A day of 1,000 calls of which 900 are spent: the reserve is 20, and a company takes two."""
    weather = await HubSpotWeather(day_limit=1_000).furnish()
    weather.portal.quota.spend(900)
    for number in range(200):
        weather.asked(number, number * 10.0, tier=1 if number % 5 == 0 else 2)
    weather.polls(60, 1990)
    await weather.pass_until(1990)
    spent = [each for each in weather.calls() if each.status == 429]
    assert len(spent) == 1, "nothing is asked inside the wait"
    applied = [each for each in weather.commands if weather.state(each) == "applied"]
    assert [each.tier for each in applied[-9:]] == [1] * 9
    waiting = [each for each in weather.commands if weather.state(each) == "waiting"]
    assert len(waiting) > 100
    assert {weather.attempts(each) for each in waiting} == {0}
    snapshot = weather.lane.snapshot
    assert snapshot.parked_until is not None
    assert "work goes on at midnight of the portal" in snapshot.why
    reset = weather.until(snapshot.parked_until)
    assert await weather.pass_until_done(reset + 60) <= reset + 60
    assert {weather.attempts(each) for each in weather.commands} == {1}


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_to_a_hundred_records_costs_a_look_up_or_two(kind: FaultKind):
    """One by one they were a hundred: half of ten seconds' calls."""
    weather = await HubSpotWeather().furnish()
    for number in range(100):
        weather.asked(number, 0)
    weather.strike(kind, path="companies/batch/upsert", times=1)
    await weather.pass_until_done(600)
    looks = [each for each in weather.calls() if each.path.endswith("companies/batch/read")]
    assert 1 <= len(looks) <= 4, "one when the answer is lost; if nothing was there, more before it is sent again"
    assert sorted(weather.made()) == sorted(f"erp-{number}" for number in range(100))
    assert weather.states() == {"applied": 100}
