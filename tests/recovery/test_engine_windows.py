"""Windows on a broker: right after kills and rebalances, and expiring after recovery (upstream #385, #193)."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.engine import Outcome, Tumbling
from streams.engine.partitioner import partition_for
from tests.support.broker import read, write
from tests.unit.engine.harness import Bench
from tests.unit.engine.processes import WorkerProcess, until
from tests.unit.engine.window_model import Event, Expected, expected

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]
Facts = list[tuple[bytes | None, bytes | None]]
TUMBLING = Tumbling(1000, grace=200, retention=5000)  # the worker's
KEYS = {partition_for(b"key-%d" % n, 4): b"key-%d" % n for n in range(40)}  # one in each partition
SCRIPT = "window_worker.py"


async def truth(bench: Bench) -> dict[int, Expected]:
    """Work out from the source topic what each partition's windows must be."""
    events: defaultdict[int, list[Event]] = defaultdict(list)
    for r in await read(bench.broker, bench.facts):
        events[r.partition].append(Event(r.offset, r.timestamp, r.key.decode(), int(r.value)))
    return {partition: expected(those, TUMBLING) for partition, those in events.items()}


def placed(of_partitions: Iterable[dict[Any, Any]]) -> dict[Any, Any]:
    return {place: row for rows in of_partitions for place, row in rows.items()}


async def rows(bench: Bench) -> dict[Any, Any]:
    """Return the windows as the changelog has them."""
    places = ((name.rpartition("|"), row) for name, row in (await bench.table()).items())
    return {(key, int(start)): row for (key, _, start), row in places if key}


async def heard(bench: Bench) -> dict[Any, Any]:
    """Return what a listener of the output topic holds that keeps statements with the highest offset."""
    newest: dict[Any, Any] = {}
    for record in await read(bench.broker, bench.out):
        _, key, start, _, value, offset, revision = orjson.loads(record.value)
        if (key, start) not in newest or offset >= newest[key, start]["offset"]:
            newest[key, start] = {"value": value, "offset": offset, "revision": revision}
    return newest


def shown(file: Path) -> dict[Any, Any]:
    held = orjson.loads(file.read_bytes()) if file.exists() else []
    return {(key, start): (value, revision) for key, start, value, revision in held}


def load(first: int, last: int) -> Facts:
    """Return events 10 ms apart, some late, some too late."""
    behind = {3: 1500, 7: 3000, 11: 9000}  # milliseconds, for so many of 20
    return [(b"key-%d" % (i % 40), b"%d" % max(i * 10 - behind.get(i % 20, 0), 0)) for i in range(first, last)]


async def test_windows_are_right_when_workers_join_and_are_killed(bench: Bench, start: Start, tmp_path: Path):
    async def story(bench: Bench, store: str) -> None:
        def begin(name: str, **more: str) -> WorkerProcess:
            name = f"{store[:5]}-{name}"
            return start(name, SCRIPT=SCRIPT, PREFIX=bench.names, STORE=store, DATADIR=str(tmp_path / name), **more)

        await bench.make_topics()
        first = await begin("first", SLOW="0.01", COMMIT="60").ready()  # it commits when others join, and no more
        writing = asyncio.create_task(steadily(bench, 0, 1000))
        await bench.has(bench.out, 50)
        file = tmp_path / f"{store[:5]}.json"
        await begin("second", SLOW="0.01", SHOW=str(file)).ready()
        await writing
        before = await changes(bench)
        writing = asyncio.create_task(steadily(bench, 1000, 2000))
        while not all(count > before[partition] for partition, count in (await changes(bench)).items()):
            assert first.process.poll() is None
        first.kill()  # what it wrote is read again
        await writing
        await write(bench.broker, bench.facts, [(KEYS[p], b"19990") for p in range(4)])  # expired ones go with this
        await bench.all_committed()
        await write(bench.broker, bench.facts, [(KEYS[p], b"19991") for p in range(4)])
        await bench.all_committed()
        right = await truth(bench)
        assert await rows(bench) == placed(each.kept for each in right.values())
        assert await heard(bench) == placed(each.closed for each in right.values())
        assert {Outcome.EXPIRED, Outcome.RESTATED} <= {o for each in right.values() for o in each.outcomes}
        too_late = sum(each.outcomes.count(Outcome.EXPIRED) for each in right.values())
        places = {tuple(record.key.split(b"|")) for record in await read(bench.broker, bench.quarantine)}
        assert len(places) == too_late  # what was read again counts as seen, or is quarantined again
        kept = {place: (row["value"], row["revision"]) for place, row in (await rows(bench)).items()}
        await until(lambda: shown(file) == kept)  # what the worker holds itself is right as well

    benches = {store: Bench(bench.broker, f"{bench.names}.{store[:5]}") for store in ("memory://", "rocksdb://")}
    await asyncio.gather(*(story(each, store) for store, each in benches.items()))


async def steadily(bench: Bench, begin: int, end: int) -> None:
    for first in range(begin, end, 200):
        await write(bench.broker, bench.facts, load(first, first + 200))


async def changes(bench: Bench) -> Counter[int]:
    """Return how many changes each partition of the changelog holds."""
    return Counter(record.partition for record in await read(bench.broker, bench.counts))


async def test_watermarks_and_expiry_are_rebuilt_and_idle_partitions_keep_to_themselves(bench: Bench, start: Start):
    async def feed(*facts: tuple[int, str]) -> None:
        await write(bench.broker, bench.facts, [(KEYS[p], text.encode()) for p, text in facts])
        await bench.all_committed()

    async def kept() -> list[tuple[int, int]]:
        by_key = {key.decode(): partition for partition, key in KEYS.items()}
        return sorted((by_key[key], start) for key, start in await rows(bench))

    async def said() -> list[tuple[int, int, int]]:
        values = [orjson.loads(record.value) for record in await read(bench.broker, bench.out)]
        return sorted((partition, start, revision) for partition, _, start, *_, revision in values)

    first = start("first", SCRIPT=SCRIPT)
    await feed((0, "100"), (1, "100"), (0, "1300"), (1, "1300"))
    assert await said() == [(0, 0, 0), (1, 0, 0)]
    assert await first.stop() == 0
    start("second", SCRIPT=SCRIPT)  # nothing is kept locally: everything comes from the changelog
    await feed((0, "8000"))
    await feed((0, "8001"))
    assert await kept() == [(0, 8000), (1, 0), (1, 1000)]  # 1 is idle: nothing of it closed or expired
    assert await said() == [(0, 0, 0), (0, 1000, 0), (1, 0, 0)]
    await feed((1, "101"), (0, "1301"))
    assert (1, 0, 1) in await said()  # its watermark was 1300 still: late, and no more than that
    assert len(await read(bench.broker, bench.quarantine)) == 1  # in 0, the same window is gone
    await feed((1, "tick 2200"))
    assert await said() == [(0, 0, 0), (0, 1000, 0), (1, 0, 0), (1, 0, 1), (1, 1000, 0)]  # closed without an event
