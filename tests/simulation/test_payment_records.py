"""Payments shown in HubSpot, over both sandboxes: paid, given back, taken back, on HubSpot's own object or another."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.explain.contract import Unreadable
from console.explain.explanation import explain
from console.explain.search import search
from console.projection.tables import Known
from sandbox.faults import Fault, FaultKind
from schemas.contract import Contract
from schemas.names import Entity, Side
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, fulfilled, theatre
from tests.simulation.test_custom_object import BEGINNING
from tests.simulation.test_gone import settled
from tests.simulation.test_parts import pay
from tests.simulation.test_revenue_records import credit, projected
from tests.support.contracts import contract
from tests.support.earned import money
from tests.support.receipted import unlike

CUSTOM, MIRROR = "revmark_payment", "revmark_invoice"
OWN: dict[str, Any] = {"payment": "native"}
OTHERS: dict[str, Any] = {"payment": {"custom": CUSTOM}, "invoice": {"custom": MIRROR}}


def chosen(objects: dict[str, Any]) -> Contract:
    """The shipped contract, which shows payments."""
    return contract({"platforms": {"objects": objects}})


@pytest.fixture
def stage() -> Iterator[Theatre]:
    with theatre(contract=chosen(OWN)) as found:
        yield found


def records(stage: Theatre, name: str = "commerce_payments") -> list[dict[str, Any]]:
    return [row["properties"] for row in stage.sales.records(name)]


def agrees(stage: Theatre, name: str = "commerce_payments") -> list[str]:
    """Where HubSpot's records are not Xero's payments."""
    return list(unlike(records(stage, name), money(stage.world.platforms.shelf)))


def take_back(stage: Theatre, amount: str) -> None:
    """A payment bounces."""
    (row,) = [row for row in stage.world.platforms.shelf("Payments") if row["Amount"] == Decimal(amount)]
    stage.finance.post(f"Payments/{row['PaymentID']}", {"Status": "DELETED"})


@pytest.mark.parametrize("objects", [OWN, OTHERS], ids=["HubSpot's own", "custom objects"])
def test_a_bill_is_paid_in_parts_one_bounces_and_credit_is_paid_out(objects: dict[str, Any]):
    name, mirrors = (CUSTOM, MIRROR) if objects is OTHERS else ("commerce_payments", "invoices")
    with theatre(contract=chosen(objects)) as stage:
        sold = Sale(stage, [("10", "50.00")])
        pay(stage, f"RM-{sold.deal}", "200.00")
        pay(stage, f"RM-{sold.deal}", "75.00")
        sold.work()
        assert [(row["revmark_document_number"], row["revmark_amount"]) for row in records(stage, name)] == [
            (f"RM-{sold.deal}", "200.00"), (f"RM-{sold.deal}", "75.00"),
        ]  # fmt: skip
        take_back(stage, "75.00")
        note = credit(stage, sold, "40.00", allocated="25.00")
        sold.work()
        refund = {"CreditNote": {"CreditNoteID": note}, "Account": {"Code": "090"}, "Date": "2026-09-01"}
        stage.finance.put("Payments", refund | {"Amount": "10.00"})
        sold.work()
        assert agrees(stage, name) == []
        assert sum(Decimal(row["revmark_amount"]) for row in records(stage, name)) == Decimal("190.00")
        types = {each: stage.world.platforms.portal.catalogue.get(each).type_id for each in (name, mirrors)}
        ends = [each for each in stage.sales.state()["associations"] if each["from"][0] == types[name]]
        (mirror,) = [
            row for row in stage.sales.records(mirrors) if "RM-" in row["properties"]["revmark_invoice_number"]
        ]
        assert {tuple(each["to"]) for each in ends} >= {
            (types[mirrors], int(mirror["id"])), ("0-2", int(stage.cast.companies["Tui"])), ("0-3", int(sold.deal)),
        }  # fmt: skip


def test_answers_that_are_lost_and_webhooks_that_come_three_times_make_no_second_record(stage: Theatre):
    stage.run(stage.world.sync())
    faults = stage.world.platforms.faults
    faults["xero"].add(Fault(FaultKind("webhook_duplicate"), rate=1.0, seed=1, params={"copies": 3}))
    path = "/crm/objects/2026-09/commerce_payments"
    lost = faults["hubspot"].add(Fault(FaultKind.DROP_AFTER, method="POST", path=path, times=2, seed=1))
    sold = Sale(stage, [("1", "10.00")])
    pay(stage, f"RM-{sold.deal}", "11.50")
    for _ in range(4):
        sold.work()
    assert lost.struck == 2
    assert agrees(stage) == []
    entries = [each for each in settled(stage).values() if each.command.entity is Entity.RECEIPT]
    assert {each.state for each in entries} == {"applied"}
    writes = [row for row in stage.world.platforms.writes("hubspot") if row.resource == "commerce_payments"]
    for _ in range(2):
        stage.run(stage.world.sync())
        sold.work()
    again = [row for row in stage.world.platforms.writes("hubspot") if row.resource == "commerce_payments"]
    assert len(again) == len(writes), "what is there is not written again"


def test_a_portal_without_payments_waits_in_words_and_goes_on_when_it_has_them(stage: Theatre):
    stage.run(stage.world.sync())
    stage.world.platforms.portal.payments_enabled = False
    sold = Sale(stage, [("1", "10.00")])
    pay(stage, f"RM-{sold.deal}", "11.50")
    sold.work()
    assert records(stage) == []
    entries = [each for each in settled(stage).values() if each.command.entity is Entity.RECEIPT]
    assert {each.state for each in entries} & {"refused"} == set()
    stage.world.platforms.portal.payments_enabled = True
    for _ in range(4):
        sold.work()
    assert agrees(stage) == []
    assert len(records(stage)) == 1


def test_a_payment_is_explained_with_its_record_and_a_record_with_its_write(stage: Theatre, tmp_path: Path):
    sold = Sale(stage, [("1", "10.00")])
    pay(stage, f"RM-{sold.deal}", "11.50")
    sold.work()
    with projected(stage, tmp_path) as store:
        known = Known(store, stage.world.settings.tenant)
        document = explain(known, str(search(known, f"RM-{sold.deal}")), Unreadable("not here"))
        (shown,) = [each for each in document.holds if each.role == "receipt"]
        assert shown.label == f"payment of RM-{sold.deal}"
        record = explain(known, shown.record, Unreadable("not here"))
        assert {each.role for each in record.related} == {"payment", "invoice", "deal", "company"}
        assert record.sides[Side.CRM].ref.startswith("hubspot:receipt:")


def test_the_first_sync_shows_history_once_and_as_it_was_planned():
    with theatre(contract=chosen(OWN)) as stage:
        old = {
            "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": "OLD-1", "Date": "2026-07-01",
            "DueDate": "2026-07-20", "Contact": {"ContactID": stage.cast.contacts["Harakeke"]},
            "LineItems": [{"Description": "Old", "Quantity": "1", "UnitAmount": "10", "AccountCode": "200"}],
        }  # fmt: skip
        made = stage.finance.put("Invoices", old)
        stage.finance.put("Payments", {
            "Invoice": {"InvoiceID": made["InvoiceID"]}, "Account": {"Code": "090"}, "Date": "2026-07-02",
            "Amount": "4.00",
        })  # fmt: skip
        planned = stage.run(stage.world.plan())
        wished = [each for each in planned.writes if each.entity is Entity.RECEIPT]
        assert {each.fields["subject"].becomes for each in wished} >= {"payment of OLD-1"}
        stage.run(stage.world.sync())
        assert fulfilled(planned, stage.world.written(BEGINNING)) == []
        assert agrees(stage) == []
        entries = [each for each in settled(stage).values() if each.command.entity is Entity.RECEIPT]
        assert {(each.command.tier, each.command.first) for each in entries} == {(3, True)}
        again = stage.run(stage.world.plan())
        assert [each for each in again.writes if each.entity is Entity.RECEIPT] == []


def test_a_payment_of_before_the_first_sync_is_written_once_with_the_invoice_that_it_pays(stage: Theatre):
    contact = stage.world.platforms.shelf("Contacts")[0]["ContactID"]
    line = {"Description": "Repair", "Quantity": "1", "UnitAmount": "10.00", "AccountCode": "200", "TaxType": "NONE"}
    bill = {"Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": contact}, "Date": "2026-08-01",
            "DueDate": "2026-08-20", "LineItems": [line]}  # fmt: skip
    made = [stage.finance.put("Invoices", bill) for _ in range(3)]
    for each in made:
        stage.finance.put("Payments", {"Invoice": {"InvoiceID": each["InvoiceID"]}, "Account": {"Code": "090"},
                                       "Date": "2026-08-02", "Amount": "10.00"})  # fmt: skip
    stage.run(stage.world.sync())
    written = [each.command for each in settled(stage).values() if each.command.entity is Entity.RECEIPT]
    said = [f"payment of {each['InvoiceNumber']}" for each in made]
    assert sorted(str(each.fields.get("subject")) for each in written) == sorted(said)
    assert agrees(stage) == []
