"""The gate: a lane that may not write yet reads, keeps what it is asked for, and writes it once it is released."""

from datetime import timedelta
from typing import Literal

from schemas.command import Approval, Command
from schemas.errors import Parked
from streams.lanes.gate import FORGOTTEN, SETTLING
from streams.lanes.lane import HELD, Lane
from tests.support.lane import Shift
from tests.support.work import CONNECTION, START, TENANT, Clock, create, poll, resume, update, withdraw


def gated(shift: Shift, contract: str = "agreed") -> Shift:
    shift.stays = True
    shift.lane = Lane(shift.platform, TENANT, CONNECTION, shift.clock, gate=contract)
    return shift


def release(contract: str = "agreed") -> Approval:
    return Approval(tenant=TENANT, connection=CONNECTION, contract=contract, plan="p", who="finance", at=START)


async def test_nothing_is_written_and_everything_is_read_before_the_release():
    shift = gated(Shift())
    shift.platform.put("invoice", "u1")
    await shift.work(create(1), update(2), poll(shift.clock))
    await shift.rest_until(shift.clock.now.replace(hour=12))
    assert shift.platform.count("write") == 0
    assert shift.platform.count("poll") == 2
    assert {row["state"] for row in shift.papers.ledger.values()} == {"waiting"}
    assert {row["message"] for row in shift.papers.ledger.values()} == {HELD}
    assert shift.due is None, "it does not wake for writes that may not go"


async def test_what_was_kept_is_written_after_the_release_also_by_another_worker():
    shift = gated(Shift())
    shift.platform.put("invoice", "u1")
    await shift.work(create(1))
    await shift.work(update(2))
    await shift.work(release())
    await shift.rest()
    assert sorted(shift.platform.applied) == ["c1", "c2"]
    gated(shift)
    await shift.work(create(3))
    assert "c3" in shift.platform.applied


async def test_a_release_is_for_one_contract():
    shift = gated(Shift())
    await shift.work(create(1), release("another"))
    assert shift.platform.count("write") == 0
    await shift.work(release())
    assert shift.platform.applied == ["c1"]
    gated(shift, "the next one")
    await shift.work(create(2))
    assert shift.platform.applied == ["c1"]


async def test_a_lane_without_a_gate_takes_a_release_for_what_it_is():
    shift = Shift(Clock())
    await shift.work(create(1), release())
    assert shift.platform.applied == ["c1"]


async def test_updates_that_a_later_one_covers_are_settled_while_the_gate_is_shut():
    shift = gated(Shift())
    shift.platform.put("invoice", "u1")
    await shift.work(update(1, fields={"name": "old"}), update(2, fields={"name": "new"}))
    await shift.work(release())
    await shift.rest()
    assert shift.platform.applied == ["c2"]


def plan(shift: Shift, records: dict[str, list[str]], name: str = "p", contract: str = "agreed") -> Approval:
    return Approval(
        tenant=TENANT, connection=CONNECTION, contract=contract, plan=name, who="finance", at=shift.clock(),
        lets="planned", records=records,
    )  # fmt: skip


def closing(lets: Literal["everything", "nothing"]) -> Approval:
    return release().model_copy(update={"lets": lets})


async def test_only_what_a_plan_named_is_written():
    shift = gated(Shift())
    shift.platform.put("invoice", "u1")
    shift.platform.put("invoice", "u2")
    await shift.work(
        update(1, fields={"name": "a"}), update(2, record="invoice:u2", ref="xero/invoice/u2", fields={"name": "b"})
    )
    await shift.work(update(3, fields={"phone": "c"}), create(4), create(5))
    await shift.work(plan(shift, {"invoice:u1": ["name"], record_of(create(4)): ["*", "name"]}))
    assert sorted(shift.platform.applied) == ["c1", "c4"]
    waiting = {row["command"]["id"] for row in shift.papers.ledger.values() if row["state"] == "waiting"}
    assert waiting == {"c2", "c3", "c5"}
    assert shift.due is not None
    assert shift.due > shift.clock(), "what may not go does not wake it"


async def test_a_record_that_is_updated_is_not_made_by_the_same_word():
    shift = gated(Shift())
    await shift.work(create(4), plan(shift, {record_of(create(4)): sorted(create(4).fields)}))
    assert shift.platform.applied == []


async def test_the_gate_closes_once_what_was_planned_is_done_and_followed():
    shift = gated(Shift())
    record = record_of(create(1))
    await shift.work(create(1), plan(shift, {record: ["*", *create(1).fields]}))
    assert shift.platform.applied == ["c1"]
    shift.clock.pass_by(SETTLING.total_seconds() + 1)
    await shift.work(resume(shift.clock))
    assert not [key for key in shift.papers.cursors if "|gate" in key], "nothing is left of it"
    await shift.work(create(2, record=record))
    assert shift.platform.applied == ["c1"]


async def test_what_was_planned_and_is_taken_back_is_done_as_well():
    shift = gated(Shift())
    shift.platform.mishaps.append(Parked("down", until=shift.clock() + timedelta(seconds=60)))
    named = {record_of(create(number)): ["*", *create(number).fields] for number in (1, 2)}
    await shift.work(create(1), create(2), plan(shift, named))
    await shift.work(withdraw(shift.clock, create(2)))
    shift.clock.pass_by(61)
    await shift.work(resume(shift.clock))
    assert shift.platform.applied == ["c1"]
    shift.clock.pass_by(SETTLING.total_seconds() + 1)
    await shift.work(resume(shift.clock))
    assert not [key for key in shift.papers.cursors if "|gate" in key], "nothing is left to wait for"


async def test_what_was_planned_and_never_asked_for_is_forgotten():
    shift = gated(Shift())
    await shift.work(plan(shift, {"invoice:u1": ["name"]}))
    shift.clock.pass_by(FORGOTTEN.total_seconds() - 1)
    await shift.work(resume(shift.clock))
    assert [key for key in shift.papers.cursors if "|gate" in key]
    shift.clock.pass_by(2)
    await shift.work(resume(shift.clock))
    assert not [key for key in shift.papers.cursors if "|gate" in key]


async def test_a_word_may_come_twice_and_in_portions_and_another_plan_takes_its_place():
    shift = gated(Shift())
    many = {f"invoice:n{number}": ["*"] for number in range(450)}
    await shift.work(plan(shift, many), plan(shift, many), plan(shift, {"invoice:u1": ["name"]}))
    head = next(row for key, row in shift.papers.cursors.items() if key.endswith("|gate"))
    assert (head["records"], head["left"]) == (451, 451)
    await shift.work(plan(shift, {"invoice:u2": ["name"]}, name="another"))
    assert len([key for key in shift.papers.cursors if "|gate" in key]) == 3


async def test_a_person_closes_it():
    shift = gated(Shift())
    await shift.work(closing("everything"), create(1))
    await shift.work(closing("nothing"), create(2))
    assert shift.platform.applied == ["c1"]
    await shift.work(plan(shift, {record_of(create(2)): ["*"]}), closing("nothing"))
    assert shift.platform.applied == ["c1"]


async def test_a_plan_under_another_contract_opens_nothing():
    shift = gated(Shift())
    await shift.work(create(1), plan(shift, {record_of(create(1)): ["*"]}, contract="another"))
    assert shift.platform.applied == []


def record_of(command: Command) -> str:
    return command.record
