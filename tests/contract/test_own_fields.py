"""Fields of a customer's own, through the real clients: written, read, polled and looked up on both platforms."""

from __future__ import annotations

from typing import Any

import httpx

from sandbox.clock import VirtualClock
from sandbox.faults import Fault, FaultKind
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from schemas.change import Change
from schemas.command import Command
from schemas.names import Entity, Side, ref
from streams.platforms.hubspot.properties import create_properties, properties_of
from streams.platforms.hubspot.shapes import shapes_of
from streams.platforms.interface import PlatformClient, Seen
from streams.platforms.registry import translators
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.grants import Grant, Grants
from tests.support.contracts import contract
from tests.unit.hubspot.portals import World
from tests.unit.hubspot.records import AT, command

RULES = contract({
    "mappings": {"company": {
        "custom_segments": {"kind": "set", "case": "lower", "crm": "segments",
                            "erp": {"at": "CompanyNumber", "separator": ","}},
        "custom_tier": {"crm": {"at": "customer_tier", "values": {"1": "gold"}}, "erp": "AccountNumber"},
    }},
    "entities": {"company": {"fields": {"custom_segments": {"policy": "merge"}, "custom_tier": {"owner": "erp"}}}},
})  # fmt: skip
SALE = {"dealname": "Widgets", "dealstage": "closedwon"}
WANTED = {"custom_segments": ["big", "old"], "custom_tier": "gold"}


def fields(seen: Seen, platform: str) -> dict[str, Any]:
    """The fields of our own that a record shows, as capture translates it."""
    side = Side.CRM if platform == "hubspot" else Side.ERP
    change = Change(
        tenant="main", platform=platform, side=side, kind=seen.kind, record_id=seen.record_id, version=seen.version,
        seen_at=AT, raw=seen.raw,
    )  # fmt: skip
    shown = next(each for each in translators(RULES)[platform](change) if each.entity is Entity.COMPANY)
    return {name: value for name, value in shown.fields.items() if name.startswith("custom_")}


async def lost_and_found(client: PlatformClient, wanted: Command) -> None:
    """A write whose answer was lost is found by what it wanted, and not before."""
    (done,) = await client.write([wanted])
    assert done.state == "unknown"
    found = await client.look_up(wanted)
    assert found is not None
    assert found.state == "applied"
    other = wanted.model_copy(update={"fields": {"custom_tier": "silver"}})
    assert await client.look_up(other) is None


async def test_hubspot_keeps_fields_of_ones_own():
    world = World(shapes=shapes_of(RULES))
    made = await create_properties(world.client, properties_of(RULES))
    assert {each.name: each.label for each in made[-2:]} == {"segments": "Segments", "customer_tier": "Tier"}
    number = await world.made("companies", name="Acme", segments="Old; BIG", customer_tier="1")
    assert fields(await world.one("company", number), "hubspot") == WANTED
    home = ref("hubspot", "company", number)
    done = await world.written(command("company", {"custom_segments": ["new"], "custom_tier": None}, home))
    assert done.state == "applied"
    world.later()
    polled, _ = await world.polled("company")
    assert fields(polled[0], "hubspot") == {"custom_segments": ["new"], "custom_tier": None}
    refused = await world.written(command("company", {"custom_tier": "1"}, home))
    assert (refused.state, refused.code) == ("refused", "custom_tier")  # it would read back as gold
    world.fault(FaultKind.DROP_AFTER, "companies/batch/update")
    await lost_and_found(world.client, command("company", {"custom_tier": "gold"}, home))
    made_one = await world.written(command("company", {"name": "New", **WANTED}, natural_key="id-1"))
    assert fields(await world.one("company", made_one.ref.rsplit("/", 1)[1]), "hubspot") == WANTED  # type: ignore[union-attr]


async def test_xero_keeps_fields_of_ones_own():
    clock = VirtualClock(automatic=True)
    organisation = Organisation(clock=clock)
    organisation.seed_defaults()
    app = create_app(organisation, clock=clock)
    transport, credentials, kept = httpx.ASGITransport(app=app), organisation.credentials(), list[Grant]()

    async def load() -> Grant | None:
        return kept[-1] if kept else None

    async def save(grant: Grant) -> None:
        kept.append(grant)

    grants = Grants(
        "http://xero.test", str(credentials["client_id"]), str(credentials["client_secret"]), load=load, save=save,
        clock=clock.now, first=str(credentials["refresh_token"]), transport=transport,
    )  # fmt: skip
    client = XeroClient(
        "http://xero.test", organisation.tenant_id, grants, clock=clock.now, sleep=clock.sleep, transport=transport,
        own=RULES.mappings,
    )  # fmt: skip

    def to_xero(**more: Any) -> Command:
        base = command("company", more.pop("fields"), more.pop("ref", None), **more)
        return base.model_copy(update={"platform": "xero", "side": Side.ERP, "connection": "main.xero"})

    (made,) = await client.write([to_xero(fields={"name": "Acme", **WANTED}, natural_key="9", id="c1")])
    assert made.state == "applied"
    assert made.ref is not None
    (seen,) = await client.read("contact", [made.ref.rsplit("/", 1)[1]])
    assert (seen.raw["CompanyNumber"], seen.raw["AccountNumber"]) == ("big,old", "gold")
    assert fields(seen, "xero") == WANTED
    (done,) = await client.write([to_xero(fields={"custom_segments": []}, ref=made.ref, id="c2")])
    assert done.state == "applied"
    assert fields(done.seen[0], "xero") == {"custom_segments": None, "custom_tier": "gold"}
    app.state.faults.add(Fault(FaultKind.DROP_AFTER, path="api.xro", times=1))
    await lost_and_found(client, to_xero(fields={"custom_tier": "tin"}, ref=made.ref, id="c3"))
    await client.close()


async def test_hubspot_says_of_which_subsidiary_a_company_and_a_deal_are():
    rules = contract({"subsidiary": {"name": "NZ", "crm": "billing_entity"}})
    world = World(shapes=shapes_of(rules))
    made = await create_properties(world.client, properties_of(rules))
    assert [(each.kind, each.name) for each in made[-2:]] == [("company", "billing_entity"), ("deal", "billing_entity")]
    home = await world.written(command("company", {"name": "Acme", "subsidiary": "NZ"}, natural_key="id-1"))
    assert home.ref is not None
    numbers = {"company": home.ref.rsplit("/", 1)[1], "deal": await world.made("deals", **SALE, billing_entity="AU")}
    for kind, expected in (("company", "NZ"), ("deal", "AU")):
        seen = await world.one(kind, numbers[kind])
        change = Change(
            tenant="main", platform="hubspot", side=Side.CRM, kind=kind, record_id=seen.record_id,
            version=seen.version, seen_at=AT, raw=seen.raw,
        )  # fmt: skip
        (shown,) = translators(rules)["hubspot"](change)
        assert shown.fields["subsidiary"] == expected
