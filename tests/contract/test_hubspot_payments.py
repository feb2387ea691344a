"""Payments on HubSpot's own object or another, through the real client: upserted whole, found again, provisioned."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import FaultKind
from schemas.contract import Contract
from schemas.errors import Parked
from streams.checkup.hubspot import _scopes
from streams.platforms.consent import HUBSPOT_SCOPES, OF_CUSTOM, OF_PAYMENTS, hubspot_scopes
from streams.platforms.hubspot.provisioning import lacking, provision
from streams.platforms.hubspot.shapes import RECEIPT, shapes_of
from tests.support.contracts import contract
from tests.unit.hubspot.portals import BASE, World
from tests.unit.hubspot.records import command

NAME, MIRROR = "revmark_payment", "revmark_invoice"
KEY = "5f0c2a9b-0000-4000-8000-000000000001"
FIELDS: dict[str, Any] = {
    "subject": "payment of RM-7", "kind": "payment", "status": "received", "document": "RM-7", "reference": "Stripe",
    "date": "2026-09-01", "initiated_at": "2026-09-01T00:00:00Z", "paid": "115", "refunded": "0", "amount": "115",
    "currency": "JPY",
}  # fmt: skip
REVERSED = {"status": "reversed", "amount": "0"}


def choosing(payment: str, invoice: str = "native") -> Contract:
    """The shipped contract, which shows payments, on these objects; but for `native` they are the portal's own."""
    chosen = {"payment": payment, "invoice": invoice}
    objects = {kind: name if name == "native" else {"custom": name} for kind, name in chosen.items()}
    return contract({"platforms": {"objects": objects}})


async def opened(rules: Contract) -> World:
    world = World(shapes=shapes_of(rules))
    await provision(world.client, rules, await lacking(world.client, rules))
    return world


def held(world: World, payment: str) -> list[dict[str, str | None]]:
    kind = world.portal.catalogue.get("commerce_payments" if payment == "native" else payment)
    names = [RECEIPT.key, "hs_processor_type", *(each.property for each in world.shapes["receipt"].columns)]
    return [{name: row.get(name) for name in names} for row in world.portal.store.all(kind)]


STATES = {"native": ("hs_latest_status", "succeeded", "failed"), NAME: ("revmark_status", "received", "reversed")}


@pytest.mark.parametrize("payment", ["native", NAME])
async def test_it_is_made_once_under_the_erps_id_and_said_anew_whole(payment: str):
    world = await opened(choosing(payment))
    first = await world.written(command("receipt", FIELDS, natural_key=KEY))
    place, received, reversed_ = STATES[payment]
    (shown,) = held(world, payment)
    assert (shown["xero_payment_id"], shown["revmark_amount"], shown[place]) == (KEY, "115", received)
    again = await world.written(command("receipt", FIELDS | REVERSED | {"reference": None}, natural_key=KEY, id="c2"))
    assert (first.state, again.state, again.ref, again.seen) == ("applied", "applied", first.ref, [])
    (shown,) = held(world, payment)
    assert (shown["revmark_amount"], shown[place]) == ("0", reversed_)


async def test_on_hubspots_own_its_words_are_hubspots():
    world = await opened(choosing("native"))
    refund = FIELDS | {"kind": "refund", "status": "refunded", "refunded": "115", "amount": "-115"}
    await world.written(command("receipt", refund, natural_key=KEY))
    (shown,) = held(world, "native")
    assert {name: value for name, value in shown.items() if name.startswith("hs_")} == {
        "hs_processor_type": "xero", "hs_latest_status": "refunded", "hs_reference_number": "Stripe",
        "hs_initiated_date": "2026-09-01T00:00:00.000Z", "hs_initial_amount": "115", "hs_refunds_amount": "115",
        "hs_currency_code": "JPY",
    }  # fmt: skip


@pytest.mark.parametrize("payment", ["native", NAME])
@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_is_looked_up_and_what_an_earlier_write_left_is_not_taken_for_this_one(
    payment: str, fault: FaultKind
):
    world = await opened(choosing(payment))
    path = "commerce_payments" if payment == "native" else f"p_{NAME}"
    for place, fields in enumerate((FIELDS, FIELDS | REVERSED)):
        wanted = command("receipt", fields, natural_key=KEY, id=f"c{place}")
        world.fault(fault, f"{path}/batch/up")
        assert (await world.written(wanted)).state == "unknown"
        found = await world.client.look_up(wanted)
        assert (found is not None) == (fault is FaultKind.DROP_AFTER)
        assert (found or await world.written(wanted)).state == "applied"
        assert [each["revmark_amount"] for each in held(world, payment)] == [fields["amount"]]


@pytest.mark.parametrize("payment", ["native", NAME])
@pytest.mark.parametrize("invoice", ["native", MIRROR])
async def test_it_is_linked_with_its_invoices_mirror_company_and_deal_wherever_these_are(payment: str, invoice: str):
    rules = choosing(payment, invoice)
    world = await opened(rules)
    again = await lacking(world.client, rules)
    assert again.nothing, again.words
    mirror = await world.written(
        command("invoice", {"number": "RM-7", "currency": "NZD", "date": "2026-09-01"}, natural_key=KEY, id="c0")
    )
    links = {
        "company": f"hubspot/company/{await world.made('companies', name='Acme')}",
        "deal": f"hubspot/deal/{await world.made('deals', dealname='B', dealstage='closedwon', pipeline='default')}",
        "invoice": str(mirror.ref),
    }
    made = await world.written(command("receipt", FIELDS, natural_key=KEY, links=links))
    assert made.state == "applied"
    kind = world.portal.catalogue.get("commerce_payments" if payment == "native" else payment)
    mine = [kind.type_id, int(str(made.ref).rpartition("/")[2])]
    ends = {each["to"][0] for each in world.portal.state()["associations"] if each["from"] == mine}
    mirrors = world.portal.catalogue.get("invoices" if invoice == "native" else invoice).type_id
    assert ends == {"0-2", "0-3", mirrors}


async def test_the_portal_is_shown_what_is_made_and_given_it_once():
    rules = choosing(NAME, MIRROR)
    world = World(shapes=shapes_of(rules))
    shown = await lacking(world.client, rules)
    assert [each["name"] for each in shown.schemas] == [MIRROR, NAME]
    assert f"association {NAME}_to_invoice" in shown.words
    assert f"Payments are shown on the custom object {NAME}." in " ".join(shown.says)
    native = await lacking(world.client, choosing("native"))
    assert "Payments are shown on HubSpot's own object." in " ".join(native.says)
    assert "property receipt.xero_payment_id" in native.words
    await provision(world.client, rules, shown)
    assert (await lacking(world.client, rules)).nothing


async def test_it_is_neither_polled_nor_read_back():
    world = await opened(choosing("native"))
    assert "receipt" not in world.client.kinds
    await world.written(command("receipt", FIELDS, natural_key=KEY))
    assert world.calls("/objects/2026-09/commerce_payments") == [
        "POST /crm/objects/2026-09/commerce_payments/batch/upsert"
    ]  # fmt: skip


async def test_a_portal_without_payments_is_told_of_in_words_and_nothing_is_refused_one_by_one():
    world = await opened(choosing("native"))
    world.portal.payments_enabled = False
    with pytest.raises(Parked, match=r"HubSpot payments or Stripe is set up.*payment: \{custom: revmark_payment\}"):
        await world.written(command("receipt", FIELDS, natural_key=KEY))
    rules = choosing("native")
    granted = [each for each in hubspot_scopes(rules) if "commercepayments" not in each]
    world = World({"scopes": granted}, shapes=shapes_of(rules))
    found = await _scopes(world.client, BASE, rules)
    assert not found.ok
    assert "crm.objects.commercepayments.read" in found.detail
    assert "or choose a custom object" in found.detail


def test_it_needs_the_scopes_of_where_it_is():
    assert {*hubspot_scopes(choosing("native"))} == {*HUBSPOT_SCOPES, *OF_PAYMENTS}
    assert {*hubspot_scopes(choosing(NAME))} == {*HUBSPOT_SCOPES, *OF_CUSTOM}
