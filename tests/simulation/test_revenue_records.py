"""Revenue shown in HubSpot, over both sandboxes: from a won deal to credit, refund and void, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.rules.attribution import attribute
from console.attributing import converted
from console.earning import postings
from console.explain.contract import Unreadable
from console.explain.explanation import explain
from console.explain.search import search
from console.projection.delivery import Delivery
from console.projection.store import Store
from console.projection.tables import Known
from sandbox.faults import Fault, FaultKind
from schemas.contract import Contract
from schemas.contract.touches import Basis
from schemas.names import Entity, Side
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, fulfilled, theatre
from tests.simulation.test_custom_object import BEGINNING
from tests.simulation.test_gone import settled
from tests.simulation.test_parts import pay
from tests.support.contracts import contract
from tests.support.earned import unlike

SHOWN = "revmark_revenue"
CAMPAIGNS = {"company": {"custom_campaigns": {"kind": "set", "crm": "campaigns"}}}
ALWAYS = ("1970-01-01", "2999-12-31")


def chosen(**revenue: Any) -> Contract:
    """The shipped contract, which shows revenue, split equally over the campaigns that touched a company."""
    return contract({
        "platforms": {"objects": {"revenue": {"custom": SHOWN, "by": "campaign", **revenue}}},
        "mappings": CAMPAIGNS, "attribution": {"campaign": {"linear": "custom_campaigns"}},
    })  # fmt: skip


@pytest.fixture
def stage() -> Iterator[Theatre]:
    with theatre(contract=chosen()) as found:
        yield found


def records(stage: Theatre) -> list[dict[str, Any]]:
    return [row["properties"] for row in stage.sales.records(SHOWN)]


def agrees(stage: Theatre) -> list[str]:
    """Where HubSpot's records are not what Xero's books say."""
    state = stage.world.platforms
    shelves = {kind: state.shelf(name) for kind, name in (("credit_note", "CreditNotes"), ("payment", "Payments"))}
    return list(unlike(records(stage), {"invoice": stage.finance.invoices(), **shelves}, "NZD"))


@contextmanager
def projected(stage: Theatre, folder: Path) -> Iterator[Store]:
    """The console's projection of what workers know."""
    world, store = stage.world, Store(folder)
    store.bind("test")
    topic = world.topics.accounts
    try:
        store.apply(
            Delivery(topic.name, place, each.offset, each.key, each.value, each.timestamp)
            for place in range(world.broker.partitions)
            for each in world.broker.records[world.topics.name(topic), place]
        )
        yield store
    finally:
        store.close()


def reported(stage: Theatre, folder: Path, basis: Basis) -> Decimal:
    """What `revmark attribution --in-base` comes to."""
    world = stage.world
    with projected(stage, folder) as store:
        found, left = converted(postings(store, world.contract, "campaign"), "NZD")
        assert left == []
        return sum((each.net for each in attribute(found, basis, *ALWAYS).totals), Decimal(0))


def worth(stage: Theatre, basis: Basis) -> Decimal:
    rows = (row for row in records(stage) if row["revmark_basis"] == basis)
    return sum((Decimal(row["revmark_base_amount"]) for row in rows), Decimal(0))


def credit(stage: Theatre, sold: Sale, amount: str, *, allocated: str = "") -> str:
    """Finance gives credit, and sets some of it against the deal's bill."""
    (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{sold.deal}")
    day = str(row["Date"])[:10]
    note = stage.finance.put("CreditNotes", {
        "Type": "ACCRECCREDIT", "Contact": {"ContactID": row["_contact"]}, "Date": day, "Status": "AUTHORISED",
        "LineItems": [{"Description": "Broken", "Quantity": "1", "UnitAmount": amount, "AccountCode": "200",
                       "TaxType": "NONE"}],
    })  # fmt: skip
    if allocated:
        stage.finance.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", {
            "Amount": allocated, "Date": day, "Invoice": {"InvoiceID": row["InvoiceID"]},
        })  # fmt: skip
    return str(note["CreditNoteID"])


def test_from_a_won_deal_to_credit_refund_and_void_the_sums_are_the_books_and_the_reports(
    stage: Theatre, tmp_path: Path
):
    stage.sales.edit("companies", stage.cast.companies["Tui"], campaigns="fair;radio;spring")
    sold = Sale(stage, [("10", "50.00")])
    number = f"RM-{sold.deal}"
    shares = [row for row in records(stage) if row["revmark_document_number"] == number]
    assert [(row["revmark_earned_by"], row["revmark_amount"]) for row in shares] == [
        ("fair", "191.67"), ("radio", "191.67"), ("spring", "191.66"),
    ]  # fmt: skip
    ends = {tuple(each["to"]) for each in stage.sales.state()["associations"] if str(each["from"][0]).startswith("2-")}
    assert ends >= {("0-2", int(stage.cast.companies["Tui"])), ("0-3", int(sold.deal))}
    assert {kind for kind, _ in ends} == {"0-1", "0-2", "0-3"}

    pay(stage, number, "200.00")
    note = credit(stage, sold, "40.00", allocated="25.00")
    sold.work()
    stage.finance.put("Payments", {
        "CreditNote": {"CreditNoteID": note}, "Account": {"Code": "090"}, "Date": "2026-09-01", "Amount": "10.00",
    })  # fmt: skip
    sold.work()
    assert agrees(stage) == []
    part = [row["revmark_amount"] for row in records(stage) if row["revmark_revenue_key"].count(":") > 2]
    assert part, "what was allocated is a record of its own"

    other = Sale(stage, [("1", "80.00")])
    (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{other.deal}")
    stage.finance.post("Invoices", {"InvoiceID": row["InvoiceID"], "Status": "VOIDED"})
    other.work()
    void = [row for row in records(stage) if row["revmark_document_number"] == f"RM-{other.deal}"]
    assert {(row["revmark_status"], row["revmark_amount"]) for row in void} == {("void", "0.00")}
    assert agrees(stage) == []
    for basis in ("posted", "cash"):
        assert worth(stage, basis) == reported(stage, tmp_path / basis, basis)
    posted = [row for row in stage.finance.invoices() if row["Status"] in {"AUTHORISED", "PAID"}]
    invoiced = [row for row in records(stage) if row["revmark_kind"] == "invoice"]
    assert sum(Decimal(row["revmark_base_amount"]) for row in invoiced) == sum(Decimal(row["Total"]) for row in posted)


def test_nothing_is_written_twice_and_a_touch_that_moves_moves_all_of_the_customers(stage: Theatre):
    sold = Sale(stage, [("10", "50.00")])
    sold.work()
    before = writes(stage)
    for _ in range(3):
        sold.work()
        stage.run(stage.world.sync())
    assert writes(stage) == before
    stage.sales.edit("companies", stage.cast.companies["Tui"], campaigns="fair")
    sold.work()
    mine = [row for row in records(stage) if row["revmark_document_number"] == f"RM-{sold.deal}"]
    assert [row["revmark_earned_by"] for row in mine] == ["fair"]
    assert agrees(stage) == []


def test_a_document_is_explained_with_its_records_and_a_record_with_its_write(stage: Theatre, tmp_path: Path):
    stage.sales.edit("companies", stage.cast.companies["Tui"], campaigns="fair;radio")
    sold = Sale(stage, [("10", "50.00")])
    with projected(stage, tmp_path) as store:
        known = Known(store, stage.world.settings.tenant)
        document = explain(known, str(search(known, f"RM-{sold.deal}")), Unreadable("not here"))
        shown = [each for each in document.holds if each.role == "revenue"]
        assert [each.label for each in shown] == [f"invoice RM-{sold.deal}"] * 2
        record = explain(known, shown[0].record, Unreadable("not here"))
        assert {each.role for each in record.related} == {"invoice", "deal", "company"}
        assert record.sides[Side.CRM].ref.startswith("hubspot:revenue:")


def writes(stage: Theatre) -> int:
    """How often we have written records of revenue."""
    return len([row for row in stage.world.platforms.writes("hubspot") if row.resource == SHOWN])


def test_answers_that_are_lost_and_webhooks_that_come_three_times_make_no_second_record(stage: Theatre):
    stage.run(stage.world.sync())
    faults = stage.world.platforms.faults
    faults["xero"].add(Fault(FaultKind("webhook_duplicate"), rate=1.0, seed=1, params={"copies": 3}))
    path = f"/crm/objects/2026-09/p_{SHOWN}"
    lost = faults["hubspot"].add(Fault(FaultKind.DROP_AFTER, method="POST", path=path, times=2, seed=1))
    sold = Sale(stage, [("1", "10.00")])
    pay(stage, f"RM-{sold.deal}", "11.50")
    sold.work()
    sold.work()
    assert lost.struck == 2
    assert agrees(stage) == []
    entries = [each for each in settled(stage).values() if each.command.entity is Entity.REVENUE]
    assert {each.state for each in entries} == {"applied"}


def test_the_first_sync_shows_history_once_and_as_it_was_planned():
    with theatre(contract=chosen()) as stage:
        old = {
            "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": "OLD-1", "Date": "2026-07-01",
            "DueDate": "2026-07-20", "Contact": {"ContactID": stage.cast.contacts["Harakeke"]},
            "LineItems": [{"Description": "Old", "Quantity": "1", "UnitAmount": "10", "AccountCode": "200"}],
        }  # fmt: skip
        stage.finance.put("Invoices", old)
        planned = stage.run(stage.world.plan())
        wished = [each for each in planned.writes if each.entity is Entity.REVENUE]
        assert "invoice OLD-1" in {each.fields["subject"].becomes for each in wished}
        stage.run(stage.world.sync())
        assert fulfilled(planned, stage.world.written(BEGINNING)) == []
        assert agrees(stage) == []
        entries = [each for each in settled(stage).values() if each.command.entity is Entity.REVENUE]
        assert {(each.command.tier, each.command.first) for each in entries} == {(3, True)}
        again = stage.run(stage.world.plan())
        assert [each for each in again.writes if each.entity is Entity.REVENUE] == []
