"""Verdicts of performances, each played once in a session, whichever process asks first."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.performance import Mode, Verdict, performed

Played = Callable[[str, Mode], Verdict]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, worker_id: str, request: pytest.FixtureRequest) -> Played:
    """A function that gives the verdict on a performance. Of several test processes one plays, the others wait."""
    base: Path = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def play(name: str, mode: Mode) -> Verdict:
        title = f"{name}-{mode.replace(' ', '-')}"
        kept = shared / f"{title}.json"
        with (shared / f"{title}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                broker = str(request.getfixturevalue("broker"))
                made = performed(name, mode, broker, f"{title}-{base.name}-{shared.name}", base / title)
                kept.write_text(made.to_text())
        return Verdict.from_text(kept.read_text())

    return play
