"""What keeps a worker from starting is said in words, soon, with a non-zero exit code."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.broker.ports import free_ports
from tests.support.broker import make_topics, write
from tests.unit.engine.harness import Bench
from tests.unit.engine.processes import WorkerProcess

Start = Callable[..., WorkerProcess]


async def test_no_broker(tmp_path: Path):
    worker = WorkerProcess(tmp_path, BROKER=f"127.0.0.1:{free_ports(1)[0]}", PREFIX="none", START_TIMEOUT="2")
    try:
        assert await worker.ended() != 0
        assert "No Kafka broker answers" in worker.log.read_text()
    finally:
        worker.kill()


async def test_a_session_the_broker_would_refuse(tmp_path: Path):
    worker = WorkerProcess(tmp_path, BROKER="127.0.0.1:1", PREFIX="none", SESSION="5")
    assert await worker.ended() != 0
    assert "Kafka refuses less than 6" in worker.log.read_text()


@pytest.mark.broker
@pytest.mark.usefixtures("bench")
async def test_a_state_folder_in_use(start: Start, tmp_path: Path):
    shared = {"STORE": "rocksdb://", "DATADIR": str(tmp_path / "made" / "for" / "it")}
    first = await start("first", **shared).ready()
    second = start("second", **shared)
    assert await second.ended() != 0
    assert f"in use by process {first.process.pid}" in second.log.read_text()


@pytest.mark.broker
async def test_partition_counts_that_differ(bench: Bench, start: Start):
    await make_topics(bench.broker, {bench.counts: 2})
    await write(bench.broker, bench.facts, [(b"key", b"value")])
    worker, other = start("declared", PARTITIONS="4"), start("used", PARTITIONS="2")
    assert await worker.ended() != 0
    assert "has 2 partitions, and the table is declared with 4" in worker.log.read_text()
    assert await other.ended() != 0
    assert "a key would not sit in the same one" in other.log.read_text()


@pytest.mark.broker
async def test_a_topic_that_does_not_exist(start: Start):
    worker = start(START_TIMEOUT="1")
    assert await worker.ended() != 0
    assert "has no topic" in worker.log.read_text()
