"""Fixtures every test may use: the broker of the session, and a prefix no other test has."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.broker import kafka_for_tests
from tests.support.chromium import drawn
from tests.unit.engine.harness import Bench
from tests.unit.engine.processes import WorkerProcess

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("revmark", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("revmark")
BEGAN = time.time()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the pictures are that the tests took of pages."""
    if said := drawn(BEGAN):
        terminalreporter.write_line(said)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Kafka, one for the whole session."""
    with kafka_for_tests(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest.fixture
def names() -> str:
    """A prefix for topics and groups that no other test has: `f"{names}.facts"`."""
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def bench(broker: str, names: str) -> Bench:
    """The topics of an engine test, made."""
    made = Bench(broker, names)
    await made.make_topics()
    return made


@pytest.fixture
def start(broker: str, names: str, tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    """A function that starts an engine worker as a process; all are gone after the test."""
    workers: list[WorkerProcess] = []

    def begin(name: str = "worker", **environment: str) -> WorkerProcess:
        workers.append(WorkerProcess(tmp_path, name, **{"BROKER": broker, "PREFIX": names} | environment))
        return workers[-1]

    yield begin
    for worker in workers:
        worker.kill()
