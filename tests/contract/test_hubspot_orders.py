"""Orders and subscriptions on HubSpot's own objects or others, through the real client: upserted whole, found again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.faults import FaultKind
from schemas.contract import Contract
from schemas.errors import Parked
from streams.checkup.hubspot import _properties, _scopes
from streams.platforms.consent import (
    HUBSPOT_SCOPES,
    OF_CUSTOM,
    OF_ORDERS,
    OF_PIPELINES,
    OF_SUBSCRIPTIONS,
    hubspot_scopes,
)
from streams.platforms.hubspot.provisioning import lacking, provision
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.hubspot.sold import STAGE
from streams.platforms.hubspot.stages import ORDERS
from tests.support.contracts import contract
from tests.unit.hubspot.portals import BASE, World
from tests.unit.hubspot.records import command

KEY = "order:5f0c2a9b00004000"
OWN = {"order": "revmark_order", "subscription": "revmark_subscription"}
NATIVE = {"order": "orders", "subscription": "subscriptions"}
FIELDS: dict[str, dict[str, Any]] = {
    "order": {
        "name": "Harakeke rollout", "status": "ordered", "detail": "ordered 2026-09-01", "placed_on": "2026-09-01",
        "amount": "115", "currency": "JPY", "bills": None, "billed": "0", "paid": "0", "due": "0",
    },
    "subscription": {
        "name": "Harakeke care", "status": "running", "detail": "2 periods billed", "every": "monthly",
        "started_on": "2026-09-01", "next_on": "2026-11-01", "ends_on": None, "amount": "115", "currency": "JPY",
        "periods": 2,
    },
}  # fmt: skip
LATER: dict[str, dict[str, Any]] = {
    "order": {"status": "part_billed", "bills": "RM-7", "billed": "100", "due": "100"},
    "subscription": {"status": "ended", "next_on": None, "ends_on": "2026-11-01", "periods": 3},
}
KINDS = [("order", "native"), ("order", "custom"), ("subscription", "native"), ("subscription", "custom")]


def choosing(kind: str, on: str, **more: Any) -> Contract:
    """The shipped contract, which shows these; but for `native` the object is the portal's own."""
    objects = {kind: on if on == "native" else {"custom": OWN[kind]}, **more}
    billed = {"timing": {"subscriptions": {}}} if kind == "subscription" else {}
    return contract({"platforms": {"objects": objects}} | billed)


async def opened(rules: Contract) -> World:
    world = World(shapes=shapes_of(rules))
    await provision(world.client, rules, await lacking(world.client, rules))
    return world


def held(world: World, kind: str, on: str) -> list[dict[str, str | None]]:
    """What the portal holds of a kind, as far as it is written."""
    shape = world.shapes[kind]
    names = [shape.key, *(each.property for each in shape.columns), *(name for name, _ in shape.on_create)]
    rows = world.portal.store.all(world.portal.catalogue.get(NATIVE[kind] if on == "native" else OWN[kind]))
    return [{name: row.get(name) or None for name in names} for row in rows]


@pytest.mark.parametrize(("kind", "on"), KINDS)
async def test_a_link_of_a_record_that_people_have_deleted_says_so_and_one_of_another_is_made(kind: str, on: str):
    world = await opened(choosing(kind, on))
    company = await world.made("companies", name="Acme")
    links = {"company": f"hubspot/company/{company}"}
    refs = [(await world.written(command(kind, FIELDS[kind], natural_key=key, id=key))).ref for key in (KEY, KEY + "1")]
    path = f"{NATIVE[kind] if on == 'native' else world.shapes[kind].path}/{str(refs[0]).rsplit('/', 1)[1]}"
    await world.person(path, "DELETE")
    gone, there = await world.write(*(command(kind, {}, ref, links=links, id=str(ref)) for ref in refs))
    assert (gone.state, gone.code, gone.seen) == ("moved", "absent", [])
    assert gone.message == f"{refs[0]} is not there any more: it is made anew"
    assert there.state == "applied"
    another = await world.written(command(kind, {}, refs[1], links={"company": "hubspot/company/777"}, id="c9"))
    assert (another.state, another.code) == ("refused", "link_company")


@pytest.mark.parametrize(("kind", "on"), KINDS)
async def test_it_is_made_once_by_its_key_and_said_anew_whole(kind: str, on: str):
    world = await opened(choosing(kind, on))
    first = await world.written(command(kind, FIELDS[kind], natural_key=KEY))
    again = await world.written(command(kind, FIELDS[kind] | LATER[kind], natural_key=KEY, id="c2"))
    assert (first.state, again.state, again.ref, again.seen) == ("applied", "applied", first.ref, [])
    (shown,) = held(world, kind, on)
    shape = world.shapes[kind]
    place = {each.field: each.property for each in shape.columns if each.property != STAGE}
    assert shown[shape.key] == KEY
    wanted = FIELDS[kind] | LATER[kind]
    assert {field: shown[name] for field, name in place.items()} == {
        field: None if wanted[field] is None else str(wanted[field]) for field in place
    }


async def test_hubspots_own_have_hubspots_names_and_what_is_hubspots_to_say_is_left_to_it():
    world = await opened(choosing("order", "native", subscription="native"))
    await world.written(command("order", FIELDS["order"], natural_key=KEY))
    await world.written(command("subscription", FIELDS["subscription"], natural_key=KEY, id="c2"))
    (order,), (subscription,) = held(world, "order", "native"), held(world, "subscription", "native")
    assert {name: value for name, value in order.items() if name.startswith("hs_")} == {
        "hs_order_name": "Harakeke rollout", "hs_total_price": "115", "hs_currency_code": "JPY",
        "hs_pipeline": "revmark_orders", "hs_pipeline_stage": "revmark_ordered",
    }  # fmt: skip
    assert {name: value for name, value in subscription.items() if name.startswith("hs_")} == {
        "hs_name": "Harakeke care", "hs_currency_code": "JPY", "hs_recurring_billing_frequency": "monthly",
        "hs_recurring_billing_start_date": "2026-09-01",
    }  # fmt: skip
    (row,) = world.portal.store.all(world.portal.catalogue.get("subscriptions"))
    assert row.get("hs_invoice_creation") == "off", "it bills nobody"


@pytest.mark.parametrize("stage", ORDERS.stages, ids=lambda stage: stage.status)
async def test_an_orders_stage_follows_its_status_also_back_and_after_a_person_moved_it(stage: Any):
    world = await opened(choosing("order", "native"))
    made = await world.written(command("order", FIELDS["order"] | {"status": "paid"}, natural_key=KEY))
    theirs = world.portal.pipelines.of(world.portal.catalogue.get("orders"))
    other = next(each for each in theirs.values() if each.id != ORDERS.id)
    record = str(made.ref).rpartition("/")[2]
    await world.edited("orders", record, hs_pipeline=other.id, hs_pipeline_stage=next(iter(other.stages)))
    await world.written(command("order", FIELDS["order"] | {"status": stage.status}, natural_key=KEY, id="c2"))
    (shown,) = held(world, "order", "native")
    assert (shown["hs_pipeline"], shown[STAGE], shown["revmark_order_status"]) == (ORDERS.id, stage.id, stage.status)


async def test_a_stage_that_is_left_alone_is_people_s():
    rules = choosing("order", "native", order_pipeline="none")
    world = await opened(rules)
    assert (await lacking(world.client, rules)).document()["pipelines"] == []
    assert world.calls("/pipelines/") == []
    made = await world.written(command("order", FIELDS["order"], natural_key=KEY))
    kind = world.portal.catalogue.get("orders")
    (row,) = world.portal.store.all(kind)
    assert row.get(STAGE) == next(iter(next(iter(world.portal.pipelines.of(kind).values())).stages)), "the first one"
    shipped = "aa99e8d0-c1d5-4071-b915-d240bbb1aed9"
    await world.edited("orders", str(made.ref).rpartition("/")[2], hs_pipeline_stage=shipped)
    await world.written(command("order", FIELDS["order"] | LATER["order"], natural_key=KEY, id="c2"))
    (row,) = world.portal.store.all(kind)
    assert (row.get(STAGE), row.get("revmark_order_status")) == (shipped, "part_billed")


@pytest.mark.parametrize(("kind", "on"), KINDS)
@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_is_looked_up_and_what_an_earlier_write_left_is_not_taken_for_this_one(
    kind: str, on: str, fault: FaultKind
):
    world = await opened(choosing(kind, on))
    path = NATIVE[kind] if on == "native" else f"p_{OWN[kind]}"
    for place, fields in enumerate((FIELDS[kind], FIELDS[kind] | LATER[kind])):
        wanted = command(kind, fields, natural_key=KEY, id=f"c{place}")
        world.fault(fault, f"{path}/batch/up")
        assert (await world.written(wanted)).state == "unknown"
        found = await world.client.look_up(wanted)
        assert (found is not None) == (fault is FaultKind.DROP_AFTER)
        assert (found or await world.written(wanted)).state == "applied"
        status = world.shapes[kind].property_of("status")
        assert [each[status] for each in held(world, kind, on)] == [fields["status"]]


@pytest.mark.parametrize(("kind", "on"), KINDS)
@pytest.mark.parametrize(("currency", "amount"), [("JPY", "120000"), ("KWD", "120.125"), ("NZD", "120.10")])
async def test_amounts_keep_the_digits_of_their_currency(kind: str, on: str, currency: str, amount: str):
    world = await opened(choosing(kind, on))
    sums = dict.fromkeys(("amount", "billed", "paid", "due"), amount)
    said = {name: value for name, value in sums.items() if name in FIELDS[kind]} | {"currency": currency}
    wanted = command(kind, FIELDS[kind] | said, natural_key=KEY)
    world.fault(FaultKind.DROP_AFTER, "batch/up")
    assert (await world.written(wanted)).state == "unknown"
    found = await world.client.look_up(wanted)
    assert found is not None, "what was written reads back as it was meant, to the last digit"
    (shown,) = held(world, kind, on)
    shape = world.shapes[kind]
    assert (shown[shape.property_of("amount")], shown[shape.currency]) == (amount, currency)


@pytest.mark.parametrize(("kind", "on"), KINDS)
async def test_it_is_linked_with_its_company_deal_and_person(kind: str, on: str):
    rules = choosing(kind, on)
    world = await opened(rules)
    again = await lacking(world.client, rules)
    assert again.nothing, again.words
    links = {
        "company": f"hubspot/company/{await world.made('companies', name='Acme')}",
        "deal": f"hubspot/deal/{await world.made('deals', dealname='B', dealstage='closedwon', pipeline='default')}",
        "contact": f"hubspot/contact/{await world.made('contacts', email='a@example.com')}",
    }
    made = await world.written(command(kind, FIELDS[kind], natural_key=KEY, links=links))
    assert made.state == "applied"
    object_type = world.portal.catalogue.get(NATIVE[kind] if on == "native" else OWN[kind])
    mine = [object_type.type_id, int(str(made.ref).rpartition("/")[2])]
    assert {each["to"][0] for each in world.portal.state()["associations"] if each["from"] == mine} == {
        "0-1", "0-2", "0-3",
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "on"), KINDS)
async def test_it_is_neither_polled_nor_read_back(kind: str, on: str):
    world = await opened(choosing(kind, on))
    assert kind not in world.client.kinds
    before = len(world.calls())
    await world.written(command(kind, FIELDS[kind], natural_key=KEY))
    path = NATIVE[kind] if on == "native" else f"p_{OWN[kind]}"
    assert world.calls()[before:] == [f"POST /crm/objects/2026-09/{path}/batch/upsert"]


async def test_an_account_that_collects_no_payments_is_told_of_in_words_and_nothing_is_refused_one_by_one():
    world = await opened(choosing("subscription", "native"))
    world.portal.payments_enabled = False
    wanted = [command("subscription", FIELDS["subscription"], natural_key=f"{KEY}{n}", id=f"c{n}") for n in range(3)]
    said = r"HubSpot payments or Stripe is set up.*subscription: \{custom: revmark_subscription\}"
    with pytest.raises(Parked, match=said):
        await world.write(*wanted)
    assert len(world.calls("/objects/2026-09/subscriptions")) == 1
    world.portal.payments_enabled = True
    assert {each.state for each in await world.write(*wanted)} == {"applied"}


@pytest.mark.parametrize("value", ["hs_pipeline", "revmark_order_key", "property hs_pipeline", "PROPERTY_DOESNT_EXIST"])
async def test_a_value_that_is_repeated_in_a_refusal_says_nothing_of_the_portal(value: str):
    world = await opened(choosing("order", "native"))
    of = world.portal.dictionary.of(world.portal.catalogue.get("orders"))
    of["revmark_bills"] = replace(of["revmark_bills"], type="number")
    bad, good = (
        command("order", FIELDS["order"] | {"bills": each}, natural_key=f"{KEY}{each}", id=f"c{each}")
        for each in (value, "7")
    )
    refused, written = await world.write(bad, good)
    assert (refused.state, written.state) == ("refused", "applied")
    assert value in refused.message


@pytest.mark.parametrize("lost", ["pipeline", "stage", "property", "key"])
async def test_a_portal_that_lacks_what_records_are_made_of_stands_still_and_says_what_to_run(lost: str):
    rules = choosing("order", "native")
    world = await opened(rules)
    kind = world.portal.catalogue.get("orders")
    if lost == "pipeline":
        del world.portal.pipelines.of(kind)[ORDERS.id]
    elif lost == "stage":
        del world.portal.pipelines.of(kind)[ORDERS.id].stages["revmark_ordered"]
    else:
        del world.portal.dictionary.of(kind)["revmark_bills" if lost == "property" else "revmark_order_key"]
    world.portal.refresh_stages(kind)
    wanted = [command("order", FIELDS["order"], natural_key=f"{KEY}{n}", id=f"c{n}") for n in range(3)]
    with pytest.raises(Parked, match="Run: revmark provision --yes"):
        await world.write(*wanted)
    assert len(world.calls("/objects/2026-09/orders")) == 1, "one refusal is enough"
    found = await _properties(world.client, BASE, rules, create=False)
    assert (found.ok, found.next_step) == (False, "revmark provision --yes")
    await provision(world.client, rules, await lacking(world.client, rules))
    assert {each.state for each in await world.write(*wanted)} == {"applied"}


@pytest.mark.parametrize(("kind", "on"), KINDS)
async def test_it_needs_the_scopes_of_where_it_is_and_the_check_names_one_that_is_missing(kind: str, on: str):
    rules = choosing(kind, on)
    own = {"order": {*OF_ORDERS, *OF_PIPELINES}, "subscription": {*OF_SUBSCRIPTIONS}}[kind]
    needed = own if on == "native" else {*OF_CUSTOM}
    assert {*hubspot_scopes(rules)} - {*HUBSPOT_SCOPES} == needed
    world = World({"scopes": hubspot_scopes(rules)}, shapes=shapes_of(rules))
    await provision(world.client, rules, await lacking(world.client, rules))
    assert (await world.written(command(kind, FIELDS[kind], natural_key=KEY))).state == "applied"
    if on == "native":
        world = World({"scopes": {*hubspot_scopes(rules)} - own}, shapes=shapes_of(rules))
        found = await _scopes(world.client, BASE, rules)
        assert not found.ok
        assert f"crm.objects.{NATIVE[kind]}.read" in found.detail


def test_a_stage_that_is_left_alone_needs_no_scope_of_pipelines():
    assert not {*hubspot_scopes(choosing("order", "native", order_pipeline="none"))} & {*OF_PIPELINES}
