"""`latency`: from an event to its output at 1,000 events a second, beside the broker's own send-to-read time.

Three processes: this one sends, the worker works, a watcher reads source and outputs with one bare consumer.
Invariant: an event's own reading and its output's are noted by the same consumer, in the same run, on one clock.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import orjson
from confluent_kafka import Producer

from bench import job
from bench.contestants.plan import Plan
from bench.kafka import QUIET, Lab
from bench.process import until
from bench.reducer import differences, expect
from bench.report import Figures
from bench.run import held, launch

__all__ = ["measure"]

RATE = 1_000  # events a second
WARM = 6.0  # seconds before anything counts: a new broker and a new worker take some to get warm
PATIENCE = 60.0  # seconds for a worker to answer at all
LINGER = 5  # milliseconds, librdkafka's own default: a request for each event would take a core from the measured
LATE = 15.0  # seconds the last outputs and their commit get
FOREVER = 1 << 60  # events: the worker is stopped from outside
ALONE = "broker_alone"
CONTESTANTS = {  # contestant -> its module and store; the first is none: what the broker takes without a worker
    ALONE: ("", ""),
    "aiokafka": ("aiokafka_loop", "memory://"),
    "engine_memory": ("engine_worker", "memory://"),
    "engine_rocksdict": ("engine_worker", "rocksdb://"),
}


@dataclass
class Times:
    """What was noted of the events that count, in milliseconds after they were sent; over all rounds."""

    read: list[float] = field(default_factory=list)
    output: list[float] = field(default_factory=list)
    accepted_to_output: list[float] = field(default_factory=list)
    after_read: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def measure(lab: Lab, *, seconds: float, rounds: int, say: Callable[[str], None]) -> Figures:
    """Run the rounds, contestants interleaved, and return the figures."""
    found = {name: Times() for name in CONTESTANTS}
    for number in range(1, rounds + 1):
        for name, times in found.items():
            _once(lab, name, number, seconds, times)
            say(f"round {number} {name}: p99 {_spread(times.output or times.read)['p99']} ms {'; '.join(times.wrong)}")
    contestants = {name: _summary(times) for name, times in found.items()}
    print(f"{'':18}{'':>20}{'p50':>8}{'p90':>8}{'p99':>8}{'p99.9':>8}  ms")
    for name, row in contestants.items():
        for what in [each for each in row if each.endswith("_ms")] if row["correct"] else []:
            print(
                f"{name:18}{what[:-3].replace('_', ' '):>20}" + "".join(f"{part:>8.1f}" for part in row[what].values())
            )
        if not row["correct"]:
            print(f"{name:18}{'WRONG RESULT':>20}")
    return {"rate": RATE, "seconds": seconds, "rounds": rounds, "contestants": contestants}


def _summary(times: Times) -> Figures:
    own = _spread(times.read)
    if not times.output:
        return {"broker_ms": own, "correct": not times.wrong}
    whole = _spread(times.output)
    return {
        "broker_ms": own,
        "output_ms": whole,
        "accepted_to_output_ms": _spread(times.accepted_to_output),
        "above_broker_ms": {name: round(whole[name] - own[name], 1) for name in own},
        "after_read_ms": _spread(times.after_read),
        "events": len(times.output),
        "correct": not times.wrong,
    }


def _once(lab: Lab, name: str, number: int, seconds: float, times: Times) -> None:
    """Send for so long; add what was noted."""
    module, store = CONTESTANTS[name]
    prefix = f"bench-latency-{name}-{number}"
    topics = [f"{prefix}-{each}" for each in ("source", "out", "entities", "windows")]
    lab.make(dict.fromkeys(topics, job.PARTITIONS))
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-"))
    watching, working = folder / "watch", folder / "work"
    watching.mkdir()
    working.mkdir()
    source, out, entities, windows = topics
    plan = Plan(lab.broker, source, out, entities, windows, prefix, FOREVER, str(working), store)
    watch = replace(plan, folder=str(watching), group=f"{prefix}-watch")
    processes = [launch("watch", "latency_watch", watch), *([launch(name, module, plan)] if module else [])]
    try:
        first = dict([job.event(0, 0)])
        lab.load(source, first.items())
        if module:
            up = "no output came"
            until(lambda: sum(lab.ends(out).values()) > 0, up, processes, folder, PATIENCE)
        sent, accepted = _send(lab.broker, source, seconds)
        if module:
            behind = "not everything was committed"
            until(lambda: lab.commits(prefix, source) == lab.ends(source), behind, processes, folder, LATE)
        (watching / "enough").touch()
        processes[0].wait(PATIENCE)
        seen = orjson.loads((watching / "seen.json").read_bytes())
        _add(times, sent, accepted, seen)
        if module:
            times.wrong += differences(expect(lab.read(source)), held(lab, name, plan))
        if seen["repeated"]:
            times.wrong.append(f"{seen['repeated']} outputs came twice")
    finally:
        for each in processes:
            each.kill()
            each.wait()
        shutil.rmtree(folder, ignore_errors=True)
        lab.drop(topics)


def _add(times: Times, sent: dict[int, float], accepted: dict[int, float], seen: dict[str, Any]) -> None:
    """Note the events that were sent once all were warm."""
    begin = min(sent.values()) + WARM
    for number in [number for number, at in sent.items() if at >= begin]:
        name, at = f"{number:012d}", sent[number]
        read, output = seen["in"].get(name), seen["out"].get(name)
        if read is not None:
            times.read.append((read - at) * 1000)
        if output is not None:
            times.output.append((output - at) * 1000)
            times.accepted_to_output.append((output - accepted[number]) * 1000)
            times.after_read.append((output - read) * 1000)


def _send(broker: str, topic: str, seconds: float) -> tuple[dict[int, float], dict[int, float]]:
    """Send at the rate; return when each event was sent and when it was accepted."""
    producer: Any = Producer({"bootstrap.servers": broker, "acks": "all", "linger.ms": LINGER,
                              "log_level": QUIET, "partitioner": "murmur2_random"})  # fmt: skip
    events = [job.event(number, number * 7919 % job.KEYS) for number in range(1, int((WARM + seconds) * RATE))]
    sent: dict[int, float] = {}
    accepted: dict[int, float] = {}

    def note(number: int) -> Any:
        return lambda _error, _message: accepted.__setitem__(number, time.perf_counter())

    began = time.perf_counter()
    for number, (key, value) in enumerate(events, start=1):
        while (ahead := began + number / RATE - time.perf_counter()) > 0:
            time.sleep(ahead)  # and not in poll: below a millisecond librdkafka returns at once, and it would spin
        producer.poll(0)
        sent[number] = time.perf_counter()
        producer.produce(topic, value, key, on_delivery=note(number))
    if producer.flush(LATE):
        raise RuntimeError("not every event was accepted")
    return sent, accepted


def _spread(values: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(values, n=1000)
    return {
        "p50": round(cuts[499], 1),
        "p90": round(cuts[899], 1),
        "p99": round(cuts[989], 1),
        "p999": round(cuts[998], 1),
    }
