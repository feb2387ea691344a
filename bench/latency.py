"""`latency`: from an event to its output at 1,000 events a second, beside the broker's own send-to-read time."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from statistics import quantiles
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from bench import job
from bench.contestants.plan import Plan
from bench.kafka import QUIET, Lab
from bench.report import Figures
from bench.run import launch

__all__ = ["measure"]

RATE = 1_000  # events a second
WARM = 8.0  # seconds before anything counts: a new broker takes some to get warm
PATIENCE = 60.0  # seconds for a worker to answer at all
LATE = 10.0  # seconds the last outputs get
STORES = {"engine_rocksdict": "rocksdb://", "engine_memory": "memory://"}


class Watch:
    """Reads the source and the outputs in a thread, and notes when each event was seen on either."""

    def __init__(self, broker: str, source: str, out: str) -> None:
        self.seen: dict[str, dict[int, float]] = {source: {}, out: {}}
        self._consumer = Consumer(
            {"bootstrap.servers": broker, "group.id": "bench-latency", "log_level": QUIET, "fetch.wait.max.ms": 100}
        )
        places = [TopicPartition(topic, place, 0) for topic in self.seen for place in range(job.PARTITIONS)]
        self._consumer.assign(places)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is None:
                now = time.perf_counter()
                value = message.value() or b""
                at = value.index(b'"id":"') + 6
                self.seen[message.topic() or ""][int(value[at : at + 12])] = now

    def close(self) -> None:
        """Stop reading."""
        self._over.set()
        self._thread.join()
        self._consumer.close()


def measure(lab: Lab, *, seconds: float) -> Figures:
    """Measure both stores, one after the other."""
    contestants = {name: _once(lab, name, store, seconds) for name, store in STORES.items()}
    for name, row in contestants.items():
        print(f"{name:18}{row}")
    return {"rate": RATE, "seconds": seconds, "contestants": contestants}


def _once(lab: Lab, name: str, store: str, seconds: float) -> Figures:
    prefix = f"bench-latency-{name}"
    topics = [f"{prefix}-{each}" for each in ("source", "out", "entities", "windows")]
    lab.make(dict.fromkeys(topics, job.PARTITIONS))
    folder = tempfile.mkdtemp(prefix=f"{prefix}-")
    source, out, entities, windows = topics
    plan = Plan(lab.broker, source, out, entities, windows, prefix, 1 << 60, folder, store)
    worker = launch(name, "engine_worker", plan)
    watch = Watch(lab.broker, plan.source, plan.out)
    try:
        sent, accepted = _send(lab.broker, plan.source, watch.seen[plan.out], seconds)
        deadline = time.monotonic() + LATE
        while len(watch.seen[plan.out]) < len(accepted) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        watch.close()
        worker.kill()
        worker.wait()
        shutil.rmtree(folder, ignore_errors=True)
        lab.drop(topics)
    begin = min(sent.values()) + WARM
    counted = [number for number, at in sent.items() if at >= begin and number in watch.seen[plan.out]]
    seen_in, seen_out = watch.seen[plan.source], watch.seen[plan.out]
    own = _spread([(seen_in[number] - sent[number]) * 1000 for number in counted])
    whole = _spread([(seen_out[number] - sent[number]) * 1000 for number in counted])
    return {
        "broker_ms": own,
        "output_ms": whole,
        "accepted_to_output_ms": _spread([(seen_out[number] - accepted[number]) * 1000 for number in counted]),
        "above_broker_ms": {name: round(whole[name] - own[name], 1) for name in own},
        "correct": len(seen_out) == len(sent) + 1,  # and the first, which only tells that the worker is up
    }


def _send(
    broker: str, topic: str, answers: dict[int, float], seconds: float
) -> tuple[dict[int, float], dict[int, float]]:
    """Send at the rate, once a worker answers; return when each event was sent and accepted."""
    producer: Any = Producer({"bootstrap.servers": broker, "acks": "all", "linger.ms": 0, "log_level": QUIET,
                              "partitioner": "murmur2_random"})  # fmt: skip
    sent: dict[int, float] = {}
    accepted: dict[int, float] = {}

    def note(number: int) -> Any:
        return lambda _error, _message: accepted.__setitem__(number, time.perf_counter())

    began = time.perf_counter()
    for number, (key, value) in enumerate(_numbered(int((WARM + seconds) * RATE))):
        if number == 1:  # the first event waits for its answer: the worker is up
            while not answers:
                producer.poll(0.01)
                if time.perf_counter() - began > PATIENCE:
                    raise RuntimeError("the worker did not answer")
            began = time.perf_counter()
        while (ahead := began + number / RATE - time.perf_counter()) > 0:
            producer.poll(ahead)
        sent[number] = time.perf_counter()
        producer.produce(topic, value, key, on_delivery=note(number))
    producer.flush(LATE)
    del sent[0]
    return sent, accepted


def _numbered(count: int) -> list[tuple[bytes, bytes]]:
    return [job.event(number, number * 7919 % job.KEYS) for number in range(count)]


def _spread(values: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(values, n=1000)
    return {
        "p50": round(cuts[499], 1),
        "p90": round(cuts[899], 1),
        "p99": round(cuts[989], 1),
        "p999": round(cuts[998], 1),
    }
