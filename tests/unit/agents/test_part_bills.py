"""A bill for each part that was shipped: asked for once, one after the other, and never more than was ordered."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.command import Command
from schemas.contract import lint
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, fact, invoice, line, outcome, payment, retry

PARTS: dict[str, Any] = {"timing": {"invoice_when": "shipped", "partial": "each"}}
TEN = "10"


def court(rules: dict[str, Any] | None = None, **erp: Any) -> Court:
    """Acme, under a contract that bills each part."""
    return Court(contract(rules or PARTS)).known_everywhere(erp=erp)


def sold(seconds: float, shipped: str | None, here: Court | None = None, **fields: Any) -> Any:
    """Ten widgets at 50, and so many of them shipped, as HubSpot shows the deal with what we wrote there."""
    kept = dict(here.state("deal:1").crm.fields) if here else {}
    kept |= {"lines": [line("W-1", TEN, "50") | {"shipped": shipped}], "amount": "500.00"} | fields
    return deal(seconds, **kept)


def ship(here: Court, *quantities: str, **fields: Any) -> Court:
    """More and more is shipped, and each news of it is heard twice."""
    for quantity in quantities:
        news = sold(here.clock + 60, quantity, here, **fields)
        here.hear(news, news)
        here.settle()
    return here


def bills(here: Court) -> list[tuple[str | None, list[str]]]:
    """The invoices that were asked for: number and quantities."""
    asked = here.commands(Side.ERP, Entity.INVOICE)
    return [(each.natural_key, [row["quantity"] for row in each.fields["lines"]]) for each in asked]


def status(here: Court) -> Any:
    """What the deal says of its order."""
    return here.shown(Side.CRM, "order_status", record="deal:1")[0]


def bill_of(here: Court, place: int) -> Command:
    """The bill that was asked for at this place."""
    return here.commands(Side.ERP, Entity.INVOICE)[place - 1]


def test_each_part_has_a_bill_of_its_own():
    here = ship(court(), "0")
    assert (bills(here), status(here)) == ([], "created: 0 of 1 lines shipped")
    waits = here.verdicts("order_status")[-1].reason
    assert waits == "0 of 1 lines shipped: each part is billed when it is shipped"
    ship(here, "4")
    assert status(here) == "created: 0 of 1 lines shipped, 1 bill so far"
    ship(here, "7", "7", "10")
    assert bills(here) == [("RM-1", ["4"]), ("RM-1-2", ["3"]), ("RM-1-3", ["10", "-4", "-3"])]
    assert status(here) == "created"
    assert here.told() == ["order_created", "invoice_posted", "invoice_posted", "invoice_posted"]
    assert ship(here, "12").settle() == 0
    assert len(bills(here)) == 3


def test_the_deal_shows_all_its_bills_and_what_they_come_to():
    here = ship(court(), "4")
    names = ("invoice_number", "invoice_status", "amount_due", "amount_paid")
    assert here.shown(Side.CRM, *names, record="deal:1") == ["RM-1", "posted", "200.00", "0.00"]
    first = bill_of(here, 1).record
    paid = {"number": "RM-1", "status": "paid", "total": "200.00", "amount_due": "0.00", "amount_paid": "200.00"}
    news = invoice(here.clock + 60, record=first, related={"deal": "deal:1"}, **paid)
    here.hear(news.model_copy(update={"ref": here.state(first).erp.ref}))
    here.settle()
    assert here.shown(Side.CRM, *names, record="deal:1") == ["RM-1", "part_paid", "0.00", "200.00"], "more is to come"
    ship(here, "10")
    assert here.shown(Side.CRM, *names, record="deal:1") == ["RM-1, RM-1-2", "part_paid", "300.00", "200.00"]
    assert here.customer().balances == {"NZD": "300.00"}


def test_a_bill_that_the_erp_has_taken_and_not_stated_yet_changes_nothing_that_the_deal_shows():
    here = ship(court(), "4")
    here.hear(sold(here.clock + 60, "10", here))
    here.hear(outcome(bill_of(here, 2), seconds=here.clock + 70, ref="xero/invoice/second"))
    wanted = [each.fields for each in here.commands(Side.CRM, Entity.DEAL)][-1]
    assert "amount_due" not in wanted, wanted
    shown = {name: here.state("deal:1").derived[name] for name in ("invoice_number", "invoice_status", "amount_due")}
    assert shown == {"invoice_number": "RM-1", "invoice_status": "posted", "amount_due": "200.00"}


def test_a_payment_that_was_taken_back_is_named_on_a_deal_with_several_bills():
    rules = PARTS | {"entities": {"deal": {"fields": {"amount_paid": {"policy": "monotonic", "owner": "erp"}}}}}
    here = ship(court(rules), "4", "10")
    second = bill_of(here, 2).record
    figures = {"number": "RM-1-2", "total": "300.00", "related": {"deal": "deal:1"}, "record": second}
    reference = {"ref": here.state(second).erp.ref}
    at = here.clock
    here.hear(
        payment(at + 60, amount="300.00").model_copy(update={"related": {"invoice": second}}),
        invoice(at + 60, status="paid", amount_due="0.00", amount_paid="300.00", **figures).model_copy(
            update=reference
        ),
    )
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record="deal:1") == ["300.00"]
    here.hear(
        payment(at + 120, amount="300.00", status="deleted").model_copy(update={"related": {"invoice": second}}),
        invoice(at + 120, amount_due="300.00", amount_paid="0.00", **figures).model_copy(update=reference),
    )
    here.settle()
    assert here.shown(Side.CRM, "amount_paid", record="deal:1") == ["0.00"]


def test_the_next_bill_waits_until_the_one_before_it_is_there():
    here = court()
    here.hear(sold(10, "4"), sold(20, "7"))
    assert bills(here) == [("RM-1", ["4"])], "it is on its way, and may be refused"
    here.settle()
    assert bills(here) == [("RM-1", ["4"]), ("RM-1-2", ["3"])]


def test_a_third_bill_waits_for_the_second():
    here = ship(court(), "4")
    here.hear(sold(here.clock + 60, "7", here), sold(here.clock + 70, "9", here))
    assert bills(here) == [("RM-1", ["4"]), ("RM-1-2", ["3"])]


def test_what_a_refused_bill_held_is_billed_with_the_next_one_and_under_its_number():
    here = ship(court(), "4")
    here.hear(sold(here.clock + 60, "7", here))
    here.settle(refuse=lambda command: command.natural_key == "RM-1-2")
    assert status(here) == "invoice refused: no"
    ship(here, "8")
    assert bills(here) == [("RM-1", ["4"]), ("RM-1-2", ["3"]), ("RM-1-2", ["4"])]
    assert ship(here, "10").shown(Side.CRM, "invoice_number", record="deal:1") == ["RM-1, RM-1-2, RM-1-3"]


def test_a_refused_last_bill_is_asked_for_again():
    here = ship(court(), "4")
    here.hear(sold(here.clock + 60, "10", here))
    here.settle(refuse=lambda command: command.natural_key == "RM-1-2")
    here.hear(company(Side.ERP, here.clock + 60, crm_id="acme-crm", phone="+64"))
    here.settle()
    assert bills(here)[1:] == [("RM-1-2", ["10", "-4"])] * 2
    assert status(here) == "created"


def test_a_late_answer_of_a_bill_asks_for_nothing_twice():
    here = court()
    here.hear(sold(10, "4"))
    asked = bill_of(here, 1)
    here.hear(outcome(asked, "unknown", seconds=20), sold(30, "7"))
    assert len(bills(here)) == 1
    here.settle()
    here.hear(outcome(asked, seconds=5000, ref=here.state(asked.record).erp.ref))
    here.settle()
    assert [number for number, _ in bills(here)] == ["RM-1", "RM-1-2"]


@pytest.mark.parametrize("back", ["3", "0", None])
def test_less_shipped_than_was_billed_asks_a_person_and_credits_nothing(back: str | None):
    here = ship(court(), "4")
    here.hear(sold(here.clock + 60, back, here))
    here.settle()
    assert status(here).startswith("held: more of W-1 is billed than was shipped: mend the shipped quantity")
    assert here.verdicts("order_status")[-1].rule == "guard.posted_immutable"
    assert len(bills(here)) == 1
    ship(here, "6")
    assert bills(here)[1:] == [("RM-1-2", ["2"])], "mended, it goes on"


@pytest.mark.parametrize(
    "lines",
    [
        [line("W-1", "12", "50") | {"shipped": "12"}],
        [line("W-1", TEN, "49") | {"shipped": "10"}],
        [line("W-1", TEN, "50") | {"shipped": "10"}, line("X", "1", "1") | {"shipped": "1"}],
        [],
    ],
)
def test_an_order_that_was_edited_after_its_first_bill_waits_for_a_person(lines: list[dict[str, Any]]):
    here = ship(court(), "4")
    ship(here, "10", lines=lines)
    assert status(here) == (
        "held: the lines were edited after a part of them was billed: put them back as they were ordered, "
        "or bill the rest by hand in the ERP"
    )
    assert len(bills(here)) == 1
    ship(here, "10")
    assert bills(here)[1:] == [("RM-1-2", ["10", "-4"])]


def test_a_hold_between_two_parts_holds_the_second():
    here = ship(court(), "4")
    here.hear(company(Side.ERP, here.clock + 60, credit_hold=True, crm_id="acme-crm"))
    here.settle()
    ship(here, "7")
    assert len(bills(here)) == 1
    assert "credit hold" in status(here)
    here.hear(company(Side.ERP, here.clock + 60, credit_hold=False, crm_id="acme-crm"))
    here.settle()
    assert bills(here)[1:] == [("RM-1-2", ["3"])]


def test_a_deal_that_is_called_off_after_a_part_bills_nothing_more():
    here = ship(court(), "4")
    ship(here, "7", stage="closedlost")
    assert len(bills(here)) == 1
    assert "that stands, credit it in the ERP" in here.verdicts("stage")[-1].reason
    ship(here, "7", stage="closedwon")
    assert bills(here)[1:] == [("RM-1-2", ["3"])]


def test_a_deal_that_is_deleted_after_a_part_says_what_stands():
    here = ship(court(), "4")
    here.hear(
        fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=here.clock + 60, deleted=True, ref="hubspot/deal/1")
    )
    assert "after a part of its order was billed" in here.verdicts("")[-1].reason


def test_all_bills_are_in_the_currency_of_the_first():
    here = ship(court(), "4")
    ship(here, "10", currency="AUD")
    assert {each.fields["currency"] for each in here.commands(Side.ERP, Entity.INVOICE)} == {"NZD"}


def test_a_number_that_another_hand_has_used_is_not_billed_over():
    here = ship(court(), "4")
    second = court()
    ship(second, "4", "7")
    taken = invoice(here.clock + 60, record=bill_of(second, 2).record, related={"deal": "deal:1"}, number="RM-1-2")
    here.hear(taken)
    here.settle()
    ship(here, "7")
    assert len(bills(here)) == 1
    assert "RM-1-2 is in the ERP already, by another hand" in status(here)


@pytest.mark.parametrize(
    ("timing", "shipped", "asked"),
    [
        ({"invoice_when": "shipped"}, "7", []),
        ({"invoice_when": "shipped"}, "10", [("RM-1-2", ["10", "-4"])]),
        ({"invoice_when": "order_created"}, "4", [("RM-1-2", ["10", "-4"])]),
        ({"invoice_when": "never"}, "10", []),
    ],
)
def test_an_order_of_which_a_part_is_billed_is_never_billed_twice_whatever_the_contract_says_next(
    timing: dict[str, Any], shipped: str, asked: list[tuple[str, list[str]]]
):
    here = ship(court(), "4")
    here.contract = contract({"timing": timing})
    ship(here, shipped)
    assert bills(here)[1:] == asked


def test_a_bill_is_of_the_day_on_which_its_part_was_shipped():
    here = ship(court(), "4")
    here.hear(sold(3 * 86_400, "7", here))
    here.settle()
    dated = [(each.fields["date"], each.fields["due_date"]) for each in here.commands(Side.ERP, Entity.INVOICE)]
    assert dated == [("2026-09-01", "2026-10-01"), ("2026-09-04", "2026-10-04")]


def test_the_contract_can_be_meant():
    assert lint(contract(PARTS)) == []


def test_a_person_has_a_refused_part_tried_again():
    here = ship(court(), "4")
    here.hear(sold(here.clock + 60, "7", here))
    here.settle(refuse=lambda command: command.natural_key == "RM-1-2")
    here.hear(retry(bill_of(here, 2), seconds=here.clock + 60))
    here.settle()
    assert bills(here)[1:] == [("RM-1-2", ["3"])] * 2
    assert ship(here, "10").shown(Side.CRM, "order_status", record="deal:1") == ["created"]


DRAFTS = {"timing": PARTS["timing"] | {"called_off": "delete_drafts"}, "invoice_defaults": {"status": "draft"}}


def test_a_draft_that_was_deleted_beside_a_bill_that_stands_is_told_when_the_deal_is_won_again():
    here = ship(court(DRAFTS), "4", "7")
    first = here.state(bill_of(here, 1).record)
    posted = invoice(here.clock + 60, record=first.id, related={"deal": "deal:1"}, number="RM-1")
    here.hear(posted.model_copy(update={"ref": first.erp.ref}))
    ship(here, "7", stage="closedlost")
    assert here.state(bill_of(here, 2).record).erp.fields["status"] == "deleted"
    ship(here, "7", stage="closedwon")
    why = "it was called off, and RM-1-2 deleted: bill it by hand in the ERP"
    assert [each.reason for each in here.verdicts("order_status") if each.ruling == "hold"] == [why]
    assert status(here) == "created: 0 of 1 lines shipped, 2 bills so far"
    ship(here, "10", stage="closedwon")
    assert here.made["erp", here.commands(Side.ERP, Entity.INVOICE)[-1].record] == 1, "the rest is billed"
    assert status(here) == f"held: {why}"


def test_a_draft_whose_deletion_is_refused_is_a_bill_still():
    here = ship(court(DRAFTS), "4")
    here.hear(sold(here.clock + 60, "4", here, stage="closedlost"))
    here.settle(refuse=lambda command: command.fields == {"status": "deleted"})
    assert here.told() == ["order_created"], "what is billed is not over"
    assert status(here) == "called off: RM-1 stands, credit or void it in the ERP"
    ship(here, "10", stage="closedwon")
    made = [each for each in here.commands(Side.ERP, Entity.INVOICE) if each.kind == "create"]
    assert [each.natural_key for each in made] == ["RM-1", "RM-1-2"], "won again, the rest is billed"
