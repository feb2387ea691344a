"""A fixture for worlds in one process: played without logs, and without the settings of whoever runs the tests."""

import os
from collections.abc import Iterator

import pytest

from tests.simulation.__main__ import silent

__all__ = ["quiet"]


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """Nothing is heard of a world, and nothing of ours reaches it."""
    with silent(), pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("REVMARK_")]:
            patch.delenv(name)
        yield
