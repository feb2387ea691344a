"""A few short stories with each test run: most are played by `make simulate`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import judge, main
from tests.simulation.shrinking import shrink
from tests.simulation.story import Scene, Story, draw

ROOT = Path(__file__).parents[2]
OPERATIONS = 15  # deeds: about half a second a story
ENOUGH = 50  # seeds within which a planted bug is found; counted from one shortly before the first that finds it


@pytest.fixture(autouse=True)
def _other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("REVMARK_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("seed", range(6))
def test_invariants_hold_whatever_goes_wrong(seed: int):
    assert judge(seed, OPERATIONS).found == {}


def test_a_seed_is_always_the_same_story():
    def trace(hashing: str) -> str:
        command = [sys.executable, "-m", "tests.simulation", "--seeds", "1", "--from", "3", "--trace",
                   "--operations", "8"]  # fmt: skip
        here = {**os.environ, "PYTHONHASHSEED": hashing, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=here, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
        return done.stdout.split()[3]

    assert trace("1") == trace("2") == judge(3, 8).trace


@pytest.mark.parametrize(("bug", "first", "operations"), [("echo", 0, OPERATIONS), ("hasty", 4, 25)])
def test_a_planted_bug_is_found(bug: str, first: int, operations: int):
    assert any(judge(seed, operations, bug).found for seed in range(first, ENOUGH))


def test_a_failure_says_how_to_see_it_again_and_shows_its_shortest_story(capsys: pytest.CaptureFixture[str]):
    assert main(["--seeds", "1", "--from", "7", "--operations", "6", "--bug", "echo"]) == 1
    said = capsys.readouterr().out
    assert 'make simulate ARGS="--seeds 1 --from 7 --operations 6 --bug echo"' in said
    assert "shortest story (1 scenes)" in said
    assert said.endswith("0 passed, 1 failed\n")


def test_shrinking_keeps_what_it_takes_to_go_wrong():
    story = Story(0, tuple(Scene(at, "crash", at) for at in range(20)))

    def wrong(each: Story) -> bool:
        return {3, 17} <= {scene.draw for scene in each.scenes}

    assert [scene.draw for scene in shrink(story, wrong).scenes] == [3, 17]


def test_stories_hold_faults_and_deaths():
    drawn = [scene.what for seed in range(20) for scene in draw(seed, 10).scenes]
    assert drawn.count("fault") > 20
    assert drawn.count("crash") > 20
