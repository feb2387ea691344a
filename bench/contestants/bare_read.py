"""Rebuilding, the limit: a changelog read into a dict with librdkafka."""

from __future__ import annotations

from zlib import crc32

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bench.contestants.plan import Meter, Plan
from bench.job import PARTITIONS

AT_ONCE = 10_000  # records per read


def main() -> None:
    """Read everything, then say what was held."""
    plan = Plan.given()
    meter = Meter(plan)
    consumer = Consumer(
        {"bootstrap.servers": plan.broker, "group.id": plan.group, "enable.auto.commit": False,
         "queued.max.messages.kbytes": 65_536, "max.partition.fetch.bytes": 4 << 20}
    )  # fmt: skip
    rows: dict[bytes, bytes] = {}
    meter.start()
    consumer.assign([TopicPartition(plan.entities, place, OFFSET_BEGINNING) for place in range(PARTITIONS)])
    read = 0
    while read < plan.events:
        for message in consumer.consume(AT_ONCE, 0.1):
            rows[message.key()] = message.value()
            read += 1
    meter.stop()
    meter.leave(keys=len(rows), content=sum(crc32(value) for value in rows.values()))


if __name__ == "__main__":
    main()
