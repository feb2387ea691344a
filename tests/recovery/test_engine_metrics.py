"""What a worker's metrics say is what happened, seen from outside of its process."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recovery.watched import Watched
from tests.support.broker import read, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess
from tests.unit.engine.scraping import Scraped, assert_conventional

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


async def test_a_worker_tells_what_it_does_and_the_next_what_it_recovers(bench: Bench, start: Start, tmp_path: Path):
    folder = {"STORE": "rocksdb://", "DATADIR": str(tmp_path / "state")}
    first = Watched(start("first", METRICS="0", SLOW="0.5", COMMIT="600", **folder))
    await first.where(lambda found: all_zero(found, "engine_lag_records", 4))  # the broker was asked: nothing came
    await write(bench.broker, bench.facts, [*records(0, 2000), *((b"key-%d" % n, b"bad") for n in range(5))])
    found = await first.where(lambda found: found.sum("engine_batches_in_flight"))
    assert (found.sum("engine_lag_records") or 0) > 0
    found = await first.where(lambda found: found.sum("engine_batch_records_sum") == 2005)
    found = await first.where(lambda found: all_zero(found, "engine_lag_records", 4))
    assert found.sum("engine_batch_records_sum", topic=bench.facts) == 2005
    assert found.sum("engine_quarantined_records_total") == 5
    found = await first.where(lambda found: not found.sum("engine_batches_in_flight"))
    for step in ("outputs", "changelogs", "local"):
        assert found.sum("engine_flush_seconds_count", step=step) == found.sum("engine_batch_records_count")
    await first.where(lambda found: 0 < (found.sum("engine_lease_seconds") or 0) < 6)
    assert_conventional(found.families.values(), "engine_")
    # every partition is done and none is committed: that waits, and the wait grows
    waits = await first.where(lambda found: min(found.all("engine_commit_age_seconds").values()) > 0)
    await first.where(lambda found: found.sum("engine_commit_age_seconds") > waits.sum("engine_commit_age_seconds"))
    assert found.sum("engine_commits_total", result="committed") == 0
    # RocksDB's estimate counts the offset beside the entries, once for each write
    writes = found.sum("engine_flush_seconds_count", step="local") or 0
    found = await first.where(lambda found: (found.sum("engine_table_entries") or 0) >= 500)
    assert 500 <= (found.sum("engine_table_entries", table="counts") or 0) <= 1000 + writes
    assert (found.sum("engine_table_bytes", table="counts") or 0) > 0
    assert await first.worker.stop() == 0  # what is done is committed then
    second = Watched(start("second", METRICS="0"))
    found = await second.where(lambda found: found.sum("engine_ready") and found.sum("engine_table_entries") == 500)
    assert found.sum("engine_recovered_records_total") == len(await read(bench.broker, bench.counts))
    assert found.sum("engine_recovery_remaining_records", role="active") == 0
    assert found.sum("engine_recovering") == 0
    await write(bench.broker, bench.facts, records(2000, 2100))
    found = await second.where(lambda found: (found.sum("engine_commits_total", result="committed") or 0) > 0)
    await second.where(
        lambda found: all_zero(found, "engine_lag_records", 4) and all_zero(found, "engine_commit_age_seconds", 4)
    )
    await bench.all_committed()
    await bench.assert_nothing_lost()


def all_zero(found: Scraped, name: str, number: int) -> bool:
    return list(found.all(name).values()) == [0] * number


async def test_a_metrics_port_in_use_ends_the_worker_before_it_reads(bench: Bench, start: Start):
    await write(bench.broker, bench.facts, [(b"key", b"value")])
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        worker = start(METRICS=str(server.sockets[0].getsockname()[1]))
        assert await worker.ended() != 0
    log = worker.log.read_text()
    assert "a metrics port of its own" in log
    assert not await read(bench.broker, bench.out)
