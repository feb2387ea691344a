"""`engine`: the job by every contestant, in interleaved rounds on one broker, as shares of what librdkafka allows."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import job
from bench.kafka import Lab
from bench.reducer import expect
from bench.report import Figures, summary, table
from bench.run import MODULES, Missing, Outcome, Source, run_once

__all__ = ["LIMIT", "Sizes", "chosen", "measure"]

LIMIT = "librdkafka"
SLOW = {"stock_faust": 100_000}  # events of those that would take minutes a round; all others get the same
SLOW_QUICK = {"stock_faust": 10_000}


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    events: int
    slow: Mapping[str, int]  # contestants that get fewer events, and one round when it is to be quick
    rounds: int
    slow_rounds: int

    @classmethod
    def chosen(cls, *, quick: bool, events: int | None, rounds: int | None) -> Sizes:
        """The sizes of a quick or a full run, or those asked for."""
        if quick:
            return cls(events or 40_000, SLOW_QUICK, rounds or 2, 1)
        return cls(events or 500_000, SLOW, rounds or 5, rounds or 5)

    def of(self, name: str) -> int:
        """How many events a contestant gets."""
        return min(self.events, self.slow.get(name, self.events))

    def rounds_of(self, name: str) -> int:
        """How many rounds a contestant gets."""
        return self.slow_rounds if name in self.slow else self.rounds


def chosen(only: str | None) -> dict[str, tuple[str, str]]:
    """The contestants asked for, separated by commas; all unless asked.

    Raises:
        ValueError: there is none of that name.
    """
    names = only.split(",") if only else list(MODULES)
    if unknown := [name for name in names if name not in MODULES]:
        raise ValueError(f"there is no contestant {unknown[0]}; there are {', '.join(MODULES)}")
    return {name: MODULES[name] for name in names}


def measure(
    lab: Lab,
    sizes: Sizes,
    contestants: Mapping[str, tuple[str, str]],
    *,
    profile: Path | None,
    say: Callable[[str], None],
) -> Figures:
    """Run the rounds and return the figures."""
    sources = {events: _source(lab, events) for events in {sizes.of(name) for name in contestants}}
    runs: defaultdict[str, list[Outcome]] = defaultdict(list)
    missing: dict[str, str] = {}
    for number in range(1, sizes.rounds + 1):
        for name, how in contestants.items():
            if name in missing or number > sizes.rounds_of(name):
                continue
            kept = profile.with_name(f"{profile.name}-{name}.txt") if profile else None
            try:
                run = run_once(lab, name, number, sources[sizes.of(name)], how=how, profile=kept)
            except Missing as reason:
                missing[name] = str(reason)
                say(f"{reason}; left out")
                continue
            runs[name].append(run)
            say(f"round {number} {name}: {run.rate:,.0f} events/s{' ' + '; '.join(run.wrong) if run.wrong else ''}")
    limit = summary(runs[LIMIT], 0)["events_per_s"] if runs[LIMIT] else 0
    rows = {name: summary(runs[name], limit) for name in contestants if runs[name]}
    print(table(rows))
    if LIMIT in rows and not rows[LIMIT]["correct"]:
        print("The limit itself came out wrong: the ratios mean nothing.", file=sys.stderr)
    return {
        "limit": limit,
        "contestants": rows,
        "wrong": {name: found for name in rows if (found := [each for run in runs[name] for each in run.wrong])},
        "events": {name: sizes.of(name) for name in rows},
        "rounds": {name: len(runs[name]) for name in rows},
        "pythons": {name: runs[name][0].python for name in rows},
        "missing": missing,
    }


def _source(lab: Lab, events: int) -> Source:
    topic = f"bench-source-{events}"
    if topic not in lab.names():
        lab.make({topic: job.PARTITIONS})
        lab.load(topic, job.events(events))
    return Source(topic, events, expect(lab.read(topic)))
