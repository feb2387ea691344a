"""What a contestant is told, and what it says back.

Invariant: time runs from the first record handed to the job to the moment the last one's effects are acknowledged.
"""

from __future__ import annotations

import cProfile
import json
import os
import platform
import pstats
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["Meter", "Plan", "peak_mb"]


def peak_mb() -> float:
    """The most memory this process has held, in megabytes."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # elsewhere; on Linux it may be the parent's
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


@dataclass(frozen=True)
class Plan:
    """The topics and sizes of one run."""

    broker: str
    source: str
    out: str
    entities: str
    windows: str
    group: str
    events: int
    folder: str
    store: str = "memory://"
    profile: str = ""  # file for a profile of the thread that does the job
    partitions: int = 4
    session: float = 10.0  # seconds without a heartbeat after which the group gives a worker up
    standbys: int = 1  # of each table partition on disk

    @classmethod
    def given(cls) -> Plan:
        """The plan on the command line."""
        return cls(**json.loads(sys.argv[1]))

    def text(self) -> str:
        """The plan as JSON."""
        return json.dumps(asdict(self))


class Meter:
    """The clock of one run. Its answer is the last line of the process's output."""

    def __init__(self, plan: Plan) -> None:
        """Measure a run of `plan`."""
        self.plan = plan
        self.started = 0.0
        self._cpu = 0.0
        self._measured: tuple[float, float] | None = None
        self._profile = cProfile.Profile() if plan.profile else None

    def start(self) -> None:
        """Begin, unless begun."""
        if not self.started:
            self._cpu = time.process_time()
            self.started = time.perf_counter()
            if self._profile is not None:
                self._profile.enable()

    def stop(self) -> None:
        """End, unless ended: everything is acknowledged."""
        if self._measured is None:
            self._measured = (time.perf_counter() - self.started, time.process_time() - self._cpu)
            if self._profile is not None:
                self._profile.disable()
                with Path(self.plan.profile).open("w", encoding="utf-8") as file:
                    pstats.Stats(self._profile, stream=file).sort_stats("tottime").print_stats(60)

    def finish(self, **more: Any) -> None:
        """Say how long it took and what it cost."""
        self.stop()
        seconds, cpu = self._measured or (0.0, 0.0)
        answer = {"seconds": seconds, "cpu": cpu, "peak_mb": peak_mb(), "python": platform.python_version(), **more}
        print(f"\n{json.dumps(answer)}", flush=True)

    def leave(self, **more: Any) -> NoReturn:
        """Say it and end at once, as a kill would: what is not durable by now is lost."""
        self.finish(**more)
        os._exit(0)
