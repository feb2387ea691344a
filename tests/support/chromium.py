"""The system's Chromium, driven by playwright; where one of the two is missing, tests say so and are skipped.

What a tab showed is kept as a picture in `PICTURES`, which git ignores, until another run draws it again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["CHROMIUM", "PICTURES", "complaints", "drawn", "headless", "keep"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PICTURES = Path(__file__).parents[2] / "build" / "pictures"


@contextmanager
def headless() -> Iterator[Any]:
    """A browser without a window."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: the package chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make setup")
    with playwright.sync_playwright() as driver:
        # Without a sandbox, which a container's root cannot have: it opens pages of ours alone.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def complaints(tab: Any) -> list[str]:
    """What a tab's pages say on the console, throw, or ask in dialogs, from now on."""
    said: list[str] = []
    tab.on("console", lambda line: said.append(f"{line.type}: {line.text}"))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: said.append(f"a dialog: {dialog.message}"))
    return said


def keep(tab: Any, name: str, folder: Path = PICTURES) -> Path:
    """Keep what a tab shows, whole, under a name that no other test has."""
    path = folder / f"{name}.png"
    tab.screenshot(path=path, full_page=True)
    return path


def drawn(since: float, folder: Path = PICTURES) -> str:
    """Where pictures lie that were drawn since a time (seconds since 1970), in a line; empty where none was."""
    found = [each for each in folder.glob("*.png") if each.stat().st_mtime >= since]
    return f"{len(found)} pictures of pages are in {folder}" if found else ""
