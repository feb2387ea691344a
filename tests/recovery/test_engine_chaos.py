"""The short form of `make chaos`: each fault once, under load, counted by an independent checker."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from streams.broker import EmbeddedKafka
from tests.chaos.faults import Pace, Report, broker_restart, group_churn, kill_9

pytestmark = pytest.mark.broker


@pytest.fixture
def pace(names: str) -> Pace:
    """One round; its times differ from run to run, and its topics are called after its seed."""
    return Pace(rounds=1, rate=300, seed=int(names[1:], 16), between=1.0)


def found(report: Report) -> list[str]:
    """What is wrong, in words; the counts come first."""
    examples = [example for verdict in report.verdicts.values() for example in verdict.examples]
    return [] if report.ok else [str(report.public()), *report.ended, *examples]


async def test_workers_killed_joining_and_leaving_lose_nothing(broker: str, tmp_path: Path, pace: Pace):
    # At the same time: what both do most is wait for a session to run out. The churn of the memory store, three more
    # processes that start, is left to the long form.
    on_disk = replace(pace, stores=["rocksdb://"])
    reports = await asyncio.gather(kill_9(broker, tmp_path, pace, print), group_churn(broker, tmp_path, on_disk, print))
    for report in reports:
        assert found(report) == []
        assert report.total("events") > 0


async def test_a_broker_killed_and_started_again_loses_nothing(tmp_path: Path, pace: Pace):
    with EmbeddedKafka.start(folder=tmp_path / "kafka") as kafka:
        report = await broker_restart(kafka, tmp_path, pace, print)
    assert found(report) == []
    assert max(report.recoveries) > 0
