"""`growth`: the job over tables that hold few and many entities, with the same number of records touched per batch."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

import orjson

from bench import job
from bench.contestants.plan import Plan
from bench.kafka import Lab
from bench.reducer import Expected, Held, differences, expect, fingerprints
from bench.report import Figures
from bench.run import answer, table_of

__all__ = ["measure"]

STORES = {"engine_rocksdict": "rocksdb://", "engine_memory": "memory://"}
NOTHING = {"crm": [-1, 0], "erp": [-1, 0], "stands": "", "value": 0, "applied": 0, "offset": -1}


def measure(lab: Lab, *, sizes: Sequence[int], events: int, rounds: int, say: Callable[[str], None]) -> Figures:
    """Run the rounds, sizes interleaved, and return the figures."""
    expected = {}
    for keys in sizes:
        lab.make({f"bench-growth-{keys}": job.PARTITIONS})
        lab.load(f"bench-growth-{keys}", job.bursts(events, keys))
        expected[keys] = expect(lab.read(f"bench-growth-{keys}"))
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {(name, keys): [] for name in STORES for keys in sizes}
    for number in range(1, rounds + 1):
        for (name, keys), kept in runs.items():
            run = _once(lab, name, keys, events, number, expected[keys])
            kept.append(run)
            say(f"round {number} {name} {keys:,}: {events / run['seconds']:,.0f} events/s {'; '.join(run['wrong'])}")
    found: Figures = {}
    for name in STORES:
        rates = {keys: median(events / run["seconds"] for run in runs[name, keys]) for keys in sizes}
        cpu = {keys: median(run["cpu"] for run in runs[name, keys]) / events * 1e6 for keys in sizes}
        found[name] = {
            "events_per_s": {str(keys): round(rate) for keys, rate in rates.items()},
            "cpu_s_per_million": {str(keys): round(each, 1) for keys, each in cpu.items()},
            "peak_mb": {str(keys): round(max(run["peak_mb"] for run in runs[name, keys])) for keys in sizes},
            "ratio": round(rates[sizes[-1]] / rates[sizes[0]], 3),
            "correct": not any(run["wrong"] for keys in sizes for run in runs[name, keys]),
        }
        print(f"{name:18}{found[name]['ratio']:>7.3f} of the rate at {sizes[0]:,}  {found[name]}")
    return {"sizes": list(sizes), "events": events, "contestants": found}


def _once(lab: Lab, name: str, keys: int, events: int, number: int, expected: Expected) -> dict[str, Any]:
    prefix = f"bench-growth-{name}-{keys}-{number}"
    topics = {each: f"{prefix}-{each}" for each in ("out", "entities", "windows")}
    lab.make({topics["out"]: job.PARTITIONS})
    lab.make({topics[each]: job.PARTITIONS for each in ("entities", "windows")}, **{"cleanup.policy": "compact"})
    _fill(lab, topics["entities"], keys)
    folder = tempfile.mkdtemp(prefix=f"{prefix}-")
    plan = Plan(
        lab.broker, f"bench-growth-{keys}", topics["out"], topics["entities"], topics["windows"], prefix, events,
        folder, STORES[name],
    )  # fmt: skip
    try:
        run = answer(name, "engine_worker", plan)
        rows = {key: row for key, row in table_of(lab.read(plan.entities)).items() if row != NOTHING}
        outputs = fingerprints((key, value or b"") for _, key, value in lab.read(plan.out))
        run["wrong"] = differences(expected, Held(rows, table_of(lab.read(plan.windows)), outputs))
        return run
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
