"""Edits that a write went over before anybody had heard of them: HubSpot writes unconditionally."""

from sandbox.faults import FaultKind
from schemas.command import Command
from streams.platforms.hubspot.limits import HISTORIES
from streams.platforms.hubspot.overlooked import overlooked
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import command


async def judged(world: World, company: str, phone: str, name: str = "c1", *, compare: bool = True) -> Command:
    """An update that is judged on what the company shows now."""
    version = (await world.one("company", company)).version
    wanted = command("company", {"phone": phone}, f"hubspot/company/{company}", id=name)
    return wanted.model_copy(update={"version": version, "compare": compare})


async def went_over(world: World) -> tuple[str, Command]:
    """A company whose phone was edited and then written over, by an update whose answer was lost."""
    company = await world.made("companies", name="Acme", phone="1")
    wanted = await judged(world, company, "2")
    world.later(1)
    await world.edited("companies", company, phone="1001")
    world.fault(FaultKind.DROP_AFTER, "companies/batch/update")
    world.later(1)
    assert (await world.written(wanted)).state == "unknown"
    assert await phone(world, company) == "2"
    world.later(1)
    return company, wanted


async def phone(world: World, company: str) -> str:
    return str((await world.one("company", company)).fields["phone"])


async def test_an_edit_that_a_write_went_over_is_put_back_and_the_command_comes_again():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    wanted = await judged(world, company, "2")
    world.later(1)
    await world.edited("companies", company, phone="1001")
    world.later(1)
    written = await world.written(wanted)
    assert (written.state, written.code) == ("again", "edited")
    assert "phone" in written.message
    assert await phone(world, company) == "1001"
    moved = (await world.one("company", company)).version
    assert moved > (wanted.version or 0)  # so that the next comparison sees that it has moved on


async def test_histories_are_read_once_after_a_write_and_once_to_look_it_up():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    wanted = await judged(world, company, "2")
    world.later(1)
    before = len(world.calls("companies/batch/read"))
    written = await world.written(wanted)
    assert len(world.calls("companies/batch/read")) == before + 1, "what is read back comes with its histories"
    found = await world.client.look_up(wanted)
    assert len(world.calls("companies/batch/read")) == before + 2
    assert found is not None
    assert (found.state, found.seen[0].raw) == ("applied", written.seen[0].raw)
    assert (await world.one("company", company)).raw == written.seen[0].raw, "it shows no more than any reading"


async def test_what_had_been_heard_of_is_written_over():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    world.later(1)
    await world.edited("companies", company, phone="1001")
    wanted = await judged(world, company, "2")
    world.later(1)
    await world.edited("companies", company, name="Acme Ltd")  # of a field that is not written
    world.later(1)
    written = await world.written(wanted)
    assert written.state == "applied"
    assert await phone(world, company) == "2"


async def test_an_update_that_does_not_compare_goes_over_what_is_there():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    wanted = await judged(world, company, "2", compare=False)
    world.later(1)
    await world.edited("companies", company, phone="1001")
    before = len(world.calls("batch/read"))
    assert (await world.written(wanted)).state == "applied"
    assert await phone(world, company) == "2"
    assert len(world.calls("batch/read")) == before + 2  # back after the write, and by this test: no history


async def test_our_own_earlier_write_is_no_edit():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    first, second = await judged(world, company, "2"), await judged(world, company, "3", "c2")
    world.later(1)
    assert (await world.written(first)).state == "applied"
    world.later(1)
    assert (await world.written(second)).state == "applied"
    assert await phone(world, company) == "3"


async def test_a_lost_answer_that_went_over_an_edit_is_found_not_to_have_been_applied():
    world = await World().furnish()
    company, wanted = await went_over(world)
    assert await world.client.look_up(wanted) is None
    assert await phone(world, company) == "1001"
    assert await world.client.look_up(wanted) is None  # asked again, as after a crash, it finds the edit
    assert await phone(world, company) == "1001"


async def test_a_write_whose_histories_cannot_be_read_is_looked_up_later():
    world = await World().furnish()
    companies = [await world.made("companies", name=name, phone="1") for name in ("Acme", "Bolt")]
    wanted = await judged(world, companies[0], "2")
    plain = await judged(world, companies[1], "2", "c2", compare=False)
    world.later(1)
    await world.edited("companies", companies[0], phone="1001")
    world.later(1)
    world.fault(FaultKind.STATUS, "companies/batch/read", times=1, status=502)
    answers = {each.command: each for each in await world.write(wanted, plain)}
    assert (answers["c1"].state, answers["c2"].state) == ("unknown", "applied")
    world.later(1)
    assert await world.client.look_up(wanted) is None
    assert await phone(world, companies[0]) == "1001"


async def test_whoever_edits_after_our_write_has_the_last_word():
    world = await World().furnish()
    company, wanted = await went_over(world)
    await world.edited("companies", company, phone="5005")
    assert await world.client.look_up(wanted) is None
    assert await phone(world, company) == "5005"


async def test_what_hubspot_does_not_take_back_is_judged_as_it_is():
    world = await World().furnish()
    company, wanted = await went_over(world)
    world.fault(FaultKind.STATUS, "companies/batch/update", times=1, status=400)
    assert await world.client.look_up(wanted) is None
    assert await phone(world, company) == "2"


async def test_histories_are_read_fifty_at_a_time():
    world = await World().furnish()
    ids = [await world.made("companies", name=f"C{number}", phone="1") for number in range(HISTORIES + 1)]
    wanted = [await judged(world, each, "2", f"c{number}") for number, each in enumerate(ids)]
    world.later(1)
    await world.edited("companies", ids[-1], phone="1001")
    world.later(1)
    before = len(world.calls("companies/batch/read"))
    states = [each.state for each in await world.write(*wanted)]
    assert states == ["applied"] * HISTORIES + ["again"]
    assert len(world.calls("companies/batch/read")) == before + 2  # read back with their histories


def test_what_a_history_does_not_tell_is_not_put_back():
    ours = {"value": "2", "timestamp": "2026-11-22T10:00:02Z", "sourceType": "API", "sourceId": "7"}
    edit = {"value": "1001", "timestamp": "2026-11-22T10:00:01Z", "sourceType": "CRM_UI", "sourceId": "userId:1"}
    judged_at = 1_795_341_600_000  # 2026-11-22T10:00:00Z
    assert overlooked([ours, edit], "2", judged_at) == "1001"
    assert overlooked([ours, edit], "2", judged_at + 1_000) is None  # it was known
    assert overlooked([ours, {**edit, "value": "2"}], "2", judged_at) is None
    assert overlooked([{**ours, "sourceType": "CRM_UI"}, edit], "2", judged_at) is None  # no write of ours
    for broken in ([], [ours], [ours, {}], [ours, {**edit, "timestamp": "yesterday"}], [{}, edit]):
        assert overlooked(broken, "2", judged_at) is None
