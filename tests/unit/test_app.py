from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from schemas.contract import template
from streams.settings import Settings


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the app, which reads settings and contract when it is imported."""
    monkeypatch.chdir(tmp_path)
    Path("contract.yaml").write_text(template(), encoding="utf-8")
    return importlib.import_module("streams.app")


@pytest.mark.parametrize(("keep_place", "known_as"), [(True, "north"), (False, None)])
async def test_a_worker_that_keeps_its_place_is_known_to_the_group_by_its_name(
    module: Any, *, keep_place: bool, known_as: str | None
):
    app = module.make_app(Settings(worker="north", keep_place=keep_place, session_timeout=45))
    assert app.conf.consumer_group_instance_id == known_as
    assert app.conf.broker_session_timeout == 45
