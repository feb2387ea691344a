"""What is done to the brokers, to their disks, and to the network in front of them.

In: a scene. Out: one report for each fault. It is done to one broker that chance draws, then to all of them. Recovery
is counted from the end of the outage. A worker's memory has to stay small however long that was.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from tests.chaos.product.network import WAYS
from tests.chaos.product.scene import Report, Scene

__all__ = ["OUTAGES"]


def broker_killed(place: Scene, report: Report) -> None:
    """One of three brokers is killed and comes back; then all."""
    for brokers in place.blows():
        for number in brokers:
            place.house.kafka.kill(number)
        place.house.rest(place.pace.away)
        place.house.kafka.revive()
        place.recovers(report, time.monotonic())
    report.figures["outage_s"] = place.pace.away
    place.reckon(report)


def broker_unreachable(place: Scene, report: Report) -> None:
    """One of three brokers answers no more, and hangs up on nobody; then all."""
    for brokers in place.blows():
        with place.house.frozen(brokers):
            place.house.rest(place.pace.away)
        place.recovers(report, time.monotonic())
    report.figures["outage_s"] = place.pace.away
    place.reckon(report)


def line_broken(place: Scene, report: Report, *, way: str) -> None:
    """The line to one of three brokers is broken, while these see each other; then all lines."""
    written, touched = 0, 0
    assert place.house.network is not None, "lines are laid when the deployment is made"
    for brokers in place.blows():
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
    place.reckon(report)


def brokers_full(place: Scene, report: Report) -> None:
    """The disk of one broker is full for a while, then those of all; a broker that ended for it is started again."""
    disks, kafka = place.house.disks["brokers"], place.house.kafka
    stopped = 0
    for brokers in place.blows():
        with ExitStack() as filled:
            for number in brokers:
                filled.enter_context(disks[number - 1].full())
            place.house.rest(place.pace.away)
            ended = [number for number in brokers if not kafka.running(number)]
            stopped += len(ended)
        if not ended:
            report.failures.append(f"the full disk of {brokers} stopped nobody")
        kafka.revive()
        place.recovers(report, time.monotonic())
    report.figures.update(outage_s=place.pace.away, brokers_stopped=stopped)
    place.reckon(report)


OUTAGES: dict[str, tuple[str, Callable[[Scene, Report], None]]] = {
    "broker": ("F5", broker_killed),
    "unreachable": ("F6", broker_unreachable),
    **{way: (f"F6{part}", partial(line_broken, way=way)) for part, way in zip("bcde", WAYS, strict=True)},
    "broker_disk": ("F26b", brokers_full),
}
