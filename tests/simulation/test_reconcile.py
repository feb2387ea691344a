"""Nights of a world at work: its books agree, with each other and the stream; what is spoilt is found and repaired."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from console.demo.cast import win_deal
from console.repairing import readings
from schemas.audit import Discrepancy
from tests.simulation.auditing import audited
from tests.simulation.planned import Theatre, theatre

HONEY = [("HONEY-1", "Manuka honey, 1 kg", "10", "48.50")]


def billed(stage: Theatre) -> list[dict[str, Any]]:
    """The invoices that count."""
    return [row for row in stage.finance.invoices() if row["Status"] in {"AUTHORISED", "PAID"}]


def night_of(row: dict[str, Any]) -> str:
    return str(row["Date"])[:10]


def mirror_of(stage: Theatre, row: dict[str, Any]) -> str:
    (found,) = stage.sales.find("invoices", "xero_invoice_id", row["InvoiceID"])
    return str(found["id"])


def repair(stage: Theatre, variance: Discrepancy) -> None:
    """As `revmark repair --yes` does: readings on the lanes, and workers who take them up."""
    world = stage.world
    for each in readings(world.settings, variance, world.hours()):
        lane = world.topics.name(world.topics.lane(each.connection.rpartition(".")[2]))
        stage.run(world.broker.produce(lane, each.connection.encode(), each.to_bytes()))
    stage.run(world.sync())


def sell(stage: Theatre, night: str) -> dict[str, Any]:
    """Finance posts an invoice of 30."""
    line = {"Description": "x", "Quantity": 1, "UnitAmount": "30.00", "AccountCode": "200", "TaxType": "NONE"}
    return stage.finance.put("Invoices", {
        "Type": "ACCREC", "Contact": {"ContactID": stage.cast.contacts["Harakeke"]}, "Date": night, "DueDate": night,
        "Status": "AUTHORISED", "LineItems": [line],
    })  # fmt: skip


def open_books(stage: Theatre) -> None:
    """A deal is won and billed, finance posts the bill, a part of it is paid."""
    stage.run(stage.world.sync())
    win_deal(stage.sales, stage.cast, "Tui", "Honey for Tui", HONEY)
    stage.run(stage.world.sync())
    for row in stage.finance.invoices(Status="DRAFT"):
        stage.finance.post("Invoices", {"InvoiceID": row["InvoiceID"], "Status": "AUTHORISED"})
    stage.finance.put("Payments", {
        "Invoice": {"InvoiceID": billed(stage)[-1]["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": "100.00",
        "Date": night_of(billed(stage)[-1]),
    })  # fmt: skip
    stage.run(stage.world.sync())
    stage.pass_by(7200)


def test_the_books_of_workers_agree_and_what_is_spoilt_is_found_and_repaired(tmp_path: Path):
    with theatre() as stage:
        open_books(stage)
        rows = billed(stage)
        assert rows
        for night in sorted({night_of(row) for row in rows}):
            made = audited(stage, night, tmp_path)
            assert (made.discrepancies, made.gaps) == ([], [])
            assert made.agreed
            assert {each.kind for each in made.tallies} >= {"invoice"}
            assert not any(each.behind for each in made.tallies)
        row, night = rows[-1], night_of(rows[-1])
        assert {each.kind for each in audited(stage, night, tmp_path).tallies} == {"invoice", "payment"}

        # somebody changes a mirror behind everybody's back: no webhook, no date
        stage.sales.tamper("invoices", mirror_of(stage, row), revmark_total="1.00")
        stage.pass_by(600)
        made = audited(stage, night, tmp_path)
        assert [(each.kind, each.figure, each.mend.act) for each in made.discrepancies] == [("amount", "total", "read")]
        assert any(each.behind for each in made.tallies), "the stream has not heard of it"
        repair(stage, made.discrepancies[0])
        stage.pass_by(600)
        assert audited(stage, night, tmp_path).agreed
        assert not any(each.behind for each in audited(stage, night, tmp_path).tallies)

        # an edit that workers hear of they take back themselves
        stage.sales.edit("invoices", mirror_of(stage, row), revmark_amount_due="3.33")
        stage.pass_by(600)
        (found,) = audited(stage, night, tmp_path).discrepancies
        assert (found.kind, found.figure) == ("amount", "amount_due")
        stage.run(stage.world.sync())
        stage.pass_by(600)
        assert audited(stage, night, tmp_path).agreed


def test_what_somebody_deleted_stays_deleted_whatever_is_repaired(tmp_path: Path):
    with theatre() as stage:
        open_books(stage)
        row = billed(stage)[-1]
        stage.sales._do("DELETE", f"people/invoices/{mirror_of(stage, row)}")  # noqa: SLF001 - a person's click
        stage.run(stage.world.sync())
        stage.pass_by(7200)
        (found,) = audited(stage, night_of(row), tmp_path).discrepancies
        assert (found.kind, found.figure) == ("missing", "document")
        repair(stage, found)
        stage.pass_by(7200)
        (again,) = audited(stage, night_of(row), tmp_path).discrepancies
        assert again.id == found.id
        assert "recycle bin" in again.mend.says


def test_where_both_sides_agree_and_the_stream_has_not_heard_its_documents_are_named(tmp_path: Path):
    with theatre() as stage:
        open_books(stage)
        row = billed(stage)[-1]
        night = night_of(row)
        made = sell(stage, night)
        stage.sales.create("invoices", xero_invoice_id=made["InvoiceID"], revmark_invoice_number=made["InvoiceNumber"],
            hs_invoice_date=night, hs_currency="NZD", revmark_total="30.00", revmark_invoice_status="posted",
            revmark_amount_due="30.00", revmark_amount_paid="0", revmark_amount_credited="0")  # fmt: skip
        stage.pass_by(7200)
        found = audited(stage, night, tmp_path)
        assert [(each.kind, each.figure, each.difference) for each in found.discrepancies] == [
            ("missing", "stream", Decimal("30.00")),
        ] * 2  # fmt: skip
        assert {(each.crm is None, each.erp is None) for each in found.discrepancies} == {(True, False), (False, True)}
        assert all(f"invoice {made['InvoiceNumber']} is 30.00 NZD in" in each.says for each in found.discrepancies)
        for each in found.discrepancies:
            repair(stage, each)
        stage.pass_by(7200)
        assert audited(stage, night, tmp_path).agreed


SPOILT: dict[str, dict[str, str]] = {
    "amount": {"revmark_total": "7.77"},
    "rounding": {"revmark_amount_due": "30.01"},
    "currency": {"hs_currency": "USD"},
    "date": {"hs_invoice_date": "2026-09-09"},
    "void": {"revmark_invoice_status": "voided"},
}


def test_while_nobody_works_each_class_is_found_and_repaired_where_the_contract_lets_it(tmp_path: Path):
    with theatre() as stage:
        stage.run(stage.world.sync())
        night = "2026-08-20"
        sold = [sell(stage, night) for _ in range(len(SPOILT) + 3)]
        stage.run(stage.world.sync())
        stage.pass_by(60)
        assert audited(stage, night, tmp_path).agreed
        for row, wrong in zip(sold, SPOILT.values(), strict=False):
            stage.sales.edit("invoices", mirror_of(stage, row), **wrong)
        gone, twice, good = sold[-3:]
        stage.finance.post("Invoices", {"InvoiceID": gone["InvoiceID"], "Status": "VOIDED"})
        stage.sales.create("invoices", revmark_invoice_number=twice["InvoiceNumber"], revmark_total="30.00",
            hs_invoice_date=night, hs_currency="NZD", revmark_invoice_status="posted")  # fmt: skip
        stage.pass_by(60)
        found = audited(stage, night, tmp_path).discrepancies
        sides = [each for each in found if each.figure != "stream"]
        assert sorted(each.kind for each in sides) == sorted([*SPOILT, "void", "duplicate"])
        for each in found:
            if each.mend.act == "read":
                repair(stage, each)
        stage.pass_by(60)
        left = [each for each in audited(stage, night, tmp_path).discrepancies if each.figure != "stream"]
        assert [(each.kind, each.mend.act) for each in left] == [("duplicate", "person")], "only a person may delete it"
        assert good["InvoiceNumber"] not in str(found)
