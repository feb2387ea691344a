"""Posted bills of a deal that is called off: one credit note of what is left, and one allocation of it."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.fact import GONE, Fact
from schemas.names import Entity, Side
from tests.support.judging import invoice, outcome, retry
from tests.unit.agents.credited import CREDIT, LINES, books


def test_nothing_is_credited_unless_the_contract_says_so():
    here = books({}).moves("closedlost")
    assert here.notes() == []
    assert here.says() == "called off: RM-1 stands, credit or void it in the ERP"


@pytest.mark.parametrize(("wish", "status"), [("credit", "posted"), ("draft_credit", "draft")])
def test_one_credit_note_of_all_of_it_is_asked_for_and_judged_on_the_bill(wish: str, status: str):
    here = books({"timing": {"called_off_posted": wish}}).moves("closedlost").moves("closedlost")
    (made,) = here.notes()
    assert (made.natural_key, made.compare, made.on) == ("RM-1-CR", True, here.state(here.bill).erp.ref)
    assert made.version == here.state(here.bill).erp.version
    assert (made.fields["status"], made.fields["total"], made.fields["date"]) == (status, "115.00", "2026-09-01")
    assert (made.fields["line_amount_types"], made.links) == ("Inclusive", {"company": "xero/contact/acme-erp"})
    (row,) = made.fields["lines"]
    assert (row["description"], row["quantity"], row["unit_price"]) == ("Widget", "1", "115.00")
    assert (row["account"], row["tax_type"]) == ("200", "OUTPUT2")
    assert here.says() == "called off: RM-1 is being credited"


def test_it_is_allocated_once_the_erp_has_stated_it_and_never_before():
    here = books().moves("closedlost")
    here.applied(here.notes()[0])
    assert here.notes("update") == []
    assert here.says() == "called off: RM-1 is being credited"
    here.note()
    (asked,) = here.notes("update")
    (row,) = asked.fields["allocations"]
    assert {name: row[name] for name in ("invoice", "amount")} == here.allocation()[0]
    assert (asked.compare, asked.ref) == (True, "xero/credit_note/n1")
    here.applied(asked)
    assert len(here.notes("update")) == 1, "the ERP has taken it: that it does not show it yet is nothing"
    here.note(allocations=here.allocation(), remaining="0.00", status="paid")
    here.shows(status="paid", amount_due="0.00", amount_credited="115.00")
    assert here.says() == "called off: RM-1 is credited by RM-1-CR"
    assert [len(here.notes(kind)) for kind in ("create", "update")] == [1, 1]
    assert [each.type for each in here.events()][-2:] == ["credit_memo_issued", "credit_allocated"]


def test_what_people_take_back_is_not_made_again():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).note()
    here.applied(here.notes("update")[0]).note(allocations=here.allocation(), remaining="0.00", status="paid")
    here.note()  # its allocation is taken off
    assert here.says() == "called off: RM-1-CR is to be allocated to RM-1 by hand in the ERP"
    here.note(status="voided", remaining="0.00")
    assert here.says() == "called off: RM-1 stands, credit or void it in the ERP"
    here.moves("closedwon").moves("closedlost")
    assert [len(here.notes(kind)) for kind in ("create", "update")] == [1, 1]


def test_a_draft_is_approved_and_allocated_by_people():
    here = books({"timing": {"called_off_posted": "draft_credit"}}).moves("closedlost")
    here.applied(here.notes()[0]).note(status="draft")
    words = "the draft credit note RM-1-CR of RM-1 waits in the ERP: approve it there and allocate it"
    assert here.says() == f"called off: {words}"
    here.note()
    assert here.notes("update") == []
    assert here.says() == "called off: RM-1-CR is to be allocated to RM-1 by hand in the ERP"
    here.moves("closedwon")
    assert here.says().startswith("held: it was called off, and RM-1 credited by RM-1-CR")


def test_a_draft_that_waits_holds_a_deal_that_is_won_again_until_it_is_deleted():
    here = books({"timing": {"called_off_posted": "draft_credit"}}).moves("closedlost")
    here.applied(here.notes()[0]).note(status="draft").moves("closedwon")
    assert here.says() == "held: the draft credit note RM-1-CR of RM-1 waits in the ERP: delete it there"
    here.note(status="deleted", remaining="0.00")
    assert here.says() == "created"


@pytest.mark.parametrize(
    ("figures", "due"),
    [
        ({"amount_paid": "40.00", "amount_due": "75.00"}, "75.00"),
        ({"amount_paid": "114.99", "amount_due": "0.01"}, "0.01"),
    ],
)
def test_of_a_bill_that_was_paid_in_part_what_is_due_is_allocated(figures: dict[str, str], due: str):
    here = books().shows(**figures).moves("closedlost")
    assert here.notes()[0].fields["total"] == "115.00"
    here.applied(here.notes()[0]).note()
    ((row,),) = (each.fields["allocations"] for each in here.notes("update"))
    assert row["amount"] == due
    here.applied(here.notes("update")[0])
    paid = figures["amount_paid"]
    here.note(allocations=here.allocation(), remaining=paid).shows(**figures | {"amount_due": "0.00", "status": "paid"})
    assert here.says() == f"called off: RM-1 is credited by RM-1-CR; {paid} NZD of it was paid: refund that in the ERP"
    here.shows(**figures | {"amount_due": "0.00", "status": "paid"}).moves("closedlost")
    said = [each.ruling for each in here.verdicts("order_status") if "a refund is for people" in each.reason]
    assert said == ["hold"], "once"


@pytest.mark.parametrize(("notes", "left"), [("0.00", "115.00"), ("15.00", "100.00")])
def test_what_was_paid_in_advance_is_credited_too_and_a_person_is_told_once_to_give_it_back(notes: str, left: str):
    """Xero counts what is allocated of a prepayment as credited; it is money of the customer's all the same."""
    credited = {"amount_credited": {"0.00": "40.00", "15.00": "55.00"}[notes], "amount_prepaid": "40.00"}
    due = {"0.00": "75.00", "15.00": "60.00"}[notes]
    here = books().shows(**credited, amount_due=due).moves("closedlost")
    assert here.notes()[0].fields["total"] == left
    here.applied(here.notes()[0]).note(total=left, remaining=left)
    ((row,),) = (each.fields["allocations"] for each in here.notes("update"))
    assert row["amount"] == due
    here.applied(here.notes("update")[0])
    over = {**credited, "amount_credited": "115.00", "amount_due": "0.00", "status": "paid"}
    here.note(allocations=here.allocation(), total=left, remaining="40.00").shows(**over).moves("closedlost")
    assert here.says() == "called off: RM-1 is credited by RM-1-CR; 40.00 NZD of it was paid: refund that in the ERP"
    said = [each.ruling for each in here.verdicts("order_status") if "a refund is for people" in each.reason]
    assert said == ["hold"], "once"


@pytest.mark.parametrize("rules", [CREDIT, {}])
def test_a_bill_that_was_settled_in_advance_is_a_persons(rules: dict[str, Any]):
    over = {"amount_credited": "115.00", "amount_prepaid": "115.00", "amount_due": "0.00", "status": "paid"}
    here = books(rules).shows(**over).moves("closedlost")
    assert here.notes() == []
    assert here.says().startswith("called off: RM-1 was paid" if rules else "called off: RM-1 stands")


def test_a_payment_between_the_two_writes_is_not_given_back():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).shows(amount_paid="15.00", amount_due="100.00").note()
    ((row,),) = (each.fields["allocations"] for each in here.notes("update"))
    assert row["amount"] == "100.00"


@pytest.mark.parametrize(
    ("figures", "says"),
    [
        ({"amount_paid": "115.00", "amount_due": "0.00", "status": "paid"}, "RM-1 was paid: credit and refund it"),
        ({"lines": [LINES[0] | {"amount": "99.00"}]}, "RM-1 stands"),
        ({"number": "INV-9"}, "INV-9 stands"),
        ({"number": "RM-2"}, "RM-2 stands"),
        ({"amount_credited": "15.00", "amount_due": "100.00", "lines": [
            LINES[0] | {"amount": "50.00", "tax": "7.50"},
            LINES[0] | {"amount": "50.00", "tax": "7.50", "account": "201"},
        ]}, "RM-1 stands"),
    ],
)  # fmt: skip
def test_what_nobody_can_say_is_left_to_people(figures: dict[str, Any], says: str):
    here = books().shows(**figures).moves("closedlost")
    assert here.notes() == []
    assert here.says().startswith(f"called off: {says}")


def test_a_bill_that_another_hand_made_is_not_credited():
    here = books()
    here.state(here.bill)
    rows = next(key for key in here.records.rows if key.endswith(here.bill))
    del here.records.rows[rows]["marks"]["written_erp"]
    assert here.shows().moves("closedlost").notes() == []


def test_what_is_credited_by_people_already_is_not_credited_again():
    here = books().shows(amount_credited="15.00", amount_due="100.00").moves("closedlost")
    (row,) = here.notes()[0].fields["lines"]
    assert (row["unit_price"], row["description"]) == ("100.00", "What is left to credit on RM-1")


def test_a_refusal_is_said_with_the_next_command_and_a_persons_word_tries_again():
    here = books().moves("closedlost")
    (made,) = here.notes()
    here.answered.add(made.id)
    here.hear(outcome(made, "refused", seconds=here.clock + 1, message="the period is locked"))
    here.works()
    here.moves("closedlost")
    assert len(here.notes()) == 1
    assert here.says() == (
        "called off: RM-1 stands, its credit note was refused: the period is locked. Mend it, then: "
        f"revmark quarantine replay {made.id}"
    )
    here.hear(retry(made, seconds=here.clock + 120))
    assert len(here.notes()) == 2


def test_an_allocation_that_is_refused_waits_for_people_or_for_another_amount():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).note()
    (asked,) = here.notes("update")
    here.answered.add(asked.id)
    here.hear(outcome(asked, "refused", seconds=here.clock + 1, message="no"))
    here.moves("closedlost")
    assert len(here.notes("update")) == 1
    words = "RM-1-CR is to be allocated to RM-1 by hand in the ERP, which was refused: no. Mend it, then: revmark"
    assert here.says().startswith(f"called off: {words}")
    here.shows(amount_paid="5.00", amount_due="110.00")
    assert [each.fields["allocations"][0]["amount"] for each in here.notes("update")] == ["115.00", "110.00"]


@pytest.mark.parametrize("first", ["news", "outcome"])
def test_a_bill_that_moved_on_before_the_write_is_judged_anew(first: str):
    here = books().moves("closedlost")
    (made,) = here.notes()
    later = (made.version or 0) + 120_000
    gone = outcome(made, "superseded", seconds=here.clock + 1, version=later)
    figures = {"amount_credited": "15.00", "amount_due": "100.00", "number": "RM-1", "lines": LINES, "total": "115.00"}
    news: Fact = invoice(here.clock + 130, record=here.bill, related={"deal": "deal:1"}, **figures).model_copy(
        update={"ref": here.state(here.bill).erp.ref, "version": later}
    )
    here.answered.add(made.id)
    for finding in (news, gone) if first == "news" else (gone, news):
        here.hear(finding)
        here.works()
    assert [each.fields["total"] for each in here.notes()] == ["115.00", "100.00"]


def test_an_invoice_that_is_gone_leaves_nothing_to_credit():
    here = books().moves("closedlost")
    (made,) = here.notes()
    here.answered.add(made.id)
    here.hear(outcome(made, "superseded", seconds=here.clock + 1, version=made.version, code=GONE))
    assert len(here.notes()) == 1


def test_won_again_a_credit_that_waits_is_taken_back_and_the_bill_stays_billed():
    here = books().moves("closedlost")
    (made,) = here.notes()
    here.moves("closedwon").moves("closedwon")
    (word,) = here.withdrawn()
    assert (word.command, word.record, word.why) == (made.id, made.record, "deal Widgets was won again")
    words = "held: RM-1 was about to be credited: its credit note RM-1-CR is taken back if it waits still"
    assert here.says() == words
    here.take_back(made)
    here.works()
    assert here.says() == "created"
    assert len(here.commands(Side.ERP, Entity.INVOICE)) == 1, "it is billed"
    assert here.notes("update") == []


@pytest.mark.parametrize("answered", ["before", "after"])
def test_called_off_again_what_was_taken_back_is_asked_for_anew_under_its_number(answered: str):
    here = books().moves("closedlost")
    (made,) = here.notes()
    here.moves("closedwon")
    if answered == "before":
        here.take_back(made)
    here.moves("closedlost")
    if answered == "after":
        here.take_back(made)
    first, again = here.notes()
    assert first.id != again.id
    assert (first.natural_key, first.fields) == (again.natural_key, again.fields)
    here.moves("closedwon")
    assert [each.command for each in here.withdrawn()] == [first.id, again.id]
    # As it was sent, then with the tax of finance's books.
    told = ["order_created", "invoice_posted", "invoice_restated"]
    assert [each.type for each in here.events()] == told, "it was billed all the time"


def test_won_again_a_credit_that_was_begun_stands_and_a_person_is_asked():
    here = books().moves("closedlost").moves("closedwon")
    here.applied(here.notes()[0]).note()
    assert here.says().startswith("held: it was called off, and RM-1 credited by RM-1-CR: bill it by hand in the ERP")
    assert here.notes("update") == [], "it is an order: what was made of its credit is for people"
    here.note(status="voided", remaining="0.00")
    assert here.says() == "created"
    assert len(here.commands(Side.ERP, Entity.INVOICE)) == 1
    said = [(each.ruling, each.reason) for each in here.verdicts("") if each.entity is Entity.CREDIT_NOTE]
    assert said[1:] == [
        ("hold", "its bill's credit is taken back if it waits still: deal Widgets was won again"),
        ("create", "it had been begun before it could be taken back: it stands"),
    ]


def test_won_again_an_allocation_that_waits_is_taken_back_and_asked_for_when_it_is_called_off_again():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).note()
    (asked,) = here.notes("update")
    here.moves("closedwon").take_back(asked)
    here.works()
    assert here.says().startswith("held: it was called off, and RM-1 credited by RM-1-CR: bill it by hand in the ERP")
    here.moves("closedlost")
    first, again = here.notes("update")
    assert (first.id != again.id, first.fields) == (True, again.fields)


def test_a_credit_that_was_begun_is_finished_when_the_deal_is_deleted():
    here = books().moves("closedlost")
    here.applied(here.notes()[0])
    here.leaves().note()
    assert [len(here.notes(kind)) for kind in ("create", "update")] == [1, 1]


def test_a_credited_order_that_is_won_again_and_deleted_is_left_as_people_have_it():
    here = books().moves("closedlost").moves("closedwon")
    here.applied(here.notes()[0]).leaves().note()
    assert here.notes("update") == []


def test_a_deal_that_is_deleted_credits_nothing():
    assert books().leaves().notes() == []


def test_the_same_findings_again_ask_for_nothing():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).note()
    news = [each for _, each in here.outputs]
    here.note().shows().moves("closedlost")
    assert [len(here.notes(kind)) for kind in ("create", "update")] == [1, 1]
    assert news


def test_a_credit_that_was_taken_back_half_way_is_a_persons_when_its_deal_is_deleted():
    here = books().moves("closedlost")
    here.applied(here.notes()[0]).note().moves("closedwon")
    here.take_back(here.notes("update")[0])
    here.leaves()
    assert len(here.notes("update")) == 1, "it was wanted when it was last heard of"
    assert here.says() == "called off: RM-1-CR is to be allocated to RM-1 by hand in the ERP"
