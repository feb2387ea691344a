"""The command: `python -m bench engine --quick --json`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import chart, decisions, engine, growth, latency, pipeline, rebuild
from bench.kafka import Lab
from bench.report import RESULTS, Figures, machine, save
from streams.broker import EmbeddedKafka

BENCHES = ("engine", "rebuild", "pipeline", "latency", "growth", "decisions", "chart")
PUBLIC = {"engine": ("limit", "contestants")}  # what --json promises; the results file holds more


def main() -> None:
    """Measure, print, keep."""
    given = _arguments()
    if given.bench == "chart":
        say(f"drawn: {chart.write(max(RESULTS.glob('engine-*.json')))}")
        return
    before = machine()
    if given.bench == "decisions":
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            tenants = given.events or (5 if given.quick else 50)
            figures = decisions.measure(Path(folder), tenants=tenants, profile=given.profile)
    else:
        with _lab() as lab:
            figures = _measure(given, lab)
    if given.save:
        say(f"written to {save(given.bench, figures, before)}")
    if given.json:
        public = PUBLIC.get(given.bench, tuple(figures))
        print(json.dumps({name: figures[name] for name in public}))


def _measure(given: argparse.Namespace, lab: Lab) -> Figures:
    quick = given.quick
    match given.bench:
        case "pipeline":
            return pipeline.measure(
                lab, tenants=given.events or (10 if quick else 100), rounds=given.rounds or (1 if quick else 3),
                store=given.store, profile=given.profile, say=say,
            )  # fmt: skip
        case "rebuild":
            return rebuild.measure(
                lab, keys=given.events or (100_000 if quick else 1_000_000), rounds=given.rounds or (2 if quick else 3),
                say=say,
            )  # fmt: skip
        case "growth":
            sizes = (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000)
            return growth.measure(
                lab, sizes=sizes, events=given.events or (100_000 if quick else 400_000),
                rounds=given.rounds or (1 if quick else 3), say=say,
            )  # fmt: skip
        case "latency":
            return latency.measure(lab, seconds=10.0 if quick else 60.0)
        case _:
            return _engine(given, lab)


def _engine(given: argparse.Namespace, lab: Lab) -> Figures:
    sizes = engine.Sizes.chosen(quick=given.quick, events=given.events, rounds=given.rounds)
    names = given.only.split(",") if given.only else list(engine.ALL)
    return engine.measure(lab, sizes, names, profile=given.profile, say=say)


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _lab() -> Iterator[Lab]:
    """The broker that is there already, or one of our own."""
    if running := os.environ.get("REVMARK_BROKER"):
        yield Lab(running)
        return
    with (
        tempfile.TemporaryDirectory(prefix="bench-kafka-", ignore_cleanup_errors=True) as folder,
        EmbeddedKafka.start(folder=Path(folder)) as kafka,
    ):
        yield Lab(kafka.address)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Revmark's engine and agents.")
    parser.add_argument("bench", nargs="?", default="engine", choices=BENCHES)
    parser.add_argument("--quick", action="store_true", help="small sizes, under 90 seconds")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--save", action="store_true", help="write bench/results/")
    parser.add_argument("--events", type=int, help="how many events (rebuild: keys; pipeline and decisions: customers)")
    parser.add_argument("--rounds", type=int, help="how many rounds")
    parser.add_argument("--only", help="contestants, separated by commas")
    parser.add_argument("--store", default="rocksdb://", choices=["rocksdb://", "memory://"], help="of the pipeline")
    parser.add_argument("--profile", type=Path, help="beginning of the names of profile files; figures mean less then")
    return parser.parse_args()


if __name__ == "__main__":
    main()
