"""`engine`: the job by every contestant, in interleaved rounds on one broker, as shares of what librdkafka allows."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import job
from bench.kafka import Lab
from bench.reducer import expect
from bench.report import Figures, summary, table
from bench.run import MODULES, Missing, Outcome, Source, run_once

__all__ = ["Sizes", "measure"]

LIMIT = "librdkafka"
SLOW = "stock_faust"


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    events: int
    slow_events: int
    rounds: int
    slow_rounds: int

    @classmethod
    def chosen(cls, *, quick: bool, events: int | None, rounds: int | None) -> Sizes:
        """The sizes of a quick or a full run, or those asked for."""
        if quick:
            return cls(events or 40_000, 1_500, rounds or 2, 1)
        return cls(events or 1_000_000, 10_000, rounds or 5, rounds or 5)


def measure(
    lab: Lab, sizes: Sizes, names: Sequence[str], *, profile: Path | None, say: Callable[[str], None]
) -> Figures:
    """Run the rounds and return the figures."""
    sources = {name: _source(lab, sizes.slow_events if name == SLOW else sizes.events) for name in {SLOW, LIMIT}}
    runs: defaultdict[str, list[Outcome]] = defaultdict(list)
    missing: dict[str, str] = {}
    for number in range(1, sizes.rounds + 1):
        for name in [each for each in names if each not in missing and (each != SLOW or number <= sizes.slow_rounds)]:
            kept = profile.with_name(f"{profile.name}-{name}.txt") if profile else None
            try:
                run = run_once(lab, name, number, sources[SLOW if name == SLOW else LIMIT], profile=kept)
            except Missing as reason:
                missing[name] = str(reason)
                say(f"{reason}; left out")
                continue
            runs[name].append(run)
            say(f"round {number} {name}: {run.rate:,.0f} events/s{' ' + '; '.join(run.wrong) if run.wrong else ''}")
    limit = summary(runs[LIMIT], 0)["events_per_s"] if runs[LIMIT] else 0
    contestants = {name: summary(runs[name], limit) for name in names if runs[name]}
    print(table(contestants))
    if LIMIT in contestants and not contestants[LIMIT]["correct"]:
        print("The limit itself came out wrong: the ratios mean nothing.", file=sys.stderr)
    return {
        "limit": limit,
        "contestants": contestants,
        "sizes": {"events": sizes.events, SLOW: sizes.slow_events, "rounds": sizes.rounds},
        "pythons": {name: runs[name][0].python for name in contestants},
        "missing": missing,
    }


def _source(lab: Lab, events: int) -> Source:
    topic = f"bench-source-{events}"
    if topic not in lab.names():
        lab.make({topic: job.PARTITIONS})
        lab.load(topic, job.events(events))
    return Source(topic, events, expect(lab.read(topic)))


ALL = tuple(MODULES)
