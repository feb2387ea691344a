"""`revmark replay` and `revmark backfill` on a real broker: what is there, what is not, what is handed over."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from typer.testing import CliRunner, Result

from console.main import app
from schemas.change import parse_arrival
from schemas.command import Backfill, parse_work
from schemas.contract import template
from tests.support.broker import read
from tests.support.capturing import MILLIS, crm, link

pytestmark = pytest.mark.broker
MINUTE = 60_000  # milliseconds


class Range:
    """A topic of changes: five of a company, a minute apart, and a person's word."""

    def __init__(self, broker: str, prefix: str, env: dict[str, str]) -> None:
        self.broker, self.prefix, self.env = broker, prefix, env

    async def run(self, *arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(arguments), env=self.env))

    async def fill(self) -> None:
        values = [crm("1", version=number, name=f"Acme {number}").to_bytes() for number in range(1, 6)]
        values.append(link("1", "a").to_bytes())
        async with AIOKafkaProducer(bootstrap_servers=self.broker) as producer:
            for number, value in enumerate(values):
                at = MILLIS + number * MINUTE
                await producer.send_and_wait(f"{self.prefix}changes", value, key=b"main", partition=1, timestamp_ms=at)

    async def trim(self, before: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker)
        await admin.start()
        place = TopicPartition(f"{self.prefix}changes", 1)
        await admin.delete_records({place: RecordsToDelete(before_offset=before)})
        await admin.close()

    async def values(self, topic: str = "changes") -> list[bytes | None]:
        return [each.value for each in await read(self.broker, f"{self.prefix}{topic}")]

    async def commit(self, offset: int) -> None:
        """A worker takes up what is there."""
        place = TopicPartition(f"{self.prefix}changes", 1)
        async with AIOKafkaConsumer(
            bootstrap_servers=self.broker, group_id=f"{self.prefix}group", enable_auto_commit=False
        ) as worker:
            worker.assign([place])
            await worker.commit({place: offset})


@pytest.fixture
async def there(broker: str, names: str, tmp_path: Path) -> Range:
    prefix = f"{names}."
    (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    env = {
        "REVMARK_BROKER": broker, "REVMARK_TOPIC_PREFIX": prefix, "REVMARK_GROUP": f"{prefix}group",
        "REVMARK_STATE": str(tmp_path), "REVMARK_CONTRACT": str(tmp_path / "contract.yaml"), "COLUMNS": "200",
    }  # fmt: skip
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    kept = {"retention.ms": "-1"}  # the records are dated long ago: every five minutes the broker would delete them
    await admin.create_topics(
        [
            NewTopic(f"{prefix}{name}", 2, 1, topic_configs=kept)
            for name in ("changes", "lanes.xero", "lanes.hubspot", "readings", "audit")
        ]
    )
    await admin.close()
    made = Range(broker, prefix, env)
    await made.fill()
    return made


async def test_without_being_told_to_it_writes_nothing_and_says_what_would_differ(there: Range):
    before = await there.values()
    said = await there.run("replay", "changes", "--from", "0", "--json")
    found = json.loads(said.stdout)
    assert (found["records"], found["would_be_handed_over"], found["left_out"]) == (6, 5, {"a person's word": 1})
    shown = await there.run("replay", "changes", "--partition", "1", "--from", "0", "--to", "3")
    assert "3 records of changes, written from 2026-09-01 09:00:00 to 2026-09-01 09:02:00 UTC" in shown.stdout
    assert await there.values() == before


async def test_what_is_told_to_goes_to_its_partition_anew_and_is_waited_for(there: Range):
    said = await there.run("replay", "changes", "--from", "2026-09-01T09:01", "--to", "2026-09-01T09:03", "--write",
                           "--wait", "0.5")  # fmt: skip
    assert said.exit_code == 3, said.output
    assert "2 records handed over, but not all were taken up" in said.stderr
    values = await there.values()
    again = [parse_arrival(value) for value in values[6:]]
    assert [(each.version, each.anew) for each in again] == [  # type: ignore[union-attr]
        (MILLIS + 2000, True), (MILLIS + 3000, True),
    ]  # fmt: skip
    await there.commit(20)
    said = await there.run("replay", "changes", "--from", "5", "--to", "8", "--key", "main", "--write")
    assert said.exit_code == 0, said.output
    assert "2 records handed over and taken up" in said.stderr  # the person's word is left out


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (["chagnes", "--from", "0"], 2, ["did you mean changes?"]),
        (["decisions", "--from", "0"], 2, ["no worker reads decisions", "Next: revmark replay changes"]),
        (["quarantine", "--from", "0"], 2, ["Next: revmark quarantine replay --all"]),
        (["changes", "--from", "soon"], 2, ["'soon' is no offset and no time"]),
        (["changes", "--from", "4", "--to", "2"], 2, ["--from 4 is not before --to 2", "--from 2 --to 4"]),
        (["changes", "--from", "6"], 2, ["partition 1 has 0 to 5, from 2026-09-01 09:00:00 UTC on"]),
        (["changes", "--from", "0", "--key", "other"], 2, ["has the key 'other' (there are main)"]),
        (["changes", "--partition", "7", "--from", "0"], 2, ["has partitions 0 to 1"]),
        (["changes", "--partition", "0", "--from", "0"], 2, ["holds no records"]),
        (["facts", "--from", "0"], 3, ["there is no topic", "Next: revmark worker"]),
    ],
)
async def test_what_cannot_be_replayed_says_what_is_there(there: Range, words: list[str], code: int, parts: list[str]):
    said = await there.run("replay", *words)
    assert said.exit_code == code, said.output
    for part in [*parts, "Nothing was replayed", "Next: "]:
        assert part in said.stderr


@pytest.mark.parametrize("begin", ["1", "2026-08-01"])
async def test_what_retention_has_deleted_is_no_shorter_range(there: Range, begin: str):
    await there.trim(3)
    said = await there.run("replay", "changes", "--from", begin)
    assert said.exit_code == 3, said.output
    assert "begins at offset 3, 2026-09-01 09:03:00 UTC: what came before was deleted" in said.stderr
    assert "Next: revmark replay changes --partition 1 --from 3" in said.stderr


async def test_an_offset_is_of_one_partition(there: Range):
    async with AIOKafkaProducer(bootstrap_servers=there.broker) as producer:
        await producer.send_and_wait(f"{there.prefix}changes", b"{}", partition=0)
    said = await there.run("replay", "changes", "--from", "2")
    assert said.exit_code == 2
    assert "an offset is of one partition, and changes has records in 0, 1" in said.stderr


async def test_a_backfill_is_asked_of_the_lanes_that_hold_the_records(there: Range):
    said = await there.run("backfill", "--entity", "invoice", "--since", "2026-01-01", "--anew", "--wait", "0")
    assert said.exit_code == 0, said.output
    words: list[Any] = []
    for platform in ("hubspot", "xero"):
        (value,) = await there.values(f"lanes.{platform}")
        words.append(parse_work(value))
    assert all(isinstance(word, Backfill) for word in words)
    assert [(word.connection, word.kinds, word.anew, word.act) for word in words] == [
        ("main.hubspot", ["invoice"], True, "start"), ("main.xero", ["invoice"], True, "start"),
    ]  # fmt: skip
    said = await there.run("backfill", "stop")
    assert said.exit_code == 2
    assert "there is no backfill to stop (none was ever asked for)" in said.stderr
