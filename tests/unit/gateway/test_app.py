import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.command import parse_work
from schemas.errors import Refused, Transient
from schemas.wire import encode
from streams.gateway import app as gateway_app
from streams.gateway.bodies import MAX_BODY, parse_body, read_body
from streams.gateway.produce import KafkaProduce
from tests.unit.engine.scraping import assert_conventional, parsed
from tests.unit.gateway.callers import HUBSPOT, XERO, Callers

EVENT = {"subscriptionType": "company.creation", "objectId": 1}


async def test_a_hint_that_cannot_be_produced_is_turned_away_and_comes_again():
    callers = Callers()
    callers.log.away = True
    assert await callers.hubspot(EVENT) == 503
    assert callers.gateway.counts.of("requests", "hubspot", "unavailable") == 1
    callers.log.away = False
    assert await callers.hubspot(EVENT) == 200
    assert callers.log.reads() == {"company": ["1"]}


async def test_a_producer_that_hangs_is_given_up_before_the_vendor_hangs_up(monkeypatch: pytest.MonkeyPatch):
    assert gateway_app.PRODUCE_SECONDS == 4.0
    monkeypatch.setattr(gateway_app, "PRODUCE_SECONDS", 0.01)
    callers = Callers()
    callers.log.slow = True
    assert await callers.hubspot(EVENT) == 503


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b" " * (MAX_BODY + 1), "application/json", 413),
        (b"[]", "text/plain", 415),
        (b"[]", "", 415),
        (b"{", "application/json", 400),
        (b"{}", "application/json", 400),
        (b"[" * 33 + b"]" * 33, "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (encode([EVENT] * 101), "application/json", 400),
    ],
)
async def test_what_is_no_webhook_is_refused_even_when_it_is_signed(body: bytes, content_type: str, status: int):
    callers = Callers()
    headers = [("content-type", content_type), *callers.hubspot_headers(body)[1:]]
    assert (await callers.send(HUBSPOT, body, headers)).status_code == status
    assert callers.log.records == []


async def test_a_body_that_is_no_object_is_refused_for_xero():
    callers = Callers()
    for body in (b"[]", b'{"events":5}'):
        assert (await callers.send(XERO, body, callers.xero_headers(body))).status_code == 400


async def test_a_stated_length_is_enough_to_refuse_and_a_missing_one_does_not_help():
    callers = Callers()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536

    async with callers.client() as client:
        headers = dict(callers.hubspot_headers(b"[]"))
        answer = await client.post(HUBSPOT, content=endless(), headers=headers)
        assert answer.status_code == 413
        answer = await client.post(HUBSPOT, content=b"[]", headers={**headers, "content-length": "9" * 12})
        assert answer.status_code == 413


async def test_a_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("streams.gateway.bodies.BODY_SECONDS", 0.01)

    async def never() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.Event().wait()

    with pytest.raises(Refused) as refused:
        await read_body(never(), "application/json", None)
    assert refused.value.code == "408"


def test_brackets_in_strings_are_not_depth():
    deep = encode({"text": '[[[["\\' * 100, "list": [[[]]]})
    assert parse_body(deep)["list"] == [[[]]]


def test_what_is_nested_beyond_the_limit_is_refused_and_what_is_long_is_not():
    assert parse_body(encode([[{"a": [each]}] for each in range(100)]))[99] == [{"a": [99]}]
    assert parse_body(b"[" * 16 + b'{"a":' * 16 + b"1" + b"}" * 16 + b"]" * 16)
    for deep in (b"[" * 33 + b"]" * 33, b"[[" + b'{"a":' * 31 + b"1" + b"}" * 31 + b"]]", b"[" * 40):
        with pytest.raises(Refused, match="nested"):
            parse_body(deep)


async def test_only_the_methods_of_a_webhook_are_answered():
    callers = Callers()
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        assert (await callers.send(HUBSPOT, b"", [], method)).status_code == 405
    assert (await callers.send("/", b"", [], "GET")).status_code == 404


async def test_metrics_are_prometheus_text():
    callers = Callers()
    await callers.hubspot(EVENT, {"subscriptionType": "ticket.creation", "objectId": 1})
    answer = await callers.send("/metrics", b"", [], "GET")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'revmark_webhook_requests_total{platform="hubspot",result="accepted"} 1.0' in lines
    assert 'revmark_webhook_events_total{platform="hubspot",result="ignored"} 1.0' in lines
    assert "# TYPE revmark_webhook_hints_total counter" in lines
    assert_conventional(parsed(answer.text).families.values(), "revmark_")


async def test_health_tells_whether_hints_can_be_produced():
    callers = Callers()
    assert (await callers.send("/healthz", b"", [], "GET")).status_code == 200
    away = gateway_app.create_app(callers.gateway.settings, callers.log, callers.clock, ready=lambda: False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=away), base_url="http://x") as client:
        assert (await client.get("/healthz")).status_code == 503


async def test_a_gateway_whose_broker_is_away_starts_and_turns_hints_away():
    produce = KafkaProduce("127.0.0.1:1")
    await produce.start()
    with pytest.raises(Transient):
        await produce("t", b"k", b"v")
    assert not produce.ready
    await produce.stop()


@pytest.mark.broker
async def test_hints_are_on_the_topic_when_the_vendor_is_answered(broker: str, names: str):
    callers = Callers(prefix=f"{names}.")
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(f"{names}.lanes.hubspot", num_partitions=1, replication_factor=1)])
    await admin.close()
    produce = KafkaProduce(broker)
    callers.gateway.produce = produce
    await produce.start()
    async with asyncio.timeout(30):
        while not produce.ready:  # noqa: ASYNC110 - the broker decides when
            await asyncio.sleep(0.05)
    try:
        assert await callers.hubspot(EVENT) == 200
        consumer = AIOKafkaConsumer(f"{names}.lanes.hubspot", bootstrap_servers=broker, auto_offset_reset="earliest")
        await consumer.start()
        record = await asyncio.wait_for(consumer.getone(), 20)
        await consumer.stop()
    finally:
        await produce.stop()
    assert record.key == b"main.hubspot"
    assert parse_work(record.value).type == "read"
