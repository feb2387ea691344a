"""The limit: a bare loop over librdkafka that does the job and writes what the engine writes, durably, and no more."""

from __future__ import annotations

from typing import Any

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from bench.contestants.plan import Meter, Plan
from bench.job import PARTITIONS, Row, add, judge, output, window_key

AT_ONCE = 10_000  # records per batch, as the engine


def main() -> None:
    """Do the job."""
    plan = Plan.given()
    meter = Meter(plan)
    consumer = Consumer(
        {"bootstrap.servers": plan.broker, "group.id": plan.group, "enable.auto.commit": False,
         "queued.max.messages.kbytes": 65_536, "fetch.max.bytes": 50 << 20, "max.partition.fetch.bytes": 4 << 20}
    )  # fmt: skip
    producer = Producer(
        {"bootstrap.servers": plan.broker, "acks": "all", "linger.ms": 5, "partitioner": "murmur2_random",
         "batch.num.messages": 10_000, "queue.buffering.max.messages": 1_000_000}
    )  # fmt: skip
    rows: dict[bytes, Row] = {}
    windows: dict[str, Row] = {}
    faults: list[Any] = []

    def acknowledged(error: Any, _: Any) -> None:
        if error is not None:
            faults.append(error)

    consumer.assign([TopicPartition(plan.source, place, 0) for place in range(PARTITIONS)])
    done = 0
    while done < plan.events:
        messages = consumer.consume(AT_ONCE, 0.1)
        if not messages:
            continue
        meter.start()
        touched: dict[bytes, int] = {}
        summed: dict[str, int] = {}
        reached: dict[int, int] = {}
        for message in messages:
            key, offset, place = message.key(), message.offset(), message.partition()
            seen = orjson.loads(message.value())
            row, ruling = judge(rows.get(key), seen, offset)
            rows[key] = row
            touched[key] = place
            name = window_key(seen)
            windows[name] = window = add(windows.get(name), seen, offset)
            summed[name] = place
            producer.produce(plan.out, output(seen, ruling, row, window), key, on_delivery=acknowledged)
            reached[place] = offset + 1
        for key, place in touched.items():
            value = orjson.dumps(rows[key])
            producer.produce(plan.entities, value, b'"' + key + b'"', place, on_delivery=acknowledged)
        for name, place in summed.items():
            producer.produce(
                plan.windows, orjson.dumps(windows[name]), orjson.dumps(name), place, on_delivery=acknowledged
            )
        if producer.flush(60) or faults:
            raise RuntimeError(f"not acknowledged: {faults[:1]}")
        consumer.commit(offsets=[TopicPartition(plan.source, p, o) for p, o in reached.items()], asynchronous=False)
        done += len(messages)
    meter.leave()


if __name__ == "__main__":
    main()
