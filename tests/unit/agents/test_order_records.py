"""Order records: each order and subscription is shown as one record, said once, and anew when it is another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.meaning import SAYS
from agents.rules.numbering import invoice_id
from schemas.command import Command
from schemas.names import Entity, Side, canonical_id
from tests.support.contracts import contract
from tests.support.judging import ACME, Court, company, deal, fact, invoice, line, outcome, retry
from tests.unit.agents.test_subscriptions import on, seat

OBJECTS: dict[str, Any] = {"order": "native", "subscription": {"custom": "revmark_subscription"}}
ORDER = canonical_id(Entity.ORDER, "main", "deal:1")
PARTS: dict[str, Any] = {"timing": {"invoice_when": "shipped", "partial": "each"}}
DRAFTS: dict[str, Any] = {"timing": {"called_off": "delete_drafts"}, "invoice_defaults": {"status": "draft"}}
RECURRING: dict[str, Any] = {
    "timing": {"subscriptions": {"bill": "in_advance", "paused_when_deal_stage": ["paused"], "ends": "custom_ends_on"}},
    "mappings": {"deal": {"custom_ends_on": {"kind": "day", "crm": "ends_on"}}},
}


def court(rules: dict[str, Any] | None = None, **objects: Any) -> Court:
    """Acme, known on both sides."""
    chosen = {"platforms": {"objects": OBJECTS | objects}}
    return Court(contract((rules or {}) | chosen)).known_everywhere()


def sold(here: Court, **fields: Any) -> Court:
    """Sales edits the deal; the workers work."""
    kept = dict(here.state("deal:1").crm.fields)
    here.hear(deal(here.clock + 60, **(kept | fields)))
    here.settle()
    return here


def bill(here: Court, part: int = 1, **fields: Any) -> Court:
    """The ERP states a bill; 30.00 of them are tax."""
    name, number = invoice_id("main", "deal:1", part), "RM-1" if part == 1 else f"RM-1-{part}"
    shown = {"number": number, "total": "230.00", "amount_due": "230.00"} | fields
    ref = here.state(name).erp.ref or f"xero/invoice/{name[8:]}"
    one = invoice(here.clock + 60, record=name, related={"deal": "deal:1"}, **shown)
    here.hear(one.model_copy(update={"ref": ref}))
    here.settle()
    return here


def asked(here: Court, entity: Entity = Entity.ORDER) -> list[Command]:
    return here.commands(Side.CRM, entity)


def told(here: Court, entity: Entity = Entity.ORDER) -> dict[str, Any]:
    """What the CRM shows."""
    return next((each.fields for each in reversed(asked(here, entity)) if each.fields), {})


def said(here: Court, *names: str) -> tuple[Any, ...]:
    return tuple(told(here)[name] for name in names or ("status", "bills", "billed", "paid", "due"))


def test_an_order_is_one_record_under_the_id_of_its_events_with_company_deal_and_person():
    here = court(PARTS)
    here.hear(fact(Entity.CONTACT, Side.ERP, {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"},
                   record="contact:1", seconds=2))  # fmt: skip
    here.settle()
    sold(here, amount="500.00")
    (one,) = asked(here)
    assert (one.kind, one.record, one.natural_key, one.rules, one.tier) == ("create", ORDER, ORDER, ["order"], 2)
    assert {each.document for each in here.events() if each.type == "order_created"} == {ORDER}
    assert one.links == {
        "company": "hubspot/company/acme-crm", "deal": "hubspot/deal/1", "contact": "hubspot/contact/1-crm",
    }  # fmt: skip
    assert one.fields == {
        "name": "Widgets", "status": "ordered", "detail": "created: 0 of 1 lines shipped", "placed_on": "2026-09-01",
        "amount": "500.00", "currency": "NZD", "bills": None, "billed": "0.00", "paid": "0.00", "due": "0.00",
    }  # fmt: skip
    assert one.reason == "the order of Widgets is ordered"
    assert SAYS["order"]
    assert SAYS["subscription"]
    assert here.state(ORDER).related == {"deal": "deal:1"}


def test_it_follows_its_bills_to_their_end():
    here = sold(court(PARTS), lines=[line() | {"shipped": "1"}])
    assert said(bill(here, total="115.00", amount_due="115.00")) == ("part_billed", "RM-1", "115.00", "0.00", "115.00")
    sold(here, lines=[line() | {"shipped": "2"}])
    assert said(bill(here, 2, total="115.00", amount_due="115.00")) == (
        "billed", "RM-1, RM-1-2", "230.00", "0.00", "230.00",
    )  # fmt: skip
    bill(here, total="115.00", amount_due="15.00", amount_paid="100.00")
    assert said(here) == ("billed", "RM-1, RM-1-2", "230.00", "100.00", "130.00")
    bill(here, total="115.00", amount_due="0.00", amount_paid="115.00", status="paid")
    bill(here, 2, total="115.00", amount_due="0.00", amount_paid="15.00", amount_credited="100.00", status="paid")
    assert said(here) == ("paid", "RM-1, RM-1-2", "230.00", "130.00", "0.00")
    bill(here, total="115.00", amount_due="0.00", status="voided")
    assert said(here) == ("paid", "RM-1-2", "115.00", "15.00", "0.00")
    bill(here, 2, total="115.00", amount_due="0.00", status="deleted")
    assert said(here) == ("ordered", None, "0.00", "0.00", "0.00")


def test_what_another_currency_bills_is_named_and_not_added():
    here = bill(sold(court()), 2, currency="USD", total="9.00")
    assert said(bill(here)) == ("billed", "RM-1, RM-1-2", "230.00", "0.00", "230.00")


def test_an_order_that_is_called_off_is_cancelled_and_one_that_is_won_again_is_not():
    here = sold(sold(court(PARTS)), stage="closedlost")
    assert said(here, "status", "detail") == ("cancelled", "called off")
    assert said(sold(here, stage="closedwon"), "status", "detail") == ("ordered", "created: 0 of 1 lines shipped")
    sold(here, lines=[line() | {"shipped": "1"}])
    sold(bill(here), stage="closedlost")
    assert said(here, "status", "billed") == ("cancelled", "230.00"), "what is billed stands"
    assert told(here)["detail"].startswith("called off: RM-1 stands")


def test_an_order_whose_bill_is_refused_or_was_deleted_is_held():
    here = court()
    here.hear(deal(60))
    here.settle(refuse=lambda command: command.side is Side.ERP)
    assert said(here, "status", "detail") == ("held", "invoice refused: no")
    here = bill(sold(court(DRAFTS)), status="draft")
    sold(here, stage="closedlost")
    bill(here, status="deleted", amount_due="0.00")
    assert said(here, "status", "bills") == ("cancelled", None)
    sold(here, stage="closedwon")
    assert said(here, "status", "bills") == ("held", None)
    assert told(here)["detail"].startswith("held: it was called off")


def test_what_is_no_order_has_no_record():
    here = court({"timing": {"called_off": "ask"}})
    here.hear(deal(2, first=True), deal(3, record="deal:2", stage="open"), invoice(4))
    here.settle()
    assert asked(here) == []


def test_a_deal_that_is_gone_leaves_its_record():
    here = bill(sold(court()))
    gone = fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=here.clock + 60, deleted=True, ref="hubspot/deal/1")
    here.hear(gone)
    here.settle()
    assert said(here, "status", "billed") == ("cancelled", "230.00")
    assert said(bill(here, status="paid", amount_due="0.00", amount_paid="230.00"), "paid") == ("230.00",)
    assert "deal" in asked(here)[0].links, "it stays associated"


def test_a_deal_that_moves_to_another_customer_leaves_its_record_with_the_one_that_was_billed():
    here = bill(sold(court()))
    many = len(asked(here))
    here.hear(deal(here.clock + 60).model_copy(update={"deleted": True, "ended": "parted", "fields": {}}))
    there = deal(here.clock + 61).model_copy(update={"customer": "company:other", "moved": True})
    here.hear(there, company(Side.CRM, here.clock + 62).model_copy(update={"customer": "company:other"}))
    here.settle()
    assert len(asked(here)) == many, "it is no order of the other customer's"
    assert said(here, "status", "billed") == ("billed", "230.00"), "as it was"
    bill(here, status="paid", amount_due="0.00", amount_paid="230.00")
    assert said(here, "status", "paid") == ("paid", "230.00")
    assert {each.customer for each in asked(here)} == {ACME}


def test_orders_of_before_are_shown_when_their_deals_or_bills_are_heard_of_again():
    here = sold(court(order=None, subscription=None))
    assert asked(here) == []
    here.contract = contract({"platforms": {"objects": OBJECTS}})
    assert said(bill(here), "status", "billed") == ("billed", "230.00")
    assert {each.first for each in asked(here)} == {False}


def test_it_is_said_once_whatever_is_heard_again():
    here = bill(sold(court()))
    many = len(asked(here))
    for _ in range(3):
        again = dict(here.state("deal:1").crm.fields)
        here.hear(deal(here.clock, **again), company(Side.CRM, here.clock), company(Side.ERP, here.clock))
        bill(here)
    assert len(asked(here)) == many


@pytest.mark.parametrize("kind", ["order", "subscription"])
def test_each_kind_is_shown_only_where_it_is_chosen(kind: str):
    here = sold(court(RECURRING, **{kind: None}), lines=[seat()])
    found = {each.entity for each in here.commands(Side.CRM)} & {Entity.ORDER, Entity.SUBSCRIPTION}
    assert found == {Entity.ORDER, Entity.SUBSCRIPTION} - {Entity(kind)}
    assert "sold" not in sold(court(order=None, subscription=None)).state("deal:1").marks


def test_a_company_that_is_being_made_is_waited_for_and_one_that_is_known_as_another_is_linked():
    here = Court(contract({"platforms": {"objects": OBJECTS}}))
    here.hear(company(Side.ERP, 1), deal(2))
    assert asked(here) == []
    here.settle()
    here.hear(company(Side.CRM, here.clock + 1).model_copy(update={"ref": "hubspot/company/9"}))
    here.settle()
    first, *_, last = asked(here)
    assert set(first.links) == {"company", "deal"}
    assert (last.links["company"], last.fields) == ("hubspot/company/9", {})


def test_a_person_who_comes_later_is_linked_to_all_orders():
    here = sold(court())
    here.hear(deal(here.clock + 60, record="deal:2"))
    here.settle()
    here.hear(fact(Entity.CONTACT, Side.ERP, {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"},
                   record="contact:1", seconds=here.clock + 2))  # fmt: skip
    here.settle()
    assert {each.record for each in asked(here) if "contact" in each.links} == {
        ORDER, canonical_id(Entity.ORDER, "main", "deal:2"),
    }  # fmt: skip


def test_a_record_that_people_have_deleted_is_made_anew_when_it_was_to_be_linked():
    here = sold(court())
    here.hear(company(Side.CRM, here.clock + 1).model_copy(update={"ref": "hubspot/company/9"}))
    link = asked(here)[-1]
    assert (link.kind, link.fields, here.state(ORDER).crm.ref) == ("update", {}, link.ref)
    here.answered.add(link.id)
    here.hear(outcome(link, "superseded", seconds=here.clock, ref=link.ref, code="absent", message="not there"))
    anew = asked(here)[-1]
    assert (anew.kind, anew.fields["status"], anew.links["company"]) == ("create", "billed", "hubspot/company/9")
    here.answered.add(anew.id)
    here.hear(outcome(anew, "applied", seconds=here.clock, ref="hubspot/order/2"))
    many = len(asked(here))
    here.hear(company(Side.CRM, here.clock + 2).model_copy(update={"ref": "hubspot/company/10"}))
    assert [(each.kind, each.ref) for each in asked(here)[many:]] == [("update", "hubspot/order/2")]


def test_a_record_that_was_made_anew_is_linked_where_it_is_now():
    here = court(PARTS)
    here.hear(deal(2))
    for ref in ("hubspot/order/1", "hubspot/order/2"):  # somebody deleted the first one
        here.answered.add(asked(here)[-1].id)
        here.hear(outcome(asked(here)[-1], "applied", seconds=here.clock, ref=ref))
        here.hear(deal(here.clock + 1, name="Widgets anew"))
    assert here.state(ORDER).crm.ref == "hubspot/order/2"


def test_a_person_who_is_refused_is_waited_for_no_longer():
    here = court(PARTS)
    person = {"email": "ann@acme.example", "first_name": "Ann", "last_name": "Lee"}
    here.hear(fact(Entity.CONTACT, Side.ERP, person, record="contact:1", seconds=here.clock + 1), deal(here.clock + 2))
    here.hear(company(Side.CRM, here.clock + 3))
    assert asked(here) == []
    (making,) = here.commands(Side.CRM, Entity.CONTACT)
    here.hear(*here.refuse(making))
    assert [set(each.links) for each in asked(here)] == [{"company", "deal"}]


def test_a_person_may_have_what_was_refused_tried_again():
    here = court()
    here.hear(deal(2))
    here.settle(refuse=lambda command: command.entity is Entity.ORDER)
    many = len(asked(here))
    sold(here)
    assert len(asked(here)) == many
    here.hear(retry(asked(here)[-1], seconds=here.clock))
    assert len(asked(here)) == many + 1


def test_what_is_refused_while_it_is_left_out_of_the_contract_is_shown_when_it_is_brought_back():
    here = court(PARTS)
    here.hear(deal(60))
    chosen, here.contract = here.contract, contract(PARTS)
    here.settle(refuse=lambda command: command.entity is Entity.ORDER)
    sold(here)
    assert len(asked(here)) == 1
    here.contract = chosen
    assert said(sold(here), "status", "detail") == ("ordered", "created: 0 of 1 lines shipped")
    assert len(asked(here)) == 2
    sold(here)
    assert len(asked(here)) == 2


def test_rows_of_before_have_no_totals_and_their_bills_have():
    here = bill(sold(court()))
    key = f"main|{ACME}|deal:1"
    row = here.records.get(key)
    assert row is not None
    del row["marks"]["bills"][invoice_id("main", "deal:1")]["total"]
    here.records[key] = row
    sold(here, name="Widgets anew")
    assert said(here, "name", "billed") == ("Widgets anew", "230.00")


def test_a_subscription_is_a_record_of_its_own_that_runs_pauses_and_ends():
    here = sold(court(RECURRING), lines=[seat()])
    (one,) = {(each.record, each.natural_key) for each in asked(here, Entity.SUBSCRIPTION)}
    assert one == (canonical_id(Entity.SUBSCRIPTION, "main", "deal:1"),) * 2
    assert told(here, Entity.SUBSCRIPTION) == {
        "name": "Widgets", "status": "running", "detail": "running: monthly, 1 period billed, the next on 2026-10-01",
        "every": "monthly", "started_on": "2026-09-01", "next_on": "2026-10-01", "ends_on": None, "amount": "100.00",
        "currency": "NZD", "periods": 1,
    }  # fmt: skip
    assert said(here, "status") == ("billed",)
    on(here, "2026-10-01")
    assert {name: told(here, Entity.SUBSCRIPTION)[name] for name in ("periods", "next_on", "started_on")} == {
        "periods": 2, "next_on": "2026-11-01", "started_on": "2026-09-01",
    }  # fmt: skip
    sold(here, lines=[seat("70")])
    assert told(here, Entity.SUBSCRIPTION)["amount"] == "140.00"
    sold(here, stage="paused")
    shown = told(here, Entity.SUBSCRIPTION)
    assert (shown["status"], shown["next_on"], shown["ends_on"]) == ("paused", None, None)
    sold(here, stage="closedwon", custom_ends_on="2026-10-20")
    assert told(here, Entity.SUBSCRIPTION)["ends_on"] == "2026-10-20"
    on(here, "2026-10-20")
    shown = told(here, Entity.SUBSCRIPTION)
    assert (shown["status"], shown["next_on"], shown["ends_on"], shown["periods"]) == ("ended", None, "2026-10-20", 2)
    assert len({each.record for each in asked(here, Entity.SUBSCRIPTION)}) == 1


def test_one_write_of_a_record_is_on_its_way_at_a_time_and_what_came_meanwhile_is_written_then():
    here = court(PARTS)
    here.hear(deal(2), deal(3, name="Widgets anew"), deal(4, name="Widgets at last"))
    assert [each.fields["name"] for each in asked(here)] == ["Widgets"]
    here.settle()
    assert [each.fields["name"] for each in asked(here)] == ["Widgets", "Widgets at last"]


def test_a_subscription_that_is_called_off_is_over_from_that_day():
    here = sold(court(RECURRING), lines=[seat()])
    sold(on(here, "2026-09-20"), stage="closedlost")
    shown = told(here, Entity.SUBSCRIPTION)
    assert (shown["status"], shown["next_on"], shown["ends_on"]) == ("ended", None, "2026-09-20")
    assert said(here, "status") == ("billed",), "its first month is"


@pytest.mark.parametrize("left", [{"order": "native"}, {}, {"payment": "native"}])
@pytest.mark.parametrize("heard", [True, False])
def test_what_ends_while_its_object_is_left_out_says_so_once_the_object_is_chosen_again(
    left: dict[str, Any], *, heard: bool
):
    here = sold(court(RECURRING), lines=[seat()])
    assert (said(here, "status"), told(here, Entity.SUBSCRIPTION)["status"]) == (("billed",), "running")
    chosen, here.contract = here.contract, contract(RECURRING | {"platforms": {"objects": left}})
    gone = fact(Entity.DEAL, Side.CRM, {}, record="deal:1", seconds=here.clock + 60, deleted=True, ref="hubspot/deal/1")
    here.hear(gone, *([company(Side.CRM, here.clock + 61)] if heard else []))
    here.settle()
    assert told(here, Entity.SUBSCRIPTION)["status"] == "running", "it is not shown"
    here.contract = chosen
    here.hear(company(Side.CRM, here.clock + 62))
    here.settle()
    assert told(here, Entity.SUBSCRIPTION)["status"] == "ended"
    many = len(asked(here, Entity.SUBSCRIPTION))
    here.hear(company(Side.CRM, here.clock + 63))
    assert len(asked(here, Entity.SUBSCRIPTION)) == many


def test_a_subscription_that_people_bill_or_that_has_a_term_says_so():
    never = {"timing": {"subscriptions": {"bill": "never"}}}
    here = sold(court(never), lines=[seat(payments="2")])
    shown = told(here, Entity.SUBSCRIPTION)
    assert (shown["next_on"], shown["ends_on"], shown["periods"]) == (None, "2026-11-01", 0)
    here = sold(court(RECURRING), lines=[seat(payments="2", starts_on="2026-08-01")])
    shown = told(here, Entity.SUBSCRIPTION)
    assert (shown["started_on"], shown["next_on"], shown["ends_on"]) == ("2026-09-01", None, "2026-10-01")


AMOUNT = st.integers(1, 10**7)
BILLS = st.lists(st.tuples(AMOUNT, st.sampled_from(["posted", "paid", "voided", "draft"])), min_size=1, max_size=4)


@settings(deadline=None, max_examples=40)
@given(drawn=BILLS, called_off=st.booleans(), order=st.randoms(use_true_random=False))
def test_whatever_comes_in_whichever_order_its_record_says_the_same(
    drawn: list[tuple[int, str]], *, called_off: bool, order: Any
):
    here, news, moneys = court(), [deal(100)], [f"{Decimal(cents) / 100:.2f}" for cents, _ in drawn]
    for part, ((_, status), total) in enumerate(zip(drawn, moneys, strict=True), 1):
        name, number = invoice_id("main", "deal:1", part), "RM-1" if part == 1 else f"RM-1-{part}"
        settled = {"paid": {"amount_paid": total, "amount_due": "0.00"}, "voided": {"amount_due": "0.00"}}
        rest = {"amount_due": total} | settled.get(status, {})
        for seconds, now in ((101, {"status": "posted", "amount_due": total}), (200, {"status": status, **rest})):
            one = invoice(seconds + part, record=name, related={"deal": "deal:1"}, number=number, total=total, **now)
            news.append(one.model_copy(update={"ref": f"xero/invoice/{part}"}))
    if called_off:
        news.append(deal(300, stage="closedlost"))
    order.shuffle(news)
    for each in news:
        here.hear(each)
        here.settle(refuse=lambda command: command.side is Side.ERP)
    standing = [(money, status) for money, (_, status) in zip(moneys, drawn, strict=True) if status != "voided"]
    found = told(here)
    if not asked(here):
        assert called_off, "nobody heard that it was won"
        return
    billed = sum((Decimal(money) for money, _ in standing), Decimal(0))
    paid = sum((Decimal(money) for money, status in standing if status == "paid"), Decimal(0))
    assert (Decimal(found["billed"]), Decimal(found["paid"]), Decimal(found["due"])) == (billed, paid, billed - paid)
    assert len(str(found["bills"] or "").split(", ")) == max(1, len(standing))
    if called_off:
        assert found["status"] == "cancelled"
    assert len({each.natural_key for each in asked(here)}) == 1
