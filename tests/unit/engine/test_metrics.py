"""What is measured of a worker that has not met a broker, and how it is served."""

import socket
from collections.abc import Iterator

import pytest
from aiokafka.errors import CommitFailedError, KafkaConnectionError
from aiokafka.structs import TopicPartition
from faust.types import TP
from prometheus_client import generate_latest

from streams.engine import EngineApp, PortRefused, Record
from streams.engine.batch import RecordBatch
from streams.engine.consumer import BatchConsumer
from streams.engine.inflight import InFlight
from streams.engine.metrics import CommitAges
from streams.engine.standing import standing
from streams.engine.view import encode_key
from tests.unit.engine.scraping import Scraped, assert_conventional, parsed, scrape

PLACE = TP("facts", 1)
CHANGES = TP("tables.versions", 1)


@pytest.fixture
async def app() -> EngineApp:
    return EngineApp("unit")


def told(app: EngineApp) -> Scraped:
    return parsed(generate_latest(app.metrics.registry).decode())


def batch(app: EngineApp, first: int, last: int) -> RecordBatch:
    return RecordBatch(app, PLACE, [Record(b"k", b"v", offset, 0) for offset in range(first, last)], 0)


async def test_what_is_told_before_the_start_is_conventional_and_makes_nothing(app: EngineApp):
    app.metrics.opened(batch(app, 0, 7))
    found = told(app)
    assert_conventional(found.families.values(), "engine_")
    assert found.all("engine_ready") == {(): 0.0}
    assert found.all("engine_batch_records_sum") == {("facts",): 7.0}
    assert found.all("engine_commits_total", result="fenced") == {(): 0.0}
    assert app.reading is None
    assert app.recovering is None


async def test_each_app_has_a_registry_of_its_own(app: EngineApp):
    other = EngineApp("other")
    other.metrics.quarantined(3)
    assert told(app).sum("engine_quarantined_records_total") == 0
    assert told(other).sum("engine_quarantined_records_total") == 3


async def test_recovery_tells_what_is_left(app: EngineApp):
    table = app.batch_table("versions", changelog=CHANGES.topic)
    recovery = app.tables.recovery  # type: ignore[attr-defined] # our table manager's
    recovery.active_tps.add(CHANGES)
    recovery.active_highwaters |= {CHANGES: 9, TP(CHANGES.topic, 2): 5}  # the second is another worker's by now
    for tp, reached in ((CHANGES, -1), (TP(CHANGES.topic, 2), 0)):
        recovery.active_offsets[tp] = reached
    app.in_recovery = True
    assert told(app).all("engine_recovery_remaining_records", role="active", topic=CHANGES.topic) == {("1",): 10.0}
    await table.on_rebalance({CHANGES}, set(), set())
    recovery.apply(CHANGES, [Record(encode_key(f"key-{n}"), b"1", n, 0) for n in range(4)])
    await app.metrics.watch.look()
    found = told(app)
    assert found.sum("engine_recovering") == 1
    assert found.sum("engine_recovery_remaining_records") == 6
    assert found.sum("engine_recovered_records_total") == 4
    assert found.sum("engine_table_entries", table="versions") == 4
    assert found.all("engine_table_bytes") == {}  # in memory it would cost a look at everything


def test_a_commit_waits_from_the_first_batch_that_is_done():
    ages = CommitAges()
    assert ages.since(PLACE) is None
    ages.done(PLACE, 10.0)
    ages.done(PLACE, 12.0)
    assert ages.since(PLACE) == 10.0
    ages.committed([PLACE], 13.0)
    assert ages.since(PLACE) == 13.0  # what was done while the commit was on its way
    ages.done(PLACE, 20.0)
    assert ages.since(PLACE) == 20.0
    ages.ended()
    assert ages.since(PLACE) == 13.0


async def test_a_partition_stands_where_its_leading_run_of_done_batches_ends(app: EngineApp):
    queue = InFlight()
    assert standing(PLACE, queue, None) == (PLACE, None, None, 0, 0, False)
    assert standing(PLACE, queue, 4) == (PLACE, 4, 4, 0, 0, False)
    first, second = batch(app, 4, 7), batch(app, 7, 9)
    queue.add(first)
    queue.add(second)
    assert standing(PLACE, queue, None) == (PLACE, 4, 9, 2, first.size + second.size, False)
    second._done = True  # noqa: SLF001 - as `done` sets it, which asks a consumer
    queue.settle()
    assert standing(PLACE, queue, 4) == (PLACE, 4, 9, 2, first.size + second.size, False)
    first._done = True  # noqa: SLF001 - same
    queue.settle()
    assert standing(PLACE, queue, 4) == (PLACE, 9, 9, 0, 0, True)
    assert standing(PLACE, queue, 9) == (PLACE, 9, 9, 0, 0, False)


async def test_metrics_are_served_from_start_to_stop(app: EngineApp, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    app.metrics.start("127.0.0.1", 0)
    address = caplog.messages[-1].removeprefix("metrics at ")
    assert "engine_ready" in scrape(address).families
    await app.metrics.stop()
    with pytest.raises(OSError, match="refused"):
        scrape(address)
    await app.metrics.stop()  # nothing is left to stop


async def test_a_port_in_use_is_said_with_what_to_set(app: EngineApp):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortRefused, match=rf"127.0.0.1:{port}: .*in use.*a metrics port of its own"):
            app.metrics.start("127.0.0.1", port)
    await app.metrics.stop()


@pytest.fixture
def consumer(app: EngineApp) -> Iterator[BatchConsumer]:
    made: BatchConsumer = app.consumer  # it connects when it is started, which it is not
    yield made
    made._thread.thread_loop.close()  # noqa: SLF001 - made with the thread


class Group:
    """A client whose group answers commits in one way."""

    def __init__(self, generation: int, error: Exception | None) -> None:
        self._coordinator = self
        self.generation = generation
        self._error = error

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(*PLACE)}

    async def commit(self, _offsets: object) -> None:
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize(
    ("generation", "error", "results"),
    [
        (3, None, {"committed": 0, "fenced": 0, "failed": 0}),  # the consumer counts it, once it knows
        (4, None, {"committed": 0, "fenced": 1, "failed": 0}),
        (3, CommitFailedError(), {"committed": 0, "fenced": 1, "failed": 0}),
        (3, KafkaConnectionError(), {"committed": 0, "fenced": 0, "failed": 1}),
    ],
)
async def test_what_a_commit_came_to_is_counted(
    app: EngineApp, consumer: BatchConsumer, generation: int, error: Exception | None, results: dict[str, int]
):
    thread = consumer._thread  # noqa: SLF001 - where commits are sent from
    thread._consumer = Group(generation, error)  # noqa: SLF001 - same
    assert await thread._commit_in({PLACE: 5}, 3) is (results == {"committed": 0, "fenced": 0, "failed": 0})  # noqa: SLF001
    found = told(app)
    assert {each: found.sum("engine_commits_total", result=each) for each in results} == results


async def test_commits_after_a_failure_are_counted_as_refused(app: EngineApp, consumer: BatchConsumer):
    consumer.refuse_commits()
    assert not await consumer._commit_offsets({PLACE: 5})  # noqa: SLF001 - as Faust calls it
    assert told(app).sum("engine_commits_total", result="refused") == 1
