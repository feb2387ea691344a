"""Earnings: each document of the ERP is shown as what it earned, said once, and anew when that is another."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.command import Command
from schemas.contract import Contract
from schemas.fact import Fact
from schemas.money import rounded
from schemas.names import Entity, Side
from tests.support.contracts import contract
from tests.support.judging import Court, at, company, deal, fact, invoice, outcome, payment, retry

REVENUE = {"custom": "revmark_revenue"}
MAPPINGS = {
    "company": {
        "custom_campaigns": {"kind": "set", "crm": "campaigns"},
        "custom_first": {"crm": "first_campaign"},
    },
    "deal": {"custom_first": {"crm": "first_campaign"}},
}
ATTRIBUTION = {"campaign": {"first_touch": "custom_first", "linear": "custom_campaigns"}}


def rules(**revenue: Any) -> Contract:
    """The shipped contract, which shows revenue."""
    return contract({
        "platforms": {"objects": {"revenue": REVENUE | revenue}}, "mappings": MAPPINGS, "attribution": ATTRIBUTION,
    })  # fmt: skip


def court(**revenue: Any) -> Court:
    """Acme, known on both sides."""
    return Court(rules(**revenue)).known_everywhere()


def credit(seconds: float = 0, **fields: Any) -> Fact:
    """A credit note of Acme's."""
    shown = {"number": "CN-1", "status": "posted", "date": "2026-09-05", "currency": "NZD", "total": "50.00",
             "remaining": "0.00", "allocations": [], "lines": []}  # fmt: skip
    return fact(Entity.CREDIT_NOTE, Side.ERP, shown | fields, record="credit_note:1", seconds=seconds)


def paid(seconds: float = 0, **fields: Any) -> Fact:
    """A payment of the invoice, which names it as Xero does."""
    return payment(seconds, **({"document": "1-erp"} | fields))


def credited(court: Court) -> dict[str, str]:
    return {key: one for key, one in amounts(court).items() if key.startswith("credit")}


def gone_deal(seconds: float) -> Fact:
    return deal(seconds).model_copy(update={"deleted": True, "ended": "deleted"})


def told(court: Court) -> dict[str, dict[str, Any]]:
    """What the CRM shows: the last that was written under each key."""
    return {str(each.natural_key): each.fields for each in asked(court) if each.fields}


def asked(court: Court) -> list[Command]:
    return court.commands(Side.CRM, Entity.REVENUE)


def amounts(court: Court) -> dict[str, str]:
    return {key.removeprefix("xero:"): fields["amount"] for key, fields in told(court).items()}


def test_an_invoice_is_shown_whole_with_its_company_deal_and_person():
    made = court(by="campaign.first_touch")
    made.hear(fact(Entity.CONTACT, Side.ERP, {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"},
                   record="contact:1", seconds=2))  # fmt: skip
    made.hear(deal(3, stage="open", custom_first="spring"))
    made.hear(invoice(4, related={"deal": "deal:1"}, currency="EUR", currency_rate="0.5"))
    made.settle()
    (one,) = asked(made)
    assert (one.kind, one.natural_key, one.rules, one.tier) == ("create", "xero:invoice:1-erp", ["revenue"], 2)
    assert one.links == {
        "company": "hubspot/company/acme-crm", "deal": "hubspot/deal/1", "contact": "hubspot/contact/1-crm",
    }  # fmt: skip
    assert one.fields == {
        "subject": "invoice INV-1", "kind": "invoice", "basis": "posted", "status": "counted", "document": "INV-1",
        "date": "2026-09-01", "amount": "115.00", "currency": "EUR", "base_amount": "230.00", "base_currency": "NZD",
        "rate": "0.5", "rate_date": "2026-09-01", "earned_by": "spring", "model": "campaign.first_touch",
        "share": "1 of 1",
    }  # fmt: skip


def test_it_is_said_once_whatever_is_heard_again():
    made = court()
    made.hear(invoice(2))
    made.settle()
    for seconds in (3, 4, 5):
        made.hear(invoice(2), invoice(seconds), company(Side.CRM, seconds), company(Side.ERP, seconds))
        made.settle()
    assert len(asked(made)) == 1


def test_without_the_choice_nothing_is_shown():
    made = Court(contract()).known_everywhere()
    made.hear(invoice(2), paid(3))
    made.settle()
    assert asked(made) == []
    assert "earned" not in made.state("invoice:1").marks


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        (["posted"], {"invoice:1-erp": "115.00", "credit_note:1-erp": "-50.00"}),
        (["cash"], {"payment:1-erp": "115.00", "payment:2-erp": "-20.00"}),
    ],
)
def test_a_basis_shows_its_own_documents_and_what_lowers_it_is_below_zero(basis: list[str], expected: dict[str, str]):
    made = court(basis=basis)
    refund = payment(5, record="payment:2", refund=True, amount="20.00", document="1-erp")
    made.hear(invoice(2), paid(3), credit(4), refund)
    made.settle()
    assert amounts(made) == expected


def test_a_credit_note_is_shown_where_it_was_allocated_and_its_rest_for_the_customer():
    made = court()
    made.hear(deal(1, stage="open"), credit(2, allocations=[{"invoice": "1-erp", "amount": "30.00"}]))
    made.settle()
    assert amounts(made) == {"credit_note:1-erp": "-50.00"}, "nobody knows that invoice yet"
    made.hear(invoice(3, related={"deal": "deal:1"}))
    made.settle()
    expected = {"credit_note:1-erp": "-20.00", "credit_note:1-erp:1-erp": "-30.00", "invoice:1-erp": "115.00"}
    assert amounts(made) == expected
    (part,) = [each for each in asked(made) if each.natural_key == "xero:credit_note:1-erp:1-erp"]
    assert part.links["deal"] == "hubspot/deal/1"


def test_what_is_allocated_twice_to_one_invoice_is_two_records():
    made = court()
    twice = [{"invoice": "1-erp", "amount": "10.00"}, {"invoice": "1-erp", "amount": "40.00"}]
    made.hear(invoice(2), credit(3, allocations=twice))
    made.settle()
    assert credited(made) == {"credit_note:1-erp:1-erp": "-10.00", "credit_note:1-erp:1-erp:part2": "-40.00"}
    made.hear(credit(4, allocations=twice[1:]))
    made.settle()
    assert credited(made) == {
        "credit_note:1-erp:1-erp": "-40.00", "credit_note:1-erp:1-erp:part2": "0.00", "credit_note:1-erp": "-10.00",
    }  # fmt: skip


@pytest.mark.parametrize("status", ["voided", "deleted"])
def test_a_document_that_counts_no_more_is_void_and_worth_nothing_and_is_never_deleted(status: str):
    made = court()
    made.hear(invoice(2, currency="EUR", currency_rate="0.5"))
    made.settle()
    made.hear(invoice(3, status=status, currency="EUR", currency_rate="0.5"))
    made.settle()
    shown = told(made)["xero:invoice:1-erp"]
    assert (shown["status"], shown["amount"], shown["base_amount"]) == ("void", "0.00", "0.00")
    assert (shown["document"], shown["date"]) == ("INV-1", "2026-09-01")
    assert {each.kind for each in asked(made)} == {"create"}


def test_a_payment_that_is_taken_back_is_void_and_one_that_is_drafted_is_never_shown():
    made = court()
    made.hear(invoice(2, status="draft"), paid(3))
    made.settle()
    assert amounts(made) == {"payment:1-erp": "115.00"}
    assert told(made)["xero:payment:1-erp"]["subject"] == "payment of INV-1"
    made.hear(paid(4, status="deleted"))
    made.settle()
    assert amounts(made) == {"payment:1-erp": "0.00"}


def test_a_linear_model_has_a_record_for_each_touch_whose_amounts_are_the_whole_in_both_currencies():
    made = court(by="campaign.linear")
    made.hear(company(Side.CRM, 2, custom_campaigns=["fair", "autumn", "radio"]))
    made.hear(invoice(3, total="100.00", currency="USD", currency_rate="0.6"))
    made.settle()
    shown = [(one["earned_by"], one["amount"], one["base_amount"], one["share"]) for one in told(made).values()]
    assert shown == [
        ("autumn", "33.34", "55.56", "1 of 3"),
        ("fair", "33.33", "55.56", "2 of 3"),
        ("radio", "33.33", "55.55", "3 of 3"),
    ]
    assert sum(Decimal(one["base_amount"]) for one in told(made).values()) == Decimal("166.67")


def test_fewer_touches_leave_shares_that_are_void_and_the_rest_is_said_anew():
    made = court(by="campaign.linear")
    made.hear(company(Side.CRM, 2, custom_campaigns=["fair", "radio"]), invoice(3), paid(4))
    made.settle()
    before = len(asked(made))
    made.hear(company(Side.CRM, 50, custom_campaigns=["fair"]))
    made.settle()
    assert len(asked(made)) == before + 4
    assert amounts(made) == {
        "invoice:1-erp": "115.00", "invoice:1-erp:2": "0.00", "payment:1-erp": "115.00", "payment:1-erp:2": "0.00",
    }  # fmt: skip
    made.hear(company(Side.CRM, 90, custom_campaigns=["fair"], phone="1"))
    made.settle()
    assert len(asked(made)) == before + 4


def test_a_deals_own_touch_goes_before_its_companys_and_moves_what_was_billed_by_it():
    made = court(by="campaign.first_touch")
    made.hear(company(Side.CRM, 1, custom_first="fair"), deal(2, stage="open"))
    made.hear(invoice(3, related={"deal": "deal:1"}), paid(4), invoice(5, record="invoice:2", number="INV-2"))
    made.settle()
    assert [one["earned_by"] for one in told(made).values()] == ["fair", "fair", "fair"]
    made.hear(deal(60, stage="open", custom_first="radio"))
    made.settle()
    assert {key: one["earned_by"] for key, one in told(made).items()} == {
        "xero:invoice:1-erp": "radio", "xero:payment:1-erp": "radio", "xero:invoice:2-erp": "fair",
    }  # fmt: skip


def test_by_product_it_is_split_as_the_lines_are():
    made = court(by="product")
    lines = [{"sku": "A", "amount": "75.00"}, {"sku": "B", "amount": "25.00"}]
    made.hear(invoice(2, lines=lines))
    made.settle()
    assert [(one["earned_by"], one["amount"]) for one in told(made).values()] == [("A", "86.25"), ("B", "28.75")]


def test_a_credit_of_ours_names_no_items_and_takes_back_the_products_that_its_invoice_sold():
    made = court(by="product")
    lines = [{"sku": "A", "amount": "75.00"}, {"sku": "B", "amount": "25.00"}]
    part, whole = [{"invoice": "1-erp", "amount": "75.00"}], [{"description": "all", "amount": "115.00"}]
    note = credit(3, number="RM-1-CR", total="115.00", remaining="40.00", allocations=part, lines=whole)
    made.hear(invoice(2, lines=lines), note.model_copy(update={"related": {"invoice": "invoice:1"}}))
    made.settle()
    found = Counter[str]()
    for one in told(made).values():
        found[one["earned_by"]] += Decimal(one["amount"])
    assert found == {"A": 0, "B": 0}


def test_one_that_no_rate_is_kept_of_has_no_amount_in_the_base_currency():
    made = court()
    made.hear(invoice(2, currency="EUR"))
    made.settle()
    (one,) = told(made).values()
    assert (one["amount"], one["base_amount"], one["rate"], one["rate_date"]) == ("115.00", None, None, None)


def test_a_customer_that_is_about_to_be_made_in_the_crm_is_waited_for():
    made = Court(rules())
    made.hear(invoice(1), paid(2))
    assert asked(made) == []
    made.hear(company(Side.ERP, 3))
    assert asked(made) == []
    made.settle()
    assert {each.natural_key for each in asked(made)} == {"xero:invoice:1-erp", "xero:payment:1-erp"}
    assert len(asked(made)) == 2
    assert all("company" in each.links for each in asked(made))


def test_a_customer_that_the_crm_refuses_is_not_waited_for_any_longer():
    made = Court(rules())
    made.hear(invoice(1), company(Side.ERP, 3))
    made.settle(refuse=lambda command: command.entity is Entity.COMPANY)
    (one,) = asked(made)
    assert one.links == {}


def test_what_is_known_later_in_the_crm_is_associated_then():
    made = court()
    made.hear(invoice(2, related={"deal": "deal:1"}))
    made.settle()
    made.hear(deal(3, stage="open"))
    made.settle()
    assert [(each.kind, set(each.links)) for each in asked(made)] == [
        ("create", {"company"}), ("update", {"company", "deal"}),
    ]  # fmt: skip
    assert asked(made)[1].fields == {}, "what it says is there already"
    made.hear(gone_deal(40))
    made.settle()
    assert len(asked(made)) == 2, "an association is not taken back"


def test_what_was_refused_is_not_asked_for_again_until_something_changes_or_a_person_says_so():
    made = court()
    made.hear(invoice(2))
    made.settle(refuse=lambda command: command.entity is Entity.REVENUE)
    made.hear(invoice(3))
    assert len(asked(made)) == 1
    made.hear(invoice(4, total="116.00"))
    made.settle()
    assert [each.fields["amount"] for each in asked(made)] == ["115.00", "116.00"]


def test_a_person_may_have_what_was_refused_tried_again():
    made = court()
    made.hear(invoice(2))
    (one,) = asked(made)
    made.settle(refuse=lambda command: command.entity is Entity.REVENUE)
    made.hear(retry(one, seconds=40))
    assert [each.fields for each in asked(made)] == [one.fields, one.fields]


def test_one_that_could_not_be_linked_with_a_deal_that_went_is_asked_for_without_it():
    made = court()
    made.hear(deal(2, stage="open"), invoice(2, related={"deal": "deal:1"}))
    (one,) = asked(made)
    lost = {"code": "link_deal", "ref": "hubspot/revenue/1", "version": 5}
    made.hear(outcome(one, "refused", seconds=30, **lost), gone_deal(40))
    assert [(each.kind, set(each.links)) for each in asked(made)] == [
        ("create", {"company", "deal"}), ("update", {"company"}),
    ]  # fmt: skip
    assert asked(made)[1].ref == "hubspot/revenue/1"


def test_what_the_first_reading_shows_is_written_when_nothing_else_waits():
    made = court()
    made.hear(invoice(2, first=True), paid(3))
    assert [(each.first, each.tier) for each in asked(made)] == [(True, 3), (False, 2)]


def test_the_decision_names_the_write_and_the_money():
    made = court()
    made.hear(invoice(2))
    (said,) = [each for each in made.verdicts() if each.rule == "revenue"]
    (one,) = asked(made)
    assert (said.command, said.ruling, said.entity, said.label) == (one.id, "create", Entity.REVENUE, "invoice INV-1")
    assert said.money is not None
    assert (str(said.money.amount), said.at) == ("115.00", at(2))
    assert (said.reason, one.reason) == ("invoice INV-1 earned 115.00 NZD",) * 2


AMOUNT = st.integers(1, 10**7).map(lambda cents: f"{Decimal(cents) / 100:.2f}")
TOUCHES = st.sets(st.sampled_from(["autumn", "fair", "mail", "radio", "spring"]), max_size=4)


@settings(deadline=None, max_examples=30)
@given(
    total=AMOUNT, credited=AMOUNT, allocated=st.lists(AMOUNT, max_size=3), touched=TOUCHES, then=TOUCHES,
    rate=st.sampled_from([None, "0.59", "1.7", "90.123456", "0.333333"]), order=st.permutations(range(5)),
)  # fmt: skip
def test_whatever_comes_in_whichever_order_the_records_are_the_documents_to_the_cent(
    total: str, credited: str, allocated: list[str], touched: set[str], then: set[str], rate: str | None,
    order: list[int],
):  # fmt: skip
    made = court(by="campaign.linear")
    money: dict[str, Any] = {"currency": "USD", "currency_rate": rate} if rate else {"currency": "NZD"}
    against = [{"invoice": "1-erp", "amount": each} for each in allocated]
    findings = [
        company(Side.CRM, 100, custom_campaigns=sorted(touched)),
        invoice(101, total=total, related={"deal": "deal:1"}, **money),
        credit(102, total=credited, allocations=against, **money),
        paid(103, amount=total, **money),
        deal(104, stage="open"),
    ]
    for place in order:
        made.hear(findings[place])
        made.settle()
    made.hear(company(Side.CRM, 500, custom_campaigns=sorted(then)))
    made.settle()
    found = Counter[str]()
    based = Counter[str]()
    for key, one in told(made).items():
        found[":".join(key.split(":")[1:3])] += Decimal(one["amount"])
        based[":".join(key.split(":")[1:3])] += Decimal(one["base_amount"])
        assert one["status"] == "void" or one["earned_by"] in (then or {None})
    worth = {"invoice:1-erp": Decimal(total), "payment:1-erp": Decimal(total), "credit_note:1-erp": -Decimal(credited)}
    assert dict(found) == worth
    exchange = Decimal(rate or 1)
    for name in ("invoice:1-erp", "payment:1-erp"):
        assert based[name] == rounded(worth[name] / exchange, "NZD")
    parts = len(allocated) + 1  # each converted by itself
    assert abs(based["credit_note:1-erp"] - worth["credit_note:1-erp"] / exchange) <= Decimal("0.005") * parts
