"""What the engine's tests on a broker share: topics, load, and an independent recount."""

import asyncio
import time
from collections import Counter
from typing import Any

import orjson

from tests.support.broker import committed, make_topics, read
from tests.unit.engine.processes import PATIENCE

__all__ = ["Bench"]


class Bench:
    """The topics of one test and what must be true of them."""

    def __init__(self, broker: str, names: str) -> None:
        self.broker = broker
        self.names = names
        self.facts = f"{names}.facts"
        self.out = f"{names}.out"
        self.counts = f"{names}.counts"
        self.quarantine = f"{names}.quarantine"
        self.group = f"{names}.app"

    async def make_topics(self) -> None:
        """Create the topics; outputs have another partition count on purpose."""
        await make_topics(self.broker, {self.facts: 4, self.out: 7, self.quarantine: 1})

    async def all_committed(self, seconds: float = PATIENCE) -> None:
        """Wait until the group has committed everything the source topic holds."""
        held = Counter(record.partition for record in await read(self.broker, self.facts))
        deadline = time.monotonic() + seconds
        while True:
            done = await committed(self.broker, self.group)
            if all(done.get((self.facts, partition), 0) >= count for partition, count in held.items()):
                return
            assert time.monotonic() < deadline, (done, held)
            await asyncio.sleep(0.05)

    async def has(self, topic: str, count: int, seconds: float = PATIENCE) -> None:
        """Wait until a topic holds so many records."""
        deadline = time.monotonic() + seconds
        while (held := len(await read(self.broker, topic))) < count:
            assert time.monotonic() < deadline, f"{topic} holds {held} of {count}"
            await asyncio.sleep(0.02)

    async def table(self) -> dict[str, Any]:
        """Return the table as its changelog has it."""
        table: dict[str, Any] = {}
        for record in await read(self.broker, self.counts):
            key = orjson.loads(record.key)
            if record.value is None:
                table.pop(key, None)
            else:
                table[key] = orjson.loads(record.value)
        return table

    async def recount(self) -> tuple[dict[str, Any], set[tuple[int, int]]]:
        """Work out from the source topic what table and outputs must be."""
        table: dict[str, Any] = {}
        places = set()
        for record in await read(self.broker, self.facts):
            key = (record.key or b"").decode()
            if record.value.startswith(b"delete"):
                table.pop(key, None)
            elif not record.value.startswith(b"bad"):
                table[key] = {"n": table.get(key, {"n": 0})["n"] + 1, "offset": record.offset}
                places.add((record.partition, record.offset))
        return table, places

    async def outputs(self) -> list[tuple[int, int]]:
        """Return the source place of every output."""
        return [tuple(orjson.loads(record.value)[:2]) for record in await read(self.broker, self.out)]

    async def assert_nothing_lost(self) -> int:
        """Compare table and outputs with the recount; return how many outputs were repeated."""
        table, places = await self.recount()
        outputs = await self.outputs()
        assert set(outputs) == places
        assert await self.table() == table
        return len(outputs) - len(places)


def records(first: int, last: int, keys: int = 500) -> list[tuple[bytes | None, bytes | None]]:
    """Return numbered records over so many keys."""
    return [(b"key-%d" % (i % keys), b"value-%d" % i) for i in range(first, last)]
