import asyncio
import logging
from collections.abc import Iterator

import pytest
from faust.types import TP

from streams.engine import BatchStream, EngineApp, Misconfigured, Record, failure
from streams.engine.lease import Lease
from streams.engine.settings import broker_addresses, broker_urls
from streams.engine.view import encode_key


@pytest.fixture
def app() -> Iterator[EngineApp]:
    loop = asyncio.new_event_loop()  # Faust's services look for one when they are made
    asyncio.set_event_loop(loop)
    yield EngineApp("unit")
    asyncio.set_event_loop(None)
    loop.close()


async def reads(stream: BatchStream) -> None:
    async for _ in stream:
        raise AssertionError


def test_a_session_below_the_brokers_minimum_is_refused():
    with pytest.raises(Misconfigured, match="refuses less than 6"):
        EngineApp("unit", broker_session_timeout=5.9)


def test_an_unknown_store_is_refused():
    with pytest.raises(Misconfigured, match=r"memory:// or rocksdb://"):
        EngineApp("unit", store="aerospike://")


def test_exactly_once_is_refused():
    with pytest.raises(Misconfigured, match="at-least-once"):
        EngineApp("unit", processing_guarantee="exactly_once")


def test_addresses():
    urls = broker_urls("one:9092, kafka://two:9093;three:1")
    assert urls == ["kafka://one:9092", "kafka://two:9093", "kafka://three:1"]
    assert broker_addresses(urls) == ["one:9092", "two:9093", "three:1"]
    with pytest.raises(Misconfigured):
        broker_urls(" ")


def test_settings_follow_from_each_other(app: EngineApp):
    assert app.conf.broker_heartbeat_interval == pytest.approx(10 / 3)
    assert app.conf.producer_acks == -1
    assert app.conf.web_enabled is False


def test_a_batch_topic_has_one_agent(app: EngineApp):
    topic = app.batch_topic("facts")
    app.agent(topic)(reads)
    with pytest.raises(Misconfigured, match="has one agent"):
        app.agent(topic, name="again")(reads)
    with pytest.raises(Misconfigured, match="has one agent"):
        app.agent("facts", name="plainly")(reads)


def test_a_topic_that_an_ordinary_agent_reads_is_not_read_as_batches(app: EngineApp):
    for name in ("once", "twice"):
        app.agent("facts", name=name)(reads)  # Faust allows two
    with pytest.raises(Misconfigured, match="facts is read by"):
        app.agent(app.batch_topic("facts"), name="batches")(reads)


def test_settings_that_would_lose_or_stop_are_refused():
    with pytest.raises(Misconfigured, match="what is acknowledged may be lost"):
        EngineApp("unit", producer_acks=1)
    with pytest.raises(Misconfigured, match="nothing could be read"):
        EngineApp("unit", max_waiting=0)


def test_an_agent_of_batches_is_alone_and_does_not_yield(app: EngineApp):
    with pytest.raises(Misconfigured, match="concurrency 1"):
        app.agent(app.batch_topic("facts"), concurrency=2)

    async def yields(stream: BatchStream):
        async for batch in stream:
            yield batch

    with pytest.raises(Misconfigured, match="does not yield"):
        app.agent(app.batch_topic("others"))(yields)


def test_a_table_is_not_read_outside_of_a_batch(app: EngineApp):
    table = app.batch_table("versions", changelog="tables.versions")
    assert table.changelog_topic_name == "tables.versions"
    assert list(table.items()) == []


async def test_a_table_takes_nothing_of_a_partition_it_does_not_hold():
    table = EngineApp("unit").batch_table("versions", changelog="tables.versions")
    kept, gone = TP("tables.versions", 0), TP("tables.versions", 1)
    records = [Record(encode_key("key"), b"1", 7, 0)]
    await table.on_rebalance({kept, gone}, set(), set())
    table.apply(0, records)
    table.apply(1, records)
    assert (table.persisted_offset(kept), table.persisted_offset(gone)) == (7, 7)
    await table.on_rebalance({kept}, {gone}, set())
    table.apply(1, records)  # fetched before the partition was given away
    assert (table.persisted_offset(kept), table.persisted_offset(gone)) == (7, None)
    await table.on_recovery_completed({kept}, set())
    assert list(table.items()) == [("key", 1)]
    assert list(table.items(1)) == []


def test_a_lease_ends_before_the_session():
    assert Lease(6).holds
    assert not Lease(1).holds


def test_a_part_that_crashes_ends_the_worker_once(app: EngineApp, monkeypatch: pytest.MonkeyPatch):
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(failure, "say_and_arm", lambda where, error: said.append((where, str(error))))
    for word in ("first", "second"):
        app._crash(RuntimeError(word))  # noqa: SLF001 - as parts of Faust do
    assert said == [("A service", "first")]
    assert str(app.failure) == "first"
    other = type("Ours", (EngineApp,), {"__module__": "somewhere.else"})("unit")
    other.fail("A task", RuntimeError("third"))
    assert logging.getLogger("somewhere.else").level > logging.CRITICAL
