"""The webhooks journal as a feed: in order, from where it was left, and nothing that it told is passed over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.faults import FaultKind
from sandbox.hubspot.journal import ACTIONS, RETENTION
from schemas.change import Change, Erasure
from schemas.errors import Refused, Transient
from streams.lanes import status
from streams.lanes.feeding import HEAR_EVERY
from streams.lanes.lane import Lane, Work
from streams.platforms.hubspot import journal as reading
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.journal import Journal
from streams.platforms.interface import Stretch
from streams.platforms.registry import hubspot_journal
from streams.settings import Settings
from tables.view import MemoryView
from tests.support.lane import Crash, MemoryDesk, Papers
from tests.support.work import TENANT, poll, resume
from tests.unit.hubspot.portals import BASE, VERSION, World

CONNECTION = "main.hubspot"
TYPES = ("0-1", "0-2", "0-3", "0-8")


def journal_of(world: World, **settings: Any) -> Journal:
    """The journal as the deployment's settings make it."""
    given: dict[str, Any] = {
        "hubspot_journal": BASE,
        "hubspot_client_id": world.portal.access.client_id,
        "hubspot_client_secret": world.portal.client_secret,
        "hubspot_portal": str(world.portal.portal_id),
    }
    made = hubspot_journal(
        Settings(**given | settings), transport=world.transport, clock=world.clock.now, sleep=world.clock.sleep
    )
    assert made is not None
    return made


@dataclass
class Bench:
    """A portal whose app is subscribed to the journal and to no webhook, and a lane that is begun anew when told."""

    world: World = field(default_factory=World)
    papers: Papers = field(default_factory=Papers)

    def __post_init__(self) -> None:
        self.world.portal.quirks.journal_repeats_every = 0
        for each in TYPES:
            self.world.portal.journal.subscribe(each, sorted(ACTIONS))
        self.restart()

    def restart(self) -> None:
        """Another worker: it knows what is durable and nothing else."""
        world = self.world
        self.client = HubSpotClient(
            BASE, VERSION, world.auth(), transport=world.transport, clock=world.clock.now, sleep=world.clock.sleep,
            journal=journal_of(world),
        )  # fmt: skip
        self.lane = Lane(self.client, TENANT, CONNECTION, world.clock.now)

    async def work(self, work: Work | None = None, *, die_in_write: int | None = None) -> bool:
        """One batch; False when the worker died in it, and another one has begun."""
        desk = MemoryDesk(self.papers, die_in_write=die_in_write)
        asked = work or resume(self.world.clock.now)
        try:
            await self.lane.work(desk, [asked.model_copy(update={"connection": CONNECTION})])
        except Crash:
            self.restart()
            return False
        return True

    async def begun(self) -> "Bench":
        """Everything has been read once and the feed stands at its end."""
        await self.world.furnish()
        await self.work(poll(self.world.clock.now))
        for _ in range(20):
            await self.work()
        await self.hear()
        self.papers.sent.clear()
        self.world.portal.calls.calls.clear()
        return self

    async def hear(self, **more: Any) -> bool:
        """Let the feed be asked again: a wake, and no poll."""
        self.world.later(HEAR_EVERY.total_seconds() + 1)
        return await self.work(**more)

    @property
    def place(self) -> status.Following:
        return status.following(MemoryView(self.papers.cursors), CONNECTION)

    def told(self) -> list[tuple[str, str, bool]]:
        """What changed, as it was told, in order."""
        return [(each.kind, each.record_id, each.deleted) for each in self.changes()]

    def changes(self) -> list[Change]:
        return [value for _, _, value in self.papers.sent if isinstance(value, Change)]

    def results(self) -> Mapping[str, int]:
        return self.lane.snapshot.heard


async def test_what_changes_is_told_by_the_journal_alone_in_its_order():
    bench = await Bench().begun()
    first = await bench.world.made("companies", name="Acme")
    await bench.hear()
    second = await bench.world.made("contacts", email="ann@acme.example")
    await bench.hear()
    await bench.world.edited("companies", first, name="Acme Ltd")
    await bench.hear()
    assert bench.told() == [("company", first, False), ("contact", second, False), ("company", first, False)]
    assert bench.changes()[-1].raw["properties"]["name"] == "Acme Ltd"
    assert bench.world.calls("/search") == []  # no poll has seen any of it


async def test_what_went_is_told_and_what_was_erased_is_told_for_good():
    bench = await Bench().begun()
    company = await bench.world.made("companies", name="Acme")
    contact = await bench.world.made("contacts", email="ann@acme.example")
    await bench.hear()
    await bench.world.person(f"companies/{company}", "DELETE")
    erase = f"/crm/objects/{VERSION}/contacts/gdpr-delete"
    token = {"authorization": f"Bearer {bench.world.portal.token}"}
    answer = await bench.world.browser.post(erase, json={"objectId": contact}, headers=token)
    assert answer.is_success, answer.text
    await bench.hear()
    assert {("company", company, True), ("contact", contact, True)} <= set(bench.told())
    erased = [value.record_id for _, _, value in bench.papers.sent if isinstance(value, Erasure)]
    assert erased == [contact]


async def test_a_worker_that_died_between_telling_and_keeping_its_place_has_missed_nothing():
    bench = await Bench().begun()
    before = bench.place.text
    company = await bench.world.made("companies", name="Acme")
    assert not await bench.hear(die_in_write=1)
    assert bench.place.text == before  # it had told, and the place had not moved
    await bench.hear()
    assert ("company", company, False) in bench.told()
    assert bench.place.text != before
    versions = {each.version for each in bench.changes() if each.record_id == company}
    assert len(versions) == 1  # told again it is the same, which changes nothing


async def test_an_event_that_comes_twice_is_told_once_and_costs_no_call():
    bench = await Bench().begun()
    company = await bench.world.made("companies", name="Acme")
    await bench.hear()
    bench.world.portal.quirks.journal_repeats_every = 1
    await bench.world.edited("companies", company, name="Acme Ltd")
    reads = len(bench.world.calls("companies/batch/read"))
    await bench.hear()
    await bench.hear()
    assert [each[1] for each in bench.told()] == [company, company]  # made, edited
    assert len(bench.world.calls("companies/batch/read")) == reads + 1
    assert bench.results()["accepted"] >= 4


async def test_what_a_poll_has_told_costs_the_feed_no_call():
    bench = await Bench().begun()
    company = await bench.world.made("companies", name="Acme")
    await bench.hear()
    await bench.world.edited("companies", company, name="Acme Ltd")
    bench.world.portal.journal.held = True  # the journal is late
    bench.world.later(60)
    await bench.work(poll(bench.world.clock.now))
    assert bench.changes()[-1].raw["properties"]["name"] == "Acme Ltd"
    told, reads = len(bench.told()), len(bench.world.calls("companies/batch/read"))
    bench.world.portal.journal.held = False
    await bench.hear()
    assert len(bench.told()) == told
    assert len(bench.world.calls("companies/batch/read")) == reads


async def test_an_offset_that_has_expired_has_everything_read_and_the_feed_begins_anew():
    bench = await Bench().begun()
    company = await bench.world.made("companies", name="Acme")
    gone = await bench.world.made("companies", name="Bolt")
    await bench.hear()
    bench.papers.sent.clear()
    before = bench.place.text
    await bench.world.person(f"companies/{gone}", "DELETE")  # what nobody hears of, and what no poll sees
    bench.world.later(RETENTION.total_seconds() + 60)
    late = await bench.world.made("companies", name="Late")
    await bench.hear()
    for _ in range(20):
        await bench.work()
    assert bench.place.text != before
    assert {("company", company, False), ("company", gone, True), ("company", late, False)} <= set(bench.told())
    bench.papers.sent.clear()
    await bench.world.edited("companies", company, name="Acme Ltd")
    await bench.hear()
    assert bench.told() == [("company", company, False)]
    swept = [key for key in bench.papers.cursors if "|cursor|" in key]
    assert all(bench.papers.cursors[key]["swept"] for key in swept)


async def test_a_journal_that_was_empty_is_read_from_its_first_entry_unless_that_is_long_ago():
    bench = Bench()
    empty = [each async for each in journal_of(bench.world).follow(None)]
    assert [(each.complete, each.anew) for each in empty] == [(True, False)]
    company = await bench.world.made("companies", name="Acme")
    await bench.world.edited("companies", company, name="Acme Ltd")
    found = await read(bench, empty[-1].cursor)
    assert {each.record_id for each in mentioned(found)} == {company}
    assert sum(each.results["accepted"] for each in found[:-1]) >= 2  # made, edited
    bench.world.later(RETENTION.total_seconds() + 1)
    assert [each.anew for each in await read(bench, empty[-1].cursor)] == [True]


async def read(bench: Bench, cursor: str | None) -> list[Stretch]:
    return [each async for each in journal_of(bench.world).follow(cursor)]


def mentioned(stretches: list[Stretch]) -> list[Any]:
    return [each for stretch in stretches for each in stretch.mentions]


async def test_a_404_of_the_newest_entry_is_the_end_and_no_reason_to_read_everything():
    bench = Bench()
    await bench.world.made("companies", name="Acme")
    (begun, end) = await read(bench, None)
    assert end.complete
    bench.world.fault(FaultKind.STATUS, "/next", "GET", status=404)
    (again,) = await read(bench, begun.cursor)
    assert (again.complete, again.anew, again.cursor) == (True, False, begun.cursor)


async def test_a_journal_that_keeps_losing_its_offsets_has_everything_read_once_an_hour_at_most():
    bench = Bench()
    await bench.world.made("companies", name="Acme")
    start = (await read(bench, None))[-1].cursor
    await bench.world.made("companies", name="Bolt")
    bench.world.fault(FaultKind.STATUS, "/next", "GET", status=404)
    anew = await read(bench, start)
    assert [each.anew for each in anew] == [True, False]
    first = await bench.world.made("companies", name="Cole")
    told = await read(bench, anew[-1].cursor)
    assert {each.record_id for each in mentioned(told)} == {first}
    second = await bench.world.made("companies", name="Dole")
    bench.world.fault(FaultKind.STATUS, "/next", "GET", status=404, times=2)
    with pytest.raises(Transient, match="within the hour"):
        await read(bench, told[-1].cursor)
    bench.world.later(3_601)
    assert [each.anew for each in await read(bench, told[-1].cursor)] == [True, False]
    rest = await read(bench, told[-1].cursor)  # the mistake is over
    assert {each.record_id for each in mentioned(rest)} == {second}


async def test_a_long_file_is_told_in_stretches_and_gone_on_with_inside(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "STRETCH", 2)
    bench = Bench()
    await bench.world.made("companies", name="Acme")
    start = (await read(bench, None))[-1].cursor
    made = [await bench.world.made("companies", name=f"C{number}") for number in range(5)]
    whole = await read(bench, start)
    names = list(dict.fromkeys(each.record_id for each in mentioned(whole)))
    assert names == made
    assert max(len(each.mentions) for each in whole) == 2
    rest = await read(bench, whole[0].cursor)
    assert mentioned(rest) == mentioned(whole[1:])
    assert whole[-1].complete


@pytest.mark.parametrize("status_code", [500, 429, 401])
async def test_a_journal_in_trouble_is_put_off_alone_and_polls_go_on(status_code: int):
    bench = await Bench().begun()
    before = bench.place.text
    bench.world.fault(FaultKind.STATUS, "/webhooks-journal/", "GET", times=None, status=status_code)
    company = await bench.world.made("companies", name="Acme")
    await bench.hear()
    assert bench.lane.snapshot.parked_until is None
    assert not bench.lane.line.dead
    bench.world.later(60)
    await bench.work(poll(bench.world.clock.now))
    assert ("company", company, False) in bench.told()
    assert bench.place.text == before
    assert bench.place.failures
    bench.world.faults.clear()
    bench.world.later(1_000)
    await bench.work()
    assert (bench.place.failures, bench.place.why) == (0, "")
    assert bench.place.text != before


async def test_what_cannot_be_read_yet_stays_before_the_place_until_it_can():
    bench = await Bench().begun()
    before = bench.place.text
    company = await bench.world.made("companies", name="Acme")
    bench.world.fault(FaultKind.STATUS, "companies/batch/read", status=503)
    await bench.hear()
    assert bench.told() == []
    assert bench.place.text == before
    await bench.hear()
    assert bench.told() == [("company", company, False)]


async def test_an_app_that_may_not_read_the_journal_is_told_so_and_nothing_else_stops():
    bench = Bench()
    journal = journal_of(bench.world, hubspot_client_secret="another")
    lane = Lane(HubSpotClient(
        BASE, VERSION, bench.world.auth(), transport=bench.world.transport, clock=bench.world.clock.now,
        sleep=bench.world.clock.sleep, journal=journal,
    ), TENANT, CONNECTION, bench.world.clock.now)  # fmt: skip
    company = await bench.world.made("companies", name="Acme")
    bench.lane = lane
    await bench.work(poll(bench.world.clock.now))
    assert ("company", company, False) in bench.told()
    assert "REVMARK_HUBSPOT_CLIENT_SECRET" in bench.place.why
    assert lane.snapshot.parked_until is None


async def test_a_file_is_fetched_without_our_token_and_only_while_its_address_is_good():
    bench = Bench()
    await bench.world.made("companies", name="Acme")
    start = (await read(bench, None))[-1].cursor
    company = await bench.world.made("companies", name="Bolt")
    assert {each.record_id for each in mentioned(await read(bench, start))} == {company}  # a token would be a 400
    bench.world.fault(FaultKind.STATUS, "/_files/", "GET", status=403)
    with pytest.raises(Transient, match="answered 403"):
        await read(bench, start)
    assert mentioned(await read(bench, start))


async def test_a_file_on_a_host_that_nobody_named_is_not_fetched():
    bench = Bench()
    await bench.world.made("companies", name="Acme")
    start = (await read(bench, None))[-1].cursor
    await bench.world.made("companies", name="Bolt")
    given = {"hubspot_client_id": "a", "hubspot_client_secret": "b", "hubspot_journal": "https://files.example.com"}
    guarded = hubspot_journal(Settings.model_validate(given))
    near = journal_of(bench.world)
    assert guarded is not None
    near._files = guarded._files  # noqa: SLF001 - the guarded network under an answer of the sandbox
    with pytest.raises(Refused, match="another host") as refused:
        _ = [each async for each in near.follow(start)]
    assert "Signature" not in refused.value.message


async def test_entries_of_another_portal_and_of_no_kind_of_ours_are_passed_over_and_counted():
    bench = await Bench().begun()
    journal = bench.world.portal.journal
    company = await bench.world.made("companies", name="Acme")
    journal._pending += [  # noqa: SLF001 - what no write of ours could make
        {"action": "APP_INSTALL", "portalId": bench.world.portal.portal_id},
        {"action": "UPDATE", "portalId": 1, "objectTypeId": "0-2", "objectId": 5},
        {"action": "UPDATE", "portalId": bench.world.portal.portal_id, "objectTypeId": "0-2"},
        "nothing",
    ]
    await bench.hear()
    assert bench.told() == [("company", company, False)]
    results = bench.results()
    assert (results["ignored"], results["unknown_connection"], results["malformed"]) == (1, 1, 2)


async def test_the_journal_takes_the_apps_own_token_and_that_one_shows_no_record():
    bench = Bench()
    await bench.world.made("companies", name="Acme")
    async with httpx.AsyncClient(transport=bench.world.transport, base_url=BASE) as http:
        path = f"/webhooks-journal/journal/{VERSION}/latest"
        refused = await http.get(path, headers={"authorization": f"Bearer {bench.world.portal.token}"})
        assert refused.status_code == 403
        form = {
            "grant_type": "client_credentials",
            "client_id": bench.world.portal.access.client_id,
            "client_secret": bench.world.portal.client_secret,
            "scope": "developer.webhooks_journal.read",
        }
        given = (await http.post(f"/oauth/{VERSION}/token", data=form)).json()
        token = {"authorization": f"Bearer {given['access_token']}"}
        assert "refresh_token" not in given
        assert (await http.get(path, headers=token)).status_code == 200
        assert (await http.get(f"/crm/objects/{VERSION}/companies", headers=token)).status_code == 403


async def test_the_feed_is_asked_every_ten_seconds_and_is_not_there_unless_it_is_set():
    bench = await Bench().begun()
    assert bench.lane.due is not None
    assert timedelta() < bench.lane.due - bench.world.clock.now() <= HEAR_EVERY
    calls = len(bench.world.calls("/webhooks-journal/"))
    await bench.work()
    assert len(bench.world.calls("/webhooks-journal/")) == calls
    assert hubspot_journal(Settings()) is None
    assert Lane(bench.world.client, TENANT, CONNECTION, bench.world.clock.now).feeding is None
