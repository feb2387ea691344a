"""A deal into which a sold one was merged has its lines: what is billed of that one is not billed again."""

import pytest

from schemas.command import Command
from schemas.names import Entity, Side
from schemas.wire import Wire
from tests.support.capturing import Desk
from tests.support.capturing import crm as shown_company
from tests.support.capturing import deal as shown_deal
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, invoice, line

GONE = "deal:1"
STAYS = "deal:2"


def bills(court: Court) -> list[Command]:
    return court.commands(Side.ERP, Entity.INVOICE)


def merged(seconds: float, **fields: object) -> list[Wire]:
    """One is merged into the other, which has the lines of both from then on."""
    end = deal(seconds, record=GONE).model_copy(update={"deleted": True, "ended": "merged", "fields": {}})
    both = deal(seconds, record=STAYS, lines=[line(), line("X-9")], **fields).model_copy(update={"absorbs": [GONE]})
    return [end, both]


def sold(court: Court, *, bill: bool = True) -> Court:
    """One deal is won and billed, and another is open."""
    court.hear(deal(10, record=GONE), deal(11, record=STAYS, stage="contractsent"))
    if bill:
        court.settle()
    return court


def status(court: Court) -> str:
    (found,) = court.shown(Side.CRM, "order_status", record=STAYS)
    return str(found)


def test_a_deal_into_which_a_billed_one_was_merged_is_not_billed_when_it_is_won():
    court = sold(Court().known_everywhere())
    court.hear(*merged(20, stage="contractsent"), *merged(30))
    court.settle()
    assert len(bills(court)) == 1
    assert status(court) == (
        "held: RM-1 bills Widgets, which was merged into it: sell what is not billed yet as a deal of its own, "
        "or void or credit RM-1 in the ERP"
    )


def test_an_order_that_waits_for_its_shipment_is_not_billed_once_it_has_taken_the_other():
    shipping = {"timing": {"invoice_when": "shipped", "shipped_when_deal_stage": ["delivered"]}}
    court = Court(contract(shipping)).known_everywhere()
    court.hear(deal(10, record=GONE), deal(11, record=STAYS), deal(12, record=GONE, stage="delivered"))
    court.settle()
    court.hear(*merged(20), *merged(30, stage="delivered"))
    court.settle()
    assert len(bills(court)) == 1
    assert status(court).startswith("held: RM-1 bills Widgets")


@pytest.mark.parametrize(
    "now", [{"status": "voided"}, {"amount_credited": "115.00", "amount_due": "0.00", "status": "paid"}]
)
def test_it_is_billed_once_the_bill_of_the_other_is_void_or_credited_as_a_whole(now: dict[str, str]):
    court = sold(Court().known_everywhere())
    court.hear(*merged(20))
    court.settle()
    (bill,) = bills(court)
    court.hear(invoice(40, record=bill.record, related={"deal": GONE}, number="RM-1", **now))
    court.settle()
    assert [each.natural_key for each in bills(court)] == ["RM-1", "RM-2"]


def test_a_bill_of_the_other_that_is_credited_in_part_stands():
    court = sold(Court().known_everywhere())
    court.hear(*merged(20))
    court.settle()
    (bill,) = bills(court)
    part = {"amount_credited": "15.00", "amount_due": "100.00"}
    court.hear(invoice(40, record=bill.record, related={"deal": GONE}, number="RM-1", **part))
    court.settle()
    assert len(bills(court)) == 1


def test_a_bill_that_is_on_its_way_stands_in_the_way_as_well():
    court = sold(Court().known_everywhere(), bill=False)
    court.hear(*merged(20))
    assert len(bills(court)) == 1
    assert "Widgets, which was merged into it, is being billed" in status(court)


def test_one_of_another_customer_may_be_billed_there():
    court = Court().known_everywhere()
    elsewhere = deal(20, record=STAYS).model_copy(update={"absorbs": ["deal:of-another"]})
    court.hear(elsewhere)
    assert bills(court) == []
    assert status(court).startswith("held: a deal of another customer was merged into it")


def test_one_that_was_won_before_the_first_reading_counts_as_billed():
    court = Court().known_everywhere()
    court.hear(deal(5, record=GONE, first=True), *merged(20))
    assert bills(court) == []
    assert "was won before the first reading" in status(court)


def test_one_that_was_held_and_never_billed_stands_in_nobodys_way():
    court = Court().known_everywhere(erp={"credit_hold": True})
    court.hear(deal(10, record=GONE))
    court.settle()
    court.hear(*merged(20), company(Side.ERP, 30, credit_hold=False, alone=False))
    court.settle()
    assert [each.natural_key for each in bills(court)] == ["RM-2"]


def test_an_order_that_is_billed_stays_billed_when_another_is_merged_into_it():
    court = Court().known_everywhere()
    court.hear(deal(10, record=GONE), deal(11, record=STAYS))
    court.settle()
    court.hear(*merged(20))
    court.settle()
    assert [each.natural_key for each in bills(court)] == ["RM-1", "RM-2"]
    assert status(court) == "created"


def test_capture_names_the_sold_deals_that_were_merged_into_one_and_no_others():
    desk = Desk().ready()
    still = {"dealstage": "contractsent"}
    desk.take(shown_company("1"), shown_deal("6", "1"), shown_deal("7", "1", **still), shown_deal("8", "1", **still))
    six = desk.id_of("hubspot/deal/6")
    desk.take(shown_deal("8", "1", version=5, hs_merged_object_ids="6;7", **still))
    desk.take(shown_deal("8", "1", version=9, hs_merged_object_ids="6;7"))
    assert [each.absorbs for each in desk.facts("hubspot/deal/8")] == [[], [six], [six]]
