"""Processes seen from outside: what they used, and waiting for what they do."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LAST_WORDS", "Usage", "until"]

LAST_WORDS = 2000  # characters of a log
LOOK_EVERY = 0.02  # seconds between looks: the resolution of what is timed so
USER, SYSTEM = 11, 12  # places in /proc/<pid>/stat, after the name in brackets
TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100  # per second


@dataclass(frozen=True)
class Usage:
    """Of several processes: CPU seconds together, and the peak of the largest in megabytes."""

    cpu: float
    peak_mb: float

    @classmethod
    def of(cls, pids: Iterable[int]) -> Usage:
        """Look now (on Linux; elsewhere both are 0)."""
        seen = [_look(Path("/proc", str(pid))) for pid in pids]
        return cls(sum(cpu for cpu, _ in seen), max((peak for _, peak in seen), default=0.0))


def _look(process: Path) -> tuple[float, float]:
    try:
        counts = process.joinpath("stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        status = process.joinpath("status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0, 0.0
    peak = next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), 0)
    return (int(counts[USER]) + int(counts[SYSTEM])) / TICK, peak / 1024


def until(
    true: Callable[[], bool],
    complaint: str,
    processes: Sequence[subprocess.Popen[bytes]],
    folder: Path,
    patience: float,
) -> None:
    """Wait until something is so that processes, with a folder each under `folder`, bring about.

    Raises:
        RuntimeError: one of them died first, or it took too long; the message holds their last words.
    """
    deadline = time.monotonic() + patience
    while not true():
        died = any(each.poll() is not None for each in processes)
        if died or time.monotonic() > deadline:
            words = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*/log")))[-LAST_WORDS:]
            raise RuntimeError(f"{'A process died: ' if died else ''}{complaint}. Last words:\n{words}")
        time.sleep(LOOK_EVERY)
