"""Money that came before an invoice, or beyond it: it counts as it comes, once, whatever becomes of it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.revenue import RevenueEvent
from tests.simulation.auditing import audited
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, theatre

KINDS = [("RECEIVE-OVERPAYMENT", "Overpayment"), ("RECEIVE-PREPAYMENT", "Prepayment")]


def balance(stage: Theatre) -> Any:
    """What HubSpot shows that the customer owes."""
    return stage.sales.properties("companies", stage.cast.companies["Tui"]).get("revmark_balance_due")


def told(stage: Theatre, kind: str) -> list[Decimal]:
    """What was told to have come, or to have gone back."""
    events = [RevenueEvent.from_bytes(each.value) for each in stage.world.all(stage.world.topics.revenue)]
    return [each.money.amount for each in events if each.type == kind and each.money]


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_it_counts_as_it_comes_and_what_is_allocated_on_invoice_and_deal(kind: str, name: str, tmp_path: Path):
    with theatre() as stage:
        sold = Sale(stage, [("2", "50.00")])
        (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{sold.deal}")
        day, key = str(row["Date"])[:10], f"{name}ID"
        money = stage.finance.put("BankTransactions", {
            "Type": kind, "Contact": {"ContactID": row["_contact"]}, "BankAccount": {"Code": "090"}, "Date": day,
            "LineItems": [{"Description": "In advance", "Quantity": "1", "UnitAmount": "40.00", "AccountCode": "200",
                           "TaxType": "NONE"}],
        })  # fmt: skip
        sold.work()
        assert balance(stage) == "75.00"
        assert told(stage, f"{name.lower()}_received") == [Decimal("40.00")]
        stage.finance.put(f"{name}s/{money[key]}/Allocations", {
            "Amount": "30.00", "Date": day, "Invoice": {"InvoiceID": row["InvoiceID"]},
        })  # fmt: skip
        sold.work()
        assert sold.shown("invoice_status", "amount_due", "amount_paid") == ["part_paid", "85.00", "0.00"]
        (mirror,) = sold.mirrors()
        assert (mirror["revmark_amount_due"], mirror["revmark_amount_credited"]) == ("85.00", "30.00")
        assert balance(stage) == "75.00", "it counts once, allocated or not"
        stage.finance.put("Payments", {
            name: {key: money[key]}, "Account": {"Code": "090"}, "Date": day, "Amount": "10.00",
        })  # fmt: skip
        sold.work()
        assert told(stage, "refund_made") == [Decimal("10.00")]
        assert told(stage, f"{name.lower()}_received") == [Decimal("40.00")], "told once"
        assert told(stage, "payment_received") == []
        assert balance(stage) == "85.00"
        stage.pass_by(7200)
        assert audited(stage, day, tmp_path).agreed
