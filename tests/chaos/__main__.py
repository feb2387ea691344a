"""The command: `python -m tests.chaos --rounds-kill 10 --rounds-group 5 --rounds-broker 5 --json`.

That is the engine alone; `python -m tests.chaos product --json` does it to a whole deployment (`tests/chaos/product`).
It stands among the tests, not the benches: it uses their workers and their broker, and its short form is one of them.
"""

import argparse
import asyncio
import json
import logging
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from streams.broker import EmbeddedKafka
from tests.chaos.faults import Pace, Report, broker_restart, group_churn, kill_9
from tests.chaos.product import command as product

RATE = 2_000  # events a second for each of the two stores


def main() -> None:
    """Break things, count, say."""
    if sys.argv[1:2] == ["product"]:
        product.main(sys.argv[2:])
    given = _arguments()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # our own clients: a broker that is away is the point
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    _say(f"seed {given.seed}: --seed {given.seed} repeats the times of the blows; logs in {folder}")
    reports = asyncio.run(_run(given, folder))
    for report in reports:
        for line in [*report.ended, *(e for verdict in report.verdicts.values() for e in verdict.examples)]:
            _say(f"{report.id}: {line}")
    ok = all(report.ok for report in reports)
    if given.json:
        print(json.dumps({"ok": ok, "seed": given.seed, "faults": [report.public() for report in reports]}))
    if ok:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(not ok)


async def _run(given: argparse.Namespace, folder: Path) -> list[Report]:
    def pace(rounds: int) -> Pace:
        return Pace(rounds, given.rate, given.seed)

    reports = []

    def done(report: Report) -> None:
        _say(json.dumps(report.public()))
        reports.append(report)

    with EmbeddedKafka.start(folder=folder / "kafka") as kafka:
        if given.rounds_kill:
            done(await kill_9(kafka.address, folder, pace(given.rounds_kill), _say))
        if given.rounds_group:
            done(await group_churn(kafka.address, folder, pace(given.rounds_group), _say))
        if given.rounds_broker:
            done(await broker_restart(kafka, folder, pace(given.rounds_broker), _say))
    return reports


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Break workers and broker under load, and count.")
    parser.add_argument("--rounds-kill", type=int, default=10, help="rounds of kill -9, for each store")
    parser.add_argument("--rounds-group", type=int, default=5, help="rounds of join, leave, kill and rejoin")
    parser.add_argument("--rounds-broker", type=int, default=5, help="rounds of broker restart")
    parser.add_argument("--rate", type=int, default=RATE, help="events a second, for each store")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31), help="of the times")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
