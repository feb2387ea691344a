from __future__ import annotations

import pytest

from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, company, deal, fact, line, outcome

INVOICE_OF_DEAL = {"deal": "deal:1"}


# From a deal to an order and a bill


def test_a_won_deal_becomes_exactly_one_order_and_one_invoice():
    court = Court().known_everywhere()
    court.hear(deal(10, stage="proposal"))
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    court.hear(deal(11), deal(11), deal(12, name="Widgets, renamed"))
    court.settle()
    court.hear(deal(5000, stage="closedwon", order_status="created"))
    court.settle()
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    assert court.told().count("order_created") == 1
    assert court.told().count("invoice_posted") == 1
    assert bill.natural_key == "RM-1"
    assert bill.links == {"company": court.customer().erp}
    assert court.shown(Side.CRM, "order_status", "invoice_status", record="deal:1") == ["created", "posted"]


def test_the_bill_speaks_the_canonical_words_that_the_erp_takes():
    court = Court(
        contract({"invoice_defaults": {"status": "submitted", "line_amounts": "Inclusive"}})
    ).known_everywhere()
    court.hear(deal(10))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    assert bill.fields["status"] == "submitted"
    assert bill.fields["line_amount_types"] == "Inclusive"


def test_the_bill_takes_accounts_taxes_and_terms_from_contract_and_customer():
    rules = contract(
        {"invoice_defaults": {"accounts_by_sku": {"W-1": "210"}, "tax_types_by_country": {"AU": "EXEMPT"}}}
    )
    country = {"street": "", "city": "", "region": "", "postal_code": "", "country": "AU"}
    shown = {"shipping_address": country, "payment_terms": "14 DAYSAFTERBILLDATE"}
    court = Court(rules).known_everywhere(erp=shown)
    court.hear(deal(10, lines=[line(), line("X-9")]))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    assert [row["account"] for row in bill.fields["lines"]] == ["210", "200"]
    assert {row["tax_type"] for row in bill.fields["lines"]} == {"EXEMPT"}
    # Closed on 31 August at 22:00 UTC: the first of September for people in Auckland.
    assert (bill.fields["date"], bill.fields["due_date"]) == ("2026-09-01", "2026-09-15")


@pytest.mark.parametrize(
    ("said", "reference"),
    [
        ({"custom_po": "PO-77"}, "PO-77"),
        ({"custom_po": None}, "Widgets"),
        ({"custom_po": ""}, "Widgets"),
        ({}, "Widgets"),
    ],
)
def test_the_bill_has_the_deals_own_field_for_a_reference(said: dict[str, str | None], reference: str):
    rules = contract({"mappings": {"deal": {"custom_po": {"crm": "po_number", "erp": "Reference"}}}})
    court = Court(rules).known_everywhere()
    court.hear(deal(10, **said))
    assert court.commands(Side.ERP, Entity.INVOICE)[0].fields["reference"] == reference


def test_other_terms_than_days_after_the_bill_fall_back_on_the_contract():
    court = Court().known_everywhere(erp={"payment_terms": "20 OFFOLLOWINGMONTH"})
    court.hear(deal(10))
    assert court.commands(Side.ERP, Entity.INVOICE)[0].fields["due_date"] == "2026-09-21"


def test_the_order_states_its_amount_or_the_sum_of_its_lines():
    court = Court().known_everywhere()
    court.hear(deal(10, amount=None, lines=[line(quantity="3", unit_price="10.50"), line() | {"amount": "7.25"}]))
    event = next(event for event in court.events() if event.type == "order_created")
    assert event.money is not None
    assert (str(event.money.amount), event.money.currency, event.day) == ("38.75", "NZD", "2026-09-01")


def test_an_order_without_what_the_contract_requires_is_held_and_goes_on_when_it_is_there():
    court = Court().known_everywhere()
    court.hear(deal(10, lines=[]))
    court.settle()
    assert court.shown(Side.CRM, "order_status", record="deal:1") == ["held: an order needs: lines"]
    assert "order_created" not in court.told()
    court.hear(deal(2000, order_status="held: an order needs: lines"))
    court.settle()
    assert court.told().count("order_created") == 1
    assert court.shown(Side.CRM, "order_status", record="deal:1") == ["created"]


def test_a_credit_hold_holds_the_order_and_its_lifting_releases_it():
    court = Court().known_everywhere(erp={"credit_hold": True})
    court.hear(deal(10))
    court.settle()
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    assert "order_created" not in court.told()
    (status,) = court.shown(Side.CRM, "order_status", record="deal:1")
    assert "credit hold" in status
    court.hear(company(Side.ERP, 3000, credit_hold=False))
    court.settle()
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1
    assert court.told() == ["credit_hold_changed", "credit_hold_changed", "order_created", "invoice_posted"]


def test_a_customer_whose_hold_is_not_known_yet_is_not_billed():
    shown = company(Side.ERP)
    silent = shown.model_copy(update={"fields": {k: v for k, v in shown.fields.items() if k != "credit_hold"}})
    court = Court()
    court.hear(silent, company(Side.CRM), deal(10))
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    court.hear(company(Side.ERP, 20))
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1


def test_a_deal_that_has_left_its_customer_waits_for_nothing_there():
    court = Court().known_everywhere(erp={"credit_hold": True})
    court.hear(deal(10))
    assert court.customer().waiting == ["deal:1"]
    court.hear(deal(20).model_copy(update={"deleted": True, "ended": "parted", "fields": {}}))
    assert court.customer().waiting == []


def test_a_deal_won_before_the_first_reading_is_never_billed():
    court = Court().known_everywhere(first=True)
    court.hear(deal(10, first=True))
    court.hear(deal(20, name="renamed"))
    court.hear(deal(30, stage="proposal"), deal(40))
    court.settle()
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    assert "order_created" not in court.told()


def test_an_order_made_while_old_companies_are_still_read_in_is_news():
    court = Court(contract({"entities": {"company": {"create": {"erp": "never"}}}}))
    silent = company(Side.ERP, first=True)
    silent = silent.model_copy(update={"fields": {k: v for k, v in silent.fields.items() if k != "credit_hold"}})
    court.hear(silent, deal(10))
    assert court.told() == []
    court.hear(company(Side.ERP, 20, first=True))
    assert court.told() == ["order_created"]


def test_a_refused_bill_is_said_on_the_deal_and_tried_again_when_the_deal_changes():
    court = Court().known_everywhere()
    court.hear(deal(10))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    court.answered.add(bill.id)
    court.hear(outcome(bill, "refused", message="account 200 is archived"))
    court.settle()
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1
    (status,) = court.shown(Side.CRM, "order_status", record="deal:1")
    assert status == "invoice refused: account 200 is archived"
    court.hear(deal(3000, lines=[line("W-2")], order_status=status))
    court.settle()
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 2
    assert court.told().count("order_created") == 1
    assert court.shown(Side.CRM, "order_status", record="deal:1") == ["created"]


def test_lines_edited_after_the_bill_change_nothing_and_the_verdict_says_why():
    court = Court().known_everywhere()
    court.hear(deal(10))
    court.settle()
    court.hear(deal(3000, lines=[line(quantity="99")], order_status="created", invoice_number="RM-1",
                    invoice_status="posted", amount_due="100.00", amount_paid="0.00"))  # fmt: skip
    assert court.settle() == 0
    assert court.verdicts("lines")[-1].rule == "guard.posted_immutable"


def test_a_deal_moved_back_after_its_order_leaves_the_order_standing():
    court = Court().known_everywhere()
    court.hear(deal(10))
    court.settle()
    court.hear(deal(3000, stage="proposal", order_status="created"))
    court.settle()
    assert court.verdicts("stage")[-1].ruling == "hold"
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1


def test_a_deleted_deal_is_not_billed_when_the_hold_is_lifted():
    court = Court().known_everywhere(erp={"credit_hold": True})
    court.hear(deal(10))
    court.settle()
    court.hear(fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=2000, deleted=True, ref="hubspot/deal/1"))
    court.hear(company(Side.ERP, 3000, credit_hold=False))
    court.settle()
    assert court.commands(Side.ERP, Entity.INVOICE) == []


def test_invoices_can_be_left_to_people():
    court = Court(contract({"timing": {"invoice_when": "never"}})).known_everywhere()
    court.hear(deal(10))
    court.settle()
    assert court.told() == ["order_created"]
    assert court.commands(Side.ERP, Entity.INVOICE) == []


def test_a_currency_that_is_none_is_refused_and_the_neighbours_go_on():
    court = Court().known_everywhere()
    result = court.hear(deal(10, currency="dollars"), deal(10, record="deal:2"))
    assert [index for index, _ in result.refused] == [0]
    assert "currency" in result.refused[0][1]
    assert "dollars" not in result.refused[0][1]
    assert [command.natural_key for command in court.commands(Side.ERP, Entity.INVOICE)] == ["RM-2"]


def test_a_deal_that_is_no_longer_won_waits_for_nothing():
    court = Court().known_everywhere(erp={"credit_hold": True})
    court.hear(deal(60))
    assert court.customer().waiting == ["deal:1"]
    court.hear(deal(120, stage="proposal"))
    assert court.customer().waiting == []


def test_a_deal_that_was_held_and_is_no_longer_won_does_not_say_that_it_is_held():
    court = Court().known_everywhere(erp={"credit_hold": True})
    court.hear(deal(60))
    court.settle()
    kept = court.state("deal:1").crm.fields
    court.hear(deal(120, **(kept | {"stage": "proposal"})))
    court.settle()
    assert court.shown(Side.CRM, "order_status", record="deal:1") == [None]
    said = [(each.rule, each.reason) for each in court.verdicts("order_status")]
    assert ("timing", "it is won no more: nothing of it is held") in said
    kept = court.state("deal:1").crm.fields
    court.hear(deal(180, **(kept | {"name": "Widgets again"})))
    assert court.settle() == 0
