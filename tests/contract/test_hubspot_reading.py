from typing import Any

import pytest

from sandbox.faults import FaultKind
from schemas.errors import Parked, Refused, Transient
from streams.platforms.hubspot.properties import (
    PORTAL_PROPERTIES,
    SHIPPED_QUANTITY,
    create_properties,
    missing_properties,
    properties_of,
)
from streams.platforms.hubspot.translation import sightings
from tests.support.contracts import contract as shipped_contract
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import change


async def test_the_portal_is_given_what_it_lacks_and_nothing_twice():
    world = World()
    assert await missing_properties(world.client) == list(PORTAL_PROPERTIES)
    assert await create_properties(world.client) == list(PORTAL_PROPERTIES)
    assert await missing_properties(world.client) == []
    assert await create_properties(world.client) == []
    with pytest.raises(Refused, match="already exists"):
        await create_properties(world.client, PORTAL_PROPERTIES[:1])


async def test_a_contract_that_bills_what_was_shipped_needs_a_property_more_and_reads_it():
    world, contract = await World().furnish(), shipped_contract({"timing": {"invoice_when": "shipped"}})
    assert properties_of(None) == properties_of(shipped_contract()) == PORTAL_PROPERTIES
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default")
    line = await world.made("line_items", name="L", price="10", quantity="2")
    await world.person(f"deals/{deal}/associate", to_type="line_items", to_id=line)
    assert "shipped" not in (await line_of(world, deal))  # a portal without it says nothing, and that is no fault
    assert await missing_properties(world.client, properties_of(contract)) == [SHIPPED_QUANTITY]
    assert await create_properties(world.client, [SHIPPED_QUANTITY]) == [SHIPPED_QUANTITY]
    assert await missing_properties(world.client, properties_of(contract)) == []
    await world.edited("line_items", line, revmark_shipped_quantity="1.50")
    assert (await line_of(world, deal))["shipped"] == "1.5"


async def line_of(world: World, deal: str) -> dict[str, Any]:
    """The deal's only line, in our words."""
    seen = await world.one("deal", deal)
    (sighting,) = sightings(change("deal", seen.raw["properties"], line_items=seen.raw["line_items"]))
    (line,) = sighting.fields["lines"]
    return dict(line)


async def test_a_hundred_records_a_call_and_each_record_once():
    world = World()
    ids = [await world.made("products", name=f"P{number}") for number in range(205)]
    before = len(world.calls())
    seen = await world.client.read("product", [*ids, *ids[:50]])
    assert sorted(each.record_id for each in seen) == sorted(ids)
    assert world.calls()[before:] == ["POST /crm/objects/2026-09/products/batch/read"] * 3
    assert set(PORTAL_NAMES) <= set(seen[0].raw["properties"])


PORTAL_NAMES = ["hs_sku", "name", "price", "description"]


async def test_what_is_gone_comes_back_as_deleted():
    world = World()
    here, gone = [await world.made("companies", name=name) for name in ("Here", "Gone")]
    await world.person(f"companies/{gone}", "DELETE")
    seen = {each.record_id: each for each in await world.client.read("company", [here, gone, "999", "x/../y"])}
    assert {name: each.deleted for name, each in seen.items()} == {here: False, gone: True, "999": True, "x/../y": True}
    assert seen[gone].version >= seen[here].version
    assert seen["999"].version == seen["x/../y"].version == 0
    assert await world.client.read("deal", ["77"]) != []
    assert await world.client.read("company", []) == []


async def test_a_merged_company_is_read_under_its_new_id_whichever_id_was_asked_for():
    world = World()
    first, second = [await world.made("companies", name=name) for name in ("First", "Second")]
    merged = await world.person("companies/merge", primaryObjectId=first, objectIdToMerge=second)
    for asked in ([first], [second], [first, second], [merged["id"], first, second]):
        (seen,) = await world.client.read("company", asked)
        assert (seen.record_id, seen.deleted) == (merged["id"], False)
        (sighting,) = sightings(change("company").model_copy(update={"record_id": seen.record_id, "raw": seen.raw}))
        assert set(sighting.merged_from) == {f"hubspot/company/{first}", f"hubspot/company/{second}"}


async def test_a_contact_belongs_to_its_primary_company_first():
    world = World()
    companies = [await world.made("companies", name=f"C{number}") for number in range(3)]
    contact = await world.made("contacts", email="ann@acme.example")
    for place, company in enumerate(companies):
        await world.person(f"contacts/{contact}/associate", to_type="companies", to_id=company, primary=place == 2)
    seen = await world.one("contact", contact)
    assert seen.raw["associations"]["company"] == [companies[2], companies[0], companies[1]]


async def test_a_deal_comes_with_its_lines_and_is_as_new_as_the_newest_of_them():
    world = World()
    company = await world.made("companies", name="Acme")
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default")
    await world.person(f"deals/{deal}/associate", to_type="companies", to_id=company, primary=True)
    lines = [await world.made("line_items", name=f"L{number}", price="10", quantity="1") for number in range(120)]
    for line in lines:
        await world.person(f"deals/{deal}/associate", to_type="line_items", to_id=line)
    before = await world.one("deal", deal)
    assert before.raw["associations"]["company"] == [company]
    assert len(before.raw["line_items"]) == 120
    world.later(30)
    await world.edited("line_items", lines[7], quantity="3")
    (after,) = await world.client.read("line_item", [lines[7], lines[8]])
    assert (after.kind, after.record_id) == ("deal", deal)
    assert after.version == before.version + 30_000
    assert await world.client.read("line_item", ["999999"]) == []


async def test_only_the_kinds_we_follow_are_read():
    with pytest.raises(Refused, match="not followed"):
        await World().client.read("ticket", ["1"])


async def test_a_read_that_fails_says_so_by_recovery():
    world = World()
    company = await world.made("companies", name="Acme")
    for kind in (FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE):
        world.fault(kind, "batch/read")
        with pytest.raises(Transient):
            await world.one("company", company)
    world.fault(FaultKind.STATUS, "batch/read", status=502)
    with pytest.raises(Transient):
        await world.one("company", company)
    assert (await world.one("company", company)).record_id == company


async def test_a_missing_scope_parks_with_what_to_do():
    world = World({"scopes": ["crm.objects.companies.read"]})
    assert await world.client.read("company", ["1"]) != []
    with pytest.raises(Parked) as parked:
        await world.client.read("invoice", ["1"])
    assert "crm.objects.invoices.read" in parked.value.message
    assert parked.value.code == "MISSING_SCOPES"


async def test_an_account_tells_its_zone_and_its_currency():
    account = await World({"time_zone": "Pacific/Auckland"}).client.account()
    assert (str(account["portalId"]), account["timeZone"]) == ("62515", "Pacific/Auckland")
