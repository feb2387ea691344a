"""How many mutants of the rules the tests tell from the rules: `make mutate ARGS="guards variances --sample 50"`."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.mutation.forks import Forks
from tests.mutation.mutants import RULES, prepare

TESTS = [
    "tests/unit/agents",
    *(f"tests/unit/console/test_{name}.py" for name in ("attribution", "explain", "reconcile", "repair", "signing")),
    "tests/unit/schemas/test_mappings.py",
]
OPTIONS = ["-q", "--tb=native", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:randomly"]


def main() -> int:
    """Play them, and print a score for each module and every survivor."""
    parser = argparse.ArgumentParser(prog="make mutate ARGS=...", description=__doc__)
    parser.add_argument("modules", nargs="*", help="of agents/rules; all of them if none is named")
    parser.add_argument("--sample", type=int, help="this many mutants of each module, not all")
    parser.add_argument("--seed", type=int, default=0, help="draws the sample")
    parser.add_argument("--minutes", type=float, default=600, help="stop after this long")
    parser.add_argument("--budget", type=float, default=2, help="CPU seconds of tests that a mutant meets")
    said = parser.parse_args()
    modules = said.modules or sorted(path.stem for path in RULES.glob("[a-z]*.py"))
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "project"
        mutants = prepare(root, modules)
        lots = random.Random(said.seed)
        chosen = []
        for module in modules:
            own = [name for name in mutants if name.startswith(f"agents.rules.{module}.")]
            chosen += lots.sample(own, min(len(own), said.sample or len(own)))
        lots.shuffle(chosen)
        os.chdir(root)
        sys.path[0] = str(root)
        forks = Forks(chosen, said.budget, time.monotonic() + 60 * said.minutes)
        code = pytest.main([*OPTIONS, *TESTS], plugins=[forks])
    if not forks.verdicts:
        return int(code) or 1
    return _told(forks.verdicts, mutants)


def _told(verdicts: dict[str, str], mutants: dict[str, str]) -> int:
    print()
    for name, verdict in sorted(verdicts.items()):
        if verdict == "survived":
            print(f"survived {name.removeprefix('agents.rules.')}: {mutants[name]}")
    every = Counter(name.split(".")[2] for name in mutants)
    played = Counter(name.split(".")[2] for name in verdicts)
    killed = Counter(name.split(".")[2] for name, verdict in verdicts.items() if verdict == "killed")
    for module in sorted(played):
        score = 100 * killed[module] / played[module]
        print(f"{module:15} {killed[module]:5} of {played[module]:5} killed ({every[module]} made)  {score:5.1f} %")
    total = 100 * killed.total() / played.total()
    print(f"{killed.total()} of {played.total()} mutants killed: {total:.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
