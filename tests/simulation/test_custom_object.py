"""Invoices mirrored on a custom object, over both sandboxes, from a won deal to a paid invoice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.command import Read, parse_work
from schemas.contract import Contract
from streams.platforms.hubspot.limits import PROBE
from tests.simulation.auditing import audited
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, fulfilled, theatre
from tests.simulation.test_parts import pay
from tests.simulation.test_reconcile import billed, night_of, open_books
from tests.support.contracts import contract

MIRROR = "revmark_invoice"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def chosen(**more: Any) -> Contract:
    """The shipped contract, whose mirrors are on a custom object."""
    return contract({"platforms": {"objects": {"invoice": {"custom": MIRROR}}}, **more})


@pytest.fixture
def stage() -> Iterator[Theatre]:
    with theatre(contract=chosen()) as found:
        yield found


def mirror_of(stage: Theatre, number: str) -> dict[str, Any]:
    rows = stage.sales.records(MIRROR)
    (found,) = [row for row in rows if row["properties"]["revmark_invoice_number"] == number]
    return found["properties"] | {"id": found["id"]}


def ends(stage: Theatre, mirror: str) -> set[tuple[str, int]]:
    (kind,) = [each for each in stage.world.platforms.portal.catalogue.types if each.custom]
    return {
        (each["to"][0], each["to"][1])
        for each in stage.sales.state()["associations"]
        if each["from"] == [kind.type_id, int(mirror)]
    }


def test_a_won_deals_invoice_is_mirrored_on_the_custom_object_and_paid_and_both_sides_agree(stage: Theatre):
    sold = Sale(stage, [("10", "50.00")])
    (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{sold.deal}")
    mirror = mirror_of(stage, f"RM-{sold.deal}")
    assert stage.sales.records("invoices") == []
    assert mirror["xero_invoice_id"] == row["InvoiceID"]
    assert (mirror["revmark_invoice_number"], mirror["revmark_invoice_status"]) == (f"RM-{sold.deal}", "posted")
    assert (mirror["revmark_total"], mirror["revmark_amount_due"]) == ("575.00", "575.00")
    assert (mirror["revmark_currency"], mirror["revmark_invoice_date"]) == ("NZD", str(row["Date"])[:10])
    assert ends(stage, mirror["id"]) == {("0-2", int(stage.cast.companies["Tui"])), ("0-3", int(sold.deal))}
    pay(stage, f"RM-{sold.deal}", "575.00")
    sold.work()
    mirror = mirror_of(stage, f"RM-{sold.deal}")
    assert (mirror["revmark_invoice_status"], mirror["revmark_amount_due"]) == ("paid", "0.00")
    assert Decimal(mirror["revmark_amount_paid"]) == Decimal(str(row["Total"]))
    assert sold.shown("invoice_status", "amount_due") == ["paid", "0.00"]
    day = str(row["Date"])[:10]
    counted = {key: one for key, one in stage.world.totals().items() if key.startswith(day)}
    assert sorted(key.rpartition("|")[2] for key in counted) == ["crm", "erp"]
    assert set(counted.values()) == {(1, Decimal("575.00"))}


@pytest.mark.parametrize(
    "edit", [{"xero_invoice_id": "another"}, {"xero_invoice_id": ""}, {"revmark_total": "1.00"}], ids=str
)
def test_what_somebody_changes_on_the_mirror_is_taken_back(stage: Theatre, edit: dict[str, str]):
    sold = Sale(stage, [("10", "50.00")])
    before = mirror_of(stage, f"RM-{sold.deal}")
    stage.sales.edit(MIRROR, before["id"], **edit)
    sold.work()
    after = mirror_of(stage, f"RM-{sold.deal}")
    assert {name: after[name] for name in edit} == {name: before[name] for name in edit}


def test_the_first_sync_does_what_was_planned_and_makes_no_invoice_of_hubspots_own(stage: Theatre):
    planned = stage.run(stage.world.plan())
    assert [write for write in planned.writes if (write.platform, write.entity) == ("hubspot", "invoice")]
    stage.run(stage.world.sync())
    assert fulfilled(planned, stage.world.written(BEGINNING)) == []
    assert stage.sales.records(MIRROR)
    assert stage.sales.records("invoices") == []


def test_without_polls_the_webhooks_of_the_custom_object_bring_an_edit(stage: Theatre):
    """The workers' next poll is far away: what is taken back at once was heard of by a webhook."""
    sold = Sale(stage, [("10", "50.00")])
    mirror = mirror_of(stage, f"RM-{sold.deal}")
    stage.run(stage.world.work())
    reads = len(told(stage))
    stage.sales.edit(MIRROR, mirror["id"], revmark_total="1.00")
    stage.pass_by(20)
    assert mirror_of(stage, f"RM-{sold.deal}")["revmark_total"] == "575.00"
    assert len(told(stage)) > reads


def test_without_the_object_the_connection_stands_still_says_what_to_run_and_nothing_is_lost():
    with theatre(contract=chosen()) as stage:
        portal = stage.world.platforms.portal
        (kind,) = [each for each in portal.catalogue.types if each.custom]
        portal.catalogue.remove(kind)
        stage.run(stage.world.sync())
        row = str(stage.world.recorded().cursors[f"{stage.world.settings.connection('hubspot')}|standing"])
        assert "no custom object revmark_invoice" in row
        assert "Run: revmark provision --yes" in row
        assert stage.sales.records("invoices") == []
        portal.catalogue.add(kind)
        stage.pass_by(PROBE.total_seconds())
        stage.run(stage.world.sync())
        assert stage.sales.records(MIRROR)


def told(stage: Theatre) -> list[Any]:
    """The reads that webhooks asked for of mirrors."""
    lane = stage.world.topics.lanes_hubspot
    works = [parse_work(each.value) for each in stage.world.all(lane)]
    return [each for each in works if isinstance(each, Read) and each.kind == "invoice"]


def test_a_nights_books_are_read_from_the_custom_object_and_what_is_spoilt_there_is_found(tmp_path: Path):
    with theatre(contract=chosen()) as stage:
        open_books(stage)
        row = billed(stage)[-1]
        made = audited(stage, night_of(row), tmp_path)
        assert (made.discrepancies, made.gaps, made.agreed) == ([], [], True)
        assert [each.kind for each in made.tallies if each.kind == "invoice"]
        (mirror,) = stage.sales.find(MIRROR, "xero_invoice_id", row["InvoiceID"])
        stage.sales.tamper(MIRROR, str(mirror["id"]), revmark_total="1.00")
        stage.pass_by(600)  # until search shows it
        (found,) = audited(stage, night_of(row), tmp_path).discrepancies
        assert (found.kind, found.figure, found.crm and found.crm.number) == ("amount", "total", row["InvoiceNumber"])
