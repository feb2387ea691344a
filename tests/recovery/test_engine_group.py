"""A worker and its group: refused, replaced, restarted in place, fenced, promoted."""

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recovery.test_engine_restart import shown
from tests.recovery.watched import Watched
from tests.support.broker import committed, grow, read, write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

Start = Callable[..., WorkerProcess]


@pytest.mark.usefixtures("bench")
async def test_a_session_the_broker_itself_refuses(start: Start):
    worker = start(SESSION="1900")  # group.max.session.timeout.ms is 30 minutes; we do not look
    assert await worker.ended() != 0
    said = worker.log.read_text()
    assert said.count("is not between its") == 1  # in words, and no trace below them
    assert "The consumer group failed: Misconfigured: The broker refuses broker_session_timeout of 1900 seconds" in said


async def test_a_static_member_comes_back_unnoticed_and_cannot_be_there_twice(
    bench: Bench, start: Start, tmp_path: Path
):
    def begin(name: str, instance: str) -> WorkerProcess:
        return start(name, INSTANCE=instance, SESSION="60", HEARTBEAT="0.5", SHOW=str(tmp_path / f"{name}.json"))

    await write(bench.broker, bench.facts, records(0, 200))
    first, other = begin("first", "one"), begin("other", "two")
    await bench.all_committed()
    files = [tmp_path / "first.json", tmp_path / "other.json"]
    await until(lambda: all(shown(file) for file in files) and sum(len(shown(file)) for file in files) == 200)
    epoch = other.epoch()
    assert await first.stop() == 0
    await write(bench.broker, bench.facts, records(200, 400))
    again = await begin("again", "one").ready()
    await bench.all_committed()
    assert other.epoch() == epoch  # no rebalance: neither when it went nor when it came
    twice = await begin("twice", "one").ready()
    assert await again.ended() != 0
    assert "Another worker has joined" in again.log.read_text()
    assert twice.process.poll() is None
    await write(bench.broker, bench.facts, records(400, 500))
    await bench.all_committed()
    assert await bench.assert_nothing_lost() == 0
    assert other.epoch() == epoch


async def test_a_topic_that_grew_feeds_its_table_no_more(bench: Bench, start: Start, tmp_path: Path):
    await write(bench.broker, bench.facts, records(0, 100))
    worker = start(METADATA_AGE="300", SHOW=str(tmp_path / "state.json"))
    await bench.all_committed()
    await until(lambda: worker.epoch() > 0)
    epoch, table = worker.epoch(), await bench.table()
    await grow(bench.broker, bench.facts, 6)
    await until(lambda: worker.epoch() > epoch, explain=worker.words)
    await write(bench.broker, bench.facts, records(100, 200))
    assert await worker.ended() != 0
    assert f"Table counts has 4 partitions ({bench.counts}), the topic {bench.facts} has 6" in worker.log.read_text()
    assert await bench.table() == table


async def test_what_a_frozen_worker_had_done_it_cannot_commit_when_it_wakes_up_replaced(
    bench: Bench, start: Start, tmp_path: Path
):
    await write(bench.broker, bench.facts, records(0, 200))
    frozen = start("frozen", COMMIT="60", SHOW=str(tmp_path / "frozen.json"))
    await until(lambda: frozen.epoch() > 0)
    await bench.has(bench.counts, 200)
    await until(lambda: len(shown(tmp_path / "frozen.json") or ()) == 200)
    epoch = frozen.epoch()
    assert await committed(bench.broker, bench.group) == {}  # done, and not committed yet
    frozen.process.send_signal(signal.SIGSTOP)
    await write(bench.broker, bench.facts, records(200, 400))
    start("second")
    await bench.all_committed()
    place, state = await committed(bench.broker, bench.group), await read(bench.broker, bench.counts)
    frozen.process.send_signal(signal.SIGCONT)
    while frozen.epoch() == epoch:
        assert await committed(bench.broker, bench.group) == place
        assert frozen.process.poll() is None, frozen.log.read_text()
    await until(lambda: frozen.epoch() > epoch + 1)
    assert await frozen.stop() == 0  # which commits what is done
    assert await committed(bench.broker, bench.group) == place
    assert len(await read(bench.broker, bench.counts)) == len(state)
    await bench.assert_nothing_lost()


async def test_a_standby_is_promoted_with_its_state(bench: Bench, start: Start, tmp_path: Path):
    def begin(name: str, **more: str) -> WorkerProcess:
        file = str(tmp_path / f"{name}.json")
        return start(name, STORE="rocksdb://", DATADIR=str(tmp_path / name), SHOW=file, **more)

    first, second = begin("first"), begin("second", METRICS="0")
    await until(lambda: first.epoch() > 0 and second.epoch() > 0)
    load = asyncio.create_task(steadily(bench, 6000))
    found = await Watched(second).where(lambda found: (found.sum("engine_recovered_records_total") or 0) > 500)
    first.kill()
    said = len(second.log.read_text())
    ours = {int(partition) for (partition,) in found.all("engine_batches_in_flight", topic=bench.facts)}
    killed = sum(record.partition not in ours for record in await read(bench.broker, bench.counts))
    await load
    await bench.all_committed()
    await bench.assert_nothing_lost()
    table = await bench.table()
    await until(lambda: shown(tmp_path / "second.json") == table)
    recovered = second.log.read_text()[said:]
    applied = [int(n.replace(",", "")) for n in re.findall(r"tables recovered: ([\d,]+) changelog records", recovered)]
    standing_by = found.sum("engine_recovered_records_total") or 0
    assert sum(applied) <= killed - standing_by, recovered  # nothing is read twice: what the standby had, it has


async def steadily(bench: Bench, count: int) -> None:
    for first in range(0, count, 100):
        await write(bench.broker, bench.facts, records(first, first + 100, keys=4000))


async def test_what_a_fetch_from_before_a_rebalance_still_waits_for_is_not_lost(bench: Bench, start: Start):
    # Reading ends with the rebalance; the fetch it waited for does not, and would take the records that come next.
    stays = await start("stays", FETCH_WAIT="25").ready()
    leaves = start("leaves", FETCH_WAIT="25")
    await until(lambda: "worker of" in leaves.log.read_text() and leaves.says("is ready"), explain=leaves.words)
    await write(bench.broker, bench.facts, records(0, 100))
    await bench.all_committed()
    for first in (100, 200, 300):
        leaves.process.send_signal(signal.SIGTERM)
        assert await leaves.ended() == 0
        await write(bench.broker, bench.facts, records(first, first + 50))
        await bench.all_committed()
        leaves = await start(f"leaves-{first}", FETCH_WAIT="25").ready()
        await write(bench.broker, bench.facts, records(first + 50, first + 100))
        await bench.all_committed()
    assert await bench.assert_nothing_lost() == 0
    assert stays.process.poll() is None
