"""`promotion`: one of two workers is killed; the other takes its partitions over, with a standby and without.

Time runs in the worker that is left: from the assignment to the first batch of a partition that was the other's.
Invariant: whoever takes over holds every row of the changelog when it answers.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from zlib import crc32

from bench import job
from bench.contestants.plan import Plan
from bench.kafka import Lab, one_each
from bench.process import until
from bench.rebuild import rows, times
from bench.report import Figures
from bench.run import launch

__all__ = ["measure"]

STANDBY, REBUILD = "standby", "rebuild"
CONTESTANTS = {STANDBY: 1, REBUILD: 0}  # standbys of each table partition
SESSION = 6.0  # seconds until the group gives a killed worker up: the least a broker takes; not in the figures
PATIENCE = 60.0  # seconds to start and to be given up, and for each 100,000 keys


def measure(lab: Lab, *, keys: int, rounds: int, say: Callable[[str], None]) -> Figures:
    """Run the rounds and return the figures."""
    content = sum(crc32(value) for _, value in rows(keys))
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTESTANTS}
    for number in range(1, rounds + 1):
        for name, standbys in CONTESTANTS.items():
            runs[name].append(_once(lab, f"bench-promotion-{name}-{number}", keys, standbys))
            say(f"round {number} {name}: {runs[name][-1]['seconds']:.2f} s")
    slow = median(run["seconds"] for run in runs[REBUILD])
    contestants = {name: _summary(found, slow, keys, content) for name, found in runs.items()}
    for name, row in contestants.items():
        took = f"{row['seconds']:>8.2f} s{row['ratio']:>8.1f} x a rebuild" if row["correct"] else "  WRONG RESULT"
        print(f"{name:18}{took}{row['still_s']:>8.2f} s without reading{row['applied']:>10,} records read")
    return {"keys": keys, "rounds": rounds, "session_s": SESSION, "contestants": contestants}


def _once(lab: Lab, prefix: str, keys: int, standbys: int) -> dict[str, Any]:
    changelog, source = f"{prefix}-changelog", f"{prefix}-source"
    lab.make({changelog: job.PARTITIONS}, **{"cleanup.policy": "compact"})
    lab.make({source: job.PARTITIONS})
    lab.load(changelog, rows(keys))
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-"))
    plan = Plan(
        lab.broker, source, "", changelog, "", prefix, keys, "", "rocksdb://", session=SESSION, standbys=standbys
    )
    killed, heir = folder / "killed", folder / "heir"
    patience = PATIENCE * (1 + keys / 100_000)
    workers = []
    try:
        for place, share in (killed, [job.PARTITIONS]), (heir, [job.PARTITIONS // 2] * 2):
            # One after the other: the heir must never have had the other half, whose files it would have kept.
            place.mkdir()
            workers.append(launch("promotion", "promotion_worker", replace(plan, folder=str(place))))
            until(partial(_shared, lab, plan, share), "a worker did not join", workers, folder, patience)
        until((heir / "settled").exists, "a worker did not catch up", workers, folder, patience)
        workers[0].kill()
        workers[0].wait()
        lab.load(source, one_each(job.PARTITIONS))
        said = heir / "said"
        until(lambda: '{"seconds"' in said.read_text(), "nothing was taken over", workers[1:], folder, patience)
        workers[1].wait()
        found: dict[str, Any] = json.loads(said.read_text().splitlines()[-1])
        return found
    finally:
        for each in workers:
            each.kill()
            each.wait()
        shutil.rmtree(folder, ignore_errors=True)
        lab.drop([changelog, source])


def _shared(lab: Lab, plan: Plan, share: list[int]) -> bool:
    return lab.shares(plan.group, plan.source) == share


def _summary(runs: list[dict[str, Any]], rebuild: float, keys: int, content: int) -> Figures:
    return {
        **times(runs, keys, content),
        "ratio": round(rebuild / median(run["seconds"] for run in runs), 1),
        "still_s": round(median(run["still"] for run in runs), 3),
        "applied": round(median(run["applied"] for run in runs)),
    }
