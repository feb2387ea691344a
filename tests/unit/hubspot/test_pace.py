import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from sandbox.clock import VirtualClock
from schemas.errors import Parked, Throttled
from streams.platforms.hubspot.pace import Pace, Sort


def _headers(remaining: int, limit: int = 100) -> dict[str, str]:
    return {
        "x-hubspot-ratelimit-remaining": str(remaining),
        "x-hubspot-ratelimit-max": str(limit),
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
    }


def _pace() -> tuple[Pace, VirtualClock]:
    clock = VirtualClock(automatic=True)
    return Pace(clock.now, clock.sleep), clock


async def _seconds(pace: Pace, clock: VirtualClock, calls: int, sort: Sort = "general") -> float:
    start = clock.now()
    for _ in range(calls):
        await pace.turn(sort)
    return (clock.now() - start).total_seconds()


async def test_calls_go_at_once_while_there_is_plenty():
    pace, clock = _pace()
    assert await _seconds(pace, clock, 50) == 0
    pace.note("general", _headers(90))
    assert await _seconds(pace, clock, 50) == 0


async def test_when_little_is_left_calls_are_spread_and_when_nothing_is_left_they_wait_for_the_window():
    pace, clock = _pace()
    pace.note("general", _headers(10))
    assert await _seconds(pace, clock, 10) == pytest.approx(0.9)
    assert await _seconds(pace, clock, 1) == pytest.approx(9.1)
    assert pace.remaining is not None
    assert await _seconds(pace, clock, 1) == pytest.approx(0, abs=0.2)


async def test_searches_that_take_up_to_a_quarter_of_a_second_never_arrive_six_in_one():
    pace, clock = _pace()
    arrived = []
    for way in (0.24, 0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.0, 0.1, 0.0, 0.0, 0.0):
        await pace.turn("search")
        arrived.append(clock.now() + timedelta(seconds=way))
    arrived.sort()
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in zip(arrived, arrived[5:], strict=False))


async def test_searches_have_four_slots_a_second_and_associations_a_limit_of_their_own():
    pace, clock = _pace()
    pace.note("general", _headers(0))
    assert await _seconds(pace, clock, 3, "association") == 0
    assert await _seconds(pace, clock, 11, "search") == pytest.approx(2.5)
    pace.note("search", {})
    assert await _seconds(pace, clock, 1) == pytest.approx(7.5)


async def test_nothing_is_sent_inside_a_wait_and_the_longer_wait_holds():
    pace, clock = _pace()
    until = clock.now() + timedelta(seconds=10)
    pace.hold("general", until)
    pace.hold("general", until - timedelta(seconds=5))
    with pytest.raises(Throttled) as throttled:
        await pace.turn("general")
    assert throttled.value.until == until
    await pace.turn("search")
    clock.move(10)
    await pace.turn("general")


async def test_a_spent_day_stops_every_sort_of_call():
    pace, clock = _pace()
    pace.park(clock.now() + timedelta(hours=1), "spent")
    sorts: list[Sort] = ["general", "search", "association"]
    for sort in sorts:
        with pytest.raises(Parked, match="spent") as stopped:
            await pace.turn(sort)
        assert stopped.value.passes, "nobody has to act"
    clock.move(3_600)
    await pace.turn("general")


async def test_headers_that_are_none_change_nothing():
    pace, clock = _pace()
    pace.note("general", {"x-hubspot-ratelimit-remaining": "-1"})
    pace.note("general", {"x-hubspot-ratelimit-remaining": "some"})
    assert pace.remaining is None
    assert await _seconds(pace, clock, 5) == 0


async def test_calls_under_way_are_not_in_a_replys_figures():
    pace, _ = _pace()
    pace.note("general", _headers(14), others=4)
    assert pace.remaining == 10
    pace.note("general", _headers(2), others=4)
    assert pace.remaining == 0


async def test_a_reply_that_was_overtaken_does_not_bring_a_call_back():
    pace, clock = _pace()
    first = clock.now()
    clock.move(0.1)
    second = clock.now()
    clock.move(0.1)
    pace.note("general", _headers(8), sent=second, others=1)
    clock.move(0.1)
    pace.note("general", _headers(9), sent=first)
    assert pace.remaining == 8


async def test_a_spent_window_has_a_place_again_for_each_call_that_leaves_it():
    pace, clock = _pace()
    for left in (1, 0):
        pace.note("general", _headers(left, 2), sent=clock.now())
        clock.move(4)
    assert await _seconds(pace, clock, 1) == pytest.approx(2)  # ten seconds after the first, and not after the last
    assert await _seconds(pace, clock, 1) == pytest.approx(5)  # at a fifth of the ten seconds, for little is left
    assert pace.remaining == 0


async def test_a_call_that_waits_for_its_slot_is_not_sent_into_a_pause_that_began_meanwhile():
    pace, clock = _pace()
    pace.note("general", _headers(0))
    waiting = asyncio.create_task(pace.turn("general"))
    await asyncio.sleep(0)
    until = clock.now() + timedelta(seconds=60)
    pace.hold("general", until)
    with pytest.raises(Throttled) as throttled:
        await waiting
    assert throttled.value.until == until


async def test_the_last_calls_of_a_day_are_those_of_the_first_tier_until_the_next_day_begins():
    clock = VirtualClock(automatic=True)
    pace = Pace(clock.now, clock.sleep, ZoneInfo("Pacific/Auckland"))  # where it is nine in the evening
    clock.move(2 * 3600 + 55 * 60)
    day = {"x-hubspot-ratelimit-daily": "1000"}
    pace.note("general", _headers(90) | day | {"x-hubspot-ratelimit-daily-remaining": "20"})
    pace.later_tiers()
    pace.note("general", _headers(90) | day | {"x-hubspot-ratelimit-daily-remaining": "19"})
    with pytest.raises(Throttled, match="left to writes of the first tier") as throttled:
        pace.later_tiers()
    assert throttled.value.until == clock.now() + timedelta(minutes=5), "midnight, which is before the next probe"
    await pace.turn("general")
    clock.move(5 * 60)
    pace.later_tiers()
