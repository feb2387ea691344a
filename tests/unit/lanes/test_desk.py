"""Whoever has lost a connection while it waited inside a call leaves the platform alone."""

from __future__ import annotations

import pytest

from sandbox.clock import VirtualClock
from sandbox.faults import FaultKind
from streams.engine.errors import Revoked
from streams.lanes.desk import while_ours
from tests.support.lane import MemoryDesk, Papers
from tests.unit.xero.organisations import opened


class Lent(MemoryDesk):
    """A desk that somebody else may have by now."""

    lost = False

    def check(self) -> None:
        if self.lost:
            raise Revoked("its new owner reads it again")


@pytest.mark.parametrize("lost", [False, True])
async def test_a_call_that_was_to_be_repeated_after_a_wait_is_so_only_by_whoever_has_the_connection(*, lost: bool):
    clock, desk = VirtualClock(automatic=True), Lent(Papers())

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        desk.lost = lost  # the partition has gone to another worker meanwhile

    async with opened(clock) as rig:
        contact = await rig.contact()
        client = rig.make(wait=while_ours(lambda: desk, sleep))
        rig.strike(FaultKind.STATUS, status=429, problem="minute", retry_after=3)
        if lost:
            with pytest.raises(Revoked):
                await client.read("contact", [contact])
        else:
            assert [seen.record_id for seen in await client.read("contact", [contact])] == [contact]
        assert len([call for call in rig.calls("GET") if contact in call]) == (1 if lost else 2)
        await client.close()
