"""The embedded broker: it answers, keeps its data over a restart, and does not outlive its starter."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.broker import BrokerError, EmbeddedKafka, Step
from streams.broker.ports import brokers_known, free_ports
from tests.recovery.test_engine_restart import shown
from tests.support.broker import write
from tests.unit.engine.harness import Bench, records
from tests.unit.engine.processes import WorkerProcess, until

pytestmark = pytest.mark.broker

CHILD = """
import sys, threading
from pathlib import Path
from streams.broker import EmbeddedKafka
started = []
starter = threading.Thread(target=lambda: started.append(EmbeddedKafka.start(folder=Path(sys.argv[1]))))
starter.start(); starter.join()
print(started[0].address, flush=True)
threading.Event().wait()
"""


async def _write(address: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all")
    await producer.start()
    await producer.send_and_wait(topic, b"kept")
    await producer.stop()


async def _read(address: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 20)
    finally:
        await consumer.stop()
    value: bytes = record.value
    return value


def test_data_outlives_a_restart_and_the_port_stays(tmp_path: Path):
    steps: list[Step] = []
    with EmbeddedKafka.start(folder=tmp_path, progress=steps.append) as first:
        asyncio.run(_write(first.address, "facts"))
    with EmbeddedKafka.start(folder=tmp_path) as second:
        assert second.address == first.address
        assert asyncio.run(_read(second.address, "facts")) == b"kept"
    assert steps[-1].fraction == 1.0
    assert brokers_known(int(second.address.split(":")[1])) == 0


def test_it_dies_with_its_starter_and_not_with_the_thread_that_started_it(tmp_path: Path):
    parent = subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    port = int(parent.stdout.readline().split(":")[1])
    assert brokers_known(port) == 1
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 15
    while brokers_known(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert brokers_known(port) == 0


def test_a_port_in_use_is_said_before_anything_starts(tmp_path: Path, broker: str):
    with pytest.raises(BrokerError, match="in use"):
        EmbeddedKafka.start(folder=tmp_path, port=int(broker.split(":")[1]))


def test_a_broker_that_cannot_start_shows_its_log(tmp_path: Path):
    (tmp_path / "broker-1" / "data").mkdir(parents=True)
    (tmp_path / "broker-1" / "data" / "meta.properties").write_text("cluster.id=nonsense\nversion=7\n")
    with pytest.raises(BrokerError, match=r"meta\.properties"):
        EmbeddedKafka.start(folder=tmp_path)


def test_free_ports_are_different():
    assert len(set(free_ports(20))) == 20


async def test_a_worker_stops_also_while_the_broker_is_away(names: str, tmp_path: Path):
    kafka = EmbeddedKafka.start(folder=tmp_path / "kafka")
    try:
        bench = Bench(kafka.address, names)
        await bench.make_topics()
        await write(bench.broker, bench.facts, records(0, 100))
        worker = WorkerProcess(
            tmp_path, BROKER=kafka.address, PREFIX=names, COMMIT="60", SHOW=str(tmp_path / "state.json")
        )
        await bench.has(bench.out, 100)
        await until(lambda: len(shown(tmp_path / "state.json") or ()) == 100, explain=worker.words)
    finally:
        kafka.stop()
    worker.process.send_signal(signal.SIGTERM)  # it has something to commit
    try:
        assert await worker.ended(40) == 0
    finally:
        worker.kill()
