"""The browser of the tests that open a page in one."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.chromium import headless


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, gone with the module: its driver keeps a loop in this thread, where other tests want theirs."""
    with headless() as browser:
        yield browser
