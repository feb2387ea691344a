"""Sales merges a deal that is billed into one that is open: HubSpot puts its lines there, and nobody pays twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.counter import DEAL, Sale
from tests.simulation.planned import Theatre, theatre

LINE = "0-8"  # HubSpot's object type


@pytest.fixture
def stage() -> Iterator[Theatre]:
    with theatre() as found:
        yield found


def merge(stays: Sale, goes: Sale) -> None:
    body = {"primaryObjectId": stays.deal, "objectIdToMerge": goes.deal}
    stays.stage.run(stays.stage.world.platforms.sales.do("POST", "people/deals/merge", body))
    stays.work()


def status(sale: Sale) -> str:
    (row,) = [row for row in sale.stage.sales.records("deals") if row["id"] == sale.deal]
    return str(row["properties"].get("revmark_order_status") or "")


def of_lines(sale: Sale) -> int:
    """How many line items HubSpot holds of its deal."""
    rows = [each for each in sale.stage.sales.state()["associations"] if each["from"] == [DEAL, int(sale.deal)]]
    return len({each["to"][1] for each in rows if each["to"][0] == LINE})


def test_what_was_billed_of_a_deal_is_not_billed_again_with_the_deal_it_was_merged_into(stage: Theatre):
    goes = Sale(stage, [("2", "50.00")], name="Honey")
    stays = Sale(stage, [("1", "30.00")], name="Honey and wax", won=False)
    assert [bill.status for bill in goes.bills()] == ["AUTHORISED"]
    merge(stays, goes)
    assert of_lines(stays) == 2, "HubSpot has moved the line there"
    stays.move("closedwon")
    number = f"RM-{goes.deal}"
    assert [len(each.bills()) for each in (goes, stays)] == [1, 0]
    assert status(stays).startswith(f"held: {number} bills Honey, which was merged into it")
    stage.finance.post("Invoices", {"InvoiceNumber": number, "Status": "VOIDED"})
    stays.work()
    assert [bill.net for bill in stays.bills()] == [130]
