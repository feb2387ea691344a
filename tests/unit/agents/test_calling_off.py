"""An order that is called off: before it is billed it is over, after that a person settles what is billed."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.names import Entity, Side, digest
from tests.support.contracts import contract
from tests.support.judging import Court, deal, fact, invoice, line, payment

SHIPPED: dict[str, Any] = {"timing": {"invoice_when": "shipped"}}
DRAFTS: dict[str, Any] = {"timing": {"called_off": "delete_drafts"}, "invoice_defaults": {"status": "draft"}}

ASKED: dict[str, Any] = {"invoice_defaults": {"status": "draft"}}


def court(rules: dict[str, Any]) -> Court:
    """Acme, with a won deal."""
    return moved(Court(contract(rules)).known_everywhere(), "closedwon")


def moved(here: Court, stage: str, **fields: Any) -> Court:
    """Sales moves the deal."""
    kept = dict(here.state("deal:1").crm.fields) | {"lines": [line()]}
    here.hear(deal(here.clock + 60, **(kept | {"stage": stage} | fields)))
    here.settle()
    return here


def sent(quantity: str) -> list[dict[str, Any]]:
    """Two widgets, and how many of them were shipped."""
    return [line() | {"shipped": quantity}]


def status(here: Court) -> Any:
    """What the deal says of its order."""
    return here.shown(Side.CRM, "order_status", record="deal:1")[0]


def orders(here: Court) -> list[tuple[str, str, str]]:
    """What is told of orders."""
    told = [each for each in here.events() if each.type.startswith("order_")]
    assert len({each.id for each in told}) == len(told), "each is news of its own"
    return [(each.type, str(each.money.amount), each.document) for each in told if each.money]


def test_an_order_that_is_called_off_before_its_bill_is_told_as_over_and_as_one_again():
    here = court(SHIPPED)
    moved(moved(here, "closedlost"), "closedlost", name="Widgets, no more")
    assert status(here) == "called off"
    moved(moved(moved(here, "closedwon"), "closedlost"), "closedwon")
    (one,) = {document for _, _, document in orders(here)}
    assert [(kind, amount) for kind, amount, _ in orders(here)] == [
        ("order_created", "100.00"), ("order_cancelled", "100.00"), ("order_created", "100.00"),
        ("order_cancelled", "100.00"), ("order_created", "100.00"),
    ]  # fmt: skip
    assert one.startswith("order:")
    off = [each.id for each in here.events() if each.type == "order_cancelled"]
    assert off == [digest("main", "order_cancelled", one, time) for time in ("1", "2")]
    assert status(here) == "created: 0 of 1 lines shipped"
    assert here.commands(Side.ERP, Entity.INVOICE) == []
    moved(here, "closedwon", lines=[line() | {"shipped": "2"}])
    assert [each.natural_key for each in here.commands(Side.ERP, Entity.INVOICE)] == ["RM-1"]


def test_a_deal_that_is_deleted_before_its_bill_is_an_order_no_more_and_restored_it_is():
    here = court(SHIPPED)
    kept = here.state("deal:1").crm
    here.hear(fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=here.clock + 60, deleted=True, ref=kept.ref))
    here.settle()
    assert [kind for kind, _, _ in orders(here)] == ["order_created", "order_cancelled"]
    moved(here, "closedwon")
    assert [kind for kind, _, _ in orders(here)][2:] == ["order_created"]


def test_a_posted_bill_of_a_deal_that_is_called_off_is_a_persons_to_settle():
    here = moved(court({}), "closedlost")
    assert status(here) == "called off: RM-1 stands, credit or void it in the ERP"
    assert len(here.commands(Side.ERP, Entity.INVOICE)) == 1
    assert [kind for kind, _, _ in orders(here)] == ["order_created"], "what is billed is told by its credit"
    bill = here.commands(Side.ERP, Entity.INVOICE)[0].record
    figures = {"number": "RM-1", "total": "100.00", "amount_due": "0.00", "amount_credited": "100.00", "status": "paid"}
    news = invoice(here.clock + 60, record=bill, related={"deal": "deal:1"}, **figures)
    here.hear(news.model_copy(update={"ref": here.state(bill).erp.ref}))
    here.settle()
    assert status(here) == "called off"


def test_all_bills_that_stand_are_named():
    here = moved(
        court(SHIPPED | {"timing": {"invoice_when": "shipped", "partial": "each"}}), "closedwon", lines=sent("1")
    )
    moved(moved(here, "closedwon", lines=sent("2")), "closedlost", lines=sent("2"))
    assert status(here) == "called off: RM-1, RM-1-2 stands, credit or void it in the ERP"


def test_a_bill_of_which_the_erp_states_no_amount_does_not_stand():
    here = court({})
    bill = here.commands(Side.ERP, Entity.INVOICE)[0].record
    news = invoice(here.clock + 60, record=bill, related={"deal": "deal:1"}, number="RM-1", amount_due=None)
    here.hear(news.model_copy(update={"ref": here.state(bill).erp.ref}))
    here.settle()
    assert status(moved(here, "closedlost")) == "called off"


def test_a_billed_order_that_is_wanted_again_is_an_order_as_before():
    assert status(moved(moved(court({}), "closedlost"), "closedwon")) == "created"


def test_a_bill_that_was_paid_stands_until_the_money_has_gone_back():
    here = moved(court({}), "closedlost")
    bill = here.commands(Side.ERP, Entity.INVOICE)[0].record
    figures = {"number": "RM-1", "total": "100.00", "amount_due": "0.00", "amount_paid": "100.00", "status": "paid"}
    news = invoice(here.clock + 60, record=bill, related={"deal": "deal:1"}, **figures)
    here.hear(news.model_copy(update={"ref": here.state(bill).erp.ref}), payment(here.clock + 60, amount="100.00"))
    here.settle()
    assert status(here) == "called off: RM-1 stands, credit or void it in the ERP"


def ended(here: Court, status_: str) -> Court:
    """The ERP shows what became of the bill."""
    bill = here.commands(Side.ERP, Entity.INVOICE)[0].record
    figures = {"number": "RM-1", "total": "100.00", "amount_due": "0.00", "status": status_}
    news = invoice(here.clock + 60, record=bill, related={"deal": "deal:1"}, **figures)
    here.hear(news.model_copy(update={"ref": here.state(bill).erp.ref}))
    here.settle()
    return here


def deletions(here: Court) -> list[dict[str, Any]]:
    """What is asked for besides the bill."""
    return [each.fields for each in here.commands(Side.ERP, Entity.INVOICE) if each.kind == "update"]


def test_a_draft_is_deleted_where_the_contract_says_so_and_only_once():
    here = ended(moved(court(DRAFTS), "closedlost"), "deleted")
    assert (deletions(here), status(here)) == ([{"status": "deleted"}], "called off")
    (command,) = [each for each in here.commands(Side.ERP, Entity.INVOICE) if each.kind == "update"]
    assert command.compare, "what was posted meanwhile is not deleted"
    (said,) = [each for each in here.verdicts("status") if each.chosen == "deleted"]
    assert (said.written_to, said.command) == (Side.ERP, command.id)
    assert moved(here, "closedlost", name="renamed").settle() == 0
    moved(here, "closedwon")
    assert status(here).startswith("held: it was called off, and its bill deleted or voided: bill it by hand")


def test_a_draft_that_is_deleted_after_its_deal_was_won_again_is_billed_by_hand():
    here = court(DRAFTS)
    kept = dict(here.state("deal:1").crm.fields) | {"lines": [line()]}
    here.hear(deal(here.clock + 60, **(kept | {"stage": "closedlost"})))
    here.hear(deal(here.clock + 60, **kept))  # while the deletion is on its way
    here.settle()
    assert len(deletions(here)) == 1
    assert status(here) == "held: it was called off, and its bill deleted or voided: bill it by hand in the ERP"


def test_a_draft_is_asked_about_unless_the_contract_says_so():
    here = moved(court(ASKED), "closedlost")
    assert (deletions(here), status(here)) == ([], "called off: RM-1 stands, credit or void it in the ERP")


def test_a_draft_of_a_deal_that_was_called_off_before_the_contract_said_so_is_left_to_people():
    here = moved(court(ASKED), "closedlost")
    here.contract = contract(DRAFTS)
    moved(here, "closedlost", name="renamed")
    assert (deletions(here), status(here)) == ([], "called off: RM-1 stands, credit or void it in the ERP")
    moved(moved(here, "closedwon"), "closedlost")
    assert deletions(here) == [{"status": "deleted"}], "called off again"


def test_a_draft_of_a_deal_that_an_earlier_release_knew_as_off_is_left_to_people():
    here = moved(court(ASKED), "closedlost")
    del here.state("deal:1").marks["order"]["drafts"]
    here.contract = contract(DRAFTS)
    assert deletions(moved(here, "closedlost", name="renamed")) == []


def test_a_contract_that_is_changed_to_ask_deletes_nothing_further():
    here = court(DRAFTS)
    kept = here.state("deal:1").crm
    here.hear(fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=here.clock + 60, deleted=True, ref=kept.ref))
    here.settle()  # it is called off, and keeps its draft while it is gone
    here.contract = contract(ASKED)
    assert deletions(moved(here, "closedlost")) == []
    here.contract = contract(DRAFTS)
    assert deletions(moved(here, "closedlost", name="renamed")) == [{"status": "deleted"}]


@pytest.mark.parametrize("shown", ["posted", "paid", "voided"])
def test_what_was_posted_is_never_deleted(shown: str):
    here = moved(ended(court(DRAFTS), shown), "closedlost")
    assert deletions(here) == []


def test_a_deleted_deal_deletes_no_draft():
    here = court(DRAFTS)
    kept = here.state("deal:1").crm
    here.hear(fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=here.clock + 60, deleted=True, ref=kept.ref))
    here.settle()
    assert deletions(here) == []
