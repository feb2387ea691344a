"""What depends on whether a customer ever ordered, and what happens to a record that changes its customer."""

from datetime import timedelta
from typing import Any

from schemas.change import Change
from schemas.names import Entity, Side
from tables import windows
from tables.view import MemoryView
from tests.support import capturing, judging
from tests.support.contracts import contract, shipped
from tests.support.judging import Court

AUCKLAND_MORNING = 13 * 3600 + 3600  # seconds after the tests' start: past midnight in Auckland, not yet in UTC
STREET = {"street": "1 Queen Street", "city": "Auckland", "region": "", "postal_code": "1010", "country": "NZ"}


def both_sides(court: Court, *, settled: bool, **crm: object) -> None:
    for side, fields in ((Side.ERP, {"shipping_address": STREET, "currency": "NZD"}), (Side.CRM, crm)):
        found = judging.company(side, first=True, alone=False, **fields)
        court.hear(found.model_copy(update={"settled": settled}))


def test_until_all_invoices_are_read_neither_side_overwrites_address_or_currency():
    court = Court()
    both_sides(court, settled=False, shipping_address=STREET | {"street": "Sales' street"}, currency="USD")
    written = {name for command in court.commands() for name in command.fields}
    assert not written & {"shipping_address", "currency"}


def test_a_customer_that_was_invoiced_before_keeps_the_erps_address_and_currency():
    court = Court()
    both_sides(court, settled=False, shipping_address=STREET | {"street": "Sales' street"}, currency="USD")
    court.hear(judging.invoice(first=True))
    both_sides(court, settled=True, shipping_address=STREET | {"street": "Sales' street"}, currency="USD")
    (erp,) = [c.fields for c in court.commands(Side.ERP) if "currency" in c.fields] or [{}]
    assert "shipping_address" not in erp
    assert "currency" not in erp
    crm = {name: value for c in court.commands(Side.CRM, Entity.COMPANY) for name, value in c.fields.items()}
    assert (crm["shipping_address"], crm["currency"]) == (STREET, "NZD")


def test_a_prospects_address_follows_the_crm_once_it_is_known_to_be_one():
    court = Court()
    both_sides(court, settled=False, shipping_address=STREET | {"street": "Sales' street"})
    both_sides(court, settled=True, shipping_address=STREET | {"street": "Sales' street"})
    erp = {name: value for c in court.commands(Side.ERP) for name, value in c.fields.items()}
    assert erp["shipping_address"]["street"] == "Sales' street"


def test_capture_tells_a_company_again_when_all_invoices_have_been_read_after_its_invoices():
    desk = capturing.Desk()
    desk.take(capturing.erp("a"), capturing.crm("1", xero_contact_id="a"), capturing.erp_invoice("i", "a"))
    assert {fact.settled for fact in desk.facts("xero/contact/a")} == {False}
    desk.ready()
    order = [fact.ref for fact in desk.facts() if fact.ref == "xero/invoice/i" or fact.settled]
    assert order.index("xero/invoice/i") < order.index("xero/contact/a")


def test_a_won_deal_that_moves_to_another_customer_is_not_billed_there():
    court = Court()
    court.known_everywhere()
    court.hear(judging.deal(5).model_copy(update={"moved": True}))
    assert court.told() == []
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    assert any("moved here" in verdict.reason for verdict in court.verdicts("order_status"))


def test_what_a_deal_said_of_another_companys_order_is_said_no_more_and_what_to_do_is():
    court = Court()
    court.known_everywhere()
    before = judging.deal(5).fields | {"order_status": "created"}
    court.hear(judging.deal(5).model_copy(update={"moved": True, "fields": before}))
    court.settle()
    (says,) = court.shown(Side.CRM, "order_status", record="deal:1")
    assert says.startswith("held: it was won for another company and then moved here: see whether RM-1 is in the ERP")
    court.hear(judging.deal(60, stage="closedlost"))
    court.settle()
    assert court.shown(Side.CRM, "order_status", record="deal:1") == [None], "it is not due any more"


def test_an_open_deal_that_moves_is_billed_where_it_is_won():
    court = Court()
    court.known_everywhere()
    court.hear(judging.deal(5, stage="contractsent").model_copy(update={"moved": True}))
    court.hear(judging.deal(6))
    assert court.told() == ["order_created"]
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1


def moves(desk: capturing.Desk, *before: Change, **more: Any) -> list[bool]:
    """Whether a deal that is another company's now, and won, is said to have been open as far as it was told."""
    desk.take(capturing.crm("1"), capturing.crm("2"), *before)
    desk.take(capturing.deal("7", "2", version=9, **more))
    return [fact.unsold for fact in desk.facts("hubspot/deal/7") if fact.moved]


def test_capture_says_of_a_deal_that_moved_whether_it_was_told_as_won_before():
    still = capturing.deal("7", "1", dealstage="contractsent")
    assert moves(capturing.Desk().ready(), still) == [True]
    assert moves(capturing.Desk().ready(), still, dealstage="contractsent") == [True]
    assert moves(capturing.Desk().ready(), capturing.deal("7", "1")) == [False]
    back = capturing.deal("7", "1", version=2, dealstage="contractsent")
    assert moves(capturing.Desk().ready(), capturing.deal("7", "1"), back) == [False]


def test_what_was_told_under_another_contract_may_have_been_won_by_that():
    desk = capturing.Desk().ready()
    desk.take(capturing.crm("1"), capturing.deal("7", "1", dealstage="contractsent"))
    desk.contract = contract({"timing": {"order_when_deal_stage": ["contractsent"]}})
    assert moves(desk) == [False]
    desk.take(capturing.deal("7", "1", version=10, dealstage="lost"))
    assert [fact.unsold for fact in desk.facts("hubspot/deal/7") if fact.moved] == [False, False]


def test_a_deal_that_lives_on_in_another_was_told_as_that_one_was():
    desk = capturing.Desk().ready()
    desk.take(capturing.crm("1"), capturing.deal("6", "1"))
    merged = {"hs_merged_object_ids": "6", "dealstage": "contractsent"}
    assert moves(desk, capturing.deal("7", "1", version=5, **merged), **merged) == [False]


def test_a_deal_of_a_row_of_an_older_release_may_have_been_won():
    desk = capturing.Desk().ready()
    desk.take(capturing.crm("1"), capturing.deal("7", "1", dealstage="contractsent"))
    key = next(key for key in desk.names.rows if key.endswith("r|hubspot/deal/7"))
    desk.names[key] = {name: value for name, value in desk.names.rows[key].items() if name != "unsold"}
    assert moves(desk) == [False]


def test_a_deal_that_was_open_when_it_was_last_heard_of_is_billed_where_it_came_to():
    court = Court()
    court.known_everywhere()
    court.hear(judging.deal(5).model_copy(update={"moved": True, "unsold": True}))
    assert court.told() == ["order_created"]
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1


def test_a_deal_that_has_left_is_not_back_because_what_was_told_before_is_delivered_again():
    court = Court()
    court.known_everywhere()
    here = judging.deal(5, stage="contractsent")
    gone = here.model_copy(update={"deleted": True, "ended": "parted", "fields": {}})
    court.hear(here)
    court.hear(gone)
    left = dict(court.records.rows)
    for again in (here, gone):
        court.hear(again)
    assert court.records.rows == left
    court.hear(here.model_copy(update={"moved": True}))
    assert any("it is back in the CRM" in verdict.reason for verdict in court.verdicts(""))


def test_capture_ends_a_moved_deal_for_its_old_customer_and_says_that_it_moved():
    desk = capturing.Desk().ready()
    desk.take(capturing.crm("1"), capturing.crm("2"), capturing.deal("7", "1"), capturing.deal("7", "2", version=2))
    told = [(fact.customer, fact.deleted, fact.moved) for fact in desk.facts("hubspot/deal/7")]
    one, two = desk.id_of("hubspot/company/1"), desk.id_of("hubspot/company/2")
    assert told == [(one, False, False), (one, True, False), (two, False, True)]


def test_an_invoice_that_moves_to_another_customer_waits_for_a_person():
    desk = capturing.Desk().ready()
    desk.take(capturing.erp("a"), capturing.erp("b"), capturing.erp_invoice("i", "a"))
    desk.take(capturing.erp_invoice("i", "b", version=3))
    assert [fact.customer for fact in desk.facts("xero/invoice/i")] == [desk.id_of("xero/contact/a")]
    assert any("another customer" in verdict.reason for verdict in desk.verdicts("wait"))


def test_a_number_of_some_other_system_in_the_erp_is_no_evidence_once_the_crm_is_read():
    desk = capturing.Desk()
    desk.take(capturing.erp("a", ContactNumber="OLD-17"), capturing.erp_invoice("i", "a"))
    desk.ready()
    assert [fact.alone for fact in desk.facts("xero/contact/a")][-1:] == [True]
    assert desk.facts("xero/invoice/i")


def test_a_company_that_names_an_erp_id_nobody_has_is_told_to_a_person():
    desk = capturing.Desk().ready()
    desk.take(capturing.crm("1", xero_contact_id="gone"))
    assert any("does not exist" in verdict.reason for verdict in desk.verdicts("wait"))


def test_a_hold_that_came_after_the_order_holds_the_bill():
    court = Court()
    court.hear(judging.company(Side.CRM), judging.deal(1))
    assert court.told() == ["order_created"]
    court.hear(judging.company(Side.ERP, 2, credit_hold=True, alone=False))
    assert court.commands(Side.ERP, Entity.INVOICE) == []
    court.hear(judging.company(Side.ERP, 3, credit_hold=False, alone=False))
    assert len(court.commands(Side.ERP, Entity.INVOICE)) == 1


def test_an_order_that_was_held_is_billed_on_the_day_it_goes_through():
    court = Court()
    court.known_everywhere(erp={"credit_hold": True})
    court.hear(judging.deal(10))
    later = timedelta(days=40).total_seconds()
    court.hear(judging.company(Side.ERP, later, credit_hold=False, alone=False))
    (bill,) = court.commands(Side.ERP, Entity.INVOICE)
    assert bill.fields["date"] == "2026-10-11"


def test_days_of_events_are_business_days_of_the_tenant():
    court = Court()
    court.known_everywhere()
    court.hear(judging.company(Side.ERP, AUCKLAND_MORNING, credit_hold=True, alone=False))
    (event,) = court.events()
    assert event.day == "2026-09-02"
    assert event.occurred_at.date().isoformat() == "2026-09-01"


def test_the_watermark_waits_for_the_days_that_have_come():
    sums = MemoryView()
    windows.raise_watermark(sums, "main", "2026-09-01")
    assert not windows.closed(sums, "main", "2026-09-01")


def test_of_a_refused_set_of_fields_only_the_bad_one_is_given_up():
    court = Court()
    court.known_everywhere()
    court.hear(judging.linked(20, name="New name", phone="09 555", erp_id="acme-erp"))
    court.settle(refuse=lambda command: "phone" in command.fields)
    assert court.state().erp.fields["name"] == "New name"
    assert court.state().blocked["erp"] == {"phone": "09 555"}


def test_a_translator_that_meets_the_unexpected_refuses_that_record_alone():
    desk = capturing.Desk(contract=shipped()).ready()
    odd = capturing.change(Side.CRM, "deal", "9", {"properties": {"dealname": "x"}, "associations": "abc"})
    result = desk.take(odd, capturing.crm("1"))
    assert [index for index, _ in result.refused] == [0]
    assert len(desk.facts("hubspot/company/1")) == 1
