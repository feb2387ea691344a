"""`pipeline`: recorded changes of many customers through capture, arbitrate and reconcile, on one worker.

Invariant: tables are compared with a replay by the pure steps; a difference is reported, never a rate.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from bench.contestants.plan import Plan
from bench.decisions import Desk, contract_in
from bench.kafka import Lab
from bench.recording import per_tenant, stories, tenant_name
from bench.report import Figures
from bench.run import answer, table_of
from streams.admin import ensure_topics
from streams.topics import Topics

__all__ = ["measure"]

ORDERED = {"variance", "restated", "revision"}
COMPARED = 2  # customers whose tables are replayed
DRAWERS = {  # table -> prefix of its keys -> the replay's table
    "known": {"v": "versions", "i": "identity"},
    "accounts": {"r": "entities", "c": "customers"},
    "books": {"d": "books", "w": "windows"},
}


def measure(
    lab: Lab, *, tenants: int, rounds: int, store: str, profile: Path | None, say: Callable[[str], None]
) -> Figures:
    """Run the rounds and return the figures."""
    runs = []
    for number in range(1, rounds + 1):
        runs.append(_once(lab, number, tenants, store, profile))
        say(f"round {number}: {runs[-1]['changes_per_s']:,} changes/s")
    best = sorted(runs, key=lambda run: int(run["changes_per_s"]))[len(runs) // 2]
    share = best["share_of_time"]
    print(f"pipeline{best['changes_per_s']:>10,} changes/s   {best['cpu_s_per_million']:,} CPU s/M")
    print("  ".join(f"{name} {part:.0%}" for name, part in share.items()))
    return {**best, "rates": [run["changes_per_s"] for run in runs], "correct": all(run["correct"] for run in runs)}


def _once(lab: Lab, number: int, tenants: int, store: str, profile: Path | None) -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="bench-pipeline-"))
    names = Topics(f"bench-pipeline-{number}.")
    try:
        contract = contract_in(folder)
        replay = Desk(contract)
        replay.run([value for _, value in stories(1)])
        asyncio.run(ensure_topics(lab.broker, names))
        changes = lab.load(names.name(names.changes), stories(tenants))
        counts = {name: replay.counts[name] * tenants for name in ("capture", "arbitrate", "reconcile")}
        wanted = ",".join(f"{name}={count}" for name, count in counts.items())
        group = f"bench-pipeline-{number}"
        plan = Plan(lab.broker, "", wanted, "", "", group, changes, str(folder), store, str(profile or ""))
        env = {
            "BROKER": lab.broker, "CONTRACT": str(folder / "contract.yaml"), "STATE": str(folder / "state"),
            "STORE": store, "TOPIC_PREFIX": names.prefix, "GROUP": group,
        }  # fmt: skip
        run = answer("pipeline", "pipeline_worker", plan, **{f"REVMARK_{name}": value for name, value in env.items()})
        wrong = _differences(lab, names, contract)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lab.drop(names.name(topic) for topic in names)
    seconds = run["seconds"]
    steps = {name: round(spent / seconds, 3) for name, spent in run["steps"].items()}
    return {
        "changes_per_s": round(changes / seconds),
        "records_per_s": round(sum(counts.values()) / seconds),
        "cpu_s_per_million": round(run["cpu"] / changes * 1e6),
        "peak_mb": round(run["peak_mb"]),
        "correct": not wrong,
        "wrong": wrong,
        "share_of_time": {**steps, "the rest (engine, Kafka)": round(1 - sum(steps.values()), 3)},
        "changes": changes,
        "changes_per_customer": per_tenant(),
        "counts": counts,
    }


def _settled(rows: dict[str, Any]) -> dict[str, Any]:
    """Rows without what follows from the order in which customers' documents arrive: lateness and how often stated."""
    return {
        key: {name: value for name, value in row.items() if name not in ORDERED} if isinstance(row, dict) else row
        for key, row in rows.items()
    }


def _differences(lab: Lab, names: Topics, contract: Any) -> list[str]:
    """Replay some customers' recorded changes purely and compare the rows of their tables."""
    replay = Desk(contract)
    replay.run([value for _, value in stories(COMPARED)])
    wrong = []
    for table, drawers in DRAWERS.items():
        held = table_of(lab.read(names.name(getattr(names, table))))
        for prefix, replayed in drawers.items():
            rows = replay.tables[replayed].held
            for number in range(COMPARED):
                begins = f"{tenant_name(number)}|"
                wanted = {f"{prefix}|{orjson.loads(key)}": orjson.loads(value) for key, value in rows.items()}
                wanted = {key: value for key, value in wanted.items() if key.startswith(f"{prefix}|{begins}")}
                found = {key: value for key, value in held.items() if key.startswith(f"{prefix}|{begins}")}
                if not wanted or _settled(found) != _settled(wanted):
                    wrong.append(f"{replayed} of {tenant_name(number)}: {len(found)} rows, {len(wanted)} in the replay")
    return wrong
