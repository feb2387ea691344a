"""The command: `python -m tests.chaos product --faults kill,steps --rounds 2 --json`."""

import argparse
import json
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import fields
from pathlib import Path
from random import Random  # noqa: TID251 - its seed is an argument

from tests.chaos.product.disks import NEEDS
from tests.chaos.product.faults import FAULTS
from tests.chaos.product.network import WAYS
from tests.chaos.product.results import KEPT, keep
from tests.chaos.product.scene import REACH, STEPS, Pace, Report, Scene, scene

__all__ = ["main", "play"]

SHOWN = 10  # findings of each fault, in words


def main(arguments: Sequence[str]) -> None:
    """Break things, count, say."""
    given = _arguments(arguments)
    folder = Path(tempfile.mkdtemp(prefix="chaos-product-"))
    say(f"seed {given.seed}; logs in {folder}")
    pace = Pace(**{each.name: getattr(given, each.name) for each in fields(Pace) if hasattr(given, each.name)})
    lots = Random(given.seed)  # noqa: S311 - repeatable, not secret
    reports: list[Report] = []
    lines = not set(WAYS).isdisjoint(given.faults)
    with scene(
        folder, pace, lots, small_disks={NEEDS[each] for each in given.faults if each in NEEDS}, lines=lines
    ) as place:
        say(f"three brokers, gateway and three workers stand; {pace.rate:g} deeds of people a second")
        for name in given.faults:
            reports.append(play(place, name))
            _tell(reports[-1])
    ok = all(report.ok for report in reports)
    if given.save:
        keep(reports, given.seed)
    if given.json:
        print(json.dumps({"ok": ok, "seed": given.seed, "faults": [each.public() for each in reports]}))
    if ok:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(not ok)


def play(place: Scene, name: str) -> Report:
    """One fault, all its rounds, and the recount."""
    number, fault = FAULTS[name]
    report = Report(number, name)
    if name in NEEDS and NEEDS[name] not in place.house.disks:
        report.skipped = "no small disk could be mounted here: that takes root on Linux"
        return report
    with place.played(report):
        fault(place, report)
    return report


def say(text: str) -> None:
    """Tell whoever looks on."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _tell(report: Report) -> None:
    say(json.dumps(report.public()))
    if report.skipped:
        say(f"{report.id} WAS NOT PLAYED: {report.skipped}")
    for found in (report.lost, report.duplicates, report.failures, report.ended):
        for line in found[:SHOWN]:
            say(f"{report.id}: {line}")


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    about = "Break a whole deployment, and count."
    parser = argparse.ArgumentParser(prog="python -m tests.chaos product", description=about)
    parser.add_argument("--faults", type=_faults, default=list(FAULTS), help=f"of {','.join(FAULTS)}; all unless told")
    parser.add_argument("--rounds", type=int, default=Pace.rounds, help="of each fault")
    parser.add_argument("--rate", type=float, default=Pace.rate, help="deeds of people a second")
    parser.add_argument("--away", type=float, default=Pace.away, help="seconds a broker is away or a disk is full")
    parser.add_argument("--outage", type=float, default=Pace.outage, help="seconds the network is broken")
    parser.add_argument("--reach", type=_reach, default=REACH, help=f"of {','.join(REACH)}: brokers that a blow hits")
    parser.add_argument("--lost", type=int, default=0, metavar="N", help="answers alone: N writes, every tenth lost")
    parser.add_argument("--writes", type=int, default=Pace.writes, help="carried out while answers are lost")
    parser.add_argument("--moves", type=int, default=Pace.moves, help="joins and leaves in a round of the storm")
    parser.add_argument("--between", type=float, default=Pace.between, help="seconds of work at most before a blow")
    parser.add_argument("--within", type=float, default=Pace.within, help="seconds a recovery may take")
    parser.add_argument("--steps", type=_steps, default=STEPS, help=f"of {','.join(STEPS)}: where workers are killed")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31), help="of people and of times")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--save", action="store_true", help=f"keep the figures in {KEPT.parent.name}/{KEPT.name}")
    given = parser.parse_args(arguments)
    if given.lost:
        given.faults, given.writes = ["answers"], given.lost
    return given


def _faults(text: str) -> list[str]:
    return _among(FAULTS, text)


def _steps(text: str) -> list[str]:
    return _among(STEPS, text)


def _reach(text: str) -> list[str]:
    return _among(REACH, text)


def _among(known: Collection[str], text: str) -> list[str]:
    wanted = text.split(",")
    if unknown := [each for each in wanted if each not in known]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(known)}")
    return wanted
