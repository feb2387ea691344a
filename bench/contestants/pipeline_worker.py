"""One worker with the real agents capture, arbitrate and reconcile, until every change's consequences are durable."""

from __future__ import annotations

import importlib
import logging
import time
from collections import defaultdict
from typing import Any

import faust

from agents.steps.arbitrate import Arbitrate
from agents.steps.capture import Capture
from agents.steps.reconcile import Reconcile
from bench.contestants.plan import Meter, Plan
from streams.app import app
from streams.engine import RecordBatch

STEPS: dict[str, tuple[type[Any], str]] = {
    "capture": (Capture, app.names.name(app.names.changes)),
    "arbitrate": (Arbitrate, app.names.name(app.names.facts)),
    "reconcile": (Reconcile, app.names.name(app.names.documents)),
}


class Counts:
    """How many records of each topic were made durable, and how long each step took."""

    def __init__(self, plan: Plan, wanted: dict[str, int]) -> None:
        self._meter = Meter(plan)
        self._left = {STEPS[name][1]: count for name, count in wanted.items()}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def time(self, name: str, step: type[Any]) -> None:
        """Put a clock around a step."""
        plain = step.__call__

        def timed(*given: Any, **named: Any) -> Any:
            self._meter.start()
            began = time.perf_counter()
            result = plain(*given, **named)
            self._seconds[name] += time.perf_counter() - began
            return result

        step.__call__ = timed

    def count(self) -> None:
        """Count the records of batches that are done."""
        plain = RecordBatch.done

        def counted(batch: RecordBatch) -> None:
            plain(batch)
            self._left[batch.topic] -= len(batch)
            if all(left <= 0 for left in self._left.values()):
                self._meter.stop()
                self._meter.leave(steps=dict(self._seconds))

        RecordBatch.done = counted  # type: ignore[method-assign, assignment] # of this process only


def main() -> None:
    """Run until all is done."""
    plan = Plan.given()
    wanted = dict(part.split("=") for part in plan.out.split(","))
    counts = Counts(plan, {name: int(count) for name, count in wanted.items()})
    counts.count()
    for name, (step, _) in STEPS.items():
        counts.time(name, step)
        importlib.import_module(f"agents.{name}")
    app.conf.autodiscover = False  # no lanes: no platform is called
    faust.Worker(app, loglevel="WARNING", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    logging.disable(logging.DEBUG)
    main()
