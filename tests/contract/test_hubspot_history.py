"""Histories of the properties of which the later edit wins: read with the record, the same however it was found."""

from dataclasses import replace

from schemas.instants import to_millis
from streams.platforms.hubspot.history import KEPT, entered
from streams.platforms.hubspot.limits import HISTORIES
from streams.platforms.hubspot.shapes import SHAPES
from streams.platforms.hubspot.translation import sightings
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import change, command

DATED = SHAPES | {"company": replace(SHAPES["company"], dated=("phone",))}
UI = {"sourceType": "CRM_UI", "sourceId": "userId:1"}


def entry(second: int, value: str, **more: str) -> dict[str, str]:
    return {**UI, "timestamp": f"2026-11-22T10:00:{second:02}Z", "value": value, **more}


async def test_a_record_says_when_its_phone_was_entered_by_whichever_way_it_is_read():
    world = await World(shapes=DATED).furnish()
    company = await world.made("companies", name="Acme", phone="1")
    first = to_millis(world.clock.now())
    world.later(10)
    await world.edited("companies", company, phone="2")
    second = to_millis(world.clock.now())
    world.later(10)
    await world.edited("companies", company, name="Acme Ltd")
    world.later()
    seen = await world.one("company", company)
    assert [value for _, value in seen.raw["history"]["phone"]] == ["1", "2"]
    assert [at // 1000 for at, _ in seen.raw["history"]["phone"]] == [first // 1000, second // 1000]
    assert seen.version > seen.raw["history"]["phone"][-1][0]
    listed, cursor = await world.polled("company")
    assert [each.raw for each in listed] == [seen.raw]
    world.later()
    await world.edited("companies", company, domain="acme.example")
    world.later()
    searched, _ = await world.polled("company", cursor)
    assert searched[-1].raw == (await world.one("company", company)).raw


async def test_our_own_write_is_dated_by_its_outcome_and_not_by_the_history():
    world = await World(shapes=DATED).furnish()
    company = await world.made("companies", name="Acme", phone="1")
    world.later(10)
    written = await world.written(command("company", {"phone": "2"}, f"hubspot/company/{company}"))
    (seen,) = written.seen
    assert [value for _, value in seen.raw["history"]["phone"]] == ["1"]


async def test_histories_lower_the_cap_of_a_batch():
    world = await World(shapes=DATED).furnish()
    ids = [await world.made("companies", name=f"C{number}", phone="1") for number in range(HISTORIES + 1)]
    before = len(world.calls("companies/batch/read"))
    seen = await world.client.read("company", ids)
    assert len(world.calls("companies/batch/read")) == before + 2
    assert all(each.raw["history"]["phone"] for each in seen)


async def test_a_merged_company_is_read_with_its_history():
    world = await World(shapes=DATED).furnish()
    ids = [await world.made("companies", name=name, phone="1") for name in ("Acme", "Acme Ltd")]
    merged = await world.person("companies/merge", primaryObjectId=ids[0], objectIdToMerge=ids[1])
    seen = [each for each in await world.client.read("company", [ids[1]]) if each.kind == "company"]
    assert [each.record_id for each in seen] == [str(merged["id"])]
    assert "history" in seen[0].raw


async def test_without_such_a_property_no_history_is_asked_for():
    world = await World().furnish()
    company = await world.made("companies", name="Acme", phone="1")
    assert "history" not in (await world.one("company", company)).raw


def test_of_one_version_a_history_is_always_the_same():
    rows = [entry(9, "later"), entry(5, "b"), entry(4, "ours", sourceType="API"), entry(1, "a"), {"value": "broken"}]
    version = 1_795_341_600_000 + 5_000  # 2026-11-22T10:00:05Z
    told = {"phone": [[version - 4_000, "a"], [version, "b"]]}
    assert entered({"phone": rows}, ("phone", "name"), version) == told
    assert entered({"phone": rows[1:]}, ("phone",), version) == told
    many = [entry(second, str(second)) for second in range(30, 0, -1)]
    assert [value for _, value in entered({"phone": many}, ("phone",), version + 60_000)["phone"]] == [
        str(second) for second in range(31 - KEPT, 31)
    ]
    assert entered({"phone": None}, ("phone",), version) == {}


def test_a_sighting_tells_what_was_entered_in_canonical_words():
    shown = change("company", {"name": "Acme", "domain": "ACME.example", "revmark_credit_hold": "true"})
    history = {
        "domain": [[1, "OLD.example"], [2, "ACME.example"]],
        "revmark_credit_hold": [[1, "perhaps"], [3, "true"]],
    }
    shown = shown.model_copy(update={"raw": {**shown.raw, "history": history}})
    (sighting,) = sightings(shown)
    assert sighting.entered == {
        "domain": [[1, "old.example"], [2, "acme.example"]],
        "credit_hold": [[3, True]],
    }
