"""Topics of a measurement: made, loaded, read back and dropped, with librdkafka, outside what is measured.

Invariant: a load returns when everything is acknowledged, in order per partition; a read returns all there is.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from bench import job
from bench.reducer import Raw
from streams.engine.partitioner import partition_for

__all__ = ["QUIET", "Lab", "one_each"]

PATIENCE = 60.0  # seconds a broker gets on a busy machine
BRIEF = 5.0  # seconds: who asks for a group asks again
AT_ONCE = 10_000  # records per read
LOOK_EVERY = 0.02  # seconds between looks at whether topics have leaders
QUIET = 2  # of syslog's levels: a broker that stops is no news here
ROOM = 50_000  # records queued before the loader waits


def one_each(partitions: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield an event for each partition: what it causes tells that the partition's worker is ready."""
    left = set(range(partitions))
    for number in range(job.KEYS):
        key, value = job.event(number, number)
        if (place := partition_for(key, partitions)) in left:
            left.remove(place)
            yield key, value


class Lab:
    """One broker's topics."""

    def __init__(self, broker: str) -> None:
        """Work on the broker at `broker`."""
        self.broker = broker
        self._admin = AdminClient({"bootstrap.servers": broker, "log_level": QUIET})

    def make(self, topics: Mapping[str, int], **config: str) -> None:
        """Make topics with so many partitions; records never expire while measured."""
        settings = {"retention.ms": "-1", "max.message.bytes": str(4 << 20), **config}
        new = [NewTopic(name, count, 1, config=settings) for name, count in topics.items()]
        for made in self._admin.create_topics(new).values():
            made.result(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while not all(self._led(name) == count for name, count in topics.items()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{', '.join(topics)} did not get leaders within {PATIENCE:.0f} seconds")
            time.sleep(LOOK_EVERY)

    def _led(self, topic: str) -> int:
        """How many partitions of a topic have a leader that knows of it: before that, clients wait for seconds."""
        found = self._admin.list_topics(topic, timeout=PATIENCE).topics[topic].partitions
        asked = {TopicPartition(topic, place.id): OffsetSpec.latest() for place in found.values() if place.leader >= 0}
        return sum(end.exception(PATIENCE) is None for end in self._admin.list_offsets(asked).values()) if asked else 0

    def drop(self, topics: Iterable[str]) -> None:
        """Drop topics; what does not exist stays away."""
        for dropped in self._admin.delete_topics(list(topics)).values():
            with contextlib.suppress(KafkaException):
                dropped.result(PATIENCE)

    def names(self) -> list[str]:
        """All topics there are."""
        return list(self._admin.list_topics(timeout=PATIENCE).topics)

    def load(
        self, topic: str, records: Iterable[tuple[bytes, bytes]], *, by: Callable[[bytes], bytes] | None = None
    ) -> int:
        """Write records in order, to the partitions of Kafka's default partitioner; return how many.

        Args:
            topic: where.
            records: keys and values.
            by: gives what decides the partition, where that is not the key itself.
        """
        count = len(self._admin.list_topics(topic, timeout=PATIENCE).topics[topic].partitions) if by else 0
        producer = Producer(
            {
                "bootstrap.servers": self.broker,
                "log_level": QUIET,
                "acks": "all",
                "partitioner": "murmur2_random",
                "enable.idempotence": True,  # order, also where a broker that is busy lets a batch be sent again
                "linger.ms": 20,
                "batch.num.messages": 10_000,
                "queue.buffering.max.messages": 10 * ROOM,
            }
        )
        written = 0
        for key, value in records:
            while len(producer) > ROOM:
                producer.poll(0.02)
            if by is None:
                producer.produce(topic, value, key)
            else:
                producer.produce(topic, value, key, partition_for(by(key), count))
            written += 1
        if producer.flush(PATIENCE):
            raise RuntimeError(f"{topic} could not be loaded within {PATIENCE:.0f} seconds")
        return written

    def read(self, topic: str) -> Iterator[Raw]:
        """Yield offset, key and value of all records a topic holds now."""
        for message in self._messages(topic):
            yield message.offset(), message.key() or b"", message.value()

    def ends(self, topic: str) -> dict[int, int]:
        """The end offset of each partition: everything before it is acknowledged."""
        places = self._admin.list_topics(topic, timeout=PATIENCE).topics[topic].partitions
        asked = {TopicPartition(topic, place): OffsetSpec.latest() for place in places}
        return {at.partition: ends.result(PATIENCE).offset for at, ends in self._admin.list_offsets(asked).items()}

    def commits(self, group: str, topic: str) -> dict[int, int]:
        """The offsets a group has committed."""
        consumer = self._consumer(group)
        try:
            found = consumer.committed([TopicPartition(topic, place) for place in self.ends(topic)], timeout=PATIENCE)
            return {at.partition: at.offset for at in found if at.offset >= 0}
        finally:
            consumer.close()

    def shares(self, group: str, topic: str) -> list[int]:
        """How many partitions of a topic each member of a settled group has; empty while it is not settled."""
        try:
            found = self._admin.describe_consumer_groups([group], request_timeout=BRIEF)[group].result(PATIENCE)
        except KafkaException:
            return []  # its coordinator is not known yet
        if found.state.name != "STABLE":
            return []
        return [sum(at.topic == topic for at in member.assignment.topic_partitions) for member in found.members]

    def _messages(self, topic: str) -> Iterator[Any]:
        consumer = self._consumer()
        try:
            ends = {place: end for place, end in self._limits(consumer, topic) if end}
            consumer.assign([TopicPartition(topic, place, OFFSET_BEGINNING) for place in ends])
            while ends:
                for message in consumer.consume(AT_ONCE, 0.2):
                    if message.error() is None:
                        yield message
                done = consumer.position([TopicPartition(topic, place) for place in ends])
                ends = {at.partition: ends[at.partition] for at in done if at.offset < ends[at.partition]}
        finally:
            consumer.close()

    def _limits(self, consumer: Any, topic: str) -> Iterator[tuple[int, int]]:
        for place in self._admin.list_topics(topic, timeout=PATIENCE).topics[topic].partitions:
            yield place, consumer.get_watermark_offsets(TopicPartition(topic, place), timeout=PATIENCE)[1]

    def _consumer(self, group: str = "bench-reader") -> Any:
        return Consumer(
            {
                "bootstrap.servers": self.broker,
                "log_level": QUIET,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )
