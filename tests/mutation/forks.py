"""A plugin for pytest: each mutant is played in a fork of the process that has collected the tests.

First every test runs once, unchanged: what it costs, and which functions it calls. Then a mutant meets the tests that
call its function, those that call little else first. A test that fails kills it; so does a loop without an end.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import Phase, settings

from tests.mutation.mutants import STATS, SWITCH

EXAMPLES = 5  # of a property: many mutants are met, and a property is the dearest of tests
FIRST = 8  # tests that a mutant meets whatever they cost
SPARE = 6  # CPU seconds beside five times what the tests take: more is a loop without an end


class Forks:
    """Plays mutants; `verdicts` says which were killed and which survived."""

    def __init__(self, mutants: list[str], budget: float, until: float) -> None:
        self.mutants, self.budget, self.until = mutants, budget, until
        self.verdicts: dict[str, str] = {}
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        costs, calls = self._stats(session.items)
        width = Counter(item for items in calls.values() for item in items)
        gc.collect()
        gc.freeze()
        for name in self.mutants:
            if time.monotonic() > self.until:
                break
            met = calls[name.rpartition("__mutmut_")[0]]
            self.verdicts[name] = self._play(name, sorted(met, key=lambda one: costs[one] * (40 + width[one])), costs)
            sys.stderr.write(f"\r{len(self.verdicts)} of {len(self.mutants)}")
        return True

    def _run(self, item: pytest.Item) -> bool:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self.failed

    def _stats(self, items: list[pytest.Item]) -> tuple[dict[Any, float], defaultdict[str, list[pytest.Item]]]:
        costs: dict[Any, float] = {}
        calls: defaultdict[str, list[pytest.Item]] = defaultdict(list)
        SWITCH.now = STATS
        for item in items:
            _tame(item)
            SWITCH.hits.clear()
            before = time.process_time()
            if not self._run(item):
                pytest.exit(f"{self.failed[0]} fails without any mutant: mend it first", returncode=1)
            costs[item] = time.process_time() - before
            for function in SWITCH.hits:
                calls[function].append(item)
        SWITCH.now = None
        return costs, calls

    def _play(self, name: str, met: list[pytest.Item], costs: dict[Any, float]) -> str:
        chosen, spent = [], 0.0
        for item in met:
            if len(chosen) < FIRST or spent + costs[item] <= self.budget:
                chosen.append(item)
                spent += costs[item]
        child = os.fork()
        if not child:
            most = int(5 * spent) + SPARE
            resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            SWITCH.now = name
            killed = True
            try:
                killed = not all(self._run(item) for item in chosen)
            finally:
                os._exit(killed)
        _, status = os.waitpid(child, 0)
        return "killed" if status else "survived"


def _tame(item: pytest.Item) -> None:
    """A property is tried on few examples, the same ones each time, and not shrunk."""
    function = getattr(item, "obj", None)
    function = getattr(function, "__func__", function)
    if hasattr(function, "hypothesis"):
        kept = getattr(function, "_hypothesis_internal_use_settings", None) or settings.default
        phases = [Phase.explicit, Phase.generate]
        function._hypothesis_internal_use_settings = settings(  # type: ignore[union-attr] # noqa: SLF001
            kept, max_examples=EXAMPLES, phases=phases, derandomize=True, database=None, deadline=None
        )
