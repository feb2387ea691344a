from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from sandbox.clock import VirtualClock
from schemas.errors import Throttled
from streams.platforms.xero.quota import SELDOM, Purpose, Quota


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(automatic=True)


@pytest.fixture
def quota(clock: VirtualClock) -> Quota:
    return Quota(clock.now, clock.sleep)


async def spend(quota: Quota, purpose: Purpose, count: int) -> int:
    """How many calls went through before the first that has to wait long."""
    for number in range(count):
        try:
            async with quota.call(purpose):
                pass
        except Throttled:
            return number
    return count


async def test_polls_and_reads_leave_a_reserve_and_writes_use_it(quota: Quota):
    assert await spend(quota, "read", 100) == 50
    assert await spend(quota, "poll", 100) == 0
    assert await spend(quota, "write", 100) == 10


async def test_a_long_poll_goes_on_in_short_steps_and_leaves_its_reserve(quota: Quota, clock: VirtualClock):
    sent = []
    for _ in range(200):
        async with quota.call("poll"):
            sent.append(clock.now())
    most = max(sum(1 for other in sent if moment <= other < moment + timedelta(minutes=1)) for moment in sent)
    assert 38 <= most <= 41
    assert sent[9] == sent[0]
    assert sent[-1] - sent[0] < timedelta(minutes=7)
    assert await spend(quota, "write", 100) >= 16


@pytest.mark.parametrize("limit", [1, 5, 60, 6000])
async def test_any_limit_lets_every_purpose_through(clock: VirtualClock, limit: int):
    quota = Quota(clock.now, clock.sleep, minute_calls=limit)
    for purpose in ("poll", "read", "write"):
        assert await spend(quota, purpose, 1) == 1
        await clock.advance(60)


async def test_a_call_that_took_long_to_arrive_is_counted_from_when_it_may_have(quota: Quota, clock: VirtualClock):
    async with quota.call("write"):
        await clock.sleep(30)
    answered = clock.now()
    assert await spend(quota, "write", 100) == 55  # four are kept for readings
    await clock.advance(31)  # a minute and a second since it was sent
    assert await spend(quota, "write", 1) == 0
    assert len(quota.spent()) == 56
    await clock.advance(29.5)
    assert clock.now() < answered + timedelta(minutes=1, seconds=1)
    assert await spend(quota, "write", 1) == 1


async def test_a_minute_never_holds_more_than_sixty(quota: Quota, clock: VirtualClock):
    sent = []
    for _ in range(600):
        try:
            async with quota.call("write"):
                sent.append(clock.now())
        except Throttled as error:
            await clock.advance((error.until - clock.now()).total_seconds())
        await clock.advance(0.3)
    for moment in sent:
        assert sum(1 for other in sent if moment <= other < moment + timedelta(minutes=1)) <= 60
    assert len(sent) > 180


async def test_writes_that_take_all_there_is_leave_a_few_calls_to_readings(quota: Quota):
    assert await spend(quota, "write", 100) == 56
    assert await spend(quota, "poll", 100) == 0
    assert await spend(quota, "read", 100) == 4
    assert await spend(quota, "write", 100) == 0


async def test_a_reading_in_a_spent_minute_does_not_lengthen_it(quota: Quota, clock: VirtualClock):
    await spend(quota, "write", 56)
    quota.note({"X-MinLimit-Remaining": "4"})
    await clock.advance(30)
    assert await spend(quota, "read", 1) == 1
    quota.note({"X-MinLimit-Remaining": "3"})  # the same minute, of which all was ours
    await clock.advance(30)
    assert await spend(quota, "write", 100) == 56


async def test_it_is_known_when_writes_take_all_there_is(quota: Quota, clock: VirtualClock):
    await spend(quota, "read", 100)
    await spend(quota, "write", 10)
    assert not quota.pressed
    await spend(quota, "write", 1)
    assert quota.pressed
    await clock.advance(120)
    assert not quota.pressed


async def test_a_short_wait_is_slept_and_a_long_one_is_the_lanes(quota: Quota, clock: VirtualClock):
    await spend(quota, "write", 60)
    begun = clock.now()
    with pytest.raises(Throttled) as error:
        async with quota.call("write"):
            pass
    assert error.value.until == begun + timedelta(seconds=61)  # a second for calls on their way
    await clock.advance(57)
    async with quota.call("write"):
        assert clock.now() == begun + timedelta(seconds=61)


async def test_at_most_five_are_in_flight(quota: Quota):
    flying, most, gate = 0, 0, asyncio.Event()

    async def fly() -> None:
        nonlocal flying, most
        async with quota.call("read"):
            flying += 1
            most = max(most, flying)
            await gate.wait()
            flying -= 1

    tasks = [asyncio.create_task(fly()) for _ in range(20)]
    for _ in range(50):
        await asyncio.sleep(0)
    assert flying == 5
    gate.set()
    await asyncio.gather(*tasks)
    assert most == 5


async def test_the_headers_know_of_other_users_of_the_app(quota: Quota, clock: VirtualClock):
    async with quota.call("write"):
        pass
    quota.note({"X-MinLimit-Remaining": "12", "X-AppMinLimit-Remaining": "9000", "X-DayLimit-Remaining": "700"})
    assert await spend(quota, "poll", 10) == 0
    assert await spend(quota, "read", 10) == 3  # one of the ten that are kept for writes has been made
    await clock.advance(60)
    assert await spend(quota, "poll", 10) == 10
    assert quota.poll_interval() == timedelta(seconds=86_400) / 83
    quota.note({"X-AppMinLimit-Remaining": "0"})
    assert await spend(quota, "write", 10) == 0


async def test_nothing_goes_inside_a_known_wait(quota: Quota, clock: VirtualClock):
    quota.block(clock.now() + timedelta(seconds=30), "minute")
    with pytest.raises(Throttled, match="minute") as error:
        async with quota.call("write"):
            pass
    assert error.value.until == clock.now() + timedelta(seconds=30)
    await clock.advance(28)
    begun = clock.now()
    async with quota.call("write"):
        assert clock.now() == begun + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("left", "allowed"),
    [
        (5000, "poll read write first"),
        (200, "read write first"),
        (100, "write first"),
        (21, "write first"),
        (20, "first"),
        (1, "first"),
    ],
)
async def test_the_last_calls_of_a_day_are_for_writes(quota: Quota, left: int, allowed: str):
    quota.note({"X-DayLimit-Remaining": str(left)})
    purposes: tuple[Purpose, ...] = ("poll", "read", "write", "first")
    assert " ".join([purpose for purpose in purposes if await spend(quota, purpose, 1)]) == allowed


@pytest.mark.parametrize(
    ("left", "seconds"), [(None, 0), (5000, 0), (1000, 0), (800, 864), (206, 86_400), (200, 86_400), (0, 86_400)]
)
def test_polls_are_spread_over_what_is_left_of_a_day(quota: Quota, left: int | None, seconds: int):
    quota.note({} if left is None else {"X-DayLimit-Remaining": str(left)})
    assert quota.poll_interval() == timedelta(seconds=seconds)


async def test_a_starter_day_lasts_a_day(clock: VirtualClock):
    """A round of six polls a minute against 1,000 calls a day: writes and reads still find calls in the evening."""
    quota, left, rested = Quota(clock.now, clock.sleep), 1000, None
    rounds = 0
    for _ in range(24 * 60):
        if rested is None or clock.now() - rested >= quota.poll_interval():
            left, rested = left - (6 if rounds % SELDOM else 8), clock.now()
            rounds += 1
            quota.note({"X-DayLimit-Remaining": str(left)})
        clock.move(60)
    assert left > 200


async def test_a_new_day_is_found_by_asking_now_and_then(quota: Quota, clock: VirtualClock):
    quota.note({"X-DayLimit-Remaining": "3"})
    assert await spend(quota, "read", 1) == 0
    await clock.advance(15 * 60)
    assert quota.poll_interval() == timedelta(0)
    assert await spend(quota, "read", 1) == 1
    quota.note({"X-DayLimit-Remaining": "4990"})
    assert await spend(quota, "poll", 1) == 1


async def test_after_the_wait_for_a_new_day_nothing_is_believed_of_the_old_one(quota: Quota, clock: VirtualClock):
    quota.note({"X-DayLimit-Remaining": "0"})
    quota.block(clock.now() + timedelta(minutes=5), "day")
    assert await spend(quota, "first", 1) == 0
    await clock.advance(300)
    for purpose in ("write", "read", "poll"):
        assert await spend(quota, purpose, 1) == 1


# Taking a connection over


async def test_whoever_takes_over_calls_no_more_than_the_minute_has_left(quota: Quota, clock: VirtualClock):
    assert await spend(quota, "write", 40) == 40
    other = Quota(clock.now, clock.sleep)
    other.resume(quota.spent())
    assert await spend(other, "write", 100) == 60 - 40 - 4  # four are kept for readings, as ever
    await clock.advance(60)
    assert await spend(other, "write", 100) == 56


async def test_what_is_told_again_counts_once_and_what_has_left_the_minute_not_at_all(
    quota: Quota, clock: VirtualClock
):
    await spend(quota, "write", 20)
    kept = quota.spent()
    await clock.advance(30)
    await spend(quota, "write", 10)
    quota.resume(kept)
    quota.resume(quota.spent())
    assert len(quota.spent()) == 30
    await clock.advance(31)
    quota.resume(kept)
    assert len(quota.spent()) == 10
    assert await spend(quota, "write", 100) == 46


async def test_calls_that_a_fast_clock_dated_later_count_from_now_on(quota: Quota, clock: VirtualClock):
    ahead = Quota(lambda: clock.now() + timedelta(seconds=90), clock.sleep)
    assert await spend(ahead, "write", 56) == 56
    quota.resume(ahead.spent())
    assert await spend(quota, "write", 1) == 0
    await clock.advance(60)
    assert await spend(quota, "write", 1) == 1
