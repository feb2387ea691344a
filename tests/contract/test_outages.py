"""What an outage costs: attempts, probes and waits, counted from the sandbox's own log in virtual time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sandbox.faults import FaultKind
from tests.support.outage import HubSpotWeather, XeroWeather, lost

OUTAGE = 300.0  # seconds
BEGINS = 60.0
ENDS = BEGINS + OUTAGE


@pytest.mark.parametrize(("platform", "name"), [("xero", "crm"), ("hubspot", "erp")])
async def test_a_brown_out_is_not_made_worse(platform: str, name: str):
    """Five minutes: half of it nothing but 503, half of it every other call, then calm with slow answers."""
    weather = XeroWeather() if platform == "xero" else await HubSpotWeather().furnish()
    for number in range(240):
        weather.asked(number, number * 2.0)
    weather.polls(120, 480)
    await weather.pass_until(BEGINS)
    weather.strike(FaultKind.STATUS, status=503)
    await weather.pass_until(BEGINS + OUTAGE / 2)
    weather.clear()
    weather.strike(FaultKind.STATUS, rate=0.5, status=503)
    await weather.pass_until(ENDS)
    weather.clear()
    weather.strike(FaultKind.LATENCY, seconds=0.9)
    await weather.pass_until_done(ENDS + 2 * OUTAGE)
    ops = len(weather.commands)
    # 1 attempts, by calls and by documents sent
    writes = [each for each in weather.calls() if platform == "xero" or each.path.endswith("/batch/upsert")]
    assert len(writes) / ops <= 1.5
    assert len(weather.wire.sent) / ops <= 1.5
    assert sorted(weather.made()) == sorted(f"{name}-{number}" for number in range(ops)), "each once"
    # 2 the breaker opens within ten seconds, and then there is one probe each five seconds
    storm = [weather.second(each) for each in weather.calls(BEGINS, BEGINS + OUTAGE / 2)]
    opened = [at for at in storm if at <= BEGINS + 10]
    assert len(opened) <= 5
    probes = [at for at in storm if at > BEGINS + 10]
    assert probes
    assert min(later - one for one, later in pairwise(probes)) >= 5
    # 3 what had gathered is written in less time than the outage took
    gathered = [each for each in weather.commands if weather.until(each.at) < ENDS]
    assert max(weather.settled(each) for each in gathered) - ENDS <= OUTAGE
    assert all(each.status != 429 for each in weather.calls()), "no second outage of our own making"


async def test_a_spent_day_parks_and_leaves_the_last_calls_to_the_first_tier():
    """A day of 60 calls: the reserve of a Starter day is 20."""
    weather = XeroWeather(day_limit=60)
    for number in range(150):
        weather.asked(number, number * 10.0, tier=1 if number % 5 == 0 else 2)
    await weather.pass_until(1490)
    spent = [each for each in weather.calls() if each.status == 429]
    assert len(spent) == 1, "nothing is asked inside the wait"
    first, others = ([each for each in weather.commands if each.tier == tier] for tier in (1, 2))
    assert sum(weather.state(each) == "applied" for each in others) in range(31, 34)
    late = [each for each in first if weather.until(each.at) > 400 and weather.state(each) == "applied"]
    assert len(late) in range(19, 21), "the last 20 calls were all of the first tier"
    waiting = [each for each in weather.commands if weather.state(each) == "waiting"]
    assert len(waiting) > 80
    assert {weather.attempts(each) for each in waiting} == {0}
    snapshot = weather.lane.snapshot
    assert snapshot.parked_until is not None
    assert "day's calls to Xero are spent until 2026-09-02 09:00 UTC" in snapshot.why
    reset = weather.until(snapshot.parked_until)
    assert await weather.pass_until_done(reset + 60) <= reset + 60
    assert {weather.attempts(each) for each in weather.commands} == {1}


@pytest.mark.parametrize("stated", [True, False])
async def test_a_minute_that_is_spent_is_waited_for_and_used_whole(*, stated: bool):
    """Two calls a minute are allowed, each takes fifty documents; somebody else's calls are refused in the middle."""
    weather = XeroWeather(minute_limit=2, minute_calls=2)
    for number in range(350):
        weather.asked(number, 0.0, tier=1 if number >= 300 else 3)
    await weather.pass_until(130)
    said: dict[str, object] = (
        {"retry_after": 30} if stated else {"body": {}, "headers": {"X-Rate-Limit-Problem": "minute"}}
    )
    weather.strike(FaultKind.STATUS, times=1, status=429, **said)
    await weather.pass_until_done(1200)
    (struck,) = [weather.second(each) for each in weather.calls() if each.status == 429]
    wait = 30 if stated else 60
    assert [each.status for each in weather.calls(struck, struck + wait - 0.001)] == [429], "nothing inside the wait"
    done = max(weather.settled(each) for each in weather.commands)
    allowed = 2 * (done - wait) / 60
    assert sum(each.status != 429 for each in weather.calls()) >= 0.9 * allowed
    first = max(weather.settled(each) for each in weather.commands if each.tier == 1)
    assert first <= min(weather.settled(each) for each in weather.commands if each.tier == 3)


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_of_answers_and_requests_that_are_lost_nothing_is_made_twice_and_nothing_is_left_out(kind: FaultKind):
    """Every tenth call is lost, before it is carried out or after; `make month-end ARGS="--lost 10000"` is longer."""
    found = await lost(kind, 200)
    assert (found.made, found.twice, found.applied) == (200, 0, 200)
    assert found.struck >= 10
    assert found.documents <= 1.2
    if kind is FaultKind.DROP_AFTER:
        assert found.documents == 1.0, "what was carried out is looked up and not sent again"
        assert found.looks <= 3


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_to_fifty_documents_costs_two_look_ups(kind: FaultKind):
    """One by one they were fifty: a minute of all there is."""
    weather = XeroWeather()
    for number in range(50):
        weather.asked(number, 0)
    weather.strike(kind, path="Contacts", times=1)
    await weather.pass_until_done(600)
    looks = [each for each in weather.calls() if each.method == "GET" and "/Contacts" in each.path]
    assert 1 <= len(looks) <= 4, "two when the answer is lost; if nothing was there, two more before it is sent again"
    assert all("ContactNumber" in each.query for each in looks)
    assert sorted(weather.made()) == sorted(f"crm-{number}" for number in range(50))
    assert weather.states() == {"applied": 50}
