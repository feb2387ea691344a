"""What is done to the platforms' answers: every tenth write is lost, after it was carried out or before.

In: a scene. Out: one report for each fault. It lasts until so many writes have been carried out; how many were lost is
what the platforms themselves say.
"""

import time
from collections.abc import Callable
from functools import partial

from tests.chaos.product.scene import Report, Scene

__all__ = ["ANSWERS"]

SHARE = 0.1  # of the writes
WRITES = "^/crm/(objects|associations)/.*/batch/(upsert|update|associate)|^/api.xro/"  # readings are lost by others
METHODS = ("POST", "PUT")
AT_A_TIME = 60.0  # seconds without a write until there is nothing more to wait for
DAY = 1_000_000  # calls: more than any run takes of the few thousand that a day of Xero's has


def lost(place: Scene, report: Report, *, kind: str) -> None:
    """Lose a tenth of the writes until so many have been carried out."""
    place.finance.settings(day_limit=DAY)
    desks = (place.sales, place.finance)
    for desk in desks:
        for seed, method in enumerate(METHODS):
            desk.fault(kind, method=method, path=WRITES, rate=SHARE, seed=place.lots.randrange(1000) + seed)
    began, newest, since = place.written(), -1, time.monotonic()
    while (done := place.written() - began) < place.pace.writes:
        if done != newest:
            newest, since = done, time.monotonic()
        if time.monotonic() - since > AT_A_TIME:
            report.failures.append(f"after {done} writes there came no more")
            break
        place.house.rest(1.0)
    struck = sum(row["struck"] for desk in desks for row in desk.faults())
    for desk in desks:
        desk.calm()
    report.rounds += 1  # no probe of when effects come again: they never ceased to
    report.figures["calls_lost"] = struck
    if not struck:
        report.failures.append("no call was lost")
    place.house.settled()


ANSWERS: dict[str, tuple[str, Callable[[Scene, Report], None]]] = {
    "answers": ("F7", partial(lost, kind="drop_after")),
    "requests": ("F8", partial(lost, kind="drop_before")),
}
