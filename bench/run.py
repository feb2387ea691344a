"""One contestant, once: fresh topics, a process of its own, and its recount.

Flows in: a loaded source and what must come of it. Flows out: seconds, CPU, memory and what was wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from bench.contestants.plan import Plan
from bench.kafka import Lab
from bench.peers import ROOT, python_for
from bench.process import LAST_WORDS
from bench.reducer import Expected, Held, differences, fingerprints

__all__ = ["MODULES", "Missing", "Outcome", "Source", "answer", "held", "launch", "run_once", "table_of"]

MODULES = {  # contestant -> its module (in `bench.contestants` unless it has a dot) and where it keeps state
    "librdkafka": ("librdkafka", "memory://"),
    "aiokafka": ("aiokafka_loop", "memory://"),
    "stock_faust": ("stock_faust", "memory://"),
    "engine_memory": ("engine_worker", "memory://"),
    "engine_rocksdict": ("engine_worker", "rocksdb://"),
    "quix": ("quix", "rocksdb://"),
    "bytewax": ("bytewax_flow", "memory://"),
}
STARTS = 45.0  # seconds to start and join a group on a busy machine
PER_EVENT = 1 / 300  # seconds: the slowest peer does 1,300 a second


class Missing(Exception):
    """The contestant cannot be installed here."""


@dataclass(frozen=True)
class Source:
    """A loaded topic and what must come of it."""

    topic: str
    events: int
    expected: Expected


@dataclass
class Outcome:
    """One run."""

    events: int
    seconds: float = 0.0
    cpu: float = 0.0
    peak_mb: float = 0.0
    python: str = ""
    wrong: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds if self.seconds else 0.0


def run_once(
    lab: Lab, name: str, number: int, source: Source, *, how: tuple[str, str], profile: Path | None = None
) -> Outcome:
    """Run a contestant and recount what it left.

    Raises:
        Missing: it cannot be installed here.
    """
    prefix = f"bench-{name}-{number}-{uuid4().hex[:6]}"  # a broker kept between runs remembers groups
    topics = {each: f"{prefix}-{each}" for each in ("out", "entities", "windows")}
    lab.make(dict.fromkeys(topics.values(), 4))
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-"))
    plan = Plan(
        lab.broker, source.topic, topics["out"], topics["entities"], topics["windows"], prefix, source.events,
        str(folder), how[1], str(profile or ""),
    )  # fmt: skip
    try:
        try:
            outcome = Outcome(source.events, **answer(name, how[0], plan))
        except RuntimeError as error:
            return Outcome(source.events, wrong=[str(error)])
        outcome.wrong = differences(source.expected, held(lab, name, plan))
        return outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lab.drop(each for each in lab.names() if prefix in each)


def launch(name: str, module: str, plan: Plan, **env: str) -> subprocess.Popen[bytes]:
    """Start a module as a process; its answer and its log go to files in the plan's folder.

    Raises:
        Missing: the contestant cannot be installed here.
    """
    python = python_for(name)
    if python is None:
        raise Missing(f"{name} is not installed here; {sys.executable} -m bench.peers tries again and says why")
    command = [python, "-m", module if "." in module else f"bench.contestants.{module}", plan.text()]
    with Path(plan.folder, "said").open("wb") as said, Path(plan.folder, "log").open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=log, env={**os.environ, **env})  # noqa: S603 - ours


def answer(name: str, module: str, plan: Plan, **env: str) -> dict[str, Any]:
    """Run a module to its end and return what it measured.

    Raises:
        RuntimeError: it gave no answer in its time; the message holds its last words.
    """
    process = launch(name, module, plan, **env)
    try:
        process.wait(STARTS + plan.events * PER_EVENT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    said = Path(plan.folder, "said").read_text(encoding="utf-8")
    answers = [line for line in said.splitlines() if line.startswith('{"seconds"')]
    if not answers:
        words = (said + Path(plan.folder, "log").read_text(encoding="utf-8"))[-LAST_WORDS:]
        raise RuntimeError(f"{name} gave no answer. Its last words:\n{words}")
    found: dict[str, Any] = json.loads(answers[-1])
    return found


def held(lab: Lab, name: str, plan: Plan) -> Held:
    """What a contestant left on its topics (the one whose state is not durable: in a file)."""
    outputs = fingerprints((key, value or b"") for _, key, value in lab.read(plan.out))
    if name == "bytewax":
        said = orjson.loads(Path(plan.folder, "held.json").read_bytes())
        return Held(said["rows"], said["windows"], outputs)
    if name == "quix":
        (changelog,) = (topic for topic in lab.names() if topic.startswith(f"changelog__{plan.group}--"))
        rows, windows = _quix(lab.read(changelog))
        return Held(rows, windows, outputs)
    return Held(table_of(lab.read(plan.entities)), table_of(lab.read(plan.windows)), outputs)


def table_of(records: Iterable[tuple[int, bytes, bytes | None]]) -> dict[str, Any]:
    """A changelog's last word on each key; keys are JSON texts."""
    last = {key: value for _, key, value in records}
    return {orjson.loads(key): orjson.loads(value) for key, value in last.items() if value is not None}


def _quix(records: Iterable[tuple[int, bytes, bytes | None]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same of Quix, which writes `<key>|<JSON name>` for both."""
    rows: dict[str, Any] = {}
    windows: dict[str, Any] = {}
    for _, key, value in records:
        record, _, name = key.partition(b"|")
        if name == b'"row"':
            rows[record.decode()] = orjson.loads(value or b"null")
        else:
            windows[orjson.loads(name)] = orjson.loads(value or b"null")
    return rows, windows
