"""The Faust app whose agents read record batches.

Flows in: settings, batch topics, batch tables, agents. Flows out: a worker, started as any Faust worker is.
Invariants: see docs/engine.md; those of reading and committing are kept by the consumer, those of writing here.
"""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import faust
from faust.types import TP, AgentT, ChannelT, TransportT

from streams.engine import failure, progress
from streams.engine.batch import RecordBatch
from streams.engine.consumer import BatchConsumer
from streams.engine.delivery import Delivery
from streams.engine.errors import EngineError, Misconfigured, Revoked
from streams.engine.garbage import keep_looking, look_less_often
from streams.engine.metrics import Metrics
from streams.engine.misfit import TOMBSTONES_KEPT
from streams.engine.partitioner import partition_for
from streams.engine.preflight import PATIENCE
from streams.engine.premises import Premises
from streams.engine.producer import BatchProducer
from streams.engine.readers import Readers
from streams.engine.record import OVERHEAD, Headers
from streams.engine.recovery import BatchRecovery
from streams.engine.rocks import RocksStore
from streams.engine.settings import broker_addresses, broker_urls, checked, defaults
from streams.engine.store import MemoryStore, Store
from streams.engine.stream import guarded
from streams.engine.table import BatchTable
from streams.engine.tables import BatchTableManager
from streams.engine.topic import BatchTopic
from streams.engine.transport import BatchTransport
from streams.engine.tumbling import Tumbling
from streams.engine.window_table import WindowTable
from streams.engine.windows import E, V

__all__ = ["EngineApp"]

MAX_RECORD = 4 * 1024 * 1024  # bytes: what a topic must take (`max.message.bytes`)
MAX_WAITING = 64 * 1024 * 1024  # bytes: some batches of each partition; more only delays a rebalance
DRAIN = 5.0  # seconds open batches get to finish before their partitions are given up


class EngineApp(faust.App):
    """A Faust app; ordinary agents, timers and tasks go on working beside those that read batches."""

    def __init__(
        self,
        name: str,
        *,
        broker: str = "127.0.0.1:9092",
        store: str = "memory://",
        datadir: Path | str | None = None,
        partitions: int = 4,
        quarantine_topic: str | None = None,
        max_record: int = MAX_RECORD,
        max_waiting: int = MAX_WAITING,
        drain_timeout: float = DRAIN,
        start_timeout: float = PATIENCE,
        recovery_patience: float = progress.PATIENCE,
        metrics_port: int | None = None,
        metrics_host: str = "127.0.0.1",
        **settings: Any,
    ) -> None:
        """Make an app.

        Args:
            name: of the consumer group; workers with the same name share the work.
            broker: `host:port[,host:port]`, with or without `kafka://`.
            store: where local state is kept: `memory://` or `rocksdb://`.
            datadir: folder of local state on disk, one per worker.
            partitions: how many a changelog is made with: as many as the topics its table is fed from.
            quarantine_topic: where records go that cannot go on.
            max_record: bytes; larger outputs are refused when they are staged, larger records put into quarantine.
            max_waiting: bytes of records that may wait for agents, about; each partition has an equal share.
            drain_timeout: seconds batches in work get to finish when partitions are given up.
            start_timeout: seconds a broker and its topics get to appear.
            recovery_patience: seconds recovery may stand still while the broker answers; then the worker ends.
            metrics_port: where Prometheus finds the worker's metrics; 0 takes any that is free, None serves none.
            metrics_host: address to serve them at.
            **settings: of Faust; see `settings.py` for those that differ from its own.

        Raises:
            Misconfigured: these settings cannot work.
        """
        if store not in {"memory://", "rocksdb://"}:
            raise Misconfigured(f"store is {store!r}; it is memory:// or rocksdb://.")
        if max_waiting <= 0:
            raise Misconfigured(f"max_waiting is {max_waiting} bytes: nothing could be read.")
        self.on_disk = store == "rocksdb://"
        self.quarantine_topic = quarantine_topic
        self.max_record = max_record
        self.max_waiting = max_waiting
        self.failure: BaseException | None = None
        self.recovery_patience = recovery_patience
        self.metrics = Metrics(self)
        self._metrics_at = None if metrics_port is None else (metrics_host, metrics_port)
        self._drain_timeout = drain_timeout
        self._readers = Readers()
        self.delivery = Delivery(self)
        self._was_ready = False
        urls = broker_urls(broker)
        self.premises = Premises(self, broker_addresses(urls), start_timeout)
        chosen = defaults(partitions=partitions, on_disk=self.on_disk, max_record=max_record) | settings
        super().__init__(
            name,
            broker=urls,
            store="memory://",  # of stock tables; batch tables have their own
            datadir=str(datadir or f"{name}-data"),
            TableManager=BatchTableManager,
            agent_supervisor="mode.CrashingSupervisor",
            **checked(chosen),
        )

    # declaring

    def batch_topic(self, name: str, **settings: Any) -> BatchTopic:
        """Declare a topic read as record batches; it must exist on the broker when the worker starts."""
        return BatchTopic(self, topics=[name], **settings)

    def batch_table(self, name: str, *, changelog: str | None = None, partitions: int | None = None) -> BatchTable:
        """Declare a table with string keys and JSON values, and its changelog topic."""
        topic = self.topic(
            changelog or f"{self.conf.id}-{name}-changelog",
            partitions=partitions,
            compacting=True,
            acks=False,
            internal=True,
            allow_empty=True,
            config={"delete.retention.ms": TOMBSTONES_KEPT, "max.message.bytes": self.max_record},
        )
        local: Store = MemoryStore()
        if self.on_disk:
            local = RocksStore(lambda: self.conf.datadir / "tables", name, refused=partial(self.end, "Local state"))
        limit = self.max_record - OVERHEAD
        table = BatchTable(
            self, name=name, changelog_topic=topic, store_of_table=local, row_limit=limit, beacon=self.tables.beacon
        )
        self.tables.add(table)
        return table

    def window_table(
        self, name: str, tumbling: Tumbling, *, initial: Callable[[], V], fold: Callable[[V, E], V], **settings: Any
    ) -> WindowTable[V, E]:
        """Declare event-time windows, kept in a batch table (which takes the settings); an event is folded in."""
        return WindowTable(self.batch_table(name, **settings), tumbling, initial=initial, fold=fold)

    def agent(
        self, channel: "str | ChannelT[Any] | None" = None, *, concurrency: int = 1, **settings: Any
    ) -> Callable[[Callable[..., Any]], AgentT[Any]]:
        """Declare an agent; one of a batch topic iterates over record batches.

        An exception that leaves the body ends the process, whatever kind of agent it is.
        """
        reads_batches = isinstance(channel, BatchTopic)
        if reads_batches and concurrency != 1:
            raise Misconfigured("An agent of a batch topic has concurrency 1: order is what makes it right.")
        declare = super().agent(channel, concurrency=concurrency, **settings)

        def decorate(body: Callable[..., Any]) -> AgentT[Any]:
            self._readers.claim(channel, body.__qualname__, batches=reads_batches)
            return declare(guarded(self, body) if reads_batches else body)

        return decorate

    # asking

    @property
    def is_ready(self) -> bool:
        """Whether this worker has its partitions for certain, with their tables recovered."""
        consumer = self.reading
        if consumer is None or consumer.is_between or self.rebalancing:
            return False
        return consumer.is_positioned and consumer.lease.holds

    @property
    def epoch(self) -> int:
        """The number of the present assignment: batches of another are revoked."""
        return self._batches.epoch

    @property
    def reading(self) -> BatchConsumer | None:
        """The consumer, once there is one: asking for `consumer` would make it."""
        return None if self._consumer is None else self._batches

    @property
    def recovering(self) -> BatchRecovery | None:
        """The recovery, once there is one: asking for `tables.recovery` would make it."""
        return None if self.batch_tables._recovery is None else self.batch_tables.recovery  # noqa: SLF001 - seam

    def reads_batches(self, topic: str) -> bool:
        """Return whether an agent reads a topic as batches."""
        return topic in self._readers

    def partition_of(self, topic: str, key: bytes) -> int:
        """Return the partition of a topic that a key belongs to.

        Raises:
            EngineError: the topic is not known (yet).
        """
        known = self.writer.partitions_known(topic) or self.premises.count(topic)
        if not known:
            raise EngineError(f"Topic {topic} is not known: it does not exist, or the worker has not started.")
        return partition_for(key, known)

    def owns(self, topic: str, key: bytes) -> bool:
        """Return whether a key's partition is this worker's now, with recovery finished."""
        return self.is_ready and TP(topic, self.partition_of(topic, key)) in self._batches.assignment()

    async def produce(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = ()) -> None:
        """Write one record outside of any batch, and wait until it is acknowledged.

        It is written in the assignment it was asked in: whoever writes for partitions that are its own, and no longer
        has them for certain, must not.

        Raises:
            Revoked: partitions were shared out anew, or may have been; nothing was written. Ask again what is ours.
            DeliveryFailed: the broker did not acknowledge it.
        """
        consumer = self.reading
        epoch = 0 if consumer is None else consumer.epoch

        def check() -> None:
            if consumer is not None and not consumer.is_certain(epoch):
                raise Revoked(f"A record for {topic} was not written: this worker's partitions may be another's now.")

        await self.delivery.outputs({topic: [(key, value, headers)]}, check)

    # what batches ask

    def check_table(self, batch: RecordBatch, table: BatchTable) -> None:
        """Refuse a table whose partition is not ours, recovered, together with the batch's.

        Raises:
            Misconfigured: its changelog is not partitioned like the topic that feeds it.
        """
        changelog = table.changelog_topic_name
        source, held = self.premises.count(batch.topic), self.premises.count(changelog)
        if source == held and TP(changelog, batch.partition) in self.batch_tables.recovery.active_tps:
            return
        batch.check()
        raise Misconfigured(
            f"Table {table.name} has {held} partitions ({changelog}), the topic {batch.topic} has {source}: "
            f"a key would not sit in the same one. Nothing was written. Give both the same."
        )

    @property
    def quarantine_limit(self) -> int:
        """Bytes that the quarantine topic takes in one record."""
        return self.premises.quarantine_limit

    def log_of(self, topic: str) -> str:
        """Return the id of a topic that is read, as it was when the worker started; empty where there is none."""
        return self.premises.log_of(topic)

    def still_owns(self, batch: RecordBatch) -> bool:
        """Return whether a batch may be written now."""
        return self._batches.still_owns(batch)

    def opened(self, batch: RecordBatch) -> None:
        """Note that an agent works on a batch."""
        self._batches.opened(batch)

    def settle(self, batch: RecordBatch) -> None:
        """Note that a batch is done."""
        self._batches.settle(batch)

    # ending

    def fail(self, where: str, error: BaseException) -> None:
        """End the process over an error: from this moment on nothing is committed."""
        if self.failure is None:
            self.failure = error
            if self._consumer is not None:
                self._batches.refuse_commits()
            failure.say_and_arm(where, error)
            logging.getLogger(type(self).__module__).setLevel(logging.CRITICAL + 1)  # Faust logs in a subclass's name

    def end(self, where: str, error: BaseException) -> None:
        """End the process over an error no agent raised."""
        self.fail(where, error)
        self.add_future(self.crash(error))

    async def crash(self, reason: BaseException) -> None:
        """Say what ended a timer or a task, in words, before Faust ends the process over it."""
        self.fail("A task", reason)
        await super().crash(reason)

    def _crash(self, reason: BaseException) -> None:
        """End over a part of Faust's as well: its own way to stop may wait for a broker that is away."""
        self.fail("A service", reason)
        super()._crash(reason)

    async def _on_agent_error(self, agent: AgentT[Any], exc: BaseException) -> None:
        self.fail(f"Agent {agent.name}", exc)

    def learn_counts(self, count_of: Callable[[str], int | None]) -> None:
        """Note topics that were given more partitions: tables they feed are refused from now on."""
        self.premises.learn_counts(self._readers, count_of)

    # what Faust asks of an app

    async def on_first_start(self) -> None:
        """Look before anything starts: a broker, the topics, a state folder of our own."""
        failure.quieten()
        look_less_often()
        self.add_future(keep_looking())
        if self._metrics_at is not None:
            self.metrics.start(*self._metrics_at)
        await self.premises.find(self._readers)
        failure.log.info("worker of %s starts: %s", self.conf.id, ", ".join(self.premises.addresses))
        await super().on_first_start()

    async def on_stop(self) -> None:
        """Stop, and give the state folder back."""
        await super().on_stop()
        await self.metrics.stop()
        self.premises.leave()
        failure.log.info("worker of %s stopped", self.conf.id)

    def on_rebalance_end(self) -> None:
        """Say that the worker is ready.

        Faust says so also at the end of a recovery that another rebalance has overtaken.
        """
        if self.failure is not None or self._batches.is_between or not self.batch_tables.recovery.is_current():
            return
        super().on_rebalance_end()
        failure.log.log(logging.DEBUG if self._was_ready else logging.INFO, "worker of %s is ready", self.conf.id)
        self._was_ready = True

    def _create_directories(self) -> None:
        """Make no folders: only local state on disk needs one, and its lock makes it."""

    async def _producer_flush(self, logger: Any) -> None:  # noqa: ARG002 - Faust's signature
        """Wait for what ordinary agents have sent, no longer than batches are waited for."""
        if self._producer is not None:
            await (self._producer if self._consumer is None else self._batches).flush()

    async def _consumer_wait_empty(self, consumer: Any, logger: Any) -> None:  # noqa: ARG002 - Faust's signature
        """Let open batches finish, before partitions are given up and before the worker stops."""
        await self._batches.drain(self._drain_timeout)

    def _new_transport(self) -> TransportT:
        return BatchTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> TransportT:
        return BatchTransport(self.conf.broker_producer, self)

    @property
    def batch_tables(self) -> BatchTableManager:
        """The tables."""
        tables: BatchTableManager = self.tables  # type: ignore[assignment] # our settings name no other
        return tables

    @property
    def _batches(self) -> BatchConsumer:
        consumer: BatchConsumer = self.consumer  # type: ignore[assignment] # our transport makes no other
        return consumer

    @property
    def writer(self) -> BatchProducer:
        """The producer."""
        producer: BatchProducer = self.producer  # type: ignore[assignment] # same
        return producer
