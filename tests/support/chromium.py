"""The system's Chromium, driven by playwright; where one of the two is missing, tests say so and are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

__all__ = ["CHROMIUM", "complaints", "headless"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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
