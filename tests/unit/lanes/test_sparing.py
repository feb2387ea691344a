"""A lane that spares itself what it has told: every case in which it must not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.command import Event, Read
from schemas.errors import Parked, Throttled, Transient
from schemas.instants import to_millis
from tests.support.lane import Shift
from tests.support.work import CONNECTION, TENANT, create, poll, read, resume


def staying() -> Shift:
    """A lane that lives on, over a platform with two contacts that were read once and told."""
    return Shift(stays=True)


async def begun() -> Shift:
    shift = staying()
    for number in ("k0", "k1"):
        shift.platform.put("contact", number, name=f"Acme {number}")
    await shift.work(poll(shift.clock))
    shift.papers.sent.clear()
    shift.platform.calls.clear()
    return shift


def hook(
    shift: Shift, *numbers: str, event: str = "e1", ago: float = 0, kind: str = "contact", made: bool = False
) -> Read:
    """A webhook's read for one event, which occurred so many seconds ago by the platform's clock."""
    occurred = to_millis(shift.clock() - timedelta(seconds=ago))
    events = {number: [Event(name=event, occurred=occurred, made=made)] for number in numbers}
    ids = list(numbers)
    return Read(tenant=TENANT, connection=CONNECTION, kind=kind, record_ids=ids, events=events, at=shift.clock())


def shown(shift: Shift) -> list[str]:
    return [change.record_id for change in shift.papers.changes()]


async def test_an_event_that_comes_five_times_is_one_reading_and_one_change():
    shift = await begun()
    shift.platform.put("contact", "k0", name="renamed")
    same = hook(shift, "k0")
    for _ in range(5):
        await shift.work(same)
    assert (shift.platform.count("read"), shown(shift)) == (1, ["k0"])
    assert shift.lane is not None
    assert shift.lane.snapshot.spared == {("contact", "answered"): 4}


async def test_another_event_of_the_same_instant_is_read_and_what_it_changed_is_told():
    shift = await begun()
    shift.platform.put("contact", "k0", name="renamed")
    await shift.work(hook(shift, "k0"))
    shift.platform.records["contact"]["k0"]["name"] = "renamed again, in the same millisecond"
    await shift.work(hook(shift, "k0", event="e2"))
    names = [change.raw["name"] for change in shift.papers.changes()]
    assert names == ["renamed", "renamed again, in the same millisecond"]
    assert shift.platform.count("read") == 2


async def test_a_replica_that_lags_answers_nothing():
    shift = await begun()
    event = hook(shift, "k0", ago=-5)  # the platform has told of what its replica does not show yet
    await shift.work(event)
    shift.clock.pass_by(10)
    shift.platform.put("contact", "k0", name="renamed")
    await shift.work(event)
    assert [change.raw["name"] for change in shift.papers.changes()] == ["renamed"]


async def test_a_read_that_somebody_asks_for_is_made_and_told_each_time():
    shift = await begun()
    for _ in range(2):
        await shift.work(read(shift.clock, "contact", "k0"))
    assert (shift.platform.count("read"), shown(shift)) == (2, ["k0", "k0"])


async def test_a_read_that_somebody_asks_for_is_told_beside_a_webhooks():
    shift = await begun()
    shift.platform.put("contact", "k0", name="renamed")
    event = hook(shift, "k0")
    await shift.work(event)
    await shift.work(event, read(shift.clock, "contact", "k0"), event)
    assert (shift.platform.count("read"), shown(shift)) == (2, ["k0", "k0"])


async def test_an_event_without_a_name_is_read_and_only_news_is_told():
    shift = await begun()
    thin = Read(tenant=TENANT, connection=CONNECTION, kind="contact", record_ids=["k0"], events={}, at=shift.clock())
    await shift.work(thin)
    assert (shift.platform.count("read"), shown(shift)) == (1, [])
    shift.platform.records["contact"]["k0"]["company"] = "an association, which moves no time"
    await shift.work(thin)
    assert (shift.platform.count("read"), shown(shift)) == (2, ["k0"])


async def test_an_event_without_a_name_beside_one_that_was_answered_is_read():
    shift = await begun()
    shift.platform.put("contact", "k0", name="renamed")
    event = hook(shift, "k0")
    await shift.work(event)
    thin = event.model_copy(update={"events": {}})  # as an association's
    shift.platform.records["contact"]["k0"]["company"] = "an association, which moves no time"
    await shift.work(event, thin, event)
    assert (shift.platform.count("read"), shown(shift)) == (2, ["k0", "k0"])


async def test_what_a_poll_lists_again_is_told_once_and_a_change_that_moves_no_time_is_told():
    shift = await begun()

    async def listed_again() -> None:
        place = shift.papers.cursors[f"{CONNECTION}|cursor|contact"]
        shift.papers.cursors[f"{CONNECTION}|cursor|contact"] = {**place, "text": ""}  # a poll overlaps the last one
        await shift.work(poll(shift.clock, "contact"))

    await listed_again()
    assert shown(shift) == []
    shift.platform.records["contact"]["k1"]["company"] = "an association, which moves no time"
    await listed_again()
    assert shown(shift) == ["k1"]
    await listed_again()
    assert shown(shift) == ["k1"]


async def test_a_sweep_tells_everything():
    shift = await begun()
    await shift.work(poll(shift.clock, sweep=True))
    assert shown(shift) == ["k0", "k1"]


@pytest.mark.parametrize("by", ["event", "read"])
async def test_who_is_gone_and_comes_back_is_told_both_times(by: str):
    shift = await begun()
    raw = shift.platform.records["contact"].pop("k0")
    event = hook(shift, "k0")
    work = event if by == "event" else read(shift.clock, "contact", "k0")
    await shift.work(work)
    await shift.work(work)
    shift.platform.records["contact"]["k0"] = raw  # restored as it was, with its old time
    await shift.work(hook(shift, "k0", event="restored"))
    assert [change.deleted for change in shift.papers.changes()] == [True, True, False]


@pytest.mark.parametrize("nth", [1, 2])
async def test_what_a_worker_that_died_had_staged_was_not_told(nth: int):
    shift = await begun()
    shift.platform.put("contact", "k0", name="renamed")
    event = hook(shift, "k0")
    lane = shift.lane
    assert not await shift.work(event, die_in_write=nth)
    shift.lane = lane  # the same lane goes on, as after a batch that was revoked
    before = len(shown(shift))
    await shift.work(event)
    assert shown(shift)[before:] == ["k0"]


@pytest.mark.parametrize("error", [Throttled, Parked, Transient])
async def test_an_event_whose_reading_failed_is_read_when_it_comes_again(error: type[Throttled | Parked | Transient]):
    shift = await begun()
    shift.platform.put("contact", "k0", name="renamed")
    event, until = hook(shift, "k0"), shift.clock() + timedelta(seconds=60)
    shift.platform.read_mishaps.append(error("no") if error is Transient else error("no", until=until))  # type: ignore[call-arg]
    await shift.work(event)
    assert shown(shift) == []
    await shift.rest()
    assert shown(shift) == ["k0"]  # a poll made up for it
    await shift.work(event)
    assert shift.platform.count("read") == 2


async def test_a_reading_for_an_agent_that_failed_is_made_up_for_by_a_poll_that_tells_what_it_sees():
    shift = await begun()
    place = shift.papers.cursors[f"{CONNECTION}|cursor|contact"]
    shift.papers.cursors[f"{CONNECTION}|cursor|contact"] = {**place, "text": ""}
    shift.platform.read_mishaps.append(Throttled("no", until=shift.clock() + timedelta(seconds=60)))
    await shift.work(read(shift.clock, "contact", "k0"))
    await shift.rest()
    assert shown(shift) == ["k0", "k1"]


async def test_what_waits_while_the_connection_is_parked_is_read_afterwards():
    shift = await begun()
    shift.platform.put("contact", "k0", name="renamed")
    event = hook(shift, "k0")
    await shift.work(event)
    shift.platform.mishaps.append(Parked("revoked", until=shift.clock() + timedelta(seconds=600)))
    await shift.work(create(1))
    shift.papers.sent.clear()
    shift.platform.put("contact", "k0", name="renamed while nobody could read")
    await shift.work(hook(shift, "k0", event="e2"))
    await shift.rest()
    assert "k0" in shown(shift)


async def test_our_own_write_is_told_with_its_command_and_its_echo_is_not_told():
    shift = staying()
    await shift.work(poll(shift.clock))
    await shift.work(create(1))
    (made,) = shift.papers.changes()
    assert made.cause == "c1"
    await shift.work(hook(shift, made.record_id, kind="invoice"))
    await shift.work(poll(shift.clock), resume(shift.clock))
    assert shift.papers.changes() == [made]
    shift.platform.put("invoice", made.record_id, name="a person's edit")
    await shift.work(hook(shift, made.record_id, kind="invoice", event="e2"))
    assert [change.raw["name"] for change in shift.papers.changes()] == ["v1", "a person's edit"]


async def test_a_command_that_is_done_again_tells_its_record_again():
    shift = staying()
    command = create(1)
    await shift.work(command)
    await shift.work(command)
    assert [change.cause for change in shift.papers.changes()] == ["c1", "c1"]


async def test_that_a_record_was_made_is_read_only_where_nobody_has_told_of_it():
    shift = staying()
    await shift.work(create(1))
    (made,) = shift.papers.changes()
    await shift.work(hook(shift, made.record_id, kind="invoice", event="made", made=True))
    assert shift.platform.count("read") == 0
    shift.platform.put("invoice", "somebody else's")
    await shift.work(hook(shift, "somebody else's", kind="invoice", event="made too", made=True))
    assert (shift.platform.count("read"), shown(shift)) == (1, [made.record_id, "somebody else's"])
