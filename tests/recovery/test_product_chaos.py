"""The short form of `make chaos ARGS=product`: workers of a whole deployment are killed and stopped."""

from dataclasses import replace
from math import inf
from pathlib import Path
from random import Random  # noqa: TID251 - its seed is an argument

import pytest

from tests.chaos.product.command import play
from tests.chaos.product.scene import Pace, scene

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]

# A worker dies with its write at the platform and nobody told, one dies with it in the ledger and nobody told.
PACE = Pace(between=2.0, within=inf, victims=1, firms=16, steps=("called", "recorded"))


def test_workers_die_amid_a_write_and_are_stopped_and_nothing_is_lost_or_made_twice(
    broker: str, names: str, tmp_path: Path
):
    lots = Random(names)  # noqa: S311 - not secret
    with scene(tmp_path, replace(PACE, rate=3.0), lots, broker=broker, prefix=names) as place:
        for name in ("steps", "roll"):
            report = play(place, name)
            assert report.ok, (report.public(), report.lost, report.duplicates, report.failures)
            assert report.rounds
