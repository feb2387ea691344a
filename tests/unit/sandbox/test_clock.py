import asyncio
from datetime import UTC, timedelta

from sandbox.clock import DEFAULT_START, SkewedClock, SystemClock, VirtualClock


async def test_a_virtual_clock_moves_only_when_told() -> None:
    clock = VirtualClock()
    woken: list[float] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((clock.now() - DEFAULT_START).total_seconds())

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (30, 10, 20)]
    await asyncio.sleep(0)
    assert clock.now() == DEFAULT_START
    await clock.advance(25)
    assert woken == [10, 20]
    await clock.advance(25)
    assert woken == [10, 20, 30]
    assert clock.now() == DEFAULT_START + timedelta(seconds=50)
    await asyncio.gather(*tasks)


async def test_sleepers_that_sleep_again_are_woken_within_one_advance() -> None:
    clock = VirtualClock()
    ticks: list[int] = []

    async def ticker() -> None:
        for number in range(5):
            await clock.sleep(1)
            ticks.append(number)

    task = asyncio.create_task(ticker())
    await asyncio.sleep(0)
    await clock.advance(5)
    assert ticks == [0, 1, 2, 3, 4]
    await task


async def test_an_automatic_clock_jumps() -> None:
    clock = VirtualClock(automatic=True)
    await asyncio.gather(clock.sleep(86_400), clock.sleep(3_600))
    assert clock.now() == DEFAULT_START + timedelta(days=1)


async def test_a_cancelled_sleeper_does_not_hold_the_clock_up() -> None:
    clock = VirtualClock()
    task = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    task.cancel()
    await clock.advance(10)
    assert clock.now() == DEFAULT_START + timedelta(seconds=10)
    clock.move(1)
    assert clock.now() == DEFAULT_START + timedelta(seconds=11)
    await clock.sleep(0)


async def test_the_system_clock_is_aware() -> None:
    clock = SystemClock()
    before = clock.now()
    await clock.sleep(0)
    assert before.tzinfo is UTC
    assert clock.now() >= before


async def test_a_skewed_clock_is_wrong_in_a_known_way() -> None:
    clock = VirtualClock()
    await clock.advance(59)
    late = SkewedClock(clock, offset_seconds=-90)
    assert late.now() == DEFAULT_START - timedelta(seconds=31)
    assert SkewedClock(clock, step_seconds=60).now() == DEFAULT_START
    await late.sleep(0)
