"""The watch ends when it is told to."""

import asyncio
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from streams.engine.standing import Standing
from streams.engine.watch import Watch

PLACE = TP("facts", 0)


class Reading:
    """A consumer of one partition whose broker answers when the test says so."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer: asyncio.Future[dict[TP, int]] = asyncio.get_running_loop().create_future()

    def standings(self) -> list[Standing]:
        return [Standing(PLACE, 0, 0, 0, 0, waits=False)]

    async def log_ends(self, _tps: Any) -> dict[TP, int]:
        self.asked.set()
        return await self.answer


async def test_it_ends_also_when_an_answer_comes_in_the_same_moment():
    reading = Reading()
    app: Any = SimpleNamespace(tables={}, reading=reading)
    watching = asyncio.create_task(Watch(app).run())
    await asyncio.wait_for(reading.asked.wait(), 5)
    reading.answer.set_exception(ConnectionError("the worker stops"))
    await asyncio.sleep(0)
    watching.cancel()
    done, _ = await asyncio.wait([watching], timeout=5)
    assert done
    assert watching.cancelled()
