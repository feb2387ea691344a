"""The command: `python -m bench engine --quick --json`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench import suite
from bench.report import machine, save

__all__ = ["main", "parser"]


def main() -> None:
    """Measure, print, keep."""
    given = parser().parse_args()
    if given.bench == "chart":
        try:
            say(f"drawn: {suite.draw()}")
        except RuntimeError as error:
            sys.exit(str(error))
        return
    if given.bench != "all":
        told = _one(given.bench, given)
    else:
        told = {}
        say(f"All benches one after the other: about {suite.MINUTES_QUICK if given.quick else suite.MINUTES} minutes.")
        for bench in suite.BENCHES:
            say(f"\n{bench}")
            told[bench] = _one(bench, given)
    if given.json:
        print(json.dumps(told))
    if "failed" in told or any("failed" in each for each in told.values() if isinstance(each, dict)):
        sys.exit(1)


def _one(bench: str, given: argparse.Namespace) -> dict[str, object]:
    """Run one bench; return what --json promises of it, or why it failed."""
    before = machine()
    if before["load_before"] > before["cores"] / 2:
        say(f"This machine is busy (load {before['load_before']} on {before['cores']} cores): figures mean little now.")
    try:
        figures = suite.run(bench, given, say)
    except (RuntimeError, ValueError) as error:
        say(f"{bench} failed: {error}")
        return {"failed": str(error)}
    if given.save:
        say(f"written to {save(bench, figures, before, quick=given.quick)}")
        if bench == "engine" and not given.quick:
            say(f"drawn: {suite.draw()}")
    return {name: figures[name] for name in suite.PUBLIC.get(bench, tuple(figures))}


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="make bench", description="Measure Revmark's engine and agents.")
    made.add_argument("bench", nargs="?", default="engine", choices=(*suite.BENCHES, "all", "chart"))
    made.add_argument("--quick", action="store_true", help="small sizes: whether it works, not how fast it is")
    made.add_argument("--json", action="store_true", help="the last line is one JSON object")
    made.add_argument("--save", action="store_true", help="write bench/results/, and draw the chart")
    made.add_argument("--events", type=int, help="how many events (rebuild: keys; pipeline and decisions: customers)")
    made.add_argument("--rounds", type=int, help="how many rounds")
    made.add_argument("--only", help="contestants of engine, separated by commas")
    made.add_argument("--store", default="rocksdb://", choices=["rocksdb://", "memory://"], help="of the pipeline")
    made.add_argument("--profile", type=Path, help="beginning of the names of profile files; figures mean less then")
    return made


if __name__ == "__main__":
    main()
