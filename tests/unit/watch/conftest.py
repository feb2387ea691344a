"""A projection in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.projection.store import Store
from tests.unit.console import records


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "console", clock=lambda: records.at(30))
    yield found
    found.close()
