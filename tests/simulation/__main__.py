"""`make simulate ARGS="--seeds 500 --from 0"`: stories played in one process for each core, and judged.

In: seeds. Out: a line for each that fails, with the command that replays it and its shortest story; last, the count.
How far it has come is told on stderr.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from tests.simulation.bugs import BUGS, planted
from tests.simulation.evidence import violations
from tests.simulation.scenes import Story
from tests.simulation.shrinking import shrink
from tests.simulation.shuffling import disordered
from tests.simulation.storm import storm
from tests.simulation.story import draw
from tests.simulation.world import run, uncollected

WAYS = 3  # orders in which a seed's facts are told, beside their own
EDITS = 12  # of people, while nobody listens
STORM = 60  # seconds that a storm rages
SHOWN = 5  # violations of an invariant that are printed
NEWS = 10.0  # seconds between two lines on stderr


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a seed."""

    seed: int
    trace: str
    seconds: float
    found: dict[str, list[str]]


@contextmanager
def silent() -> Iterator[None]:
    """No logs: people and platforms refuse each other all the time."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)  # what runs after it in this process has its own to say


def judge(seed: int, operations: int, bug: str | None = None) -> Judged:
    """Play a seed and look."""
    return judge_story(draw(seed, operations), bug)


def judge_story(story: Story, bug: str | None = None) -> Judged:
    """Play a story and look."""
    begun = time.process_time()
    with planted(bug), uncollected(), silent():
        world = run(story)
        found, trace = violations(world), world.broker.trace
        del world  # it goes with its last name; later, what looks for garbage would go through all of it
    return Judged(story.seed, trace, time.process_time() - begun, found)


def judge_order(seed: int, edits: int) -> Judged:
    """Tell a seed's facts in several orders, and compare."""
    begun = time.process_time()
    with silent():
        found = disordered(seed, WAYS, edits)
    return Judged(seed, "", time.process_time() - begun, {"I7 order": found} if found else {})


def tell(judged: Judged, operations: int, bug: str | None, *, shortest: bool) -> None:
    """Say what went wrong, and how to see it again."""
    print(f"seed {judged.seed} fails (trace {judged.trace})")
    for name, rows in judged.found.items():
        print(f"  {name}: {len(rows)}")
        for row in rows[:SHOWN]:
            print(f"    {row[:400]}")
    more = f" --bug {bug}" if bug else " --shuffle" if "I7 order" in judged.found else ""
    print(f'  again: make simulate ARGS="--seeds 1 --from {judged.seed} --operations {operations}{more}"')
    if shortest:
        names = judged.found.keys()
        story = shrink(draw(judged.seed, operations), lambda each: bool(judge_story(each, bug).found.keys() & names))
        print(f"  shortest story ({len(story.scenes)} scenes):")
        for scene in story.scenes:
            print(f"    {scene}")


def main(argv: list[str] | None = None) -> int:
    """Play the seeds; 1 when one of them fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first of them")
    parser.add_argument("--operations", type=int, default=200, help="what people do in each story")
    parser.add_argument("--jobs", type=int, default=_cores(), help="processes; one for each core unless told")
    parser.add_argument("--bug", choices=sorted(BUGS), help="plant a bug: it has to be found")
    parser.add_argument("--no-shrink", action="store_true", help="do not look for the shortest story")
    parser.add_argument("--trace", action="store_true", help="print every seed's trace")
    parser.add_argument("--shuffle", action="store_true", help="tell each seed's facts in several orders: I7")
    parser.add_argument("--storm", type=int, default=0, metavar="N", help="edit N records each second for a minute")
    parser.add_argument("--throttled", action="store_true", help="a storm within Xero's limits")
    given = parser.parse_args(argv)
    if given.storm:
        with silent():
            figures = storm(given.storm, STORM, throttled=given.throttled)
        print(figures)
        return 0 if figures.holds else 1
    seeds = range(given.first, given.first + given.seeds)
    work = partial(judge, operations=given.operations, bug=given.bug)
    if given.shuffle:
        work = partial(judge_order, edits=EDITS)
    failed, seconds, begun = 0, 0.0, time.monotonic()
    told = begun
    jobs = min(given.jobs, given.seeds)
    gc.freeze()  # what has been imported is never garbage: a story's own is looked through faster without it
    with ProcessPoolExecutor(max(jobs, 1)) as pool:  # it starts no process before it is given work
        for done, judged in enumerate(pool.map(work, seeds) if jobs > 1 else map(work, seeds), 1):
            seconds += judged.seconds
            if given.trace:
                print(f"seed {judged.seed} trace {judged.trace} {judged.seconds:.2f} s")
            if judged.found:
                failed += 1
                tell(judged, given.operations, given.bug, shortest=not (given.no_shrink or given.shuffle))
            sys.stdout.flush()
            if time.monotonic() - told >= NEWS:
                told = time.monotonic()
                print(f"{done} of {given.seeds} seeds, {failed} failed, {told - begun:.0f} s", file=sys.stderr)
    print(f"{seconds / max(given.seeds, 1):.2f} CPU seconds a seed, {time.monotonic() - begun:.0f} s in all")
    print(f"{given.seeds - failed} passed, {failed} failed")
    return 1 if failed else 0


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
