"""The console over a real broker: the projection reads what is there, follows what comes, and survives a restart."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from console.projection.delivery import SHELVES, Delivery
from console.projection.follower import Follower
from console.projection.listing import find
from console.projection.store import Store
from console.projection.summary import status
from schemas.revenue import RevenueEvent
from streams.topics import Topics
from tests.unit.console.records import day, delivery, event

pytestmark = pytest.mark.broker
REVMARK = Path(sys.executable).parent / "revmark"


@pytest.fixture
async def topics(broker: str, names: str) -> AsyncIterator[Topics]:
    found = Topics(prefix=f"{names}.", partitions=2)
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    made = [NewTopic(f"{names}.{name}", 2, 1) for name in SHELVES]
    await admin.create_topics(made)
    yield found
    await admin.close()


async def put(broker: str, topics: Topics, deliveries: list[Delivery]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for each in deliveries:
            await producer.send(f"{topics.prefix}{each.topic}", each.value, key=each.key)
        await producer.flush()


async def test_catching_up_twice_reads_each_record_once(broker: str, topics: Topics, tmp_path: Path):
    await put(broker, topics, day())
    store = Store(tmp_path)
    await Follower(broker, topics, store).catch_up()
    first = status(store)
    store.close()
    store = Store(tmp_path)
    heard: list[tuple[int, int]] = []
    await Follower(broker, topics, store).catch_up(lambda *step: heard.append(step))
    assert status(store) | {"as_of": None} == first | {"as_of": None}
    assert first["ledger"] == {"applied": 1, "refused": 1}
    assert heard == [(0, 0)]
    store.close()


async def test_following_hears_of_what_comes(broker: str, topics: Topics, tmp_path: Path):
    store = Store(tmp_path)
    there = asyncio.Event()

    def applied(_: int) -> None:
        if len(find(store, RevenueEvent)) == 3:
            there.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(Follower(broker, topics, store).follow(applied))
        await put(broker, topics, [delivery("revenue", n, event(n)) for n in range(3)])
        await asyncio.wait_for(there.wait(), 20)
        task.cancel()
    store.close()


async def test_topics_made_anew_are_read_from_their_beginning(broker: str, topics: Topics, tmp_path: Path):
    await put(broker, topics, day())
    store = Store(tmp_path)
    await Follower(broker, topics, store).catch_up()
    store.apply([Delivery("revenue", 0, 10_000, b"x", event(99).to_bytes())])
    await Follower(broker, topics, store).catch_up()
    assert {found.id for found in find(store, RevenueEvent)} == {"event-1", "event-2"}
    store.close()


async def test_a_broker_without_our_topics_is_not_given_any(broker: str, names: str, tmp_path: Path):
    store = Store(tmp_path)
    absent = Topics(prefix=f"{names}-absent.")
    await Follower(broker, absent, store).catch_up()
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    assert not [name for name in await admin.list_topics() if name.startswith(absent.prefix)]
    await admin.close()
    store.close()


async def test_the_installed_command_reads_the_topics(broker: str, topics: Topics, tmp_path: Path):
    await put(broker, topics, day())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REVMARK_")} | {
        "REVMARK_BROKER": broker,
        "REVMARK_TOPIC_PREFIX": topics.prefix,
        "REVMARK_STATE": str(tmp_path),
    }

    def revmark(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command
            [REVMARK, *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    seen = await asyncio.to_thread(revmark, "status", "--json")
    assert seen.returncode == 1, seen.stderr
    assert json.loads(seen.stdout)["needs_person"]["variances"] == 1
    later = await asyncio.to_thread(revmark, "events", "--offline", "--json")
    assert len(later.stdout.splitlines()) == 2
