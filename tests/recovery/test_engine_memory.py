"""Memory is bounded by bytes, whatever the size of records: a slow agent makes reading wait, not the heap grow."""

import signal
from base64 import b64decode
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import orjson
import pytest

from streams.engine.preflight import largest_record
from tests.recovery.watched import Watched
from tests.support.broker import committed, read, write
from tests.unit.engine.harness import Bench
from tests.unit.engine.processes import WorkerProcess, until
from tests.unit.engine.scraping import Scraped

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]

FETCH = 64_000  # bytes of one fetch and partition
WAITING = 400_000  # bytes over all four partitions
LARGEST = 50_000  # bytes of one record
SIZE = 10_000  # bytes of a record of the backlog


async def test_a_slow_agent_holds_a_bounded_number_of_bytes_and_too_large_records_are_named(bench: Bench, start: Start):
    large = (b"key-1", b"large" * LARGEST)
    backlog = [(b"key-%d" % n, b"%010d" % n + b"x" * SIZE) for n in range(600)]
    await write(bench.broker, bench.facts, [*backlog[:300], large, *backlog[300:]])
    bounds = {"FETCH": str(FETCH), "MAX_WAITING": str(WAITING), "MAX_RECORD": str(LARGEST)}
    worker = Watched(start(METRICS="0", SLOW="0.1", **bounds))
    held: list[float] = []

    def all_done(found: Scraped) -> bool:
        held.extend(found.all("engine_in_flight_bytes").values())
        return list(found.all("engine_lag_records").values()) == [0] * 4

    await worker.where(all_done)
    # a partition is read on while it holds less than its share, so one fetch and what came with it may be above
    assert 0 < max(held) < WAITING / 4 + 2 * (FETCH + SIZE) + len(large[1])
    await bench.all_committed()
    places = {(r.partition, r.offset): r for r in await read(bench.broker, bench.facts)}
    ((place, _),) = [(place, r) for place, r in places.items() if r.value == large[1]]
    assert set(await bench.outputs()) == places.keys() - {place}
    (aside,) = [orjson.loads(record.value) for record in await read(bench.broker, bench.quarantine)]
    assert (aside["topic"], aside["partition"], aside["offset"]) == (bench.facts, *place)
    assert f"{len(large[0]) + len(large[1]):,} bytes" in aside["reason"]
    assert aside["complete"] is False


async def test_without_a_quarantine_topic_a_too_large_record_ends_the_worker(bench: Bench, start: Start):
    await write(bench.broker, bench.facts, [(b"key-1", b"x" * (LARGEST + 1))])
    worker = start(MAX_RECORD=str(LARGEST), QUARANTINE="")
    assert await worker.ended() != 0
    log = worker.log.read_text()
    assert f"Offset 0 of {bench.facts}[" in log
    assert "Raise max_record" in log
    assert not await committed(bench.broker, bench.group)


async def test_a_record_that_the_quarantine_topic_would_refuse_is_named_there(bench: Bench, start: Start):
    """It grows by a third when it is written down, and a refusal would end the worker at each start."""
    large, small = b"bad" + b"x" * 1_000_000, b"bad" + b"x" * 500_000
    await write(bench.broker, bench.facts, [(b"key-1", large), (b"key-1", small), (b"key-1", b"good")])
    worker = start()
    await bench.all_committed()
    first, second = sorted(
        (orjson.loads(record.value) for record in await read(bench.broker, bench.quarantine)), key=itemgetter("offset")
    )
    assert (first["offset"], first["value"], first["complete"]) == (0, None, False)
    assert (b64decode(second["value"]), second["complete"]) == (small, True)
    assert worker.says(f"Topic {bench.quarantine} takes records of 1,048,588 bytes")
    assert await largest_record([bench.broker], f"{bench.quarantine}.none", security={}) is None


async def test_a_worker_that_stops_begins_nothing_that_waited(bench: Bench, start: Start, tmp_path: Path):
    backlog = [(b"key-%d" % n, b"%010d" % n + b"x" * SIZE) for n in range(400)]
    await write(bench.broker, bench.facts, backlog)
    hold = tmp_path / "hold"
    hold.touch()
    worker = start(HOLD=str(hold), DRAIN="30", FETCH=str(FETCH), METRICS="0")
    await until(lambda: worker.log.read_text().count("handling") == 4, explain=worker.words)
    # one of each partition is begun; the rest of it waits as another
    await Watched(worker).where(lambda found: found.sum("engine_batches_in_flight") == 8)
    worker.process.send_signal(signal.SIGTERM)
    await until(lambda: worker.says("draining"), explain=worker.words)
    hold.unlink()
    assert await worker.ended() == 0
    assert worker.log.read_text().count("handling") == 4
    outputs = await bench.outputs()
    assert 0 < len(outputs) == len(set(outputs)) < len(backlog)  # what was begun was finished, and once
