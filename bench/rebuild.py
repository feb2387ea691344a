"""`rebuild`: a table's changelog read by a worker without local state, beside a bare read of the same topic."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import orjson

from bench import job
from bench.contestants.plan import Plan
from bench.kafka import Lab
from bench.report import Figures
from bench.run import answer

__all__ = ["measure", "rows"]

BARE = "bare_read"
CONTESTANTS = {
    BARE: ("bare_read", "memory://"),
    "engine_memory": ("rebuild_worker", "memory://"),
    "engine_rocksdict": ("rebuild_worker", "rocksdb://"),
}
PADDING = "x" * 178  # makes a value 285 bytes, a row of some fields


def measure(lab: Lab, *, keys: int, rounds: int, say: Callable[[str], None]) -> Figures:
    """Run the rounds and return the figures."""
    changelog, source = f"bench-changelog-{keys}", "bench-rebuild-source"
    lab.make({changelog: job.PARTITIONS}, **{"cleanup.policy": "compact"})
    lab.make({source: job.PARTITIONS})
    lab.load(changelog, rows(keys))
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTESTANTS}
    for number in range(1, rounds + 1):
        for name, (module, store) in CONTESTANTS.items():
            folder = tempfile.mkdtemp(prefix="bench-rebuild-")
            plan = Plan(lab.broker, source, "", changelog, "", f"rebuild-{name}-{number}", keys, folder, store)
            try:
                runs[name].append(answer(name, module, plan))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            say(f"round {number} {name}: {runs[name][-1]['seconds']:.2f} s")
    lab.drop([changelog, source])
    bare = median(run["seconds"] for run in runs[BARE])
    content = runs[BARE][0]["content"]
    contestants = {name: _summary(found, bare, keys, content) for name, found in runs.items()}
    for name, row in contestants.items():
        took = f"{row['seconds']:>8.2f} s{row['ratio']:>8.3f} of a bare read" if row["correct"] else "  WRONG RESULT"
        print(f"{name:18}{took}{row['peak_mb']:>8,} MB")
    return {"keys": keys, "rounds": rounds, "limit_s": round(bare, 3), "contestants": contestants}


def rows(keys: int) -> Iterator[tuple[bytes, bytes]]:
    """Every record's row; the partition follows from the record's name, as in the live table."""
    for number in range(keys):
        name = job.record_name(number)
        yield (
            f'"{name}"'.encode(),
            orjson.dumps({"name": name, "number": number, "amount": f"{number}.00", "p": PADDING}),
        )


def _summary(runs: list[dict[str, Any]], bare: float, keys: int, content: int) -> Figures:
    typical = median(run["seconds"] for run in runs)
    return {
        **times(runs, keys, content),
        "ratio": round(bare / typical, 3),
        "keys_per_s": round(keys / typical),
        "cpu_s": round(median(run["cpu"] for run in runs), 2),
    }


def times(runs: list[dict[str, Any]], keys: int, content: int) -> Figures:
    """How long rounds took, with what memory, and whether each ended with all keys and their contents."""
    seconds = [run["seconds"] for run in runs]
    return {
        "seconds": round(median(seconds), 3),
        "min": round(min(seconds), 3),
        "max": round(max(seconds), 3),
        "peak_mb": round(max(run["peak_mb"] for run in runs)),
        "correct": all(run["keys"] == keys and run["content"] == content for run in runs),
    }
