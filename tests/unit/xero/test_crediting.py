"""The two writes of a credit, at a pretend Xero: each is made once, whatever becomes of its answer."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.faults import FaultKind
from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Entity
from streams.platforms.xero.payloads import draft
from tests.unit.xero.test_writing import command, made

if TYPE_CHECKING:
    from tests.unit.xero.organisations import Rig

MEMORY = 600  # seconds: past Xero's memory of an idempotency key
LINE = {"description": "Seats", "quantity": "1", "unit_price": "10.00", "account": "200", "tax_type": "NONE"}


def note(rig: Rig, contact: str, number: str = "RM-1-CR", **fields: Any) -> Command:
    fields = {
        "number": number, "status": "posted", "date": "2026-09-01", "currency": "NZD", "total": "10.00",
        "line_amount_types": "Inclusive", "lines": [LINE], **fields,
    }  # fmt: skip
    links = {"company": f"xero/contact/{contact}"}
    return command(rig, Entity.CREDIT_NOTE, "create", natural_key=number, links=links, fields=fields)


def allocation(rig: Rig, ref: str | None, invoice: str, amount: str = "10.00", **more: Any) -> Command:
    row = {"invoice": invoice, "amount": amount, "date": "2026-09-01"}
    return command(rig, Entity.CREDIT_NOTE, "update", ref=ref, fields={"allocations": [row]}, **more)


async def owed(rig: Rig) -> tuple[str, str]:
    """A customer and its invoice of ten."""
    contact = await rig.contact()
    return contact, await rig.invoice(contact, 10)


async def test_a_credit_note_is_made_and_its_allocation_shows_both_documents(rig: Rig):
    contact, invoice = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    assert (first.state, first.seen[0].kind) == ("applied", "credit_note")
    raw = first.seen[0].raw
    assert (raw["CreditNoteNumber"], raw["Status"], raw["Total"]) == ("RM-1-CR", "AUTHORISED", Decimal(10))
    (second,) = await rig.client.write([allocation(rig, first.ref, invoice)])
    assert (second.state, second.ref) == ("applied", first.ref)
    shown = {each.kind: each.raw for each in second.seen}
    assert shown["credit_note"]["Status"] == shown["invoice"]["Status"] == "PAID"
    assert (shown["credit_note"]["RemainingCredit"], shown["invoice"]["AmountCredited"]) == (0, Decimal(10))


async def test_our_own_number_met_again_is_applied_and_not_refused(rig: Rig):
    contact, _ = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    await rig.clock.advance(MEMORY)
    (second,) = await rig.client.write([note(rig, contact)])
    assert (second.state, second.ref) == ("applied", first.ref)
    assert len(made(rig, "CreditNotes")) == 1


async def test_a_number_of_another_customer_is_refused(rig: Rig):
    await rig.client.write([note(rig, await rig.contact("One"))])
    await rig.clock.advance(MEMORY)
    (done,) = await rig.client.write([note(rig, await rig.contact("Two"))])
    assert (done.state, done.code) == ("refused", "duplicate")


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_of_a_credit_note_is_unknown_and_is_found_by_its_number(rig: Rig, kind: FaultKind):
    contact, _ = await owed(rig)
    wanted = note(rig, contact)
    rig.strike(kind, path="CreditNotes")
    (done,) = await rig.client.write([wanted])
    assert done.state == "unknown"
    found = await rig.client.look_up(wanted)
    assert (found is not None) == (kind is FaultKind.DROP_AFTER) == bool(made(rig, "CreditNotes"))
    assert found is None or found.state == "applied"


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
async def test_a_lost_answer_of_an_allocation_is_looked_for_on_the_credit_note(rig: Rig, kind: FaultKind):
    contact, invoice = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    wanted = allocation(rig, first.ref, invoice)
    assert await rig.client.look_up(wanted) is None
    rig.strike(kind, path="Allocations")
    (done,) = await rig.client.write([wanted])
    assert done.state == "unknown"
    found = await rig.client.look_up(wanted)
    assert (found is not None) == (kind is FaultKind.DROP_AFTER) == bool(made(rig, "Allocations"))
    assert found is None or (found.state, found.ref) == ("applied", first.ref)


async def test_many_are_looked_up_together_and_each_is_told_of(rig: Rig):
    contact, invoice = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    wanted = [note(rig, contact), note(rig, contact, "RM-2-CR"), allocation(rig, first.ref, invoice)]
    await rig.client.write(wanted[2:])
    found = [await rig.client.look_up(each) for each in wanted]
    assert [each and each.state for each in found] == ["applied", None, "applied"]
    answers: dict[str, Any] = {}
    async for each in rig.client.look_up_many(wanted):
        answers |= each
    assert answers[wanted[2].id].state == "applied"
    assert answers.get(wanted[1].id) is None


@pytest.mark.parametrize("memory", [0, MEMORY])
async def test_an_allocation_that_is_sent_twice_applies_once(rig: Rig, memory: int):
    contact, invoice = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    wanted = allocation(rig, first.ref, invoice)
    await rig.client.write([wanted])
    await rig.clock.advance(memory)
    (again,) = await rig.client.write([wanted])
    assert again.state == ("applied" if memory == 0 else "refused")
    assert len(made(rig, "Allocations")) == 1


async def test_what_is_taken_back_by_people_counts_as_not_allocated(rig: Rig):
    contact, invoice = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    wanted = allocation(rig, first.ref, invoice)
    (done,) = await rig.client.write([wanted])
    number, part = done.seen[0].record_id, done.seen[0].raw["Allocations"][0]["AllocationID"]
    reply = await rig.people.request("DELETE", f"/_sandbox/people/CreditNotes/{number}/Allocations/{part}")
    assert reply.is_success
    assert await rig.client.look_up(wanted) is None


async def test_an_allocation_that_arrived_is_applied_though_nothing_can_be_read_after_it(rig: Rig):
    contact, invoice = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    number = str(first.ref).rpartition("/")[2]
    rig.strike(FaultKind.STATUS, times=None, path=f"CreditNotes/{number}$", status=500)
    (done,) = await rig.client.write([allocation(rig, first.ref, invoice)])
    assert (done.state, done.ref, done.version, done.seen) == ("applied", first.ref, None, [])


async def test_more_than_is_due_and_a_locked_day_are_refused_in_xeros_words(rig: Rig):
    contact, invoice = await owed(rig)
    (first,) = await rig.client.write([note(rig, contact)])
    await rig.pay(invoice, 4)
    (done,) = await rig.client.write([allocation(rig, first.ref, invoice)])
    assert (done.state, done.message) == (
        "refused", "Allocation amount exceeds the amount outstanding on this invoice",
    )  # fmt: skip
    await rig.clock.advance(MEMORY)
    reply = await rig.people.post("/_sandbox/settings", json={"period_lock_date": "2026-09-30"})
    assert reply.status_code == httpx.codes.OK, reply.text
    (done,) = await rig.client.write([note(rig, contact, "RM-3-CR")])
    assert done.state == "refused"
    assert "lock date" in done.message


async def test_of_several_each_allocation_is_a_request_of_its_own(rig: Rig):
    contact = await rig.contact()
    bills = [await rig.invoice(contact, 10) for _ in range(2)]
    notes = await rig.client.write([note(rig, contact, f"RM-{place}-CR") for place in range(2)])
    done = await rig.client.write([allocation(rig, each.ref, bill) for each, bill in zip(notes, bills, strict=True)])
    assert [each.state for each in done] == ["applied", "applied"]
    puts = [each for each in rig.calls("PUT") if "Allocations" in each]
    assert len(puts) == 2


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"allocations": []}, "one allocation is expected"),
        ({"allocations": [{"invoice": "i", "amount": "1", "date": "2026-09-01"}], "status": "voided"}, "nothing else"),
        ({"status": "voided"}, "one allocation is expected"),
        ({"allocations": [{"invoice": "i", "date": "2026-09-01"}]}, "amount"),
    ],
)
def test_nothing_else_of_a_credit_note_is_ever_changed(rig: Rig, fields: dict[str, Any], says: str):
    with pytest.raises(Refused, match=says):
        draft(command(rig, Entity.CREDIT_NOTE, "update", ref="xero/credit_note/n1", fields=fields))


def test_a_number_that_could_not_be_looked_up_is_refused(rig: Rig):
    with pytest.raises(Refused, match="could not be looked up"):
        draft(note(rig, "c1", 'RM"-1-CR'))
