"""`make lives ARGS="--lives 10000 --from 0"`: generated lives of orders, and whether the books balance after them.

In: seeds. Out: a line for each world, and one for each difference; last a line of JSON. It fails when any amount of any
document differs between Xero, HubSpot, the stream's totals and the attribution of any month.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from streams.platforms.hubspot.reading import chunks
from tests.lives.credited import uncredited_differences
from tests.lives.life import TRADES, Life, draw
from tests.lives.recount import books, differences
from tests.lives.sold import unbilled_differences
from tests.lives.stated import attributed_differences, window_differences
from tests.lives.subscribed import subscribed_differences
from tests.lives.world import LivesWorld, lived

TOGETHER = 200  # lives in one world: more take more memory, fewer more polls each
SHOWN = 50  # differences that are printed


@dataclass
class Found:
    """What some lives came to."""

    lives: int = 0
    customers: int = 0
    documents: int = 0
    currencies: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    attributed: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every life was lived, and the books balance."""
        return self.customers == self.lives and not self.differences and not self.attributed

    def add(self, world: LivesWorld) -> None:
        """Recount one world."""
        held = books(world.platforms)
        self.lives += len(world.lived)
        self.customers += len(world.platforms.shelf("Contacts"))
        self.documents += held.documents
        self.currencies.update(each.currency for each in (*held.bills.values(), *held.credits.values(), *held.money))
        self.differences += differences(world.platforms, held)
        self.differences += unbilled_differences(world.lived, held) + window_differences(world, held)
        self.differences += subscribed_differences(world.lived) + uncredited_differences(world.lived)
        with TemporaryDirectory() as folder:
            self.attributed += attributed_differences(world, held, Path(folder))


def play(seeds: range, together: int = TOGETHER) -> Iterator[LivesWorld]:
    """Live the lives of these seeds, those of one trade together."""
    for some in chunks(seeds, together * len(TRADES)):
        lives = [draw(seed) for seed in some]
        for trade in TRADES:
            alike: list[Life] = [each for each in lives if each.trade == trade]
            if alike:
                yield lived(alike, lambda _: None)


def main(argv: list[str] | None = None) -> int:
    """Live them, and say what it came to."""
    parser = argparse.ArgumentParser(prog="python -m tests.lives", description=__doc__)
    parser.add_argument("--lives", type=int, default=10_000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="SEED", help="the first one's seed")
    given = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    begun, found = time.process_time(), Found()
    for world in play(range(given.first, given.first + given.lives)):
        found.add(world)
        trade, wrong = world.lived[0].life.trade, len(found.differences) + len(found.attributed)
        print(f"{found.lives:7,} lives, {found.documents:8,} documents, {wrong} differences; last: {trade}", flush=True)
        gc.collect()  # a world is in circles
    for each in (found.differences + found.attributed)[:SHOWN]:
        print(each)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({
        "lives": found.lives, "customers": found.customers, "documents": found.documents,
        "currencies": dict(sorted(found.currencies.items())), "differences": len(found.differences),
        "attributed_differences": len(found.attributed), "cpu_s": round(time.process_time() - begun),
        "peak_mb": peak, "ok": found.ok,
    }))  # fmt: skip
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
