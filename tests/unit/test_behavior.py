"""What each platform does, and what we do about it: every trap names a file that is there and a test that is run."""

import re
from functools import cache
from pathlib import Path

import pytest

from streams.platforms.hubspot import limits
from streams.platforms.xero import connection

ROOT = Path(__file__).parents[2]
PLATFORMS = ROOT / "streams/platforms"
PAGES = sorted(PLATFORMS.glob("*/BEHAVIOR.md"))
TRAPS = 35  # of each platform, at least: what the vendors' documents and recordings warn of
FILE = re.compile(r"`([\w/]+\.py)`")
DEFINED = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)
TEST = re.compile(r"`(test_\w+)`")


@cache
def written() -> frozenset[str]:
    """Every test there is."""
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(name for file in files for name in DEFINED.findall(file.read_text(encoding="utf-8")))


def traps(page: Path) -> list[str]:
    return [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]


def test_every_platform_has_its_page():
    platforms = {file.parent for file in PLATFORMS.glob("*/client.py")}
    assert {page.parent for page in PAGES} == platforms
    assert len(platforms) == 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_trap_names_a_file_that_meets_it_and_a_test_that_watches_it(page: Path):
    assert len(traps(page)) >= TRAPS
    for trap in traps(page):
        met, _, watched = trap.partition(" Watched by ")
        files, names = FILE.findall(met), TEST.findall(watched)
        assert files, trap
        assert names, trap
        for file in files:
            places = [page.parent / file, PLATFORMS / file, ROOT / file]
            assert any(place.is_file() for place in places), (file, trap)
        assert set(names) <= written(), (set(names) - written(), trap)


def test_the_timeouts_are_those_of_the_code():
    said = {page.parent.name: next(trap for trap in traps(page) if trap.startswith("- Timeouts")) for page in PAGES}
    hubspot = f"{limits.CONNECT_SECONDS:g} seconds to connect, {limits.ANSWER_SECONDS:g} to answer"
    xero = f"{connection.TIMEOUT.connect:g} seconds to connect, {connection.TIMEOUT.read:g} to answer"
    assert hubspot in said["hubspot"]
    assert xero in said["xero"]
