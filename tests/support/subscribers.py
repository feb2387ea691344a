"""The example subscribers of docs/consumers, each run as its reader would run it."""

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CONSUMERS = ROOT / "docs" / "consumers"
WITHIN = 120  # seconds: a process that starts, reads a few hundred records and ends; npm's download once
Months = dict[tuple[str, str], tuple[str, str]]


def python(broker: str, topic: str, state: Path) -> Months:
    """What the reader in Python has counted."""
    return _run([sys.executable, str(CONSUMERS / "revenue.py")], broker, topic, state)


def node(broker: str, topic: str, state: Path, folder: Path) -> Months:
    """What the reader in JavaScript has counted; `folder` takes its packages."""
    return _run(["node", str(_installed(folder) / "revenue.mjs")], broker, topic, state)


def has_node() -> bool:
    """Whether this machine can run it."""
    return bool(shutil.which("node") and shutil.which("npm"))


@cache
def _installed(folder: Path) -> Path:
    place = shutil.copytree(CONSUMERS / "node", folder / "node", ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=place, check=True, timeout=WITHIN, capture_output=True)  # noqa: S603 - our own example
    return place


def _run(command: list[str], broker: str, topic: str, state: Path) -> Months:
    given = ["--broker", broker, "--topic", topic, "--state", str(state), "--until-end"]
    done = subprocess.run([*command, *given], capture_output=True, text=True, timeout=WITHIN, check=False)  # noqa: S603 - our own examples
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    return {(row["month"], row["currency"]): (row["booked"], row["collected"]) for row in rows}
