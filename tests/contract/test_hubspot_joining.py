"""Creates of people whose e-mail address somebody in HubSpot bears already: they are joined, and nothing is made."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from sandbox.faults import FaultKind
from schemas.names import Entity
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import command

ZED = {"email": "old@acme.example", "first_name": "Zed", "last_name": "Other"}
ANN = {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"}


def wrote(world: World) -> list[tuple[str, str, Any]]:
    """What we wrote, of associations only that we did."""
    rows = [each for each in world.portal.writes.writes if each.actor == "api"]
    return [(each.action, each.id, each.body if each.action != "associate" else None) for each in rows]


async def test_one_who_is_there_and_lacks_nothing_is_associated_and_no_value_is_written():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    ann = await world.made("contacts", email="Ann@acme.example", firstname="Ann", lastname="Leigh")
    create = command("contact", ANN, links={"company": f"hubspot/company/{company}"})
    written = await world.written(create)
    assert (written.state, written.ref) == ("applied", f"hubspot/contact/{ann}")
    assert written.seen[0].raw["associations"]["company"] == [company]
    assert written.version == written.seen[0].version
    assert wrote(world) == [("associate", ann, None)]
    assert (await world.written(create)).ref == written.ref, "sent again it makes nothing either"
    assert {each[0] for each in wrote(world)} == {"associate"}


async def test_what_is_empty_is_written_by_the_id_and_who_is_not_there_is_made_beside():
    world = await World().furnish()
    ann = await world.made("contacts", email="ann@acme.example", firstname="Anna")
    ben = {"email": "ben@acme.example", "first_name": "Ben", "last_name": "Lee"}
    first, second = await world.write(command("contact", ANN, id="ann"), command("contact", ben, id="ben", record="b"))
    assert [first.state, second.state] == ["applied", "applied"]
    assert first.ref == f"hubspot/contact/{ann}"
    assert second.ref == f"hubspot/contact/{second.seen[0].record_id}" != first.ref
    updates = [each for each in wrote(world) if each[0] == "update"]
    assert updates == [("update", ann, {"lastname": "Lee"})], "an upsert by e-mail would have to say all"


@pytest.mark.parametrize("how", ["deleted", "merged"])
async def test_one_who_left_before_anything_was_written_is_looked_for_anew(how: str, monkeypatch: pytest.MonkeyPatch):
    world = await World().furnish()
    other, ann = [await world.made("contacts", email=f"{name}@acme.example") for name in ("other", "ann")]

    async def leave() -> None:
        if how == "deleted":
            await world.person(f"contacts/{ann}", "DELETE")
        else:
            await world.person("contacts/merge", primaryObjectId=other, objectIdToMerge=ann)

    before(world, "/batch/update", leave, monkeypatch)
    create = command("contact", ANN)
    written = await world.written(create)
    assert (written.state, written.code, written.ref) == ("again", "left", None)
    assert wrote(world) == []
    again = await world.written(create)
    assert again.state == "applied"
    assert not again.seen[0].deleted
    assert again.ref not in {None, f"hubspot/contact/{ann}"}


def before(
    world: World, path: str, do: Callable[[], Coroutine[Any, Any, None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let something happen once, just before a call."""
    carry, done = world.transport.handle_async_request, list[bool]()

    async def carrying(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(path) and not done:
            done.append(True)
            await do()
        return await carry(request)

    monkeypatch.setattr(world.transport, "handle_async_request", carrying)


async def test_one_who_is_of_another_company_is_not_taken_from_it_and_that_is_said():
    world = await World().furnish()
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    there = command("contact", ANN, links={"company": f"hubspot/company/{first}"}, id="there")
    ann = (await world.written(there)).ref
    before = wrote(world)
    stray = command("contact", ANN, links={"company": f"hubspot/company/{second}"}, id="stray", record="other")
    written = await world.written(stray)
    assert (written.state, written.code, written.ref) == ("refused", "taken", None)
    assert written.message.startswith(f"its e-mail address is that of {ann} already, of hubspot/company/{first}")
    assert "ann@" not in written.message
    assert wrote(world) == before
    again = await world.written(there)
    assert (again.state, again.ref) == ("applied", ann), "asked for anew it is who is there"


async def test_a_company_that_was_merged_away_is_told_by_the_link_and_its_people_are_not_taken_for_anothers():
    world = await World().furnish()
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    create = command("contact", ANN, links={"company": f"hubspot/company/{second}"})
    ann = (await world.written(create)).ref
    merged = str((await world.person("companies/merge", primaryObjectId=first, objectIdToMerge=second))["id"])
    written = await world.written(create)
    assert written.code != "taken"
    assert written.ref == ann
    seen = (await world.one("contact", str(ann).rpartition("/")[2])).raw["associations"]["company"]
    assert seen == [merged]


async def merged(world: World, company: str) -> tuple[str, str]:
    """A contact of a company with a second address, as merges leave it; its id, and that address."""
    there = command("contact", ANN, links={"company": f"hubspot/company/{company}"}, id="there")
    ann = str((await world.written(there)).ref).rpartition("/")[2]
    for old in ("Older@acme.example", "Old@acme.example"):
        other = await world.made("contacts", email=old)
        ann = str((await world.person("contacts/merge", primaryObjectId=ann, objectIdToMerge=other))["id"])
    return ann, "old@acme.example"


async def test_one_who_is_found_by_a_second_address_is_not_taken_from_another_company_either():
    world = await World().furnish()
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    _, address = await merged(world, first)
    before = wrote(world)
    said = {"email": address, "first_name": "Zed", "last_name": "Other"}
    stray = command("contact", said, links={"company": f"hubspot/company/{second}"}, id="stray", record="other")
    written = await world.written(stray)
    assert (written.state, written.code, written.ref) == ("refused", "taken", None)
    assert wrote(world) == before


async def test_one_who_is_found_by_a_second_address_keeps_the_first_one_and_the_names():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    ann, address = await merged(world, company)
    before = wrote(world)
    said = {"email": address, "first_name": "Zed", "last_name": "Other"}
    written = await world.written(command("contact", said, links={"company": f"hubspot/company/{company}"}))
    assert (written.state, written.ref) == ("applied", f"hubspot/contact/{ann}")
    assert [each for each in wrote(world)[len(before) :] if each[0] != "associate"] == []
    kept = (await world.one("contact", ann)).raw["properties"]
    assert (kept["email"], kept["firstname"], kept["lastname"]) == ("ann@acme.example", "Ann", "Lee")


async def test_one_whom_we_made_is_ours_though_hubspot_joined_another_company_before_the_second_attempt():
    world = await World().furnish()
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    world.fault(FaultKind.STATUS, "/batch/associate/default", status=423)
    create = command("contact", ANN, links={"company": f"hubspot/company/{second}"}, id="mine")
    half = await world.written(create)
    assert (half.state, half.code) == ("again", "423")
    ann = str(half.ref).rpartition("/")[2]
    await world.person(f"contacts/{ann}/associate", to_type="companies", to_id=first, primary=True)
    world.later(120)
    stray = command("contact", ANN, links={"company": f"hubspot/company/{second}"}, id="stray", record="other")
    assert (await world.written(stray)).code == "taken", "only who made the contact goes on with it"
    again = await world.written(create)
    assert (again.state, again.ref) == ("applied", half.ref)
    assert second in again.seen[0].raw["associations"]["company"]
    await world.person(f"contacts/{ann}/dissociate", to_type="companies", to_id=second)
    assert (await world.written(create)).code == "taken", "once it has ended, people say whose the contact is"


async def two_of(world: World) -> tuple[str, tuple[str, str]]:
    """A contact of nobody with two addresses, and two companies."""
    ann = await world.made("contacts", email="ann@acme.example")
    other = await world.made("contacts", email="old@acme.example")
    ann = str((await world.person("contacts/merge", primaryObjectId=ann, objectIdToMerge=other))["id"])
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    return ann, (first, second)


@pytest.mark.parametrize("between", [0, 100], ids=["one batch", "two batches"])
async def test_one_whom_two_of_a_round_find_is_joined_by_the_first_and_the_second_is_told_whose_the_contact_is(
    between: int, monkeypatch: pytest.MonkeyPatch
):
    world = await World().furnish()
    ann, (first, second) = await two_of(world)
    ours = command("contact", ANN, links={"company": f"hubspot/company/{first}"}, id="ours")
    stray = command("contact", ZED, links={"company": f"hubspot/company/{second}"}, id="stray", record="other")
    others = [command("contact", {"email": f"{n}@acme.example"}, id=f"c{n}", record=f"r{n}") for n in range(between)]

    async def until_both_have_looked() -> None:
        for _ in range(10_000 if between else 0):
            if len(world.calls("/contacts/companies/batch/read")) == 2:
                return
            await asyncio.sleep(0)

    before(world, "/batch/associate/default", until_both_have_looked, monkeypatch)
    answers = {each.command: each for each in await world.write(ours, *others, stray)}
    met = {each.id: (answers[each.id].state, answers[each.id].code) for each in (ours, stray)}
    assert sorted(met.values()) == [("again", "joining"), ("applied", "")]
    (winner, mine), (loser, _) = sorted(((ours, first), (stray, second)), key=lambda one: met[one[0].id], reverse=True)
    assert answers[winner.id].ref == f"hubspot/contact/{ann}"
    assert (await world.one("contact", ann)).raw["associations"]["company"] == [mine], "two would share one contact"
    again = await world.written(loser)
    assert (again.state, again.code, again.ref) == ("refused", "taken", None)
    assert f"hubspot/contact/{ann} already, of hubspot/company/{mine}" in again.message
    assert again.message.endswith("then: revmark quarantine replay")
    assert (await world.written(winner)).ref == f"hubspot/contact/{ann}"


async def test_two_of_a_round_who_find_one_contact_for_one_company_both_join_it():
    world = await World().furnish()
    ann, (first, _) = await two_of(world)
    links = {"company": f"hubspot/company/{first}"}
    one = command("contact", ANN, links=links, id="one")
    other = command("contact", ZED, links=links, id="two", record="other")
    answers = await world.write(one, other)
    assert [(each.state, each.ref) for each in answers] == [("applied", f"hubspot/contact/{ann}")] * 2


async def test_who_could_not_join_leaves_the_contact_to_the_other():
    world = await World().furnish()
    _, (first, second) = await two_of(world)
    ours = command("contact", ANN, links={"company": f"hubspot/company/{first}"}, id="ours")
    stray = command("contact", ZED, links={"company": f"hubspot/company/{second}"}, id="stray", record="other")
    world.fault(FaultKind.STATUS, "/batch/associate/default", status=423)
    met = [(each.state, each.code) for each in await world.write(ours, stray)]
    assert met == [("again", "423"), ("again", "joining")]
    world.later(60)
    assert (await world.written(stray)).state == "applied"
    assert (await world.written(ours)).code == "taken"


async def test_one_whom_we_made_half_and_somebody_else_of_ours_joined_meanwhile_is_that_ones():
    world = await World().furnish()
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    world.fault(FaultKind.STATUS, "/batch/associate/default", status=423)
    create = command("contact", ANN, links={"company": f"hubspot/company/{second}"}, id="mine")
    half = await world.written(create)
    ann = str(half.ref).rpartition("/")[2]
    await world.person(f"contacts/{ann}/associate", to_type="companies", to_id=first, primary=True)
    world.later(60)
    other = command("contact", ANN, links={"company": f"hubspot/company/{first}"}, id="theirs", record="other")
    assert (await world.written(other)).ref == half.ref
    again = await world.written(create)
    assert (again.state, again.code) == ("refused", "taken"), "two persons of the ERP would share one contact"


async def test_whom_a_further_address_finds_is_told_before_anything_is_written():
    world = await World().furnish()
    company = await world.made("companies", name="Acme")
    ann, address = await merged(world, company)
    before = world.calls()
    asked = ["ann@acme.example", address.upper(), *(f"{n}@acme.example" for n in range(120))]
    found = await world.client.known_by(Entity.CONTACT, asked)
    assert found == {address.upper(): f"hubspot/contact/{ann}"}, "the first address is shown to everybody who reads"
    assert len(world.calls()) - len(before) == 2
    assert await world.client.known_by(Entity.COMPANY, ["Acme"]) == {}


async def test_one_who_was_merged_into_anothers_contact_while_we_looked_is_not_taken_from_that_company(
    monkeypatch: pytest.MonkeyPatch,
):
    world = await World().furnish()
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    ann = await world.made("contacts", email="ann@acme.example", firstname="Ann", lastname="Lee")
    zed = await world.made("contacts", email="zed@acme.example")
    await world.person(f"contacts/{zed}/associate", to_type="companies", to_id=first, primary=True)
    survivors = list[str]()

    async def merge() -> None:
        survivor = await world.person("contacts/merge", primaryObjectId=zed, objectIdToMerge=ann)
        survivors.append(str(survivor["id"]))

    before(world, "/contacts/companies/batch/read", merge, monkeypatch)
    create = command("contact", ANN, links={"company": f"hubspot/company/{second}"})
    written = await world.written(create)
    assert (written.state, written.code, written.ref) == ("again", "joining", None)
    assert wrote(world) == [], "an association with an id that was merged away lands on whoever it lives on in"
    again = await world.written(create)
    assert (again.state, again.code) == ("refused", "taken")
    assert f"hubspot/contact/{survivors[0]} already, of hubspot/company/{first}" in again.message


async def test_nobody_is_taken_for_a_company_that_was_merged_into_a_third_one():
    world = await World().furnish()
    first, second, third = [await world.made("companies", name=name) for name in ("First", "Second", "Third")]
    there = command("contact", ANN, links={"company": f"hubspot/company/{first}"}, id="there")
    ann = str((await world.written(there)).ref).rpartition("/")[2]
    before = wrote(world)
    await world.person("companies/merge", primaryObjectId=third, objectIdToMerge=second)
    stray = command("contact", ANN, links={"company": f"hubspot/company/{second}"}, id="stray", record="other")
    written = await world.written(stray)
    assert (written.state, written.code, written.ref) == ("refused", "taken", None)
    assert wrote(world) == before, "an association with an id that was merged away is one with where it lives on"
    assert (await world.one("contact", ann)).raw["associations"]["company"] == [first]
