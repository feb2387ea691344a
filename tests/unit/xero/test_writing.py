from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.faults import Fault, FaultKind
from schemas.command import Command
from schemas.errors import Parked, Transient
from schemas.names import Entity
from streams.platforms.xero.payloads import draft

if TYPE_CHECKING:
    from tests.unit.xero.organisations import Rig

NOWHERE = "99999999-9999-4999-8999-999999999999"
LINE = {
    "sku": "W-1", "description": "Widget", "quantity": "3", "unit_price": "0.0125", "account": "200",
    "tax_type": "NONE",
}  # fmt: skip


def company(rig: Rig, number: str, **fields: Any) -> Command:
    fields = {"name": f"Company {number}", **fields}
    return command(rig, Entity.COMPANY, "create", natural_key=number, fields=fields)


def invoice(rig: Rig, number: str, contact: str, **fields: Any) -> Command:
    fields = {"status": "posted", "date": "2026-09-01", "due_date": "2026-10-01", "lines": [LINE], **fields}
    links = {"company": f"xero/contact/{contact}"}
    return command(rig, Entity.INVOICE, "create", natural_key=number, links=links, fields=fields)


def update(rig: Rig, entity: Entity, ref: str, **fields: Any) -> Command:
    return command(rig, entity, "update", ref=ref, fields=fields)


def command(rig: Rig, entity: Entity, kind: str, **more: Any) -> Command:
    base = {
        "id": f"{kind}-{entity.value}-{more.get('natural_key') or more.get('ref')}", "tenant": "acme",
        "connection": "acme.xero", "platform": "xero", "side": "erp", "kind": kind, "entity": entity,
        "customer": "company:1", "record": f"{entity.value}:1", "at": rig.clock.now(),
    }  # fmt: skip
    return Command.model_validate({**base, **more})


def made(rig: Rig, resource: str) -> list[Any]:
    writes = rig.app.state.writes.writes
    return [each for each in writes if each.actor == "api" and each.resource == resource and each.action == "create"]


async def test_a_company_is_created_with_the_crms_id(rig: Rig):
    address = {"street": "1 High St", "city": "Leeds", "region": "", "postal_code": "LS1", "country": "UK"}
    (done,) = await rig.client.write([company(rig, "9001", tax_number="77", shipping_address=address, phone="123")])
    assert done.state == "applied"
    assert done.ref == f"xero/contact/{done.seen[0].record_id}"
    (seen,) = await rig.client.read("contact", [done.seen[0].record_id])
    assert (seen.raw["ContactNumber"], seen.raw["TaxNumber"]) == ("9001", "77")
    assert (done.version, done.seen[0].version) == (seen.version, seen.version)


async def test_a_namesake_is_refused_and_shown_and_never_merged_into(rig: Rig):
    other = await rig.contact("Company 9001", TaxNumber="old")
    (done,) = await rig.client.write([company(rig, "9001", tax_number="new")])
    assert (done.state, done.code) == ("refused", "duplicate")
    assert "already assigned" in done.message
    assert [each.record_id for each in done.seen] == [other]
    (seen,) = await rig.client.read("contact", [other])
    assert seen.raw["TaxNumber"] == "old"


async def test_fifty_a_request_and_one_elements_fault_is_its_own(rig: Rig):
    commands = [company(rig, str(number)) for number in range(60)]
    commands[7] = company(rig, "7", currency="SEK")  # not subscribed to
    done = {each.command: each for each in await rig.client.write(commands)}
    assert len(done) == 60
    bad = done[commands[7].id]
    assert (bad.state, bad.message) == ("refused", "Organisation is not subscribed to currency SEK")
    assert sum(each.state == "applied" for each in done.values()) == 59
    assert len(rig.calls("PUT")) == 2


async def test_an_invoice_with_unit_prices_of_four_digits(rig: Rig):
    contact = await rig.contact()
    (done,) = await rig.client.write([invoice(rig, "RM-1", contact, reference="deal 7")])
    assert done.state == "applied"
    raw = done.seen[0].raw
    assert (raw["InvoiceNumber"], raw["Reference"], raw["Status"]) == ("RM-1", "deal 7", "AUTHORISED")
    assert str(raw["LineItems"][0]["UnitAmount"]) == "0.0125"
    assert "ItemCode" not in raw["LineItems"][0]


async def test_our_own_number_met_again_is_applied_and_not_refused(rig: Rig):
    contact = await rig.contact()
    (first,) = await rig.client.write([invoice(rig, "RM-1", contact)])
    await rig.clock.advance(600)  # past Xero's memory of the idempotency key
    (second,) = await rig.client.write([invoice(rig, "RM-1", contact)])
    assert (second.state, second.ref) == ("applied", first.ref)
    assert len(made(rig, "Invoices")) == 1


async def test_a_number_of_another_customer_is_refused(rig: Rig):
    await rig.client.write([invoice(rig, "RM-1", await rig.contact("One"))])
    await rig.clock.advance(600)
    (done,) = await rig.client.write([invoice(rig, "RM-1", await rig.contact("Two"))])
    assert (done.state, done.code) == ("refused", "duplicate")


async def test_an_unknown_contact_spoils_only_its_own_invoice(rig: Rig):
    contact = await rig.contact()
    commands = [invoice(rig, "RM-1", contact), invoice(rig, "RM-2", NOWHERE), invoice(rig, "RM-3", contact)]
    states = {each.command: (each.state, each.code) for each in await rig.client.write(commands)}
    assert [states[each.id] for each in commands] == [("applied", ""), ("refused", "404"), ("applied", "")]


@pytest.mark.parametrize(
    "fault", [(FaultKind.DROP_AFTER, {}), (FaultKind.STATUS, {"status": 503}), (FaultKind.STATUS, {"status": 500})]
)
async def test_a_lost_answer_is_unknown_and_is_looked_up(rig: Rig, fault: tuple[FaultKind, dict[str, Any]]):
    contact = await rig.contact()
    wanted = [invoice(rig, "RM-1", contact), company(rig, "9001")]
    kind, params = fault
    rig.strike(kind, times=2, path="api.xro", **params)
    done = await rig.client.write(wanted)
    assert [each.state for each in done] == ["unknown", "unknown"]
    for each in wanted:
        found = await rig.client.look_up(each)
        assert (found is not None) == (kind is FaultKind.DROP_AFTER)
        if found:
            assert found.state == "applied"
            assert found.seen
    again = await rig.client.write(wanted)
    assert [each.state for each in again] == ["applied", "applied"]
    assert (len(made(rig, "Invoices")), len(made(rig, "Contacts"))) == (1, 1)


async def test_a_create_that_people_have_edited_since_claims_no_version_of_theirs(rig: Rig):
    contact = await rig.contact()
    wanted = [company(rig, "9001", phone="123"), invoice(rig, "RM-1", contact, reference="ours")]
    rig.strike(FaultKind.DROP_AFTER, times=2)
    assert [each.state for each in await rig.client.write(wanted)] == ["unknown", "unknown"]
    for each, edit in zip(wanted, ({"Name": "Renamed"}, {"Reference": "theirs"}), strict=True):
        ours = await rig.client.look_up(each)
        assert ours is not None
        assert ours.version == ours.seen[0].version
        kind = "Contacts" if each.entity is Entity.COMPANY else "Invoices"
        await rig.act("POST", f"{kind}/{ours.seen[0].record_id}", edit)
        found = await rig.client.look_up(each)
        assert found is not None
        assert (found.state, found.ref, found.version) == ("applied", ours.ref, 0)
        assert found.seen[0].version > ours.seen[0].version


async def test_updates_are_looked_up_by_what_they_wanted(rig: Rig):
    contact = f"xero/contact/{await rig.contact()}"
    wanted = update(rig, Entity.COMPANY, contact, tax_number="77", payment_terms="30 DAYSAFTERBILLDATE")
    assert await rig.client.look_up(wanted) is None
    rig.strike(FaultKind.DROP_AFTER)
    (done,) = await rig.client.write([wanted])
    assert done.state == "unknown"
    found = await rig.client.look_up(wanted)
    assert found is not None
    assert (found.state, found.ref) == ("applied", contact)


async def test_a_write_to_a_contact_that_has_ended_shows_its_end_and_asks_nobody(rig: Rig):
    contact, other = await rig.contact("Acme"), await rig.contact("Other")
    await rig.act("POST", f"Contacts/{contact}", {"ContactStatus": "ARCHIVED"})
    wanted = [update(rig, Entity.COMPANY, f"xero/contact/{each}", phone="5") for each in (contact, other, NOWHERE)]
    person = update(rig, Entity.CONTACT, f"xero/person/{contact}", email="ada@acme.example")
    done = {each.command: each for each in await rig.client.write([*wanted, person])}
    states = [(done[each.id].state, done[each.id].code) for each in (*wanted, person)]
    assert states == [("moved", "gone"), ("applied", ""), ("moved", "gone"), ("moved", "gone")]
    archived, gone = done[wanted[0].id].seen[0], done[wanted[2].id].seen[0]
    assert (archived.raw["ContactStatus"], archived.deleted) == ("ARCHIVED", False)
    assert (gone.record_id, gone.deleted, gone.version) == (NOWHERE, True, 0)


async def test_what_has_become_of_a_contact_that_cannot_be_read_now_is_asked_again(rig: Rig):
    rig.app.state.faults.add(Fault(FaultKind.STATUS, "GET", "Contacts", params={"status": 503}))
    (done,) = await rig.client.write([update(rig, Entity.COMPANY, f"xero/contact/{NOWHERE}", phone="5")])
    assert done.state == "again"


async def test_an_address_or_a_phone_is_sent_as_the_one_entry_that_is_ours(rig: Rig):
    contact = await rig.contact("Acme", Phones=[{"PhoneType": "MOBILE", "PhoneNumber": "021"}])
    address = {"street": "1 High St", "city": "Leeds", "region": "", "postal_code": "LS1", "country": "UK"}
    change = update(rig, Entity.COMPANY, f"xero/contact/{contact}", phone="5", shipping_address=address)
    (done,) = await rig.client.write([change])
    assert done.state == "applied"
    sent = draft(change).element
    assert [each["PhoneType"] for each in sent["Phones"]] == ["DEFAULT"]
    assert [each["AddressType"] for each in sent["Addresses"]] == ["STREET"]


async def test_a_person_and_a_company_in_one_contact_are_two_requests(rig: Rig):
    contact = await rig.contact()
    commands = [
        update(rig, Entity.COMPANY, f"xero/contact/{contact}", tax_number="77"),
        update(rig, Entity.CONTACT, f"xero/person/{contact}", email="ada@acme.example", first_name="Ada"),
    ]
    first, second = await rig.client.write(commands)
    assert (first.ref, second.ref) == (f"xero/contact/{contact}", f"xero/person/{contact}")
    assert len(rig.calls("POST")) == 2
    (seen,) = await rig.client.read("contact", [contact])
    assert (seen.raw["TaxNumber"], seen.raw["EmailAddress"]) == ("77", "ada@acme.example")


async def test_a_second_person_does_not_push_out_the_first(rig: Rig):
    taken, free = await rig.contact("Taken", EmailAddress="ada@acme.example"), await rig.contact("Free")
    commands = [
        command(rig, Entity.CONTACT, "create", natural_key=each, links={"company": f"xero/contact/{each}"},
                fields={"email": "new@acme.example"})
        for each in (taken, free)
    ]  # fmt: skip
    done = {each.command: each for each in await rig.client.write(commands)}
    assert (done[commands[0].id].state, done[commands[0].id].code) == ("refused", "occupied")
    assert (done[commands[1].id].state, done[commands[1].id].ref) == ("applied", f"xero/person/{free}")


async def test_a_write_reply_does_not_lift_a_hold(rig: Rig):
    held = await rig.contact("Held")
    await rig.group(held)
    (done,) = await rig.client.write([update(rig, Entity.COMPANY, f"xero/contact/{held}", tax_number="1")])
    assert [each["Name"] for each in done.seen[0].raw["ContactGroups"]] == ["Credit hold"]


async def test_items_are_written_by_code(rig: Rig):
    create = command(rig, Entity.PRODUCT, "create", natural_key="W-1", fields={"name": "Widget", "price": "0.0125"})
    (done,) = await rig.client.write([create])
    assert done.state == "applied"
    assert done.ref
    (changed,) = await rig.client.write([update(rig, Entity.PRODUCT, done.ref, name="Gadget")])
    assert (changed.state, changed.seen[0].raw["Code"], changed.seen[0].raw["Name"]) == ("applied", "W-1", "Gadget")
    assert str(changed.seen[0].raw["SalesDetails"]["UnitPrice"]) == "0.0125"
    found = await rig.client.look_up(create)
    assert found is not None
    (gone,) = await rig.client.write([update(rig, Entity.PRODUCT, f"xero/item/{NOWHERE}", name="x")])
    assert (gone.state, gone.code, gone.seen[0].deleted) == ("moved", "gone", True)


async def test_voiding_shows_the_document_and_paid_ones_say_why_not(rig: Rig):
    contact = await rig.contact()
    free, paid = await rig.invoice(contact, 10), await rig.invoice(contact, 10)
    await rig.pay(paid, 4)
    commands = [update(rig, Entity.INVOICE, f"xero/invoice/{each}", status="voided") for each in (free, paid)]
    done = {each.command: each for each in await rig.client.write(commands)}
    assert done[commands[0].id].seen[0].raw["Status"] == "VOIDED"
    refused = done[commands[1].id]
    assert (refused.state, refused.code) == ("refused", "400")
    assert "payment" in refused.message


async def test_what_must_not_be_written_is_refused_without_a_call(rig: Rig):
    contact = await rig.contact()
    (done,) = await rig.client.write([update(rig, Entity.COMPANY, f"xero/contact/{contact}", credit_hold=False)])
    assert (done.state, done.code) == ("refused", "payload")
    assert rig.calls() == []


async def test_a_full_minute_says_again_and_when(rig: Rig):
    rig.strike(FaultKind.STATUS, status=429, problem="minute", retry_after=26)
    (done,) = await rig.client.write([company(rig, "9001")])
    assert done.state == "again"
    assert done.until == rig.clock.now() + timedelta(seconds=26)
    calls = len(rig.calls())
    (early,) = await rig.client.write([company(rig, "9001")])
    assert (early.state, len(rig.calls())) == ("again", calls)  # nothing is sent inside a known wait
    await rig.clock.advance(26)
    (done,) = await rig.client.write([company(rig, "9001")])
    assert done.state == "applied"


async def test_too_many_in_flight_is_waited_for(rig: Rig):
    rig.strike(FaultKind.STATUS, status=429, problem="concurrent")
    (done,) = await rig.client.write([company(rig, "9001")])
    assert done.state == "applied"


async def test_a_token_that_died_while_a_wait_was_kept_parks_nothing(rig: Rig):
    rig.strike(FaultKind.STATUS, times=2, status=429, problem="concurrent")
    rig.strike(FaultKind.STATUS, status=401)
    (done,) = await rig.client.write([company(rig, "9001")])
    assert done.state == "again"
    await rig.clock.advance(1)
    (done,) = await rig.client.write([company(rig, "9001")])
    assert done.state == "applied"


async def test_a_spent_day_parks_until_it_is_over(rig: Rig):
    rig.strike(FaultKind.STATUS, times=None, status=429, problem="day", retry_after=40_000)
    with pytest.raises(Parked, match="spent until") as error:
        await rig.client.write([company(rig, "9001")])
    assert error.value.until == rig.clock.now() + timedelta(seconds=40_000)
    assert error.value.code == "day"
    rig.app.state.faults.clear()
    calls = len(rig.calls())
    (early,) = await rig.client.write([company(rig, "9001")])
    assert (early.state, early.until, len(rig.calls())) == ("again", error.value.until, calls)
    await rig.clock.advance(40_000)
    assert (await rig.client.write([company(rig, "9001")]))[0].state == "applied"
    assert (await rig.polled("contact"))[0]


async def test_a_day_that_ends_midway_hides_nothing_that_was_written(rig: Rig):
    rig.organisation.day_limit = 1
    await rig.people.post("/_sandbox/settings", json={"day_limit": 1})
    done = await rig.client.write([company(rig, str(number)) for number in range(51)])
    states = [each.state for each in done]
    assert states == ["applied"] * 50 + ["again"]
    assert done[-1].until is not None


async def test_no_way_to_xero_is_transient_and_nothing_was_sent(rig: Rig):
    def unreachable(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    client = rig.make(httpx.MockTransport(unreachable))
    with pytest.raises(Transient, match="nothing was sent"):
        await client.write([company(rig, "9001")])


async def test_an_expired_token_is_renewed_once_and_the_write_is_applied_once(rig: Rig):
    await rig.client.read("contact", [NOWHERE])
    rig.organisation.identity.expire_access()
    (done,) = await rig.client.write([company(rig, "9001")])
    assert done.state == "applied"
    assert rig.organisation.identity.refreshes == 2
    assert len(made(rig, "Contacts")) == 1


async def test_a_token_that_is_never_good_enough_parks(rig: Rig):
    rig.strike(FaultKind.STATUS, times=None, status=401)
    with pytest.raises(Parked, match="revmark check"):
        await rig.client.write([company(rig, "9001")])


async def test_a_missing_scope_or_a_foreign_organisation_parks(rig: Rig):
    rig.strike(FaultKind.STATUS, times=None, status=403)
    with pytest.raises(Parked, match="scopes") as error:
        await rig.client.read("contact", [NOWHERE])
    assert error.value.code == "403"
