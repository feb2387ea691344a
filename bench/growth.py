"""`growth`: the job over tables that hold few and many entities before it begins."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

import orjson

from bench import job
from bench.contestants.plan import Plan
from bench.kafka import Lab
from bench.reducer import differences, expect
from bench.report import Figures
from bench.run import Outcome, Source, answer, held

__all__ = ["measure"]

PATTERNS: dict[str, Callable[[int, int], Iterator[tuple[bytes, bytes]]]] = {
    "bursts": job.bursts,  # as many distinct records at a time, whatever there are: what a larger table costs
    "uniform": job.events,  # any record, any time: more records are also fewer events that share a row
}
CONTESTANTS = {  # contestant -> where it keeps state, and how records are visited
    "engine_rocksdict": ("rocksdb://", "bursts"),
    "engine_memory": ("memory://", "bursts"),
    "engine_rocksdict_uniform": ("rocksdb://", "uniform"),
}
NOTHING = {"crm": [-1, 0], "erp": [-1, 0], "stands": "", "value": 0, "applied": 0, "offset": -1}


def measure(lab: Lab, *, sizes: Sequence[int], events: int, rounds: int, say: Callable[[str], None]) -> Figures:
    """Run the rounds, sizes interleaved, and return the figures."""
    sources = {
        (pattern, keys): _source(lab, pattern, keys, events)
        for pattern in dict.fromkeys(pattern for _, pattern in CONTESTANTS.values())
        for keys in sizes
    }
    runs: dict[tuple[str, int], list[Outcome]] = {(name, keys): [] for name in CONTESTANTS for keys in sizes}
    for number in range(1, rounds + 1):
        for (name, keys), kept in runs.items():
            store, pattern = CONTESTANTS[name]
            kept.append(_once(lab, name, store, number, keys, sources[pattern, keys]))
            say(f"round {number} {name} {keys:,}: {kept[-1].rate:,.0f} events/s {'; '.join(kept[-1].wrong)}")
    found = {name: _summary({keys: runs[name, keys] for keys in sizes}) for name in CONTESTANTS}
    few, many = f"{sizes[0]:,}", f"{sizes[-1]:,}"
    for name, row in found.items():
        print(
            f"{name:26}{row['ratio']:>7.3f} of the rate at {few} with {many}"
            if row["correct"]
            else f"{name} WRONG RESULT"
        )
        for keys in sizes:
            rate, cpu, peak = (row[what][str(keys)] for what in ("events_per_s", "cpu_s_per_million", "peak_mb"))
            print(f"{keys:>26,}{rate:>10,} events/s{cpu:>8.1f} CPU s/M{peak:>7,} MB")
    return {"sizes": list(sizes), "events": events, "rounds": rounds, "contestants": found}


def _summary(runs: Mapping[int, Sequence[Outcome]]) -> Figures:
    """One contestant's figures, by how many entities there were."""
    rates = {keys: median(run.rate for run in found) for keys, found in runs.items()}
    cpu = {keys: median(run.cpu / run.events * 1e6 for run in found) for keys, found in runs.items()}
    peaks = {keys: max(run.peak_mb for run in found) for keys, found in runs.items()}
    few, many = min(rates), max(rates)
    return {
        "events_per_s": {str(keys): round(rate) for keys, rate in rates.items()},
        "min": {str(keys): round(min(run.rate for run in found)) for keys, found in runs.items()},
        "max": {str(keys): round(max(run.rate for run in found)) for keys, found in runs.items()},
        "cpu_s_per_million": {str(keys): round(each, 1) for keys, each in cpu.items()},
        "peak_mb": {str(keys): round(peak) for keys, peak in peaks.items()},
        "ratio": round(rates[many] / rates[few], 3),
        "cpu_ratio": round(cpu[few] / cpu[many], 3) if cpu[many] else 0.0,
        "memory_ratio": round(peaks[many] / peaks[few], 2),
        "correct": not any(run.wrong for found in runs.values() for run in found),
    }


def _source(lab: Lab, pattern: str, keys: int, events: int) -> Source:
    topic = f"bench-growth-{pattern}-{keys}"
    lab.make({topic: job.PARTITIONS})
    lab.load(topic, PATTERNS[pattern](events, keys))
    return Source(topic, events, expect(lab.read(topic)))


def _once(lab: Lab, name: str, store: str, number: int, keys: int, source: Source) -> Outcome:
    prefix = f"bench-growth-{name}-{keys}-{number}"
    topics = {each: f"{prefix}-{each}" for each in ("out", "entities", "windows")}
    lab.make({topics["out"]: job.PARTITIONS})
    lab.make({topics[each]: job.PARTITIONS for each in ("entities", "windows")}, **{"cleanup.policy": "compact"})
    _fill(lab, topics["entities"], keys)
    folder = tempfile.mkdtemp(prefix=f"{prefix}-")
    plan = Plan(
        lab.broker, source.topic, topics["out"], topics["entities"], topics["windows"], prefix, source.events,
        folder, store,
    )  # fmt: skip
    try:
        outcome = Outcome(source.events, **answer(name, "engine_worker", plan))
        left = held(lab, name, plan)
        left.rows = {key: row for key, row in left.rows.items() if row != NOTHING}
        outcome.wrong = differences(source.expected, left)
        return outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lab.drop(topics.values())


def _fill(lab: Lab, changelog: str, keys: int) -> None:
    """Write a row of every record, to the partition its events go to."""
    value = orjson.dumps(NOTHING)
    lab.load(changelog, _entries(keys, value), by=lambda key: key[1:-1])


def _entries(keys: int, value: bytes) -> Iterator[tuple[bytes, bytes]]:
    for number in range(keys):
        yield f'"{job.record_name(number)}"'.encode(), value
