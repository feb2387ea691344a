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
from schemas.contract import template
from schemas.fact import parse_finding
from schemas.ledger import LedgerEntry
from schemas.quarantine import Settlement
from schemas.retry import Retry
from tests.support.broker import read
from tests.support.work import START, create

pytestmark = pytest.mark.broker
PARTITION = 1
TOPICS = ("changes", "quarantine", "facts", "ledger", "audit")


class Deployment:
    """Some topics of a deployment, and a worker that reads one of them."""

    def __init__(self, broker: str, prefix: str, env: dict[str, str]) -> None:
        self.broker, self.prefix, self.env = broker, prefix, env

    async def run(self, *arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(arguments), env=self.env))

    async def put(self, topic: str, value: bytes | None, key: bytes, **more: Any) -> int:
        async with AIOKafkaProducer(bootstrap_servers=self.broker) as producer:
            return int((await producer.send_and_wait(f"{self.prefix}{topic}", value, key=key, **more)).offset)

    async def quarantine(
        self,
        offset: int,
        *,
        topic: str = "changes",
        complete: bool = True,
        reason: str = "bad",
        value: bytes | None = None,
    ) -> str:
        """A record of the topic as the engine would quarantine it."""
        place = f"{self.prefix}{topic}|{PARTITION}|{offset}"
        kept = {
            "topic": f"{self.prefix}{topic}", "partition": PARTITION, "offset": offset, "timestamp": 1,
            "reason": reason, "key": base64.b64encode(b"main").decode(),
            "value": base64.b64encode(value or RAW).decode() if complete else None,
            "headers": [[name, base64.b64encode(text).decode()] for name, text in HEADERS],
            "complete": complete,
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


HEADERS = (("trace", b"7"), ("origin", b"revmark.changes|0||1|2|0"))  # the second is not put back
RAW = b'{"type": "change", \xff\x00}'


@pytest.fixture
async def deployment(broker: str, names: str, tmp_path: Path) -> Deployment:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(f"{names}.{name}", 2, 1) for name in TOPICS])
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


def change(version: int, **more: Any) -> bytes:
    """A change of one company that lacks its side, unless told."""
    parts = {
        "type": "change", "tenant": "main", "platform": "hubspot", "kind": "company", "record_id": "7",
        "version": version, "seen_at": "2026-09-01T09:00:00Z",
        "raw": {"properties": {"name": f"v{version}"}, "associations": {}},
    }  # fmt: skip
    return json.dumps(parts | more).encode()


async def test_an_edit_is_checked_kept_beside_the_record_and_put_back(deployment: Deployment, tmp_path: Path):
    await deployment.put("changes", change(1), b"main", partition=PARTITION)
    name = await deployment.quarantine(0, value=change(1))
    wrong = await deployment.run("quarantine", "edit", name, "--set", "side=left", "--why", "no side")
    assert wrong.exit_code == 2
    said = " ".join(wrong.stderr.split())
    kept = tmp_path / "console" / "edits" / f"{name}.json"
    assert "side: Field required" not in said
    assert "change.side: Input should be 'crm' or 'erp'" in said
    assert f"what was typed is in {kept}" in said
    assert f"revmark quarantine edit {name} --file {kept}" in said
    assert json.loads(kept.read_text())["side"] == "left"
    kept.write_text(kept.read_text().replace('"left"', '"crm"').replace('"v1"', "115.10"))
    mended = await deployment.run(
        "quarantine", "edit", name, "--file", str(kept), "--by", "kim", "--why", "it had no side"
    )
    assert mended.exit_code == 0, mended.stderr
    other = await deployment.run("quarantine", "edit", name, "--set", "tenant=other", "--why", "x")
    assert "the record's key is 'main' and stays" in " ".join(other.stderr.split())
    shown = json.loads((await deployment.run("quarantine", "show", name, "--json")).stdout)
    assert {each["path"]: (each["was"], each["is"]) for each in shown["changed"]} == {
        "side": (None, "crm"), "raw.properties.name": ("v1", "115.10"),
    }  # fmt: skip
    assert (shown["edit"]["who"], shown["edit"]["why"], json.loads(shown["value"])["raw"]["properties"]["name"]) == (
        "kim", "it had no side", "v1",
    )  # fmt: skip
    assert (await deployment.run("quarantine", "replay", name, "--wait", "0")).exit_code == 0
    (_, back) = await deployment.work(2)
    assert json.loads(back.value) == json.loads(change(1, side="crm", raw={"properties": {"name": "115.10"},
                                                                          "associations": {}}))  # fmt: skip
    assert (back.key, back.partition, back.headers) == (b"main", PARTITION, (("trace", b"7"),))


async def test_the_editor_of_a_persons_choice_is_opened_on_it(deployment: Deployment, tmp_path: Path):
    await deployment.put("changes", change(1), b"main", partition=PARTITION)
    name = await deployment.quarantine(0, value=change(1))
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i \'s/"tenant": "main"/"tenant": "main", "side": "crm"/\' "$1"\n')
    editor.chmod(0o700)
    deployment.env["EDITOR"] = str(editor)
    assert (await deployment.run("quarantine", "edit", name, "--why", "no side")).exit_code == 0
    assert not list((tmp_path / "console" / "edits").iterdir())
    deployment.env["EDITOR"] = "false"
    left = await deployment.run("quarantine", "edit", name, "--why", "again")
    assert (left.exit_code, "ended with 1" in left.stderr) == (2, True)


async def test_several_of_one_record_go_back_in_the_order_in_which_they_came(deployment: Deployment):
    for version in (1, 2, 3):
        await deployment.put("changes", change(version), b"main", partition=PARTITION)
    names = [await deployment.quarantine(offset, value=change(offset + 1)) for offset in range(3)]
    alone = await deployment.run("quarantine", "replay", names[0], "--wait", "0")
    assert alone.exit_code == 0, alone.stderr
    again = await deployment.quarantine(3, value=change(1), reason="still bad")
    younger = await deployment.run("quarantine", "show", names[1], "--json")
    assert json.loads(younger.stdout)["before"] == [again], "it lay first, wherever it lies now"
    all_of_them = await deployment.run("quarantine", "replay", names[2], again, names[1], "--wait", "0")
    assert all_of_them.exit_code == 0, all_of_them.stderr
    lying = await deployment.work(7)
    assert [json.loads(each.value)["version"] for each in lying[4:]] == [1, 2, 3]


async def test_a_refused_command_is_tried_again_by_a_word_among_the_facts(deployment: Deployment):
    refused = LedgerEntry(
        command=create(1, id="c1"), state="refused", payload_hash="a", attempts=1, claimed_at=START, settled_at=START,
        code="400", message="Account code '205' is not a valid code",
    )  # fmt: skip
    await deployment.put("ledger", refused.to_bytes(), b"main.xero|c1")
    assert (await deployment.run("quarantine", "replay", "c1")).exit_code == 2, "it needs a reason"
    said = await deployment.run("quarantine", "replay", "c1", "--by", "kim", "--why", "205 was added", "--wait", "0.5")
    assert (said.exit_code, "taken up when one runs" in " ".join(said.stderr.split())) == (3, True), said.stderr
    (word,) = [parse_finding(each.value) for each in await read(deployment.broker, f"{deployment.prefix}facts")]
    assert isinstance(word, Retry)
    assert (word.command, word.fields, word.who, word.why, word.customer) == (
        "c1", ["*"], "kim", "205 was added", "company:acme",
    )  # fmt: skip
    assert (await deployment.run("status")).exit_code == 0
    twice = await deployment.run("quarantine", "drop", "c1", "--why", "x")
    assert (twice.exit_code, "was replayed by kim" in twice.stderr) == (2, True)
    edited = await deployment.run("quarantine", "edit", "c1", "--set", "fields.name=x", "--why", "x")
    assert (edited.exit_code, "was replayed by kim" in edited.stderr) == (2, True)


async def test_other_values_are_put_in_place_of_those_that_a_platform_refused(deployment: Deployment, tmp_path: Path):
    contract = tmp_path / "contract.yaml"
    contract.write_text(template(), encoding="utf-8")
    deployment.env["REVMARK_CONTRACT"] = str(contract)
    lines = [{"sku": "W-1", "description": "Widget", "quantity": "2", "unit_price": "50", "account": "200"}]
    fields = {"number": "RM-1", "status": "posted", "reference": "Widgets", "lines": lines}
    made = create(1, id="c1", fields=fields, links={"company": "xero/contact/a"})
    refused = LedgerEntry(
        command=made, state="refused", payload_hash="a", attempts=1, claimed_at=START, settled_at=START, code="400",
        message="Account code '200' is not a valid code",
    )  # fmt: skip
    await deployment.put("ledger", refused.to_bytes(), b"main.xero|c1")
    for wrong, said in (
        ("fields.number=RM-2", "is what the record is found by"),
        ("fields.total=1.00", "cannot come or go"),
        ("natural_key=RM-2", "and nothing else"),
        ("fields.status=voided", "not created as voided"),
        ("fields.lines.0.quantity={}", "fields.lines.0.quantity"),
    ):
        typed = await deployment.run("quarantine", "edit", "c1", "--set", wrong, "--why", "x")
        assert (typed.exit_code, said in " ".join(typed.stderr.split())) == (2, True), (wrong, typed.stderr)
    right = ("quarantine", "edit", "c1", "--set", "fields.lines.0.account=205", "--by", "kim", "--why", "200 is closed")
    assert (await deployment.run(*right)).exit_code == 0
    assert "nothing was changed" in (await deployment.run(*right)).stderr
    listed = json.loads((await deployment.run("quarantine", "list", "--json")).stdout)
    assert (listed["edit"]["who"], listed["edit"]["why"]) == ("kim", "200 is closed")
    shown = " ".join((await deployment.run("quarantine", "show", "c1")).stdout.split())
    assert ('"account":"205"' in shown, "by kim" in shown) == (True, True), shown
    await deployment.run("quarantine", "replay", "c1", "--by", "ann", "--wait", "0.5")
    (word,) = [parse_finding(each.value) for each in await read(deployment.broker, f"{deployment.prefix}facts")]
    assert isinstance(word, Retry)
    assert (word.refused, word.instead) == ({"lines": lines}, {"lines": [{**lines[0], "account": "205"}]})
    assert (word.who, word.why, word.fields) == ("ann", "200 is closed", ["*"])
    assert (await deployment.run("status")).exit_code == 0
