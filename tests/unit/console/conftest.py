"""A projection in a temporary folder, and a command line that reads it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from console.main import app
from console.projection.delivery import SHELVES
from console.projection.store import Store
from tests.unit.console import records


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "console", clock=lambda: records.at(30))
    yield found
    found.close()


@pytest.fixture
def filled(store: Store) -> Store:
    store.apply(records.day())
    store.caught_up(SHELVES)
    return store


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run `revmark` against the projection of this test; no broker is there."""
    monkeypatch.setenv("REVMARK_STATE", str(tmp_path))
    monkeypatch.setenv("REVMARK_BROKER", "127.0.0.1:1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=text)

    return invoke
