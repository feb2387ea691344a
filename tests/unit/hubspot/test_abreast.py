"""Calls that do not wait for each other: how many are under way, what they come to, and that none outlives the rest."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import pytest

from sandbox.clock import VirtualClock
from sandbox.faults import FaultKind
from schemas.errors import Parked
from streams.platforms.hubspot.abreast import abreast
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.limits import AT_ONCE, BATCH
from tests.unit.hubspot.portals import BASE, VERSION, World
from tests.unit.hubspot.records import command

WAY = 0.5  # seconds that a call takes


@dataclass
class Slow(httpx.AsyncBaseTransport):
    """A network on which every call takes a while; it knows which are under way."""

    inner: httpx.AsyncBaseTransport
    clock: VirtualClock
    under_way: int = 0
    most: int = 0
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[tuple[datetime, str]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((self.clock.now(), request.url.path.removeprefix(f"/crm/objects/{VERSION}/")))
        self.under_way += 1
        self.busy.set()
        self.most = max(self.most, self.under_way)
        try:
            await self.clock.sleep(WAY)
            return await self.inner.handle_async_request(request)
        finally:
            self.under_way -= 1


def slow(world: World) -> tuple[HubSpotClient, Slow]:
    network = Slow(world.transport, world.clock)
    client = HubSpotClient(
        BASE, VERSION, world.auth(), transport=network, clock=world.clock.now, sleep=world.clock.sleep
    )
    return client, network


async def test_the_associations_of_a_batch_are_read_side_by_side():
    world = World()
    deal = await world.made("deals", dealname="D", dealstage="contractsent", pipeline="default")
    line = await world.made("line_items", name="L", price="10", quantity="1")
    await world.person(f"deals/{deal}/associate", to_type="line_items", to_id=line)
    client, network = slow(world)
    begun = world.clock.now()
    (seen,) = await client.read("deal", [deal])
    assert [each["id"] for each in seen.raw["line_items"]] == [line]
    assert len(network.sent) == 5
    assert (world.clock.now() - begun).total_seconds() == 3 * WAY  # the deals, what belongs to them, the line items


async def test_never_more_calls_are_under_way_than_hubspot_is_asked_at_once():
    world = World()
    ids = [str(number) for number in range(1, 2 * AT_ONCE * BATCH)]
    client, network = slow(world)
    seen = await client.read("product", ids)
    assert [each.record_id for each in seen] == ids
    assert network.most == AT_ONCE


async def test_a_read_that_is_given_up_leaves_nothing_under_way():
    world = World()
    client, network = slow(world)
    reading = asyncio.create_task(client.read("product", [str(number) for number in range(1, 1_000)]))
    await network.busy.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert network.under_way == 0
    sent = len(network.sent)
    world.clock.move(60)
    await world.clock.advance(60)
    assert len(network.sent) == sent


async def test_a_burst_uses_what_the_rolling_window_has_and_none_of_it_is_refused():
    world = World({"burst_limit": 60})
    client, network = slow(world)
    await asyncio.gather(*(client.read("product", [str(number)]) for number in range(1, 101)))
    assert 429 not in {call.status for call in world.portal.calls.calls}
    times = [at for at, _ in network.sent]
    assert times[-1] - times[0] < timedelta(seconds=len(times) / 6 / 0.9)  # nine tenths of six a second


async def test_what_fails_is_told_when_all_has_ended_and_in_the_order_of_asking():
    clock, ended = VirtualClock(automatic=True), list[str]()

    async def work(name: str, seconds: float, *, fails: bool) -> str:
        await clock.sleep(seconds)
        ended.append(name)
        if fails:
            raise ValueError(name)
        return name

    assert await abreast([work("slow", 2, fails=False), work("quick", 1, fails=False)]) == ["slow", "quick"]
    ended.clear()
    with pytest.raises(ValueError, match="slow"):
        await abreast([work("slow", 2, fails=True), work("quick", 1, fails=True), work("last", 3, fails=False)])
    assert ended == ["quick", "slow", "last"]


async def test_batches_of_different_records_are_written_side_by_side():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    deals = [await world.made("deals", dealname=f"D{number}", dealstage="contractsent") for number in range(101)]
    updates = [command("deal", {"name": "E"}, f"hubspot/deal/{deal}", id=f"d{deal}") for deal in deals]
    hold = command("company", {"credit_hold": True}, f"hubspot/company/{company}", id="hold")
    client, network = slow(world)
    assert {each.state for each in await client.write([*updates, hold])} == {"applied"}
    first = network.sent[0][0]
    assert [path for at, path in network.sent if at == first] == ["companies/batch/update", *["deals/batch/update"] * 2]


@pytest.mark.parametrize("struck", ["companies", "deals"])
async def test_what_was_written_beside_a_batch_that_failed_is_told(struck: str):
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    deal = await world.made("deals", dealname="D", dealstage="contractsent")
    commands = [
        command("company", {"phone": "1"}, f"hubspot/company/{company}", id="companies"),
        command("deal", {"name": "E"}, f"hubspot/deal/{deal}", id="deals"),
    ]
    client, _ = slow(world)
    world.fault(FaultKind.STATUS, f"{struck}/batch/update", status=429, policy="DAILY")
    states = {each.command: each.state for each in await client.write(commands)}
    assert states == {"companies": "applied", "deals": "applied", struck: "again"}


async def test_a_platform_that_took_nothing_says_so_for_all_that_went_side_by_side():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    deal = await world.made("deals", dealname="D", dealstage="contractsent")
    commands = [
        command("company", {"phone": "1"}, f"hubspot/company/{company}", id="companies"),
        command("deal", {"name": "E"}, f"hubspot/deal/{deal}", id="deals"),
    ]
    client, _ = slow(world)
    world.fault(FaultKind.STATUS, "batch/update", status=429, policy="DAILY", times=2)
    with pytest.raises(Parked, match="spent"):
        await client.write(commands)
