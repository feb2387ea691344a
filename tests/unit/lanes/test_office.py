from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from faust.types import TP

from schemas.command import Poll, parse_work
from schemas.contract import Contract
from schemas.errors import Parked, Throttled, Transient
from schemas.names import Entity, Side
from streams.engine import EngineApp, Record, RecordBatch
from streams.engine.delivery import Delivery
from streams.engine.errors import Misconfigured, Revoked
from streams.lanes.lane import PERHAPS
from streams.lanes.office import BatchDesk, Office
from streams.platforms.interface import Seen
from streams.settings import Settings
from streams.topics import Topics
from tests.support.contracts import contract, shipped
from tests.support.lane import MemoryPlatform
from tests.support.work import CONNECTION, Clock, create, poll, read, resume

TOPIC = "revmark.lanes.xero"


class Aboard(Delivery):
    """What is written stays in memory."""

    def __init__(self, app: Afloat) -> None:
        super().__init__(app)
        self._sent = app.sent
        self._afloat = app

    async def outputs(self, outputs: Mapping[str, Sequence[Any]], _check: Any = None) -> None:
        if self._afloat.moved:
            raise Revoked
        self._sent += [(topic, record) for topic, records in outputs.items() for record in records]

    async def changes(self, batch: RecordBatch, views: Any) -> None:
        for table, view in views.items():
            table.local.write(batch.partition, dict(view.staged), 0)
            view.forget(dict(view.staged))


class Afloat(EngineApp):
    """The app with its broker left out: what is written stays in memory."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.contract = shipped()
        self.names = Topics()
        super().__init__("afloat", broker="127.0.0.1:1", store="memory://", quarantine_topic="revmark.quarantine")
        self.ledger = self.batch_table("ledger")
        self.cursors = self.batch_table("cursors")
        self.sent: list[tuple[str, Any]] = []
        self.delivery = Aboard(self)
        self.ours = self.kept = True
        self.moved = False

    @property
    def is_ready(self) -> bool:
        return True

    def owns(self, topic: str, key: bytes) -> bool:
        return self.ours and topic == TOPIC and key == CONNECTION.encode()

    def still_owns(self, _batch: RecordBatch) -> bool:
        return self.kept

    def check_table(self, _batch: RecordBatch, _table: Any) -> None:
        """Every table fits."""

    def held(self) -> list[dict[str, Any]]:
        return [orjson.loads(output[1]) for topic, output in self.sent if topic == "revmark.quarantine"]

    def topics(self) -> list[str]:
        return [topic for topic, _ in self.sent]


class World:
    """An office with one platform in memory."""

    def __init__(self) -> None:
        self.app = Afloat()
        self.clock = Clock()
        self.made: list[MemoryPlatform] = []
        self.epoch = 0
        self.office = Office(self.app, make=self._make, clock=self.clock)

    def _make(self, *_: Any) -> MemoryPlatform:
        self.made.append(MemoryPlatform(self.clock))
        return self.made[-1]

    def batch(self, *values: bytes) -> RecordBatch:
        records = [Record(CONNECTION.encode(), value, offset, 0) for offset, value in enumerate(values)]
        return RecordBatch(self.app, TP(TOPIC, 0), records, epoch=self.epoch)

    async def work(self, *values: bytes) -> None:
        batch = self.batch(*values)
        await self.office.work(batch)
        await batch.write()


def told(held: dict[str, Any]) -> bytes:
    return base64.b64decode(held["value"])


async def test_exactly_the_work_that_is_nobodys_is_quarantined():
    world = World()
    spaced = create(2, connection="elsewhere.xero").to_bytes().replace(b'"connection":', b'"connection" : ')
    mine = create(3, reason='"connection":"elsewhere.xero"').to_bytes()
    await world.work(create(1, connection="elsewhere.xero").to_bytes(), spaced, mine, b"{")
    assert [(held["offset"], "elsewhere.xero is set up" in held["reason"]) for held in world.app.held()] == [
        (3, False),
        (0, True),
        (1, True),
    ]
    assert world.made[0].created == ["RM-3"]


async def test_a_record_too_large_for_any_topic_is_quarantined_by_name_and_its_neighbours_go_on():
    world = World()
    await world.work(read(world.clock, "contact", "none").to_bytes())
    platform = world.made[0]
    platform.put("contact", "k1", name="x" * 5_000_000)
    platform.put("contact", "k2", name="small")
    world.app.sent.clear()
    await world.work(read(world.clock, "contact", "k1", "k2").to_bytes(), create(1).to_bytes())
    (held,) = world.app.held()
    assert "xero/contact/k1 is 5,000," in held["reason"]
    assert held["size"] > 5_000_000
    assert base64.b64decode(held["key"]) == b"xero/contact/k1"
    again = parse_work(told(held))
    assert (again.connection, getattr(again, "record_ids", None)) == (CONNECTION, ["k1"])
    assert platform.created == ["RM-1"]
    assert world.app.topics().count("revmark.changes") == 2  # the small one, and what the command made


async def test_whatever_else_is_too_large_is_quarantined_by_its_key():
    world = World()
    desk = BatchDesk(world.batch(create(1).to_bytes()), world.app)
    desk.send("facts", "main|acme", create(1, fields={"notes": "x" * 5_000_000}))
    await desk.write()
    (held,) = world.app.held()
    assert (base64.b64decode(held["key"]), held["source"]) == (b"main|acme", "revmark.facts")


async def test_a_connection_that_has_gone_elsewhere_is_closed_once():
    world = World()
    await world.work(create(1).to_bytes())
    world.app.ours = False
    await world.office.tick()
    await world.office.tick()
    assert [platform.closed for platform in world.made] == [1]
    assert world.office.snapshot() == {}
    await world.work(create(2).to_bytes())
    assert [len(platform.created) for platform in world.made] == [1, 1]


async def test_what_a_lane_has_told_is_forgotten_between_two_epochs_for_another_worker_may_have_told_more():
    world = World()
    await world.work(poll(world.clock, "contact").to_bytes())
    platform = world.made[0]
    platform.put("contact", "k1", company="one")
    thin = read(world.clock, "contact", "k1").model_copy(update={"events": {}}).to_bytes()
    for _ in range(2):
        await world.work(thin)
    assert world.app.topics().count("revmark.changes") == 2  # the mark of the first reading, and k1 once
    # The partition goes away and comes back between two ticks: meanwhile the other worker tells that k1 belongs to
    # another company, and then it is moved back. Its time never moved.
    world.epoch = 2
    await world.work(thin)
    assert world.app.topics().count("revmark.changes") == 3
    assert world.made == [platform]


async def test_a_desk_says_that_its_partition_may_be_anothers():
    world = World()
    desk = BatchDesk(world.batch(b"{}"), world.app)
    desk.check()
    world.app.kept = False
    with pytest.raises(Revoked):
        desk.check()


async def test_a_lane_at_work_is_not_disturbed():
    world = World()
    await world.work(poll(world.clock).to_bytes())
    going, may_go = asyncio.Event(), asyncio.Event()

    class Slow(MemoryPlatform):
        async def read(self, kind: str, record_ids: Sequence[str]) -> list[Seen]:
            going.set()
            await may_go.wait()
            return await super().read(kind, record_ids)

    lane = world.office.lane(CONNECTION, BatchDesk(world.batch(b"{}"), world.app))
    assert lane is not None
    slow = Slow(world.clock)
    lane.client = lane.line.client = slow
    task = asyncio.create_task(world.work(read(world.clock, "contact", "k1").to_bytes()))
    await going.wait()
    world.app.ours = False
    await world.office.tick()
    assert slow.closed == 0
    may_go.set()
    await task
    await world.office.tick()
    assert slow.closed == 1


async def test_the_first_tick_asks_for_a_poll_and_never_for_a_sweep():
    world = World()
    await world.office.tick()
    await world.office.tick()
    works = [parse_work(output[1]) for topic, output in world.app.sent if topic == TOPIC]
    assert [(work.type, isinstance(work, Poll) and work.sweep) for work in works] == [("poll", False)]
    world.clock.pass_by(100_000)
    await world.office.tick()
    assert parse_work(world.app.sent[-1][1][1]).type == "poll"


async def test_a_tick_that_partitions_moved_under_is_made_up_for():
    world = World()
    lane = world.office.lane(CONNECTION, BatchDesk(world.batch(b"{}"), world.app))
    assert lane is not None

    for kind in ("poll", "resume"):
        world.app.moved = True
        await world.office.tick()
        assert world.app.sent == []
        world.app.moved = False
        await world.office.tick()
        assert [parse_work(output[1]).type for _, output in world.app.sent] == [kind]
        world.app.sent.clear()
        lane.due = world.clock()


async def test_a_snapshot_tells_what_a_connection_is_at():
    world = World()
    begun = world.clock()
    await world.work(poll(world.clock).to_bytes())
    platform, until = world.made[0], begun + timedelta(hours=1)
    platform.mishaps += ["refuse"]
    await world.work(create(1).to_bytes(), create(2).to_bytes())
    platform.mishaps += [Parked("the grant was revoked", until=until)]
    await world.work(create(3).to_bytes(), create(4).to_bytes())
    found = world.office.snapshot()[CONNECTION]
    assert (found.parked_until, found.why, found.waiting) == (until, "the grant was revoked", 2)
    assert found.polled == found.swept == {"contact": begun, "invoice": begun}
    assert found.calls == {"poll.answered": 2, "write.applied": 1, "write.refused": 1, "write.parked": 1}
    assert found.reads_again is None


async def test_a_snapshot_tells_how_long_writes_took_and_which_were_tried_again():
    world = World()
    await world.work(read(world.clock, "contact", "none").to_bytes())
    platform = world.made[0]
    platform.mishaps += [Parked("down", until=world.clock()), Transient("nobody answers")]
    await world.work(create(1).to_bytes())
    await world.work(resume(world.clock).to_bytes())
    assert world.office.snapshot()[CONNECTION].pace.within == {}
    world.clock.pass_by(301)
    await world.work(resume(world.clock).to_bytes(), create(2, at=world.clock()).to_bytes())
    platform.mishaps += ["refuse"]
    await world.work(create(3, at=world.clock()).to_bytes())
    pace, tier = world.office.snapshot()[CONNECTION].pace, create(1).tier
    assert {each: round(seconds) for each, seconds in pace.seconds.items()} == {tier: 301}
    assert pace.retries == {tier: 1}  # told to wait, it had not been tried
    assert pace.buckets(tier)[-1] == ("+Inf", 2.0)  # the refused one is none


async def test_a_write_whose_answer_was_lost_is_paced_when_it_is_found_after_a_restart():
    world = World()
    await world.work(read(world.clock, "contact", "none").to_bytes())
    platform = world.made[0]
    platform.mishaps += ["lost_after"]
    platform.look_up_mishaps.append(Throttled("slower", until=world.clock() + timedelta(minutes=1)))
    await world.work(create(1).to_bytes())
    world.clock.pass_by(61)
    await world.work(resume(world.clock).to_bytes())
    pace, tier = world.office.snapshot()[CONNECTION].pace, create(1).tier
    assert {each: round(seconds) for each, seconds in pace.seconds.items()} == {tier: 61}
    assert platform.created == ["RM-1"]


async def test_a_snapshot_tells_until_when_reads_are_throttled():
    world = World()
    await world.work(poll(world.clock).to_bytes())
    until = world.clock() + timedelta(seconds=60)
    world.made[0].read_mishaps.append(Throttled("search quota", until=until))
    await world.work(read(world.clock, "contact", "k1").to_bytes())
    found = world.office.snapshot()[CONNECTION]
    assert (found.reads_again, found.parked_until) == (until, None)


def crm_work(world: World) -> bytes:
    return read(world.clock, "contact", "none").model_copy(update={"connection": "main.hubspot"}).to_bytes()


def shown(entity: Entity, number: int) -> bytes:
    crm = {"connection": "main.hubspot", "platform": "hubspot", "side": Side.CRM, "entity": entity}
    return create(number, **crm, record=f"{entity.value}:{number}").to_bytes()


def shows(invoice: Any = "native", revenue: str | None = None, **more: Any) -> Contract:
    objects = {"invoice": invoice} | ({"revenue": {"custom": revenue}} if revenue else {}) | more
    return contract({"platforms": {"objects": objects}})


async def go_on(world: World, agreed: Contract) -> None:
    """Another worker takes the connection over, under this contract."""
    world.app.contract = agreed
    world.office = Office(world.app, make=world._make, clock=world.clock)
    await world.work(crm_work(world))


async def test_a_contract_that_shows_records_on_other_objects_does_not_go_on():
    world = World()
    await go_on(world, shows())
    await go_on(world, shows(revenue="revmark_revenue"))  # more may be shown
    await go_on(world, shows())  # and less
    read_so_far = len(world.made)
    for agreed, said in (
        (shows({"custom": "revmark_invoice"}), "platforms.objects.invoice is revmark_invoice, and this deployment has"),
        (shows(revenue="earnings"), "platforms.objects.revenue is earnings, and this deployment has shown it on revm"),
    ):
        with pytest.raises(Misconfigured, match=said) as refused:
            await go_on(world, agreed)
        assert "REVMARK_TOPIC_PREFIX and REVMARK_GROUP. Nothing was read or written" in str(refused.value)
    assert [each.calls for each in world.made[read_so_far:]] == [[], []]
    await go_on(world, shows(revenue="revmark_revenue"))
    assert world.made[-1].calls


@pytest.mark.parametrize(("kind", "entity"), [(kind, entity) for entity, kind in PERHAPS.items()])
async def test_what_is_only_shown_stays_on_the_object_that_has_taken_one_and_before_that_may_go_on_another(
    kind: str, entity: Entity
):
    world, custom = World(), {"custom": "revmark_own"}
    await go_on(world, shows(**{kind: "native"}))
    world.made[-1].mishaps.append("refuse")  # as a portal does that has none of HubSpot's own
    await world.work(shown(entity, 1))
    await go_on(world, shows(**{kind: custom}))
    await world.work(shown(entity, 2))
    with pytest.raises(Misconfigured, match=rf"\.{kind} is native, and this deployment has shown it on"):
        await go_on(world, shows(**{kind: "native"}))
    await go_on(world, shows())
    await go_on(world, shows(**{kind: custom}))


async def test_one_kind_that_was_taken_settles_no_other():
    world = World()
    await go_on(world, shows(order="native", subscription="native"))
    await world.work(shown(Entity.ORDER, 1))
    await go_on(world, shows(order="native", subscription={"custom": "revmark_own"}))
    with pytest.raises(Misconfigured, match=r"\.order is revmark_own"):
        await go_on(world, shows(order={"custom": "revmark_own"}))


async def test_of_the_erps_connection_no_object_is_noted():
    world = World()
    await world.work(read(world.clock, "contact", "none").to_bytes())
    world.app.contract = shows({"custom": "revmark_invoice"})
    world.office = Office(world.app, make=world._make, clock=world.clock)
    await world.work(read(world.clock, "contact", "none").to_bytes())
    assert len(world.made) == 2
