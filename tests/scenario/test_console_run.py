"""Commands that stay up: each comes up, does its work, and goes quietly at Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.change import Link, parse_arrival
from schemas.names import Entity
from tables.entities import EntityState, SideState, to_row
from tests.support.running import running
from tests.unit.console.records import INERT, event, quarantined, verdict

pytestmark = pytest.mark.broker
INTERRUPTED = 130


@pytest.fixture
async def prefix(broker: str, names: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    made = ["changes", "decisions", "revenue", "quarantine", "audit", "tables.accounts", "tables.cursors"]
    await admin.create_topics([NewTopic(f"{names}.{name}", 1, 1) for name in made])
    await admin.close()
    return f"{names}."


async def put(broker: str, topic: str, value: bytes, key: bytes = b"main") -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        await producer.send_and_wait(topic, value, key=key)


async def test_the_page_streams_what_is_decided(broker: str, prefix: str, tmp_path: Path):
    settings = {"broker": broker, "topic_prefix": prefix}
    with running("page", "--port", "0", folder=tmp_path, **settings) as page:
        address = (await page.line()).split()[2]
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            assert "Revmark" in (await client.get("/")).text
            async with client.stream("GET", "/api/stream") as stream:
                lines = stream.aiter_lines()
                await put(broker, f"{prefix}decisions", verdict(1, label=INERT).to_bytes())
                async with asyncio.timeout(30):
                    found: dict[str, list[dict[str, str]]] = {"decisions": []}
                    while not found["decisions"]:
                        line = await anext(lines)
                        found = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else found
                assert found["decisions"][0]["label"] == INERT
            assert (await client.get("/healthz")).text == "ok"
        assert await page.interrupt() == (INTERRUPTED, "")


async def test_events_are_followed_as_they_come(broker: str, prefix: str, tmp_path: Path):
    await put(broker, f"{prefix}revenue", event(1).to_bytes())
    settings = {"broker": broker, "topic_prefix": prefix}
    with running("events", "--follow", "--json", folder=tmp_path, **settings) as events:
        assert json.loads(await events.line())["id"] == "event-1"
        await put(broker, f"{prefix}revenue", event(2).to_bytes())
        assert json.loads(await events.line())["id"] == "event-2"
        code, _ = await events.interrupt()
        assert code == INTERRUPTED


async def test_a_link_waits_until_a_worker_has_taken_it_up(broker: str, prefix: str, tmp_path: Path):
    settings = {"broker": broker, "topic_prefix": prefix, "group": f"{prefix}group"}
    said = ("link", "hubspot/company/1", "xero/contact/a", "--yes", "--why", "same VAT number", "--who", "kim")
    with running(*said, "--wait", "0.5", folder=tmp_path, **settings) as early:
        code, _, words = await early.end()
        assert (code, "stays on the topic" in words) == (3, True)
    with running(*said, folder=tmp_path, **settings) as link:
        place = TopicPartition(f"{prefix}changes", 0)
        async with AIOKafkaConsumer(
            bootstrap_servers=broker, group_id=f"{prefix}group", enable_auto_commit=False, auto_offset_reset="earliest"
        ) as worker:
            worker.assign([place])
            values = [(await worker.getone()).value for _ in range(2)]
            await worker.commit({place: 2})
        code, seen, words = await link.end()
        assert (code, "are now one" in seen) == (0, True), words
    found = parse_arrival(values[1])
    assert isinstance(found, Link)
    assert (found.left, found.right, found.same, found.who) == ("hubspot/company/1", "xero/contact/a", True, "kim")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("relink", "--leave-invoices"), ("relink", True, True)),
        (("unlink",), ("unlink", False, False)),
    ],
)
async def test_a_changed_link_is_a_fact_on_the_topic_with_who_and_why(
    broker: str, prefix: str, tmp_path: Path, words: tuple[str, ...], expected: tuple[str, bool, bool]
):
    await put(broker, f"{prefix}changes", b"{}")
    pair = ("hubspot/company/1", "xero/contact/a")
    said = ("links", *words, *pair, "--by", "kim", "--why", "a namesake", "--wait", "0")
    with running(*said, folder=tmp_path, broker=broker, topic_prefix=prefix) as command:
        code, seen, told = await command.end()
    assert (code, seen.strip()) == (0, "sent"), told
    place = TopicPartition(f"{prefix}changes", 0)
    async with AIOKafkaConsumer(bootstrap_servers=broker) as reader:
        reader.assign([place])
        await reader.seek_to_beginning(place)
        found = parse_arrival([await reader.getone() for _ in range(2)][1].value)
    assert isinstance(found, Link)
    assert (found.act, found.same, found.leave) == expected
    assert (found.left, found.right, found.who, found.why) == (*pair, "kim", "a namesake")


async def test_duplicates_are_found_in_the_table_of_accounts(broker: str, prefix: str, tmp_path: Path):
    for number, name in (("1", "Acme Ltd"), ("2", "Other"), ("2", "ACME")):
        record = EntityState(Entity.COMPANY, f"company:{number}")
        record.crm = SideState(f"hubspot/company/{number}", 1, {"name": name, "domain": "acme.example"})
        key = json.dumps(f"r|main|{record.id}|{record.id}").encode()
        await put(broker, f"{prefix}tables.accounts", json.dumps(to_row(record)).encode(), key)
    settings = {"broker": broker, "topic_prefix": prefix}
    with running("links", "duplicates", folder=tmp_path, **settings) as command:
        code, seen, words = await command.end()
    assert (code, "same domain: acme.example; same name: acme" in seen) == (0, True), (seen, words)
    assert "merge hubspot/company/1 and hubspot/company/2 in the CRM" in seen
    with running("links", "duplicates", "--json", "--min-score", "56", folder=tmp_path, **settings) as command:
        assert (await command.end())[:2] == (0, "")


async def test_a_contract_that_no_worker_would_start_under_is_told(broker: str, prefix: str, tmp_path: Path):
    row = {"objects": {"invoice": "revmark_invoice"}}
    await put(broker, f"{prefix}tables.cursors", json.dumps(row).encode(), b'"main.hubspot|standing"')
    dead = {"until": "2999-01-01T00:00:00+00:00", "why": "Xero no longer accepts the grant", "person": True}
    await put(broker, f"{prefix}tables.cursors", json.dumps(dead).encode(), b'"main.xero|standing"')
    settings = {"broker": broker, "topic_prefix": prefix, "hubspot_url": "http://127.0.0.1:1"}
    with running("init", folder=tmp_path) as command:
        await command.end()
    (tmp_path / "revmark.env").unlink()
    with running("check", "--json", folder=tmp_path, **settings) as command:
        code, seen, words = await command.end()
    found = {each["name"]: each for each in json.loads(seen)["findings"]}
    assert (code, found["contract objects"]["ok"]) == (1, False), words
    assert "platforms.objects.invoice is native" in found["contract objects"]["detail"]
    assert not found["xero work"]["ok"]
    assert "main.xero stands still, tried again at 2999-01-01 00:00:00 UTC: Xero no" in found["xero work"]["detail"]
    assert "start the workers again" in found["xero work"]["next_step"]


async def test_a_link_that_is_refused_says_why(broker: str, prefix: str, tmp_path: Path):
    settings = {"broker": broker, "topic_prefix": prefix, "group": f"{prefix}group"}
    record = json.loads(quarantined(0, "both are linked to others already")) | {"topic": f"{prefix}changes"}
    await put(broker, f"{prefix}quarantine", json.dumps(record).encode())
    with running(
        "link", "hubspot/company/1", "xero/contact/a", "--no", "--why", "x", folder=tmp_path, **settings
    ) as link:
        place = TopicPartition(f"{prefix}changes", 0)
        async with AIOKafkaConsumer(
            bootstrap_servers=broker, group_id=f"{prefix}group", enable_auto_commit=False
        ) as worker:
            worker.assign([place])
            await worker.commit({place: 1})
        code, _, words = await link.end()
        assert (code, "linked to others already" in words) == (1, True), words


async def test_the_embedded_broker_runs_alone_where_the_settings_look_for_it(tmp_path: Path, free_port: int):
    wanted = f"127.0.0.1:{free_port}"
    with running("broker", "--folder", str(tmp_path / "kafka"), folder=tmp_path, broker=wanted) as kafka:
        address = (await kafka.line()).split()[3].rstrip(",")
        assert address == wanted
        assert f"REVMARK_BROKER={address}" in await kafka.line()
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        await admin.close()
        code, _ = await kafka.interrupt()
        assert code == INTERRUPTED
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection(*address.split(":"))
        writer.close()
        pytest.fail("Kafka outlived its command")


async def test_the_sandbox_comes_up_and_goes(tmp_path: Path):
    with running("sandbox", "up", "--only", "xero", folder=tmp_path) as sandbox:
        lines = dict([(await sandbox.line()).split("=", 1) for _ in range(7)])
        url = lines["REVMARK_XERO_URL"]
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/_sandbox/writes")).is_success
        with running("sandbox", "writes", "xero", "--json", folder=tmp_path) as writes:
            assert (await writes.end())[0] == 0
        code, _ = await sandbox.interrupt()
        assert code == INTERRUPTED
    assert not (tmp_path / "sandbox.json").exists()


async def test_the_gateway_answers_and_goes(broker: str, prefix: str, tmp_path: Path, free_port: int):
    settings = {"broker": broker, "topic_prefix": prefix}
    with running("gateway", "--port", str(free_port), folder=tmp_path, **settings) as gateway:
        assert gateway.process.stderr is not None
        said = await asyncio.wait_for(asyncio.to_thread(gateway.process.stderr.readline), 60)
        assert f"listening on 127.0.0.1:{free_port}" in said
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}") as client:
            # It said so: no second try is needed.
            assert (await client.post("/webhooks/xero", json={"events": []})).status_code == 401
        code, _ = await gateway.interrupt()
        assert code == INTERRUPTED


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
