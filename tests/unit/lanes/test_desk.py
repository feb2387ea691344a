"""Whoever has lost a connection while it waited inside a call leaves the platform alone."""

from __future__ import annotations

import pytest

from sandbox.clock import VirtualClock
from sandbox.faults import FaultKind
from schemas.names import Entity
from streams.engine.errors import Revoked
from streams.lanes.desk import while_ours
from streams.platforms.hubspot.client import HubSpotClient
from tests.support.lane import MemoryDesk, Papers
from tests.support.work import command as asked
from tests.unit.hubspot.portals import BASE, VERSION, World
from tests.unit.hubspot.records import command
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


@pytest.mark.parametrize("lost", [False, True])
async def test_whoever_has_lost_the_connection_writes_nothing_to_xero(*, lost: bool):
    """A worker that was stopped and wakes up: its successor looks for the write, and does not find it yet."""
    clock, desk = VirtualClock(automatic=True), Lent(Papers())
    wanted = asked(1, "create", Entity.COMPANY, natural_key="9001", fields={"name": "Acme"})
    async with opened(clock) as rig:
        client = rig.make(ours=desk.check)
        desk.lost = lost
        if lost:
            with pytest.raises(Revoked):
                await client.write([wanted])
        else:
            assert [each.state for each in await client.write([wanted])] == ["applied"]
        assert len(rig.calls("PUT")) == (0 if lost else 1)
        await client.close()


@pytest.mark.parametrize("lost", [False, True])
async def test_nor_to_hubspot(*, lost: bool):
    desk, world = Lent(Papers()), World()
    await world.furnish()
    client = HubSpotClient(
        BASE, VERSION, world.auth(), transport=world.transport, clock=world.clock.now, sleep=world.clock.sleep,
        ours=desk.check,
    )  # fmt: skip
    desk.lost = lost
    wanted = command("contact", {"email": "kim@acme.example"}, natural_key="kim@acme.example")
    if lost:
        with pytest.raises(Revoked):
            await client.write([wanted])
    else:
        assert [each.state for each in await client.write([wanted])] == ["applied"]
    assert len(world.calls("/batch/upsert")) == (0 if lost else 1)
    await client.close()
