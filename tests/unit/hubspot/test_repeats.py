"""A lane over HubSpot's emulator: what its webhooks and polls repeat is spared, and whatever changed is told.

Calls are counted by the emulator. The clock stands still unless a test moves it, so that everything that people do in a
row happens in one millisecond.
"""

from __future__ import annotations

from typing import Any

from schemas.change import Change
from schemas.command import Command, Poll, Read
from schemas.names import Entity, Side
from streams.gateway.hubspot import hubspot_hints
from streams.lanes.lane import Lane, Work
from tests.support.lane import MemoryDesk, Papers
from tests.support.work import START
from tests.unit.hubspot.portals import World

TENANT, CONNECTION = "main", "main.hubspot"


class Office:
    """One lane, the emulator's webhooks as they leave it, and what the lane has told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.papers = Papers()
        self.lane = Lane(world.client, TENANT, CONNECTION, world.clock.now)
        self.events: list[dict[str, Any]] = []
        world.portal.announcer.publish = self.events.append

    async def work(self, *works: Work) -> list[Change]:
        """Work a batch; what it told."""
        self.papers.sent.clear()
        await self.lane.work(MemoryDesk(self.papers), works)
        return self.papers.changes()

    async def poll(self, *kinds: str, sweep: bool = False) -> list[Change]:
        work = Poll(tenant=TENANT, connection=CONNECTION, kinds=list(kinds), sweep=sweep, at=self.world.clock.now())
        return await self.work(work)

    async def hear(self, events: list[dict[str, Any]]) -> list[Change]:
        """What the gateway makes of these events, worked."""
        hints = hubspot_hints(events, "")
        return await self.work(*hints.work(TENANT, "hubspot", self.world.clock.now()))

    def taken(self) -> list[dict[str, Any]]:
        """The webhooks since the last look."""
        events = list(self.events)
        self.events.clear()
        return events


async def opened() -> tuple[Office, str, str]:
    """A deal and a company that were read, told and heard of long ago."""
    world = await World().furnish()
    office = Office(world)
    deal = await world.made("deals", dealname="D", dealstage="contractsent", pipeline="default", amount="10")
    company = await world.made("companies", name="Acme")
    world.later(600)
    await office.poll()
    await office.hear(office.taken())
    return office, deal, company


def told(changes: list[Change]) -> list[tuple[str, str]]:
    return [(change.kind, change.record_id) for change in changes]


async def test_a_webhook_sent_again_costs_no_call():
    office, deal, _ = await opened()
    await office.world.edited("deals", deal, amount="20")
    events = office.taken()
    assert told(await office.hear(events)) == [("deal", deal)]
    before = len(office.world.calls())
    for attempt in (1, 2, 3):
        assert await office.hear([{**event, "attemptNumber": attempt} for event in events]) == []
    assert len(office.world.calls()) == before
    assert office.lane.snapshot.spared["deal", "answered"] == 3


def renaming(company: str, name: str) -> Command:
    """Our own write of a company's name."""
    return Command(
        id=f"c-{name}", tenant=TENANT, connection=CONNECTION, platform="hubspot", side=Side.CRM, kind="update",
        entity=Entity.COMPANY, customer="company:x", record="company:x", ref=f"hubspot/company/{company}",
        fields={"name": name}, at=START,
    )  # fmt: skip


async def test_the_echo_of_our_own_write_costs_no_call():
    office, _, company = await opened()
    changes = await office.work(renaming(company, "Ours"))
    assert [(change.cause, change.raw["properties"]["name"]) for change in changes] == [("c-Ours", "Ours")]
    before = len(office.world.calls())
    assert await office.hear(office.taken()) == []
    assert len(office.world.calls()) == before


async def test_what_a_person_changes_in_the_millisecond_of_our_write_is_read_and_told():
    office, _, company = await opened()
    await office.work(renaming(company, "Ours"))
    echo = office.taken()
    await office.world.edited("companies", company, phone="+41 1")
    theirs = office.taken()
    assert {event["occurredAt"] for event in (*echo, *theirs)} == {echo[0]["occurredAt"]}
    changes = await office.hear([*echo, *theirs])
    assert [change.raw["properties"]["phone"] for change in changes] == ["+41 1"]
    await office.world.edited("companies", company, name="Theirs")
    await office.world.edited("companies", company, name="Ours")
    changing = office.taken()
    assert await office.hear(changing[:1]) == []  # read, and it shows nothing new: the name is ours again
    await office.world.edited("companies", company, name="Theirs")
    assert [change.raw["properties"]["name"] for change in await office.hear(office.taken())] == ["Theirs"]


async def test_a_second_edit_in_the_same_millisecond_after_the_reading_is_told():
    office, deal, _ = await opened()
    await office.world.edited("deals", deal, amount="20")
    first = office.taken()
    await office.hear(first)
    office.world.clock.move(0)
    await office.world.edited("deals", deal, amount="30")
    await office.world.edited("deals", deal, amount="20")
    await office.world.edited("deals", deal, amount="40")
    changes = await office.hear(office.taken())
    assert [change.raw["properties"]["amount"] for change in changes] == ["40"]
    assert await office.hear(first) == []


async def test_an_association_that_moves_no_time_is_told_by_its_webhook_and_by_the_next_poll_without_one():
    office, deal, company = await opened()
    await office.world.edited("deals", deal, amount="20")
    office.world.later(30)
    assert ("deal", deal) in told(await office.poll("deal"))
    office.taken()
    await office.world.person(f"deals/{deal}/associate", to_type="companies", to_id=company, primary=True)
    heard = office.taken()
    changes = await office.hear(heard)
    assert [change.raw["associations"]["company"] for change in changes if change.kind == "deal"] == [[company]]
    assert await office.hear(heard) == []
    other = await office.world.made("contacts", email="ann@acme.example")
    await office.world.person(f"deals/{deal}/associate", to_type="contacts", to_id=other)
    office.world.later(30)  # its webhook is lost; the poll still overlaps the edit
    changes = await office.poll("deal")
    assert [change.raw["associations"]["contact"] for change in changes] == [[other]]


async def test_what_a_poll_lists_again_is_told_once():
    office, deal, company = await opened()
    await office.world.edited("deals", deal, amount="20")
    await office.world.edited("companies", company, name="Acme Ltd")
    before, found = dict(office.lane.snapshot.spared), list[tuple[str, str]]()
    for _ in range(3):
        office.world.later(30)
        found += told(await office.poll())
    assert sorted(found) == [("company", company), ("deal", deal)]
    spared = office.lane.snapshot.spared
    assert {name: number - before.get(name, 0) for name, number in spared.items() if number > before.get(name, 0)} == {
        ("company", "told"): 2,
        ("deal", "told"): 2,
    }


async def test_a_line_item_is_told_as_its_deal_and_once():
    office, deal, _ = await opened()
    line = await office.world.made("line_items", name="Seat", quantity="1", price="5")
    alone = office.taken()
    assert await office.hear(alone) == []  # it belongs to no deal yet
    await office.world.person(f"line_items/{line}/associate", to_type="deals", to_id=deal)
    office.taken()  # lost
    changes = await office.hear(alone)  # sent again: it was not answered
    assert [[item["id"] for item in change.raw["line_items"]] for change in changes] == [[line]]
    before = len(office.world.calls())
    assert await office.hear(alone) == []
    assert len(office.world.calls()) == before


async def test_an_end_and_a_restore_are_told_each_time_they_are_heard():
    office, deal, _ = await opened()
    await office.world.person(f"deals/{deal}", "DELETE")
    ended = office.taken()
    for _ in range(2):
        assert [change.deleted for change in await office.hear(ended)] == [True]
    await office.world.person(f"deals/{deal}/restore")
    restored = office.taken()
    assert [change.deleted for change in await office.hear(restored)] == [False]


async def test_a_merge_is_read_each_time_and_the_survivor_is_told_with_what_moved_to_it():
    office, deal, company = await opened()
    other = await office.world.made("companies", name="Other")
    await office.world.person(f"deals/{deal}/associate", to_type="companies", to_id=other, primary=True)
    await office.hear(office.taken())
    new = str((await office.world.person("companies/merge", primaryObjectId=company, objectIdToMerge=other))["id"])
    merged = office.taken()
    first = told(await office.hear(merged))
    assert {("company", new), ("deal", deal)} <= set(first)
    before = len(office.world.calls())
    await office.hear([event for event in merged if event["subscriptionType"].endswith(".merge")])
    assert len(office.world.calls()) > before


async def test_a_sweep_tells_everything_and_a_reading_for_an_agent_as_well():
    office, deal, company = await opened()
    assert {("deal", deal), ("company", company)} <= set(told(await office.poll(sweep=True)))
    asked = Read(tenant=TENANT, connection=CONNECTION, kind="deal", record_ids=[deal], at=office.world.clock.now())
    for _ in range(2):
        assert told(await office.work(asked)) == [("deal", deal)]
