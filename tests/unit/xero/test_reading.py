from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from sandbox.clock import VirtualClock
from sandbox.faults import FaultKind
from schemas.change import Change
from schemas.errors import Refused, Transient
from schemas.names import Side
from streams.platforms.interface import Seen
from streams.platforms.xero.kinds import KINDS
from streams.platforms.xero.translation import sightings

if TYPE_CHECKING:
    from tests.unit.xero.organisations import Rig

NOWHERE = "99999999-9999-4999-8999-999999999999"


def fields(seen: Seen, clock: VirtualClock) -> dict[str, object]:
    change = Change(
        tenant="acme", platform="xero", side=Side.ERP, kind=seen.kind, record_id=seen.record_id, version=seen.version,
        seen_at=clock.now(), deleted=seen.deleted, raw=seen.raw,
    )  # fmt: skip
    return sightings(change, base_currency="NZD")[0].fields


async def test_contacts_are_read_forty_a_call_with_all_they_carry(rig: Rig):
    made = [await rig.contact(f"Company {number}", TaxNumber=str(number)) for number in range(45)]
    seen = await rig.client.read("contact", made)
    assert [each.record_id for each in seen] == made
    assert len([call for call in rig.calls("GET") if "/Contacts" in call]) == 2
    assert all(not each.deleted and "ContactGroups" in each.raw for each in seen)
    assert fields(seen[7], rig.clock)["tax_number"] == "7"


async def test_what_does_not_come_back_is_deleted(rig: Rig):
    made = await rig.contact()
    alive, dead = await rig.client.read("contact", [made, NOWHERE])
    assert (alive.deleted, dead.deleted) == (False, True)
    assert (dead.record_id, dead.raw) == (NOWHERE, {})
    assert dead.version == 0
    for kind in KINDS.keys() - {"contact"}:
        assert [each.deleted for each in await rig.client.read(kind, [NOWHERE])] == [True]


async def test_archived_contacts_are_still_read(rig: Rig):
    made = await rig.contact()
    await rig.act("POST", f"Contacts/{made}", {"ContactStatus": "ARCHIVED"})
    (seen,) = await rig.client.read("contact", [made])
    assert not seen.deleted
    assert seen.raw["ContactStatus"] == "ARCHIVED"


async def test_an_invoice_brings_its_payments(rig: Rig):
    invoice = await rig.invoice(await rig.contact(), Decimal("100.00"))
    payment = await rig.pay(invoice, Decimal("40.00"), Reference="wire 9")
    first, second = await rig.client.read("invoice", [invoice])
    assert (first.kind, second.kind, second.record_id) == ("invoice", "payment", payment)
    assert fields(first, rig.clock)["amount_due"] == "60.00"
    assert first.raw["LineItems"]
    assert second.version == first.version
    (listed,) = await rig.client.read("payment", [payment])
    assert fields(second, rig.clock) == fields(listed, rig.clock)
    assert fields(listed, rig.clock)["amount"] == "40.00"


async def test_a_credit_note_brings_its_refunds_and_the_invoices_it_touches(rig: Rig):
    contact = await rig.contact()
    invoice = await rig.invoice(contact, Decimal("100.00"))
    line = {"Description": "Credit", "Quantity": 1, "UnitAmount": 50, "AccountCode": "200", "TaxType": "NONE"}
    note = await rig.act("PUT", "CreditNotes", {
        "Type": "ACCRECCREDIT", "Contact": {"ContactID": contact}, "LineItems": [line], "Status": "AUTHORISED",
        "Date": "2026-09-01",
    })  # fmt: skip
    await rig.act("PUT", f"CreditNotes/{note['CreditNoteID']}/Allocations", {
        "Allocations": [{"Invoice": {"InvoiceID": invoice}, "Amount": 30, "Date": "2026-09-01"}],
    })  # fmt: skip
    refund = await rig.act("PUT", "Payments", {
        "CreditNote": {"CreditNoteID": note["CreditNoteID"]}, "Account": {"Code": "090"}, "Amount": 5,
    })  # fmt: skip
    seen = {each.kind: each for each in await rig.client.read("credit_note", [note["CreditNoteID"]])}
    assert set(seen) == {"credit_note", "payment", "invoice"}
    shown = fields(seen["credit_note"], rig.clock)
    assert (shown["remaining"], shown["currency_rate"]) == ("15.00", "1")
    assert shown["allocations"] == [{"invoice": invoice, "amount": "30.00"}]
    assert seen["payment"].record_id == refund["PaymentID"]
    assert fields(seen["payment"], rig.clock)["refund"] is True
    assert fields(seen["invoice"], rig.clock)["amount_credited"] == "30.00"


async def test_bills_are_not_taken_in(rig: Rig):
    bill = await rig.invoice(await rig.contact(), Type="ACCPAY")
    assert await rig.client.read("invoice", [bill]) == []


async def test_many_items_are_one_call(rig: Rig):
    made = [
        str((await rig.act("PUT", "Items", {"Code": f"W-{number}", "SalesDetails": {"UnitPrice": "1.2345"}}))["ItemID"])
        for number in range(5)
    ]
    seen = await rig.client.read("item", [*made, NOWHERE])
    assert [each.record_id for each in seen if not each.deleted] == made
    assert [each.record_id for each in seen if each.deleted] == [NOWHERE]
    assert len(rig.calls("GET")) == 1


async def test_an_unknown_kind_is_refused(rig: Rig):
    with pytest.raises(Refused, match="deal is no kind"):
        await rig.client.read("deal", ["1"])


async def test_a_webhook_storm_on_one_record_is_one_call(rig: Rig):
    made = await rig.contact()
    assert len(await rig.client.read("contact", [made] * 30)) == 1
    assert len([call for call in rig.calls("GET") if "/Contacts" in call]) == 1
    await rig.client.read("contact", [made])
    assert len([call for call in rig.calls("GET") if "Groups" in call]) == 2  # the hold group is looked for once


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_outage_while_reading_is_transient(rig: Rig, status: int):
    rig.strike(FaultKind.STATUS, status=status)
    with pytest.raises(Transient, match="nothing was changed"):
        await rig.client.read("contact", [NOWHERE])
    assert [each.deleted for each in await rig.client.read("contact", [NOWHERE])] == [True]


async def test_a_record_is_quoted_so_that_it_cannot_choose_the_path(rig: Rig):
    seen = await rig.client.read("payment", ["../Organisation?x=1"])
    assert [each.deleted for each in seen] == [True]
    assert all("Organisation?x" not in call.split("?")[1] for call in rig.calls())
