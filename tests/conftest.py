"""Fixtures every test may use: the broker of the session, and a prefix no other test has."""

import uuid
from collections.abc import Iterator

import pytest

from tests.support.broker import kafka_for_tests


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Kafka, one for the whole session."""
    with kafka_for_tests(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest.fixture
def names() -> str:
    """A prefix for topics and groups that no other test has: `f"{names}.facts"`."""
    return f"t{uuid.uuid4().hex[:8]}"
