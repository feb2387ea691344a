"""Quarantine worked with real topics: put back, taken up, refused again, dropped; and status goes back to 0."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner, Result

from console.main import app
from schemas.quarantine import Settlement
from tests.support.broker import read

pytestmark = pytest.mark.broker
PARTITION = 1


class Deployment:
    """Two topics of a deployment, and a worker that reads one of them."""

    def __init__(self, broker: str, prefix: str, env: dict[str, str]) -> None:
        self.broker, self.prefix, self.env = broker, prefix, env

    async def run(self, *arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(arguments), env=self.env))

    async def put(self, topic: str, value: bytes | None, key: bytes, **more: Any) -> int:
        async with AIOKafkaProducer(bootstrap_servers=self.broker) as producer:
            return int((await producer.send_and_wait(f"{self.prefix}{topic}", value, key=key, **more)).offset)

    async def quarantine(
        self, offset: int, *, topic: str = "changes", complete: bool = True, reason: str = "bad"
    ) -> str:
        """A record of the topic as the engine would quarantine it."""
        place = f"{self.prefix}{topic}|{PARTITION}|{offset}"
        kept = {
            "topic": f"{self.prefix}{topic}", "partition": PARTITION, "offset": offset, "timestamp": 1,
            "reason": reason, "key": base64.b64encode(b"main").decode(),
            "value": base64.b64encode(RAW).decode() if complete else None,
            "headers": [["trace", base64.b64encode(b"7").decode()]], "complete": complete,
        }  # fmt: skip
        await self.put("quarantine", json.dumps(kept).encode(), place.encode())
        return f"{self.prefix}{topic}-{PARTITION}-{offset}"

    async def work(self, until: int, before_commit: Callable[[], Coroutine[Any, Any, Any]] | None = None) -> list[Any]:
        """Take up what is on the topic, as a worker would, and commit."""
        place = TopicPartition(f"{self.prefix}changes", PARTITION)
        async with AIOKafkaConsumer(
            bootstrap_servers=self.broker, group_id=f"{self.prefix}group", enable_auto_commit=False,
            auto_offset_reset="earliest",
        ) as worker:  # fmt: skip
            worker.assign([place])
            worker.seek(place, 0)
            found = [await worker.getone() for _ in range(until)]
            if before_commit is not None:
                await before_commit()
            await worker.commit({place: until})
            return found


RAW = b'{"type": "change", \xff\x00}'


@pytest.fixture
async def deployment(broker: str, names: str, tmp_path: Path) -> Deployment:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(f"{names}.{name}", 2, 1) for name in ("changes", "quarantine")])
    await admin.close()
    env = {
        "REVMARK_BROKER": broker, "REVMARK_TOPIC_PREFIX": f"{names}.", "REVMARK_STATE": str(tmp_path),
        "REVMARK_GROUP": f"{names}.group", "REVMARK_ENV_FILE": str(tmp_path / "revmark.env"), "COLUMNS": "200",
    }  # fmt: skip
    (tmp_path / "revmark.env").touch()
    return Deployment(broker, f"{names}.", env)


async def test_a_record_goes_back_as_it_was_and_status_to_0(deployment: Deployment):
    first = await deployment.put("changes", RAW, b"main", partition=PARTITION)
    name = await deployment.quarantine(first)
    assert (await deployment.run("status")).exit_code == 1
    async with asyncio.TaskGroup() as group:
        said = group.create_task(
            deployment.run("quarantine", "replay", name, "--by", "kim", "--why", "translator mended")
        )
        (_, again) = await asyncio.wait_for(deployment.work(2), 30)
    assert said.result().exit_code == 0, said.result().stderr
    assert (again.key, again.value, again.partition, again.headers) == (b"main", RAW, PARTITION, (("trace", b"7"),))
    assert (await deployment.run("status")).exit_code == 0
    lying = [each.value for each in await read(deployment.broker, f"{deployment.prefix}quarantine")]
    settled = [Settlement.from_bytes(value) for value in lying if b"settlement" in value]
    assert [(each.state, each.who, each.why, each.name) for each in settled] == [
        ("replayed", "kim", "translator mended", name)
    ]
    twice = await deployment.run("quarantine", "replay", name)
    assert (twice.exit_code, "was replayed by kim" in twice.stderr) == (2, True)


async def test_one_that_cannot_go_on_comes_back_under_a_new_name(deployment: Deployment):
    name = await deployment.quarantine(await deployment.put("changes", RAW, b"main", partition=PARTITION))
    async with asyncio.TaskGroup() as group:
        said = group.create_task(deployment.run("quarantine", "replay", "--all"))
        worker = deployment.work(2, lambda: deployment.quarantine(1, reason="still bad"))
        await asyncio.wait_for(worker, 30)
    again = f"{deployment.prefix}changes-{PARTITION}-1"
    assert said.result().exit_code == 1
    assert f"{name} cannot go on as it is: still bad. It is held as {again}" in said.result().stderr


async def test_without_a_worker_it_stays_on_the_topic(deployment: Deployment):
    await deployment.quarantine(await deployment.put("changes", RAW, b"main", partition=PARTITION))
    said = await deployment.run("quarantine", "replay", "--all", "--wait", "0.5")
    assert (said.exit_code, "taken up when a worker runs" in said.stderr) == (3, True)


async def test_one_too_large_for_quarantine_is_read_where_it_lay(deployment: Deployment):
    offset = await deployment.put("changes", RAW * 9, b"main", partition=PARTITION)
    name = await deployment.quarantine(offset, complete=False)
    said = await deployment.run("quarantine", "replay", name, "--wait", "0")
    assert said.exit_code == 0, said.stderr
    assert [each.value for each in await deployment.work(2)] == [RAW * 9] * 2
    gone = await deployment.quarantine(offset + 99, complete=False)
    refused = await deployment.run("quarantine", "replay", gone)
    assert (refused.exit_code, "no longer holds it" in refused.stderr) == (2, True)


async def test_a_topic_that_nobody_reads_takes_nothing_and_a_drop_settles_it(deployment: Deployment):
    name = await deployment.quarantine(5, topic="elsewhere")
    refused = await deployment.run("quarantine", "replay", name)
    assert (refused.exit_code, "Nothing was sent" in refused.stderr) == (2, True)
    dropped = await deployment.run("quarantine", "drop", name, "--by", "kim", "--why", "a test record")
    assert dropped.exit_code == 0, dropped.stderr
    assert (await deployment.run("status")).exit_code == 0
    listed = await deployment.run("quarantine", "list", "--state", "dropped", "--json")
    assert json.loads(listed.stdout)["settlement"]["why"] == "a test record"
