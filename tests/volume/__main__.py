"""`make month-end ARGS="--invoices 2000"`: 50,000 invoices into a sandbox Xero with its real limits, in virtual time.

Out: how it goes, and last a line of JSON. It fails when an invoice is missing or made twice, when a long one takes
more than 1.1 times the fewest calls, or when a change of the first tier never arrives.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import resource
import sys
import time
from dataclasses import asdict

from sandbox.faults import FaultKind
from tests.support.outage import lost
from tests.volume.month import month_end, p95
from tests.volume.refill import CALM, refill

RATIO = 1.1  # calls against the fewest there can be
LIVE = 2.0  # the 95th percentile of edits beside a backfill, over that in calm
LONG = 20_000  # invoices from which on that is asked for: a shorter one is half polls, and has no full minute


def main(argv: list[str] | None = None) -> int:
    """Play it, and say what it came to."""
    parser = argparse.ArgumentParser(prog="python -m tests.volume", description=__doc__)
    parser.add_argument("--invoices", type=int, default=50_000, help="how many")
    parser.add_argument("--lost", type=int, default=0, metavar="N", help="instead: N writes, every tenth call lost")
    parser.add_argument("--backfill", type=int, default=0, metavar="N", help="instead: N companies, beside live edits")
    given = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    if given.lost:
        return _lost(given.lost)
    if given.backfill:
        return _backfill(given.backfill)
    begun = time.process_time()
    figures = month_end(given.invoices).figures
    spent = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(figures)
    wait = figures.tier1_p95
    found = {
        "invoices": figures.billed, "calls": figures.calls, "minimum": figures.minimum,
        "ratio": round(figures.ratio, 3), "tier1_p95_s": None if wait is None else round(wait, 1),
        "writes": figures.writes, "seconds": round(figures.seconds), "shown_s": round(figures.shown),
        "p95_s": {kind: p95(waits) for kind, waits in figures.waits.items()},
        "peak_mb": peak, "cpu_s": round(spent),
    }  # fmt: skip
    print(json.dumps(found))
    whole = figures.billed == given.invoices and not figures.twice
    return 0 if whole and (figures.ratio <= RATIO or given.invoices < LONG) and wait is not None else 1


def _lost(number: int) -> int:
    """Lose calls before they are carried out and after, and say what it came to: F8 and F7."""
    found = {kind.value: asyncio.run(lost(kind, number)) for kind in (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER)}
    print(json.dumps({name: asdict(each) for name, each in found.items()}))
    return 0 if all((each.made, each.twice, each.applied) == (number, 0, number) for each in found.values()) else 1


def _backfill(rows: int) -> int:
    """Read everything anew while people edit, and say what it came to: F30."""
    begun = time.process_time()
    figures = refill(rows, calm=CALM).figures
    ratio = figures.ratio
    found = {
        "rows": rows, "read": figures.read, "edits": figures.edits, "beside": len(figures.beside),
        "stale": figures.stale, "calm_p95_s": p95(figures.calm), "live_p95_s": p95(figures.beside),
        "ratio": None if ratio is None else round(ratio, 3), "seconds": round(figures.seconds, 1),
        "calls": figures.calls, "refused": figures.refused, "cpu_s": round(time.process_time() - begun),
    }  # fmt: skip
    print(f"{rows:,} companies read anew in {figures.seconds:.0f} s beside {len(figures.beside):,} edits")
    print(json.dumps(found))
    return 0 if ratio is not None and ratio <= LIVE and not figures.stale and figures.read >= rows else 1


if __name__ == "__main__":
    sys.exit(main())
