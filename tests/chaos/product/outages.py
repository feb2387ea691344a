"""What is done to the brokers, and to the network in front of them.

In: a scene. Out: one report for each fault. It is done to one broker that chance draws, then to all of them. Recovery
is counted from the end of the outage. A worker's memory has to stay small however long that was.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial

from tests.chaos.product.network import WAYS
from tests.chaos.product.scene import BROKERS, Report, Scene

__all__ = ["OUTAGES"]

MEMORY = 300  # MiB that a worker may take at most, of which nothing may depend on how long an outage is


def broker_killed(place: Scene, report: Report) -> None:
    """One of three brokers is killed and comes back; then all."""
    for brokers in _rounds(place):
        for number in brokers:
            place.house.kafka.kill(number)
        place.house.rest(place.pace.away)
        place.house.kafka.revive()
        place.recovers(report, time.monotonic())
    report.figures["outage_s"] = place.pace.away
    _reckon(place, report)


def broker_unreachable(place: Scene, report: Report) -> None:
    """One of three brokers answers no more, and hangs up on nobody; then all."""
    for brokers in _rounds(place):
        with place.house.frozen(brokers):
            place.house.rest(place.pace.away)
        place.recovers(report, time.monotonic())
    report.figures["outage_s"] = place.pace.away
    _reckon(place, report)


def line_broken(place: Scene, report: Report, *, way: str) -> None:
    """The line to one of three brokers is broken, while these see each other; then all lines."""
    written, touched = 0, 0
    assert place.house.network is not None, "lines are laid when the deployment is made"
    for brokers in _rounds(place):
        before = place.written()
        with place.house.network.broken(way, brokers) as lines:
            place.house.rest(place.pace.outage)
        written += place.written() - before
        touched += sum(line.touched for line in lines)
        place.recovers(report, time.monotonic())
        for line in lines:
            line.touched = 0
    report.figures.update(outage_s=place.pace.outage, connections=touched, writes_amid=written)
    if not touched:
        report.failures.append("no connection was there to be broken")
    _reckon(place, report)


OUTAGES: dict[str, tuple[str, Callable[[Scene, Report], None]]] = {
    "broker": ("F5", broker_killed),
    "unreachable": ("F6", broker_unreachable),
    **{way: (f"F6{part}", partial(line_broken, way=way)) for part, way in zip("bcde", WAYS, strict=True)},
}


def _rounds(place: Scene) -> Iterator[list[int]]:
    """Whom each blow hits, after a while of work."""
    for _ in range(place.pace.rounds):
        for reach in place.pace.reach:
            place.linger()
            yield [place.lots.choice(BROKERS)] if reach == "one" else list(BROKERS)


def _reckon(place: Scene, report: Report) -> None:
    """How many webhooks were turned away, which their senders repeat, and what it took of memory."""
    answers = [status for _, status in place.house.deliveries()]
    report.figures.update(webhooks=len(answers), webhooks_refused=sum(status != 200 for status in answers))
    place.house.settled()
    if place.house.peak > MEMORY:
        report.failures.append(f"a worker took {place.house.peak:.0f} MiB")
