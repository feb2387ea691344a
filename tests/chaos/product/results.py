"""What runs of the faults came to, kept beside this file: of each fault the latest run of its length.

In: reports. Out: one file; each row says when it was played, on which commit, and how busy the machine was.
"""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import machine
from tests.chaos.product.scene import Report

__all__ = ["KEPT", "keep"]

KEPT = Path(__file__).with_suffix(".json")


def keep(reports: Sequence[Report], seed: int, file: Path = KEPT) -> None:
    """Put these in the place of earlier ones."""
    rows: dict[Any, dict[str, Any]] = {}
    known = json.loads(file.read_text(encoding="utf-8"))["faults"] if file.exists() else []
    about = {"measured": datetime.now(UTC).date().isoformat(), "commit": _commit(), "seed": seed}
    for row in [*known, *({**report.public(), **about} for report in reports if not report.skipped)]:
        rows[row["id"], row.get("outage_s")] = row
    ordered = [rows[key] for key in sorted(rows, key=lambda key: (int(key[0][1:].rstrip("bcde")), key[0], key[1] or 0))]
    said = {"machine": {name: value for name, value in machine().items() if name != "load_before"}, "faults": ordered}
    file.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def _commit() -> str:
    """The commit that is checked out; a sign behind it where files differ from it."""
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=9", "--exclude=*"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    except OSError:
        return ""
    return said.stdout.strip()
