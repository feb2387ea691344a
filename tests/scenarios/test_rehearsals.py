"""What becomes of quotes and subscriptions where nothing goes wrong; the performances let all go wrong at once."""

from __future__ import annotations

import pytest

from tests.scenarios.performance import AT_ONCE, MODES
from tests.scenarios.playbill import Play, Scenario, Then, all_scenarios
from tests.scenarios.rehearsal import rehearsed

REHEARSED = [each for each in all_scenarios() if MODES[each.contract] == AT_ONCE]


@pytest.mark.parametrize("scenario", [pytest.param(each, id=each.name) for each in REHEARSED])
def test_scenario_in_rehearsal(scenario: Scenario) -> None:
    missed, broken = rehearsed(scenario)
    assert not missed, f"{scenario.title}\n{missed}"
    assert not broken, broken


def test_what_is_never_seen_is_missed() -> None:
    def never(_: object) -> Play:
        yield Then("a second bill", 2, lambda: 1)

    missed, _ = rehearsed(Scenario("never", "Never", "whole_periods", {}, never))
    assert missed == "a second bill\n  expected 2\n  seen     1"
