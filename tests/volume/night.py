"""`make night ARGS="--documents 20000"`: a night of 100,000 documents, reconciled within both platforms' limits.

`revmark reconcile` runs as people run it, over TCP, in a process of its own, first over a tenth of them. Out: how it
goes, and last a line of JSON. It fails when it finds anything but what was planted, or when its memory grows with the
books.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.process import Usage
from console.exits import FINE, NEEDS_PERSON
from schemas.contract import template
from tests.volume.daybooks import NIGHT, Ledger, served

ROOT = Path(__file__).parents[2]
GROWTH = 1.3  # of memory, for ten times the documents: what is kept is what differs
ENDS = (FINE, NEEDS_PERSON)
LOOK_EVERY = 0.05  # seconds between looks at what the process uses
BOTH = 2  # records of an invoice: Xero's, and HubSpot's


@dataclass(frozen=True, slots=True)
class Figures:
    """What one night came to. `seconds` are real ones, within the limits that both platforms have."""

    documents: int
    calls: dict[str, int]
    seconds: float
    cpu_s: float
    peak_mb: int
    planted: int
    found: int
    false: int


def reconciled(books: Ledger) -> Figures:
    """Reconcile a night with these books."""
    with TemporaryDirectory() as folder, served(books) as ledger:
        place = Path(folder)
        (place / "contract.yaml").write_text(template(), encoding="utf-8")
        given = ledger.settings | {"REVMARK_BROKER": "127.0.0.1:1", "REVMARK_STATE": str(place / "state")}
        # in a file: Xero's next refresh token is kept there
        lines = "".join(f"{name}={value}\n" for name, value in given.items())
        (place / "revmark.env").write_text(lines, encoding="utf-8")
        env = {name: value for name, value in os.environ.items() if not name.startswith("REVMARK_")}
        env["PYTHONPATH"] = str(ROOT)
        with (place / "out.json").open("wb") as out:
            begun = time.monotonic()
            command = [sys.executable, "-m", "console.main", "reconcile", "--night", NIGHT, "--settling", "0",
                       "--no-stream", "--json"]  # fmt: skip
            process = subprocess.Popen(command, cwd=place, env=env, stdout=out)  # noqa: S603 - our own command
            used = Usage(0, 0)  # looked at while it runs: what the system tells at its end may be its parent's
            while process.poll() is None:
                now = Usage.of([process.pid])
                used = Usage(max(used.cpu, now.cpu), max(used.peak_mb, now.peak_mb))
                time.sleep(LOOK_EVERY)
            seconds = time.monotonic() - begun
        assert process.returncode in ENDS, f"revmark reconcile ended with {process.returncode}"
        made = json.loads((place / "out.json").read_bytes())
    assert not made["gaps"], made["gaps"]
    found = {(each["erp"]["number"], each["kind"]) for each in made["discrepancies"]}
    planted = set(ledger.planted.items())
    assert sum(made["documents"].values()) == ledger.documents, (made["documents"], ledger.documents)
    return Figures(
        ledger.documents, made["calls"], round(seconds, 1), round(used.cpu, 1), round(used.peak_mb),
        len(planted), len(found & planted), len(found - planted),
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Play it, and say what it came to."""
    parser = argparse.ArgumentParser(prog="python -m tests.volume.night", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000, help="how many, on both sides together")
    given = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    invoices = given.documents // BOTH
    small, large = reconciled(Ledger(max(invoices // 10, 1))), reconciled(Ledger(invoices))
    grown = large.peak_mb / small.peak_mb
    for figures in (small, large):
        print(figures)
    right = all(each.found == each.planted and not each.false for each in (small, large))
    print(json.dumps({**asdict(large), "peak_mb_of_a_tenth": small.peak_mb, "ok": right and grown <= GROWTH}))
    return 0 if right and grown <= GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
