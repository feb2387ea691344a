"""Merges as the emulator makes them, read by the client: under the new id, with what has moved along."""

from tests.unit.hubspot.portals import World


async def merged(world: World) -> tuple[str, str, str, str, str]:
    """Two companies, merged; a deal and a person of the one that gives way."""
    one, two = await world.made("companies", name="One"), await world.made("companies", name="Two")
    deal = await world.made("deals", dealname="D", dealstage="contractsent", pipeline="default")
    person = await world.made("contacts", email="ann@two.example")
    await world.person(f"deals/{deal}/associate", to_type="companies", to_id=two, primary=True)
    await world.person(f"contacts/{person}/associate", to_type="companies", to_id=two, primary=True)
    world.later()
    new = await world.person("companies/merge", primaryObjectId=one, objectIdToMerge=two)
    world.later()
    return one, two, str(new["id"]), deal, person


async def test_a_survivor_that_is_new_comes_with_the_deals_and_people_that_moved_to_it():
    world = await World().furnish()
    one, two, new, deal, person = await merged(world)
    seen = {(each.kind, each.record_id): each for each in await world.client.read("company", [new, one, two])}
    assert set(seen) == {("company", new), ("deal", deal), ("contact", person)}
    assert set(seen["company", new].raw["properties"]["hs_merged_object_ids"].split(";")) == {one, two}
    assert seen["deal", deal].raw["associations"]["company"] == [new]
    assert seen["contact", person].raw["associations"]["company"] == [new]
    again = await world.client.read("company", [new])
    assert [(each.kind, each.record_id) for each in again] == [("company", new)]


async def test_a_poll_that_meets_a_survivor_brings_what_moved_to_it():
    world = await World().furnish()
    seen, cursor = await world.polled("company")
    assert seen == []
    _, _, new, deal, person = await merged(world)
    seen, _ = await world.polled("company", cursor)
    assert {(each.kind, each.record_id) for each in seen} == {("company", new), ("deal", deal), ("contact", person)}


async def test_what_belongs_to_a_company_can_be_asked_for():
    world = await World().furnish()
    _, two, _, deal, person = await merged(world)
    assert await world.client.read("belongings", ["1"]) == []
    seen = await world.client.read("belongings", [two])
    assert seen == []  # an old id has no associations; capture asks by the survivor's
    firm = await world.made("companies", name="Firm")
    await world.person(f"deals/{deal}/associate", to_type="companies", to_id=firm)
    await world.person(f"contacts/{person}/associate", to_type="companies", to_id=firm)
    seen = await world.client.read("belongings", [firm])
    assert {(each.kind, each.record_id) for each in seen} == {("deal", deal), ("contact", person)}
