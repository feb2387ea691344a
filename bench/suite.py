"""The benches by name, each with its sizes, on a broker of its own."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import chart, cluster, decisions, engine, gateway, growth, latency, pipeline, promotion, rebuild
from bench.kafka import Lab
from bench.report import RESULTS, Figures
from streams.broker import EmbeddedKafka

__all__ = ["BENCHES", "MINUTES", "MINUTES_QUICK", "PUBLIC", "draw", "run"]

PUBLIC = {"engine": ("limit", "contestants")}  # what --json promises; the results file holds more
MINUTES, MINUTES_QUICK = 46, 8  # of all benches, on two cores
Say = Callable[[str], None]


def run(bench: str, given: argparse.Namespace, say: Say) -> Figures:
    """Run a bench.

    Raises:
        RuntimeError: something it measures died or did not answer.
        ValueError: a contestant is asked for that there is not.
    """
    return BENCHES[bench](given, say)


def draw() -> Path:
    """Draw the chart from the newest Python's results of `engine`.

    Raises:
        RuntimeError: there are none.
    """
    found = sorted(RESULTS.glob("engine-py*.json"), key=lambda path: int(path.stem.rpartition("-py")[2]))
    if not found:
        raise RuntimeError(f'{RESULTS} has no results of engine. Run make bench ARGS="engine --save" first.')
    return chart.write(found[-1])


def _engine(given: argparse.Namespace, say: Say) -> Figures:
    sizes = engine.Sizes.chosen(quick=given.quick, events=given.events, rounds=given.rounds)
    contestants = engine.chosen(given.only)
    with _lab() as lab:
        return engine.measure(lab, sizes, contestants, profile=given.profile, say=say)


def _rebuild(given: argparse.Namespace, say: Say) -> Figures:
    keys = given.events or (100_000 if given.quick else 1_000_000)
    with _lab() as lab:
        return rebuild.measure(lab, keys=keys, rounds=given.rounds or (2 if given.quick else 3), say=say)


def _promotion(given: argparse.Namespace, say: Say) -> Figures:
    keys = given.events or (100_000 if given.quick else 1_000_000)
    with _lab() as lab:
        return promotion.measure(lab, keys=keys, rounds=given.rounds or (1 if given.quick else 3), say=say)


def _pipeline(given: argparse.Namespace, say: Say) -> Figures:
    with _lab() as lab:
        return pipeline.measure(
            lab, tenants=given.events or (10 if given.quick else 100), rounds=given.rounds or (1 if given.quick else 3),
            store=given.store, profile=given.profile, say=say,
        )  # fmt: skip


def _latency(given: argparse.Namespace, say: Say) -> Figures:
    with _lab() as lab:
        seconds = 5.0 if given.quick else 15.0
        return latency.measure(lab, seconds=seconds, rounds=given.rounds or (1 if given.quick else 3), say=say)


def _gateway(given: argparse.Namespace, say: Say) -> Figures:
    with _lab() as lab:
        seconds = 5.0 if given.quick else 30.0
        return gateway.measure(lab, seconds=seconds, rounds=given.rounds or (1 if given.quick else 3), say=say)


def _growth(given: argparse.Namespace, say: Say) -> Figures:
    sizes = (10_000, 100_000) if given.quick else (10_000, 100_000, 1_000_000)
    with _lab() as lab:
        return growth.measure(
            lab, sizes=sizes, events=given.events or (100_000 if given.quick else 400_000),
            rounds=given.rounds or (1 if given.quick else 3), say=say,
        )  # fmt: skip


def _cluster(given: argparse.Namespace, say: Say) -> Figures:
    with _lab() as lab:
        return cluster.measure(
            lab, workers=(1, 2, 4), events=given.events or (60_000 if given.quick else 500_000),
            rounds=given.rounds or (1 if given.quick else 3), say=say,
        )  # fmt: skip


def _decisions(given: argparse.Namespace, _: Say) -> Figures:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        tenants = given.events or (5 if given.quick else 50)
        return decisions.measure(Path(folder), tenants=tenants, profile=given.profile)


BENCHES: dict[str, Callable[[argparse.Namespace, Say], Figures]] = {
    "engine": _engine,
    "rebuild": _rebuild,
    "promotion": _promotion,
    "latency": _latency,
    "gateway": _gateway,
    "growth": _growth,
    "cluster": _cluster,
    "pipeline": _pipeline,
    "decisions": _decisions,
}


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
