"""Mirrors of invoices on a custom object, through the real client: written, found, polled, linked, merged."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import FaultKind
from schemas.change import Change
from schemas.errors import Parked, Refused
from schemas.names import Side
from streams.platforms.hubspot.properties import CUSTOM_PROPERTIES, PORTAL_PROPERTIES, properties_of
from streams.platforms.hubspot.provisioning import lacking, provision
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.interface import Seen
from streams.platforms.registry import translators
from tests.contract.test_hubspot_writing import INVOICE
from tests.support.contracts import contract, shipped
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import AT, GUID, command

NAME = "revmark_invoice"
RULES = contract({"platforms": {"objects": {"invoice": {"custom": NAME}}}})
MANY = 130  # more than a batch


async def opened() -> World:
    """A portal with what the contract needs."""
    world = World(shapes=shapes_of(RULES))
    await provision(world.client, RULES, await lacking(world.client, RULES))
    return world


def fields(seen: Seen) -> dict[str, Any]:
    change = Change(
        tenant="main", platform="hubspot", side=Side.CRM, kind=seen.kind, record_id=seen.record_id,
        version=seen.version, seen_at=AT, raw=seen.raw,
    )  # fmt: skip
    (sighting,) = translators(RULES)["hubspot"](change)
    assert sighting.keys["erp_ref"] == f"xero/invoice/{GUID}"
    return sighting.fields


async def test_a_mirror_reads_back_as_it_was_meant_is_made_once_and_is_no_invoice_of_hubspots_own():
    world = await opened()
    create = command("invoice", INVOICE, natural_key=GUID)
    first = await world.written(create)
    again = await world.written(create.model_copy(update={"id": "c2"}))
    assert (first.state, again.state, again.ref) == ("applied", "applied", first.ref)
    (mirror,) = world.portal.store.all(world.portal.catalogue.get(NAME))
    assert fields(first.seen[0]) == INVOICE | {
        name: None for name in fields(first.seen[0]) if name not in INVOICE
    }  # fmt: skip
    assert first.ref == f"hubspot/invoice/{mirror.id}"
    assert list(world.portal.store.all(world.portal.catalogue.get("invoices"))) == []
    assert world.calls("/invoices") == []


async def test_it_is_linked_with_company_and_deal_and_applied_only_then():
    world = await opened()
    company = await world.made("companies", name="Acme")
    deal = await world.made("deals", dealname="Big", dealstage="appointmentscheduled", pipeline="default")
    links = {"company": f"hubspot/company/{company}", "deal": f"hubspot/deal/{deal}"}
    create = command("invoice", INVOICE, natural_key=GUID, links=links)
    world.fault(FaultKind.DROP_BEFORE, f"p_{NAME}/deals/batch/associate")
    assert (await world.written(create)).state == "unknown"
    assert await world.client.look_up(create) is None
    written = await world.written(create)
    assert written.seen[0].raw["associations"] == {"company": [company], "deal": [deal]}
    assert await world.client.look_up(create) == written


@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_is_looked_up_and_never_written_twice(fault: FaultKind):
    world = await opened()
    wanted = [command("invoice", INVOICE, natural_key=GUID)]
    made = 0
    for again in range(2):
        before = len(world.portal.writes.writes)
        world.fault(fault, f"p_{NAME}/batch/up")
        written = await world.written(wanted[0])
        assert written.state == "unknown"
        found = await world.client.look_up(wanted[0])
        assert (found is not None) == (fault is FaultKind.DROP_AFTER)
        done = found or await world.written(wanted[0])
        assert done.state == "applied"
        made += len(world.portal.writes.writes) - before
        wanted = [command("invoice", {"status": "paid", "amount_due": "0.00"}, done.ref, id=f"u{again}")]
    assert made == 2


async def test_a_hundred_and_thirty_are_written_in_batches_and_polled_swept_and_searched():
    world = await opened()
    creates = [
        command("invoice", {**INVOICE, "erp_id": f"id-{number}"}, natural_key=f"id-{number}", id=f"c{number}")
        for number in range(MANY)
    ]
    written = await world.write(*creates)
    assert {each.state for each in written} == {"applied"}
    assert len(world.calls("batch/upsert")) == 2
    world.later()
    first, cursor = await world.polled("invoice")
    assert len({each.record_id for each in first}) == MANY
    changed, gone = first[3].record_id, first[5].record_id
    await world.edited(NAME, changed, revmark_total="1.00")
    world.later()
    searched, cursor = await world.polled("invoice", cursor)
    assert {each.record_id for each in searched if each.raw["properties"]["revmark_total"] == "1.00"} == {changed}
    await world.person(f"{NAME}/{gone}", "DELETE")
    world.later()
    swept, _ = await world.polled("invoice", cursor, sweep=True)
    assert [each.record_id for each in swept if each.deleted] == [gone]


async def test_a_mirror_that_was_merged_away_is_gone_and_what_is_left_says_what_it_was():
    world = await opened()
    written = await world.write(
        *[command("invoice", {**INVOICE, "erp_id": each}, natural_key=each, id=each) for each in ("id-1", "id-2")]
    )
    winner, loser = [str(each.ref).rpartition("/")[2] for each in written]
    await world.person(f"{NAME}/merge", primaryObjectId=winner, objectIdToMerge=loser)
    left = await world.one("invoice", winner)
    change = Change(tenant="main", platform="hubspot", side=Side.CRM, kind="invoice", record_id=winner,
                    version=left.version, seen_at=AT, raw=left.raw)  # fmt: skip
    (sighting,) = translators(RULES)["hubspot"](change)
    assert sighting.merged_from == (f"hubspot/invoice/{loser}",)
    done = await world.written(command("invoice", {"status": "paid"}, f"hubspot/invoice/{loser}"))
    assert done.state == "moved"


# What the portal has to have


async def test_what_is_lacking_is_shown_then_made_then_nothing_is_made():
    world = World(shapes=shapes_of(RULES))
    shown = await lacking(world.client, RULES)
    assert not world.portal.writes.writes
    assert shown.schemas
    assert shown.words[0] == f"object {NAME}"
    assert shown.document()["associations"] == [f"{NAME}_to_company", f"{NAME}_to_deal"]
    assert set(shown.properties) == {*PORTAL_PROPERTIES, *CUSTOM_PROPERTIES} == {*properties_of(RULES)}
    await provision(world.client, RULES, shown)
    (kind,) = [each for each in world.portal.catalogue.types if each.custom]
    known = world.portal.dictionary.of(kind)
    assert known["xero_invoice_id"].unique
    assert (kind.display, kind.required) == ("revmark_invoice_number", (("xero_invoice_id",),))
    assert world.portal.dictionary.find(world.portal.catalogue.get("invoices"), "xero_invoice_id") is None
    made = len(world.calls())
    again = await lacking(world.client, RULES)
    assert (again.nothing, again.words) == (True, [])
    await provision(world.client, RULES, again)
    assert not [each for each in world.calls()[made:] if not each.startswith("GET ")]


async def test_a_lost_answer_while_making_makes_nothing_twice():
    world = World(shapes=shapes_of(RULES))
    world.fault(FaultKind.DROP_AFTER, "crm-object-schemas")
    with pytest.raises(Exception, match="did not answer"):
        await provision(world.client, RULES, await lacking(world.client, RULES))
    again = await lacking(world.client, RULES)
    assert again.schemas == ()
    await provision(world.client, RULES, again)
    assert (await lacking(world.client, RULES)).nothing
    assert len([each for each in world.portal.catalogue.types if each.custom]) == 1


async def test_what_an_object_of_ones_own_lacks_is_added_to_it():
    world = World(shapes=shapes_of(RULES))
    key = {"name": "xero_invoice_id", "label": "Xero id", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    body = {
        "name": NAME, "labels": {"singular": "Bill", "plural": "Bills"}, "primaryDisplayProperty": "xero_invoice_id",
        "requiredProperties": [], "properties": [key], "associatedObjects": ["COMPANY"],
    }  # fmt: skip
    await world.client.create_schema(body)
    shown = await lacking(world.client, RULES)
    assert shown.schemas == ()
    assert [each.name for each in shown.associations] == [f"{NAME}_to_deal"]
    assert "xero_invoice_id" not in {each.name for each in shown.properties if each.kind == "invoice"}
    await provision(world.client, RULES, shown)
    assert (await lacking(world.client, RULES)).nothing


async def test_an_id_that_two_records_could_share_is_refused():
    world = World(shapes=shapes_of(RULES))
    key = {"name": "xero_invoice_id", "label": "Xero id", "type": "string", "fieldType": "text"}
    body = {
        "name": NAME, "labels": {"singular": "Bill", "plural": "Bills"}, "primaryDisplayProperty": "xero_invoice_id",
        "requiredProperties": [], "properties": [key],
    }  # fmt: skip
    await world.client.create_schema(body)
    with pytest.raises(Refused, match=r"is not unique.*delete that property in HubSpot, then: revmark provision --yes"):
        await lacking(world.client, RULES)


async def test_a_portal_without_the_tier_says_so_and_what_else_there_is():
    world = World(shapes=shapes_of(RULES))
    world.portal.enterprise = False
    found = await lacking(world.client, RULES)
    with pytest.raises(Parked, match=r"Enterprise subscription.*take platforms.objects out of the contract"):
        await provision(world.client, RULES, found)


async def test_without_the_object_whatever_is_asked_of_it_says_what_to_run():
    world = World(shapes=shapes_of(RULES))
    for asking in (
        world.client.read("invoice", ["1"]),
        world.written(command("invoice", INVOICE, natural_key=GUID)),
        world.polled("invoice"),
        world.client.look_up(command("invoice", INVOICE, natural_key=GUID)),
    ):
        with pytest.raises(Parked, match=r"no custom object revmark_invoice.*Run: revmark provision --yes") as said:
            await asking
        assert said.value.code == "object"


def test_a_contract_that_chooses_nothing_mirrors_on_hubspots_own_invoices():
    assert shipped().platforms.objects.invoice == "native"
    assert shapes_of(shipped())["invoice"].path == "invoices"
    assert shapes_of(RULES)["invoice"].path == f"p_{NAME}"
