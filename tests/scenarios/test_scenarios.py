"""Quote to cash, in the words of finance: every scenario calm, with every webhook tripled and shuffled, and with kills.

Those of the smaller agreements have the last two at once; as they are they are rehearsed (`test_rehearsals`).
All scenarios of an agreement are played side by side in one performance of each kind: over both sandboxes, the broker,
the gateway and two workers, each a process of its own. Each test is one scenario's ending.
"""

from __future__ import annotations

import pytest

from tests.scenarios.agreements import AGREEMENTS
from tests.scenarios.conftest import Played
from tests.scenarios.listing import PAGE, listing
from tests.scenarios.performance import MODES, Mode
from tests.scenarios.playbill import Scenario, all_scenarios

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(1200)]
SCENARIOS = all_scenarios()
PLAYED = [
    pytest.param(agreement, mode, each, id=f"{agreement}-{mode.replace(' ', '_')}-{each.name}")
    for agreement in AGREEMENTS
    for mode in MODES[agreement]
    for each in SCENARIOS
    if each.contract == agreement
]


@pytest.mark.parametrize(("agreement", "mode", "told"), PLAYED)
def test_scenario(agreement: str, mode: Mode, told: Scenario, played: Played) -> None:
    verdict = played(agreement, mode)
    steps = "\n  ".join(verdict.steps[told.name])
    assert not verdict.missed[told.name], f"{told.title}\n  {steps}\nnot seen: {verdict.missed[told.name]}"
    assert "killed" not in mode or verdict.kills[told.name], f"{told.title}: nobody was killed while it was played"


@pytest.mark.parametrize(("agreement", "mode"), [(name, mode) for name in AGREEMENTS for mode in MODES[name]])
def test_nothing_is_lost_or_made_twice(agreement: str, mode: Mode, played: Played) -> None:
    verdict = played(agreement, mode)
    assert not verdict.broken, verdict.broken
    assert len(verdict.killed) == (3 if "killed" in mode else 0), verdict.killed


def test_finance_reads_the_scenarios_that_are_played() -> None:
    assert len(SCENARIOS) >= 40  # what finance was promised
    assert PAGE.read_text(encoding="utf-8") == listing(SCENARIOS), "write it anew: python -m tests.scenarios"
