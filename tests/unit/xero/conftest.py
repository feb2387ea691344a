from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.clock import VirtualClock
from tests.unit.xero.organisations import Rig, opened


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(automatic=True)


@pytest.fixture
async def rig(clock: VirtualClock) -> AsyncIterator[Rig]:
    async with opened(clock) as there:
        yield there
