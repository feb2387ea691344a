"""An order that is shipped and billed in parts, over both sandboxes: each part a bill, all bills the order."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.faults import Fault, FaultKind
from schemas.names import Entity
from tests.simulation.auditing import audited
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_gone import settled
from tests.simulation.trade import timed

PARTS = {"invoice_when": "shipped", "partial": "each"}


@contextmanager
def sale(*lines: tuple[str, str], **more: str) -> Iterator[Sale]:
    """A deal of these lines (quantity, price), won, under a contract that bills each part."""
    with theatre(contract=timed(**PARTS)) as stage:
        yield Sale(stage, lines, **more)


def pay(stage: Theatre, number: str, amount: str) -> None:
    """A customer pays on an invoice."""
    (row,) = stage.finance.invoices(InvoiceNumber=number)
    stage.finance.put("Payments", {
        "Invoice": {"InvoiceID": row["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": amount,
        "Date": str(row["Date"])[:10],
    })  # fmt: skip


def test_finance_gets_a_bill_for_each_shipment_and_sales_sees_them_all(tmp_path: Path):
    with sale(("10", "50.00"), ("3", "9.99")) as sold:
        assert (sold.bills(), sold.shown("order_status")) == ([], ["created: 0 of 2 lines shipped"])
        sold.ship("4")
        sold.ship("4", "3")
        assert sold.shown("order_status") == ["created: 1 of 2 lines shipped, 2 bills so far"]
        sold.ship("10")
        assert [(each.number, each.lines, each.total) for each in sold.bills()] == [
            ("", (("Line 0", "4.0000"),), Decimal("230.00")),
            ("-2", (("Line 1", "3.0000"),), Decimal("34.47")),
            ("-3", (("Line 0", "10.0000"), ("Billed before: Line 0", "-4.0000")), Decimal("345.00")),
        ]
        numbers = [f"RM-{sold.deal}{part}" for part in ("", "-2", "-3")]
        assert [row["revmark_invoice_number"] for row in sold.mirrors()] == numbers
        assert sold.shown("order_status", "invoice_number") == ["created", ", ".join(numbers)]
        assert sold.told() == ["order_created", "invoice_posted", "invoice_posted", "invoice_posted"]

        pay(sold.stage, numbers[0], "230.00")
        pay(sold.stage, numbers[2], "100.00")
        sold.work()
        names = ("invoice_status", "amount_due", "amount_paid")
        assert sold.shown(*names) == ["part_paid", "279.47", "330.00"]
        assert sold.told()[4:] == ["payment_received", "payment_received"]
        night = str(sold.stage.finance.invoices(InvoiceNumber=numbers[0])[0]["Date"])[:10]
        sold.stage.pass_by(7200)
        made = audited(sold.stage, night, tmp_path)
        assert made.agreed
        (counted,) = [each for each in made.tallies if each.kind == "invoice"]
        assert counted.crm is not None
        assert (counted.crm.count, counted.erp.count, counted.erp.total) == (3, 3, Decimal("609.47"))


@pytest.mark.parametrize(
    ("lines", "more", "steps"),
    [
        ([("3", "33.33")], {}, [("1",), ("2",), ("3",)]),
        ([("7", "0.07"), ("3", "19.99")], {}, [("1", "1"), ("2", "1"), ("5", "2"), ("7", "3")]),
        ([("3", "99.99")], {"hs_discount_percentage": "12.5"}, [("1",), ("2",), ("3",)]),
        ([("0.9", "10.01"), ("1", "0.00")], {}, [("0.3", "0"), ("0.6", "0"), ("0.9", "0")]),
    ],
)
def test_no_cent_is_lost_or_won_over_parts_whatever_discount_and_tax(
    lines: list[tuple[str, str]], more: dict[str, str], steps: list[tuple[str, ...]]
):
    with sale(*lines, **more) as sold:
        whole = Sale(sold.stage, lines, name="The same, at once", **more)
        whole.ship(*(quantity for quantity, _ in lines))
        (bill,) = whole.bills()
        for step in steps:
            sold.ship(*step)
            assert sum(each.total for each in sold.bills()) <= bill.total
        assert len(sold.bills()) == len(steps)
        for name in ("net", "tax", "total"):
            assert sum(getattr(each, name) for each in sold.bills()) == getattr(bill, name)


def test_answers_that_are_lost_and_webhooks_that_come_three_times_make_no_second_bill_of_a_part():
    with sale(("9", "10.00")) as sold:
        faults = sold.stage.world.platforms.faults
        faults["hubspot"].add(Fault(FaultKind("webhook_duplicate"), rate=1.0, seed=1, params={"copies": 3}))
        for quantity in ("2", "5", "9"):
            lost = faults["xero"].add(Fault(FaultKind.DROP_AFTER, method="PUT", path="/Invoices", times=1, seed=1))
            sold.ship(quantity)
            assert lost.struck == 1
        log = sold.stage.world.platforms.writes("xero")
        made = [row.keys["InvoiceNumber"] for row in log if row.resource == "Invoices" and row.action == "create"]
        assert made == [f"RM-{sold.deal}{part}" for part in ("", "-2", "-3")]
        entries = [each for each in settled(sold.stage).values() if each.command.entity is Entity.INVOICE]
        assert {each.state for each in entries} == {"applied"}
        assert sum(each.net for each in sold.bills()) == Decimal("90.00")


def test_a_shipped_quantity_that_goes_down_after_its_bill_asks_a_person_and_changes_no_invoice():
    with sale(("10", "50.00")) as sold:
        sold.ship("6")
        before = sold.bills()
        sold.ship("5")
        assert sold.shown("order_status") == [
            "held: more of Line 0 is billed than was shipped: mend the shipped quantity, or credit it in the ERP"
        ]
        assert (sold.bills(), sold.stage.finance.shelf("CreditNotes")) == (before, [])
        sold.ship("10")
        assert [each.total for each in sold.bills()] == [Decimal("345.00"), Decimal("230.00")]


def test_a_voided_part_stays_voided_and_the_others_stand():
    with sale(("10", "50.00")) as sold:
        sold.ship("4")
        (row,) = sold.stage.finance.invoices(InvoiceNumber=f"RM-{sold.deal}")
        sold.stage.finance.post(f"Invoices/{row['InvoiceID']}", {"InvoiceID": row["InvoiceID"], "Status": "VOIDED"})
        sold.work()
        assert sold.shown("invoice_status") == ["voided"]
        sold.ship("10")
        assert [(each.status, each.net) for each in sold.bills()] == [
            ("VOIDED", Decimal("200.00")), ("AUTHORISED", Decimal("300.00")),
        ]  # fmt: skip
        assert sold.shown("invoice_status", "amount_due") == ["posted", "345.00"]
        assert sold.told() == ["order_created", "invoice_posted", "invoice_voided", "invoice_posted"]
