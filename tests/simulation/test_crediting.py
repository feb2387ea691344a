"""Posted bills of orders that are called off, over both sandboxes: credited once, as the contract says."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import Fault, FaultKind
from schemas.names import Entity
from tests.simulation.auditing import audited
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, fulfilled, theatre
from tests.support.contracts import contract

LINES = [("2", "50.00"), ("1", "0.35")]
CREDITED = contract({"timing": {"called_off_posted": "credit"}})
DRAFTED = contract({"timing": {"called_off_posted": "draft_credit"}})
TOTAL = Decimal("115.40")
ALLOCATIONS = r"CreditNotes/[^/]+/Allocations"


def notes(stage: Theatre, sold: Sale) -> list[dict[str, Any]]:
    """The credit notes of an order's bills, with what is left of each."""
    rows = stage.finance.shelf("CreditNotes")
    return [row for row in rows if str(row["CreditNoteNumber"]).startswith(f"RM-{sold.deal}")]


def due(sold: Sale) -> Decimal:
    """What is due on the order's bills."""
    rows = sold.stage.finance.invoices()
    return sum((row["AmountDue"] for row in rows if row["InvoiceNumber"].startswith(f"RM-{sold.deal}")), Decimal(0))


def pay(stage: Theatre, sold: Sale, amount: str) -> None:
    """The customer pays."""
    (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{sold.deal}")
    body = {"Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "090"}, "Date": "2026-09-01"}
    stage.finance.put("Payments", {**body, "Amount": amount})


def advance(stage: Theatre, sold: Sale, kind: str, amount: str) -> None:
    """Money came before the bill, or beyond another, and finance sets it against the bill."""
    (row,) = (each for each in stage.world.platforms.invoices() if each["InvoiceNumber"] == f"RM-{sold.deal}")
    line = {"Description": "In advance", "Quantity": "1", "UnitAmount": amount, "AccountCode": "200", "TaxType": "NONE"}
    made = stage.finance.put("BankTransactions", {
        "Type": f"RECEIVE-{kind.upper()}", "Contact": {"ContactID": row["_contact"]}, "BankAccount": {"Code": "090"},
        "Date": "2026-09-01", "LineItems": [line],
    })  # fmt: skip
    there = {"Amount": amount, "Date": "2026-09-01", "Invoice": {"InvoiceID": row["InvoiceID"]}}
    stage.finance.put(f"{kind}s/{made[f'{kind}ID']}/Allocations", there)


def credit_by_hand(stage: Theatre, sold: Sale, amount: str) -> None:
    """Finance credits a part of the bill."""
    (row,) = (each for each in stage.world.platforms.invoices() if each["InvoiceNumber"] == f"RM-{sold.deal}")
    line = {"Description": "Goodwill", "Quantity": "1", "UnitAmount": amount, "TaxType": "NONE", "AccountCode": "200"}
    made = stage.finance.put("CreditNotes", {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": row["_contact"]}, "Date": "2026-09-01",
        "LineItems": [line],
    })  # fmt: skip
    there = {"Amount": amount, "Date": "2026-09-01", "Invoice": {"InvoiceID": row["InvoiceID"]}}
    stage.finance.put(f"CreditNotes/{made['CreditNoteID']}/Allocations", there)


def settled(stage: Theatre, sold: Sale) -> None:
    """One credit note, allocated once; nothing is due."""
    (note,) = notes(stage, sold)
    assert (note["Total"], note["Status"], due(sold)) == (TOTAL, "PAID", 0)
    assert sold.shown("order_status") == [f"called off: RM-{sold.deal} is credited by RM-{sold.deal}-CR"]


def test_a_posted_bill_is_credited_in_full_and_nothing_is_due(tmp_path: Path):
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        sold.move("closedlost")
        settled(stage, sold)
        (note,) = notes(stage, sold)
        assert (note["CreditNoteNumber"], note["TotalTax"]) == (f"RM-{sold.deal}-CR", Decimal("15.05"))
        assert sold.told() == ["order_created", "invoice_posted", "credit_memo_issued", "credit_allocated"]
        (mirror,) = sold.mirrors()
        assert (mirror["revmark_amount_due"], mirror["revmark_amount_credited"]) == ("0.00", "115.40")
        sold.move("closedlost")
        settled(stage, sold)
        stage.pass_by(7200)
        assert audited(stage, "2026-09-01", tmp_path).agreed, "the night finds no variance"


def test_it_is_planned_before_it_is_written():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        since = stage.world.hours()
        stage.sales.edit("deals", sold.deal, dealstage="closedlost")
        stage.pass_by(60)
        made = stage.run(stage.world.plan())
        (note,) = [write for write in made.writes if write.entity is Entity.CREDIT_NOTE]
        assert (note.action, note.label, note.fields["total"].becomes) == ("create", f"RM-{sold.deal}-CR", "115.40")
        assert [row["amount"] for row in note.fields["allocations"].becomes] == ["115.40"]
        sold.work()
        assert fulfilled(made, stage.world.written(since)) == []
        settled(stage, sold)


@pytest.mark.parametrize("path", ["CreditNotes$", ALLOCATIONS])
@pytest.mark.parametrize(
    ("kind", "more"),
    [(FaultKind.DROP_AFTER, {}), (FaultKind.DROP_BEFORE, {}), (FaultKind.STATUS, {"status": 500}),
     (FaultKind.LATENCY, {"seconds": 120.0}), (FaultKind.LATENCY, {"seconds": 120.0, "after": True})],
)  # fmt: skip
def test_a_lost_answer_of_either_write_is_looked_up_and_nothing_is_made_twice(path: str, kind: FaultKind, more: Any):
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        stage.world.platforms.faults["xero"].add(Fault(kind, "PUT", path, times=2, params=more))
        sold.move("closedlost")
        for _ in range(5):
            stage.pass_by(300)
            sold.work()
        settled(stage, sold)


def test_what_was_paid_is_left_on_the_credit_note_for_people_to_refund():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        pay(stage, sold, "40.00")
        sold.work()
        sold.move("closedlost")
        (note,) = notes(stage, sold)
        assert (note["Total"], note["RemainingCredit"], due(sold)) == (TOTAL, Decimal("40.00"), 0)
        assert sold.shown("order_status") == [
            (
                f"called off: RM-{sold.deal} is credited by RM-{sold.deal}-CR; 40.00 NZD of it was paid: "
                "refund that in the ERP"
            )
        ]
        stage.finance.put("Payments", {"CreditNote": {"CreditNoteID": note["CreditNoteID"]}, "Amount": "40.00",
                                       "Account": {"Code": "090"}, "Date": "2026-09-01"})  # fmt: skip
        sold.work()
        settled(stage, sold)


@pytest.mark.parametrize("kind", ["Prepayment", "Overpayment"])
def test_what_was_paid_in_advance_is_left_on_the_credit_note_as_well(kind: str):
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        advance(stage, sold, kind, "40.00")
        sold.work()
        sold.move("closedlost")
        (note,) = notes(stage, sold)
        assert (note["Total"], note["RemainingCredit"], due(sold)) == (TOTAL, Decimal("40.00"), 0)
        ((said,),) = (sold.shown("order_status"),)
        assert said.endswith("40.00 NZD of it was paid: refund that in the ERP")


def test_a_bill_that_was_paid_is_left_to_people():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        pay(stage, sold, str(TOTAL))
        sold.work()
        sold.move("closedlost")
        assert notes(stage, sold) == []
        assert sold.shown("order_status") == [f"called off: RM-{sold.deal} was paid: credit and refund it in the ERP"]


def test_no_more_is_credited_than_people_have_left():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        credit_by_hand(stage, sold, "15.40")
        sold.work()
        sold.move("closedlost")
        (note,) = notes(stage, sold)
        assert (note["Total"], note["RemainingCredit"], due(sold)) == (Decimal("100.00"), 0, 0)


def test_what_finance_credits_at_the_same_time_is_seen_before_the_write():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        stage.sales.edit("deals", sold.deal, dealstage="closedlost")
        credit_by_hand(stage, sold, "15.40")  # nobody has heard of it yet
        sold.work()
        (note,) = notes(stage, sold)
        assert (note["Total"], note["RemainingCredit"], due(sold)) == (Decimal("100.00"), 0, 0)


def test_a_draft_waits_for_a_person_and_is_one():
    with theatre(contract=DRAFTED) as stage:
        sold = Sale(stage, LINES)
        sold.move("closedlost")
        sold.move("closedlost")
        (note,) = notes(stage, sold)
        assert (note["Status"], note["Total"], due(sold)) == ("DRAFT", TOTAL, TOTAL)
        number = f"RM-{sold.deal}"
        assert sold.shown("order_status") == [
            (
                f"called off: the draft credit note {number}-CR of {number} waits in the ERP: "
                "approve it there and allocate it"
            )
        ]
        stage.finance.post("CreditNotes", {"CreditNoteID": note["CreditNoteID"], "Status": "AUTHORISED"})
        (row,) = stage.finance.invoices(InvoiceNumber=number)
        there = {"Amount": str(TOTAL), "Date": "2026-09-01", "Invoice": {"InvoiceID": row["InvoiceID"]}}
        stage.finance.put(f"CreditNotes/{note['CreditNoteID']}/Allocations", there)
        sold.work()
        settled(stage, sold)


def test_won_again_after_its_credit_it_is_held_and_not_billed_again():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        sold.move("closedlost")
        sold.move("closedwon")
        number = f"RM-{sold.deal}"
        assert sold.shown("order_status") == [
            (
                f"held: it was called off, and {number} credited by {number}-CR: bill it by hand in the ERP, "
                "or void the credit note there"
            )
        ]
        assert len(sold.bills()) == 1
        sold.move("closedlost")
        settled(stage, sold)


def test_won_again_and_its_credit_undone_it_is_an_order_as_before_and_is_not_credited_twice():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        sold.move("closedlost")
        sold.move("closedwon")
        (note,) = notes(stage, sold)
        (part,) = stage.world.platforms.organisation.allocations
        stage.finance.delete(f"CreditNotes/{note['CreditNoteID']}/Allocations/{part['AllocationID']}")
        stage.finance.post("CreditNotes", {"CreditNoteID": note["CreditNoteID"], "Status": "VOIDED"})
        sold.work()
        assert sold.shown("order_status") == ["created"]
        sold.move("closedlost")
        assert [row["Status"] for row in notes(stage, sold)] == ["VOIDED"]
        assert sold.shown("order_status") == [f"called off: RM-{sold.deal} stands, credit or void it in the ERP"]


def test_a_period_that_is_locked_refuses_it_and_says_so_and_a_later_word_of_finance_lets_it_go():
    with theatre(contract=CREDITED) as stage:
        sold = Sale(stage, LINES)
        day = (stage.world.hours() + timedelta(days=1)).date().isoformat()
        stage.finance.settings(period_lock_date=day)
        sold.move("closedlost")
        assert notes(stage, sold) == []
        (said,) = sold.shown("order_status")
        assert said.startswith(f"called off: RM-{sold.deal} stands, its credit note was refused: The document date")
