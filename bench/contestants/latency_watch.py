"""Reads the source and the outputs with one bare consumer, and notes when each event was seen on either.

A process of its own: the sender's Python never holds it up. The clock is the machine's, shared by both.
"""

from __future__ import annotations

import time
from pathlib import Path

import orjson
from confluent_kafka import Consumer, TopicPartition

from bench.contestants.plan import Plan

QUIET = 2  # of syslog's levels


def main() -> None:
    """Watch until the file `enough` is there, then leave what was seen in `seen.json`."""
    plan = Plan.given()
    seen: dict[str, dict[str, float]] = {topic: {} for topic in (plan.source, plan.out)}
    repeated = 0
    consumer = Consumer(
        {"bootstrap.servers": plan.broker, "group.id": plan.group, "log_level": QUIET, "fetch.wait.max.ms": 100,
         "enable.auto.commit": False}
    )  # fmt: skip
    consumer.assign([TopicPartition(topic, place, 0) for topic in seen for place in range(plan.partitions)])
    enough = Path(plan.folder, "enough")
    while True:
        message = consumer.poll(0.1)
        if message is None:
            if enough.exists():
                break
        elif message.error() is None:
            now = time.perf_counter()
            value = message.value()
            at = value.index(b'"id":"') + 6
            name = value[at : at + 12].decode()
            repeated += name in seen[message.topic()]
            seen[message.topic()].setdefault(name, now)
    consumer.close()
    found = {"in": seen[plan.source], "out": seen[plan.out], "repeated": repeated}
    Path(plan.folder, "seen.json").write_bytes(orjson.dumps(found))


if __name__ == "__main__":
    main()
