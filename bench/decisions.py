"""`decisions`: the pure parts, on one core without Kafka: decide, and the steps over recorded changes."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from agents.rules.decision import UNSET, Shown, decide
from agents.rules.result import Result
from agents.steps.arbitrate import Arbitrate
from agents.steps.capture import Capture
from agents.steps.reconcile import Reconcile
from bench.recording import stories
from bench.report import Figures
from schemas.contract import Contract, load_contract, template
from schemas.names import Side
from streams.engine.view import View
from streams.platforms.registry import translators

__all__ = ["Desk", "contract_in", "measure"]

BATCH = 1000  # changes per batch
AT_LEAST = 0.5  # seconds a loop is timed for


class Rows:
    """A table in memory behind the engine's own view, so that values are parsed and written as they are live."""

    def __init__(self) -> None:
        self.held: dict[bytes, bytes] = {}

    def view(self) -> View:
        """A batch's view."""
        return View(self.held.get)

    def take(self, view: View) -> None:
        """Keep what a batch staged."""
        for key, value in view.staged.items():
            if value is None:
                self.held.pop(key, None)
            else:
                self.held[key] = value


@dataclass
class Desk:
    """The three hot steps, one after the other, timed."""

    contract: Contract
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    tables: defaultdict[str, Rows] = field(default_factory=lambda: defaultdict(Rows))

    def run(self, changes: Sequence[bytes]) -> None:
        """Take changes through capture, arbitrate and reconcile."""
        capture = Capture(self.contract, translators(self.contract))
        arbitrate, reconcile = Arbitrate(self.contract), Reconcile()
        for start in range(0, len(changes), BATCH):
            found = self._step("capture", capture, changes[start : start + BATCH], "versions", "identity")
            judged = self._step("arbitrate", arbitrate, _of(found, "facts"), "entities", "customers")
            self._step("reconcile", reconcile, _of(judged, "documents"), "books", "windows")

    def _step(self, name: str, step: Callable[..., Result], values: Sequence[bytes], *tables: str) -> Result:
        began = time.process_time()
        views = [self.tables[each].view() for each in tables]
        result = step(values, *views)
        self.seconds[name] += time.process_time() - began
        self.counts[name] += len(values)
        for table, view in zip(tables, views, strict=True):
            self.tables[table].take(view)
        for output in result.outputs:
            self.counts[f"to {output.topic}"] += 1
        self.counts["refused"] += len(result.refused)
        return result


def _of(result: Result, topic: str) -> list[bytes]:
    return [output.value for output in result.outputs if output.topic == topic]


def contract_in(folder: Path) -> Contract:
    """The contract a new user gets."""
    path = folder / "contract.yaml"
    path.write_text(template(), encoding="utf-8")
    return load_contract(path)


def measure(folder: Path, *, tenants: int, profile: Path | None) -> Figures:
    """Time the pure parts."""
    contract = contract_in(folder)
    changes = [value for _, value in stories(tenants)]
    desk = Desk(contract)
    watch = cProfile.Profile() if profile else None
    if watch:
        watch.enable()
    desk.run(changes)
    if watch and profile:
        watch.disable()
        with profile.open("w", encoding="utf-8") as file:
            pstats.Stats(watch, stream=file).sort_stats("tottime").print_stats(60)
            pstats.Stats(watch, stream=file).sort_stats("cumulative").print_stats(80)
    steps = {name: round(desk.counts[name] / seconds) for name, seconds in desk.seconds.items()}
    total = sum(desk.seconds.values())
    figures = {
        "decide_per_s": round(_decides(contract)),
        "steps_per_s": steps,
        "changes_per_s": round(len(changes) / total),
        "share_of_time": {name: round(seconds / total, 3) for name, seconds in desk.seconds.items()},
        "counts": dict(sorted(desk.counts.items())),
    }
    for name, rate in (("decide", figures["decide_per_s"]), *steps.items(), ("all three", figures["changes_per_s"])):
        print(f"{name:12}{rate:>12,} a second")
    return figures


def _decides(contract: Contract) -> float:
    """Decisions a second, over every field rule of the contract and every shape of a difference."""
    rules = [rule for clause in contract.entities.values() for rule in clause.fields.values()]
    values: Iterable[Any] = ("a", "b", "")
    cases = [
        (rule, baseline, Shown(left, 2_000_000), Shown(right, 1_000_000), owner)
        for rule, baseline, left, right in product(rules, ("a", "c", UNSET), values, values)
        for owner in Side
    ]
    done, began = 0, time.process_time()
    while (elapsed := time.process_time() - began) < AT_LEAST:
        for rule, baseline, crm, erp, owner in cases:
            decide(rule, baseline, crm, erp, owner=owner)
        done += len(cases)
    return done / elapsed
