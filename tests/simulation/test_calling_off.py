"""Orders that are called off, wanted again, and ordered again, over both sandboxes."""

from decimal import Decimal

from tests.simulation.counter import Sale
from tests.simulation.planned import theatre
from tests.simulation.test_plan import release
from tests.simulation.trade import timed
from tests.support.contracts import contract

LINES = [("2", "50.00")]
DRAFTS = {"timing": {"called_off": "delete_drafts"}, "invoice_defaults": {"status": "draft"}}


def test_an_order_that_is_called_off_before_it_is_shipped_is_never_billed():
    with theatre(contract=timed(invoice_when="shipped")) as stage:
        sold = Sale(stage, LINES)
        sold.move("closedlost")
        sold.ship("2")
        assert (sold.bills(), sold.shown("order_status")) == ([], ["called off"])
        sold.move("closedwon")
        assert len(sold.bills()) == 1
        assert sold.told() == ["order_created", "order_cancelled", "order_created", "invoice_posted"]


def test_a_draft_of_an_order_that_is_called_off_is_deleted_and_a_posted_bill_stands():
    with theatre(contract=contract(DRAFTS)) as stage:
        draft, posted = Sale(stage, LINES), Sale(stage, LINES)
        (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{posted.deal}")
        stage.finance.post("Invoices", {"InvoiceID": row["InvoiceID"], "Status": "AUTHORISED"})
        draft.move("closedlost")
        posted.move("closedlost")
        assert [each.status for sold in (draft, posted) for each in sold.bills()] == ["DELETED", "AUTHORISED"]
        assert draft.shown("order_status") == ["called off"]
        assert posted.shown("order_status") == [f"called off: RM-{posted.deal} stands, credit or void it in the ERP"]


def test_a_draft_that_finance_posts_while_it_is_called_off_stays_posted():
    with theatre(contract=contract(DRAFTS)) as stage:
        sold = Sale(stage, LINES)
        (row,) = stage.finance.invoices(InvoiceNumber=f"RM-{sold.deal}")
        stage.sales.edit("deals", sold.deal, dealstage="closedlost")
        stage.finance.post("Invoices", {"InvoiceID": row["InvoiceID"], "Status": "AUTHORISED"})
        sold.work()
        assert [each.status for each in sold.bills()] == ["AUTHORISED"]
        assert sold.shown("order_status") == [f"called off: RM-{sold.deal} stands, credit or void it in the ERP"]


def test_the_same_order_again_is_another_order_with_a_bill_of_its_own():
    with theatre() as stage:
        first = Sale(stage, LINES)
        again = Sale(stage, LINES)
        assert [each.total for sold in (first, again) for each in sold.bills()] == [Decimal("115.00")] * 2
        assert first.told() == again.told() == ["order_created", "invoice_posted"]
        assert [len(sold.mirrors()) for sold in (first, again)] == [1, 1]


def test_won_again_while_the_deletion_of_its_draft_waits_its_bill_stays():
    with theatre(gated=True, contract=contract(DRAFTS)) as stage:
        stage.run(stage.world.sync())
        made = stage.run(stage.world.plan())
        release(stage, made, "everything")
        sold = Sale(stage, LINES)
        release(stage, made, "nothing")
        sold.move("closedlost")
        sold.move("closedwon")
        release(stage, stage.run(stage.world.plan()), "everything")
        sold.work()
        assert ([each.status for each in sold.bills()], sold.shown("order_status")) == (["DRAFT"], ["created"])
        sold.move("closedlost")
        assert ([each.status for each in sold.bills()], sold.shown("order_status")) == (["DELETED"], ["called off"])
