"""What is done to the deployment, round by round.

In: a scene. Out: one report for each fault. A fault ends with the blow where something is killed and replaced at once,
and with the last thing done where it lasts.
"""

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.chaos.product.answers import ANSWERS
from tests.chaos.product.house import SESSION
from tests.chaos.product.outages import OUTAGES
from tests.chaos.product.scene import Report, Scene

__all__ = ["FAULTS"]

DIES_WITHIN = 60.0  # seconds until the next write reaches the step: people are at work
DRAINED_WITHIN = 10.0  # seconds a worker that is stopped may take
ANSWERS_AFTER = 4.0  # seconds that a sandbox keeps an answer: longer than a worker takes to stand still
PACE = (3.0, 10.0)  # seconds between two moves of a storm
PROGRESS_WITHIN = 60.0  # seconds of a storm in which something must have been written
CALM = 5  # probes of a calm deployment, to compare with


def calm(place: Scene, report: Report) -> None:
    """Nothing goes wrong: what the times of the others are to be compared with."""
    for _ in range(CALM):
        place.linger()
        place.recovers(report, time.monotonic())


def killed(place: Scene, report: Report) -> None:
    """A worker is killed at random and replaced at once."""
    for _ in range(place.pace.rounds):
        for name in place.lots.sample(sorted(place.house.members), place.pace.victims):
            place.linger()
            place.house.take(name).kill()
            since = time.monotonic()
            place.house.worker(_number(name))
            place.recovers(report, since)
    place.house.settled()


def killed_at_steps(place: Scene, report: Report) -> None:
    """A worker is killed at each numbered step of a write, and replaced at once."""
    died: dict[str, int] = {}
    for _ in range(place.pace.rounds):
        for step in place.pace.steps:
            place.linger()
            (place.house.orders / f"die@{step}").touch()
            if not place.house.until(lambda step=step: _taken(place, "die", step), DIES_WITHIN):  # type: ignore[misc]
                report.failures.append(f"no worker came to {step}")
                (place.house.orders / f"die@{step}").unlink(missing_ok=True)
                continue
            since = time.monotonic()
            died[step] = died.get(step, 0) + 1
            place.recovers(report, since)
            _forget(place)
    report.figures["killed_at"] = died
    place.house.settled()


def rolled(place: Scene, report: Report) -> None:
    """Workers are stopped in order and replaced, one by one; webhooks are taken all the while."""
    drained: list[float] = []
    began = datetime.now(UTC).isoformat()
    for _ in range(place.pace.rounds):
        for name in sorted(place.house.members)[: place.pace.victims]:
            place.linger()
            worker = place.house.take(name)
            since = time.monotonic()
            worker.signal_stop()
            left = place.house.until(lambda worker=worker: not worker.running, 2 * DRAINED_WITHIN)  # type: ignore[misc]
            drained.append(time.monotonic() - since)
            if not left or worker.code != 0:
                report.failures.append(f"{name} was asked to stop and ended with {worker.code}: {worker.last_words}")
                worker.kill()
            since = time.monotonic()
            place.house.worker(_number(name))
            place.recovers(report, since)
            place.house.settled()
    sent = [status for at, status in place.house.deliveries() if at > began]
    refused = [status for status in sent if status is None or not 200 <= status < 300]
    report.figures.update(drain_max_s=round(max(drained), 2), webhooks=len(sent), webhooks_refused=len(refused))
    if refused or not sent:
        report.failures.append(f"{len(refused)} of {len(sent)} webhooks were not taken: {refused[:5]}")
    if max(drained) > DRAINED_WITHIN:
        report.failures.append(f"a worker took {max(drained):.1f} s to stop")


def stormed(place: Scene, report: Report) -> None:
    """Workers join and leave all the time."""
    written, since, longest = -1, time.monotonic(), 0.0
    for _ in range(place.pace.rounds):
        for _ in range(place.pace.moves):
            names = sorted(place.house.members)
            if len(names) > 1 and (len(names) > 3 or place.lots.random() < 1 / 2):
                name = place.lots.choice(names)
                worker = place.house.take(name)
                worker.signal_stop() if place.lots.random() < 1 / 2 else worker.kill()
                place.house.until(lambda worker=worker: not worker.running, 2 * DRAINED_WITHIN)  # type: ignore[misc]
            else:
                place.house.worker(min({1, 2, 3, 4} - {_number(name) for name in names}))
            until = time.monotonic() + place.lots.uniform(*PACE)
            while time.monotonic() < until:
                place.house.rest(1.0)
                if (count := len(place.sales.writes()) + len(place.finance.writes())) != written:
                    longest = max(longest, time.monotonic() - since)
                    written, since = count, time.monotonic()
        longest = max(longest, time.monotonic() - since)
        last = time.monotonic()
        _full(place)
        place.recovers(report, last)
    report.figures["longest_pause_s"] = round(longest, 1)
    if longest > PROGRESS_WITHIN:
        report.failures.append(f"nothing was written for {longest:.0f} s")
    place.house.settled()


def stood_still(place: Scene, report: Report) -> None:
    """A worker stands still in the middle of a write for two sessions, and goes on as if nothing had been."""
    ways = ("amid, answer waits", "before the call", "amid, nothing applied")
    for number in range(place.pace.rounds * len(ways)):
        way = ways[number % len(ways)]
        how = "freeze" if way == "before the call" else "amid"
        place.linger()
        if how == "amid":
            params = {"seconds": ANSWERS_AFTER, "after": "answer" in way}
            for desk in (place.sales, place.finance):
                for method in ("POST", "PATCH", "PUT"):
                    desk.fault("latency", method=method, path="^/(crm|api.xro)", params=params)
        (place.house.orders / f"{how}@claimed").touch()
        taken = place.house.until(lambda how=how: _taken(place, how, "claimed"), DIES_WITHIN)  # type: ignore[misc]
        if not taken:
            report.failures.append("no worker came to a call")
            (place.house.orders / f"{how}@claimed").unlink(missing_ok=True)
            continue
        place.house.rest(1.0)
        for desk in (place.sales, place.finance):
            desk.calm()
        (mark,) = place.house.orders.glob(f"{how}.claimed.*")
        pid = int(mark.name.rpartition(".")[2])
        sleeper = next(worker for worker in place.house.members.values() if worker.pid == pid)
        since = time.monotonic()
        place.recovers(report, since)  # the others have taken over
        place.house.rest(max(0.0, 2 * SESSION - (time.monotonic() - since)))
        sleeper.send(signal.SIGCONT)
        place.recovers(report, time.monotonic())
        mark.unlink()
        place.house.settled()


def workers_full(place: Scene, report: Report) -> None:
    """The workers' disk is full for a while."""
    (disk,) = place.house.disks["workers"]
    before = place.house.traces()
    for _ in range(place.pace.rounds):
        place.linger()
        with disk.full():
            place.house.rest(place.pace.away)
        place.recovers(report, time.monotonic())
    place.house.settled()
    unsaid = [each for each in place.house.ended if "cannot be written" not in each]
    report.failures += [f"not in words: {each}" for each in unsaid]
    if (traces := place.house.traces() - before) > 0:
        report.failures.append(f"workers' logs have {traces} stack traces")


FAULTS: dict[str, tuple[str, Callable[[Scene, Report], None]]] = {
    "calm": ("F0", calm),
    "kill": ("F1", killed),
    "steps": ("F1b", killed_at_steps),
    "roll": ("F2", rolled),
    "storm": ("F3", stormed),
    "zombie": ("F4", stood_still),
    **OUTAGES,
    **ANSWERS,
    "disk": ("F26", workers_full),
}


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _taken(place: Scene, how: str, step: str) -> bool:
    return any(place.house.orders.glob(f"{how}.{step}.*"))


def _forget(place: Scene) -> None:
    for mark in place.house.orders.glob("die.*"):
        mark.unlink()


def _full(place: Scene) -> None:
    """The three that there were before."""
    for name in sorted(place.house.members)[3:]:
        place.house.take(name).stop()
    for number in range(1, 4):
        if len(place.house.members) < 3:
            place.house.worker(number)
