"""`cluster`: the job by one group of 1, 2 and 4 workers over 8 partitions, watched from outside.

The workers join and answer first; they are frozen while the source is loaded, and then let go together.
Invariant: time runs from there until the broker holds every output, acknowledged; then everything is recounted.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from bench import job
from bench.contestants.plan import Plan
from bench.kafka import Lab, one_each
from bench.process import Usage, until
from bench.reducer import Expected, differences, expect
from bench.report import Figures, machine
from bench.run import held, launch

__all__ = ["measure"]

PARTITIONS = 8  # two each for four workers
SESSION = 40.0  # seconds a frozen worker is not taken for dead: the most that Faust allows
PATIENCE = 90.0  # seconds for workers to join and answer, and for each 100,000 events
FOREVER = 1 << 60  # events: the workers are stopped from outside


@dataclass
class Run:
    """One measurement."""

    seconds: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    wrong: list[str] = field(default_factory=list)


def measure(lab: Lab, *, workers: Sequence[int], events: int, rounds: int, say: Callable[[str], None]) -> Figures:
    """Run the rounds, sizes of the group interleaved, and return the figures."""
    cores = machine()["cores"]
    print(f"{cores} cores for the broker and all workers")
    records = list(job.events(events))
    expected: Expected | None = None
    runs: dict[int, list[Run]] = {count: [] for count in workers}
    for number in range(1, rounds + 1):
        for count, kept in runs.items():
            run, expected = _once(lab, count, number, records, expected)
            kept.append(run)
            say(f"round {number}, {count} workers: {events / run.seconds:,.0f} events/s {'; '.join(run.wrong)}")
    alone = median(events / run.seconds for run in runs[workers[0]])
    rows = {str(count): _summary(found, events, alone, cores / count) for count, found in runs.items()}
    for name, row in rows.items():
        rate = f"{row['events_per_s']:>10,} events/s{row['scaling']:>8.3f}" if row["correct"] else "  WRONG RESULT"
        print(
            f"{name:>3} workers{rate}{row['cpu_s_per_million']:>8.1f} CPU s/M{row['peak_mb']:>7,} MB"
            f"{row['cores_per_worker']:>7.2f} cores each, less the broker's share"
        )
    return {"partitions": PARTITIONS, "events": events, "cores": cores, "rounds": rounds, "workers": rows}


def _summary(runs: Sequence[Run], events: int, alone: float, cores: float) -> Figures:
    rates = [events / run.seconds for run in runs]
    return {
        "events_per_s": round(median(rates)),
        "min": round(min(rates)),
        "max": round(max(rates)),
        "scaling": round(median(rates) / alone, 3),
        "cpu_s_per_million": round(median(run.cpu for run in runs) / events * 1e6, 1),
        "cores_used": round(median(run.cpu / run.seconds for run in runs), 2),
        "cores_per_worker": round(cores, 2),
        "peak_mb": round(max(run.peak_mb for run in runs)),
        "correct": not any(run.wrong for run in runs),
    }


def _once(
    lab: Lab, count: int, number: int, records: list[tuple[bytes, bytes]], expected: Expected | None
) -> tuple[Run, Expected]:
    prefix = f"bench-cluster-{count}-{number}"
    source, out, entities, windows = topics = [f"{prefix}-{each}" for each in ("in", "out", "entities", "windows")]
    lab.make(dict.fromkeys(topics, PARTITIONS))
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-"))
    plan = Plan(
        lab.broker, source, out, entities, windows, prefix, FOREVER, str(folder), "rocksdb://",
        partitions=PARTITIONS, session=SESSION,
    )  # fmt: skip
    try:
        with _workers(plan, count) as workers:
            total = lab.load(source, one_each(PARTITIONS)) + len(records)
            up = f"{count} workers did not join and answer"
            until(lambda: _joined(lab, plan, count), up, workers, folder, PATIENCE)
            _tell(workers, signal.SIGSTOP)
            loading = time.perf_counter()
            lab.load(source, records)
            if time.perf_counter() - loading > SESSION / 2:
                raise RuntimeError(f"Loading took more than {SESSION / 2:.0f} seconds: the group gives workers up")
            before = Usage.of(each.pid for each in workers)
            began = time.perf_counter()
            _tell(workers, signal.SIGCONT)
            patience = PATIENCE * (1 + len(records) / 100_000)
            until(lambda: sum(lab.ends(out).values()) >= total, "not every output came", workers, folder, patience)
            run = Run(time.perf_counter() - began)
            used = Usage.of(each.pid for each in workers)
            run.cpu, run.peak_mb = used.cpu - before.cpu, used.peak_mb
            behind = "not everything was committed"
            until(lambda: lab.commits(prefix, source) == lab.ends(source), behind, workers, folder, PATIENCE)
        expected = expected or expect(lab.read(source))
        run.wrong = differences(expected, held(lab, "cluster", plan))
        return run, expected
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lab.drop(topics)


@contextmanager
def _workers(plan: Plan, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start workers with a folder each; all are gone afterwards."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            folder = Path(plan.folder, str(number))
            folder.mkdir()
            started.append(launch("cluster", "engine_worker", replace(plan, folder=str(folder))))
        yield started
    finally:
        for each in started:
            each.kill()
        for each in started:
            each.wait()


def _joined(lab: Lab, plan: Plan, count: int) -> bool:
    if sum(lab.ends(plan.out).values()) < PARTITIONS:
        return False
    shares = lab.shares(plan.group, plan.source)
    return len(shares) == count and sum(shares) == PARTITIONS


def _tell(workers: Sequence[subprocess.Popen[bytes]], what: signal.Signals) -> None:
    for each in workers:
        os.kill(each.pid, what)
