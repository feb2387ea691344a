"""Figures for people and machines: medians and their spread, the machine they were measured on, and a results file."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

from bench import peers
from bench.run import Outcome
from streams.broker import KAFKA_VERSION

__all__ = ["RESULTS", "Figures", "machine", "save", "summary", "table", "versions"]

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("faust-streaming", "mode-streaming", "aiokafka", "rocksdict", "orjson", "pydantic", "confluent-kafka")
Figures = dict[str, Any]


def summary(runs: Sequence[Outcome], limit: float) -> Figures:
    """One contestant's figures over all rounds."""
    rates = [run.rate for run in runs]
    typical = median(rates)
    return {
        "events_per_s": round(typical),
        "min": round(min(rates)),
        "max": round(max(rates)),
        "ratio": round(round(typical) / limit, 4) if limit else 0.0,
        "cpu_s_per_million": round(median(run.cpu / run.events * 1e6 for run in runs), 1),
        "peak_mb": round(max(run.peak_mb for run in runs)),
        "correct": not any(run.wrong for run in runs),
    }


def table(contestants: dict[str, Figures]) -> str:
    """The figures as lines of text; a wrong contestant has no rate."""
    head = f"{'':18}{'events/s':>10}{'min':>10}{'max':>10}{'of limit':>10}{'CPU s/M':>9}{'peak MB':>9}"
    lines = [head]
    for name, row in contestants.items():
        if not row["correct"]:
            lines.append(f"{name:18}{'WRONG RESULT':>20}")
            continue
        lines.append(
            f"{name:18}{row['events_per_s']:>10,}{row['min']:>10,}{row['max']:>10,}{row['ratio']:>10.3f}"
            f"{row['cpu_s_per_million']:>9.1f}{row['peak_mb']:>9,}"
        )
    return "\n".join(lines)


def machine() -> Figures:
    """What it was measured on."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _processor(),
        "system": platform.system(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def versions() -> Figures:
    """What was measured."""
    found = {"python": platform.python_version(), "kafka": KAFKA_VERSION}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found | peers.versions()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def save(bench: str, figures: Figures, before: Figures, *, quick: bool = False) -> Path:
    """Write a results file: one per bench and Python; a quick run never writes over a full one."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{bench}-{'quick-' if quick else ''}py{sys.version_info[0]}{sys.version_info[1]}.json"
    kept = {"measured": datetime.now(UTC).date().isoformat(), "machine": before, "versions": versions(), **figures}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return path
