"""Records of revenue on a custom object, through the real client: upserted whole, found again, linked, provisioned."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import FaultKind
from streams.platforms.consent import HUBSPOT_SCOPES, hubspot_scopes
from streams.platforms.hubspot.properties import PORTAL_PROPERTIES, REVENUE_PROPERTIES
from streams.platforms.hubspot.provisioning import lacking, provision
from streams.platforms.hubspot.shapes import REVENUE, shapes_of
from tests.support.contracts import contract
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import command

NAME, MIRROR = "revmark_revenue", "revmark_invoice"
RULES = contract({"platforms": {"objects": {"revenue": {"custom": NAME}}}})
BOTH = contract({"platforms": {"objects": {"revenue": {"custom": NAME}, "invoice": {"custom": MIRROR}}}})
KEY = "xero:invoice:5f0c2a9b-0000-4000-8000-000000000001"
FIELDS: dict[str, Any] = {
    "subject": "invoice RM-7", "kind": "invoice", "basis": "posted", "status": "counted", "document": "RM-7",
    "date": "2026-09-01", "amount": "-115", "currency": "JPY", "base_amount": "-1.27", "base_currency": "NZD",
    "rate": "90.5", "rate_date": "2026-09-01", "earned_by": "fair", "model": "campaign.linear", "share": "1 of 1",
}  # fmt: skip


async def opened() -> World:
    world = World(shapes=shapes_of(RULES))
    await provision(world.client, RULES, await lacking(world.client, RULES))
    return world


def held(world: World) -> list[dict[str, str | None]]:
    kind = world.portal.catalogue.get(NAME)
    names = [each.property for each in REVENUE.columns]
    return [{name: row.get(name) for name in names} for row in world.portal.store.all(kind)]


async def test_it_is_made_once_and_said_anew_whole_also_what_is_empty():
    world = await opened()
    first = await world.written(command("revenue", FIELDS, natural_key=KEY))
    (shown,) = held(world)
    assert (shown["revmark_amount"], shown["revmark_base_amount"], shown["revmark_earned_by"]) == (
        "-115",
        "-1.27",
        "fair",
    )
    other = {**FIELDS, "amount": "-116", "earned_by": None, "base_amount": None, "rate": None, "rate_date": None}
    again = await world.written(command("revenue", other, natural_key=KEY, id="c2"))
    assert (first.state, again.state, again.ref, again.seen) == ("applied", "applied", first.ref, [])
    (shown,) = held(world)
    assert shown["revmark_amount"] == "-116"
    assert {shown[f"revmark_{name}"] or "" for name in ("earned_by", "base_amount", "rate", "rate_date")} == {""}


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_is_looked_up_and_what_an_earlier_write_left_is_not_taken_for_this_one(fault: FaultKind):
    world = await opened()
    for place, amount in enumerate(("-115", "-116")):
        wanted = command("revenue", {**FIELDS, "amount": amount}, natural_key=KEY, id=f"c{place}")
        world.fault(fault, f"p_{NAME}/batch/up")
        assert (await world.written(wanted)).state == "unknown"
        found = await world.client.look_up(wanted)
        assert (found is not None) == (fault is FaultKind.DROP_AFTER)
        assert (found or await world.written(wanted)).state == "applied"
        assert [each["revmark_amount"] for each in held(world)] == [amount]


async def test_it_is_linked_with_company_deal_and_person_and_applied_only_then():
    world = await opened()
    links = {
        "company": f"hubspot/company/{await world.made('companies', name='Acme')}",
        "deal": f"hubspot/deal/{await world.made('deals', dealname='B', dealstage='closedwon', pipeline='default')}",
        "contact": f"hubspot/contact/{await world.made('contacts', email='ann@acme.example')}",
    }
    wanted = command("revenue", FIELDS, natural_key=KEY, links=links)
    world.fault(FaultKind.DROP_BEFORE, f"p_{NAME}/contacts/batch/associate")
    assert (await world.written(wanted)).state == "unknown"
    assert await world.client.look_up(wanted) is None
    assert (await world.written(wanted)).state == "applied"
    assert (await world.client.look_up(wanted)) is not None
    ends = {(each["to"][0], str(each["to"][1])) for each in world.portal.state()["associations"]}
    assert ends >= {("0-2", links["company"].rpartition("/")[2]), ("0-1", links["contact"].rpartition("/")[2])}


async def test_what_is_known_later_is_linked_and_nothing_else_is_written():
    world = await opened()
    made = await world.written(command("revenue", FIELDS, natural_key=KEY))
    links = {"company": f"hubspot/company/{await world.made('companies', name='Acme')}"}
    before = len(world.portal.writes.writes)
    later = command("revenue", {}, made.ref, id="c2", links=links)
    assert (await world.written(later)).state == "applied"
    assert await world.client.look_up(later) is not None
    assert {row.action for row in world.portal.writes.writes[before:]} <= {"associate"}
    mine = [world.portal.catalogue.get(NAME).type_id, int(str(made.ref).rpartition("/")[2])]
    ends = [each for each in world.portal.state()["associations"] if each["from"] == mine]
    assert [each["to"][0] for each in ends] == ["0-2"]


async def test_it_is_neither_polled_nor_read_back():
    world = await opened()
    assert "revenue" not in world.client.kinds
    await world.written(command("revenue", FIELDS, natural_key=KEY))
    assert [each for each in world.calls(NAME) if "batch" in each] == [
        f"POST /crm/objects/2026-09/p_{NAME}/batch/upsert"
    ]  # fmt: skip


async def test_the_portal_is_given_both_objects_once():
    world = World(shapes=shapes_of(BOTH))
    shown = await lacking(world.client, BOTH)
    assert [each["name"] for each in shown.schemas] == [MIRROR, NAME]
    assert shown.schemas[1]["associatedObjects"] == ["COMPANY", "DEAL", "CONTACT"]
    assert {*shown.properties} >= {*PORTAL_PROPERTIES, *REVENUE_PROPERTIES}
    assert f"association {NAME}_to_contact" in shown.words
    await provision(world.client, BOTH, shown)
    again = await lacking(world.client, BOTH)
    assert (again.nothing, again.objects) == (True, {"invoice": MIRROR, "revenue": NAME})
    key = world.portal.dictionary.of(world.portal.catalogue.get(NAME))[REVENUE.key]
    assert key.unique


def test_it_needs_the_scopes_of_custom_objects():
    more = {f"crm.{what}.custom.{may}" for what in ("objects", "schemas") for may in ("read", "write")}
    assert {*hubspot_scopes(RULES)} == {*HUBSPOT_SCOPES} | more
    assert len(hubspot_scopes(BOTH)) == len({*hubspot_scopes(BOTH)})
