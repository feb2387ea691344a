from __future__ import annotations

from schemas.names import Entity, Side
from tests.support.capturing import (
    Desk,
    crm,
    crm_invoice,
    crm_person,
    deal,
    erp,
    erp_invoice,
    mark,
    payment,
)

A_CRM, A_ERP = "hubspot/company/1", "xero/contact/a"


# Chains


def test_everybody_waits_for_whom_they_belong_to_and_goes_on_when_it_is_known():
    desk = Desk()
    desk.take(
        payment("p", "i", "a"), erp_invoice("i", "a"), deal("7", "1"), crm_invoice("20", "i"),
        crm_person("8", "1", email="ann@acme.example"), crm("1", xero_contact_id="a"),
    )  # fmt: skip
    assert desk.facts() == []
    desk.take(erp("a", EmailAddress="ann@acme.example"))
    desk.ready()
    customer = desk.id_of(A_CRM)
    assert {fact.customer for fact in desk.facts()} == {customer}
    by_ref = {fact.ref: fact for fact in desk.facts()}
    assert set(by_ref) == {
        A_CRM, A_ERP, "hubspot/deal/7", "hubspot/contact/8", "xero/person/a", "xero/invoice/i", "hubspot/invoice/20",
        "xero/payment/p",
    }  # fmt: skip
    assert by_ref["hubspot/contact/8"].id == by_ref["xero/person/a"].id
    assert by_ref["xero/invoice/i"].id == by_ref["hubspot/invoice/20"].id
    assert by_ref["xero/payment/p"].related["invoice"] == by_ref["xero/invoice/i"].id


def test_a_mirror_whose_invoice_waits_for_its_customer_waits_as_well():
    desk = Desk()
    desk.take(erp_invoice("i", "a"), crm_invoice("20", "i"))
    assert desk.facts() == []
    assert desk.waiting("hubspot/invoice/20")
    desk.take(erp("a"))
    desk.ready()
    assert {fact.id for fact in desk.facts() if fact.entity is Entity.INVOICE} == {desk.id_of("xero/invoice/i")}


def test_a_record_that_waits_is_told_once_however_often_it_changes_meanwhile():
    desk = Desk().ready()
    desk.take(*(deal("7", "1", version=version, amount=str(version)) for version in range(1, 6)))
    desk.take(crm("1"))
    (fact,) = desk.facts("hubspot/deal/7")
    assert fact.fields["amount"] == "5.00"


def test_an_older_version_of_a_record_that_waited_is_not_told_when_it_comes_again():
    desk = Desk().ready()
    late = crm("1", version=1)
    desk.take(crm("1", version=2, xero_contact_id="a"), late, erp("a", Name="A"))
    before = len(desk.facts())
    desk.take(late)
    assert len(desk.facts()) == before


def test_a_deal_won_before_the_first_reading_stays_so_while_it_waits():
    desk = Desk()
    desk.take(deal("7", "1"), mark(Side.CRM, "deal"), deal("7", "1", version=5, dealname="renamed"))
    desk.take(crm("1"), mark(Side.CRM, "company"), mark(Side.ERP, "contact"))
    (fact,) = desk.facts("hubspot/deal/7")
    assert fact.first
    desk.take(deal("9", "1", version=6))
    assert not desk.facts("hubspot/deal/9")[0].first


def test_a_record_without_a_company_says_what_it_lacks():
    desk = Desk().ready()
    desk.take(deal("7", None))
    assert "associate one" in desk.verdicts("wait")[-1].reason
    desk.take(crm("1"), deal("7", "1", version=2))
    assert len(desk.facts("hubspot/deal/7")) == 1


def test_an_invoice_made_from_a_deal_is_known_by_its_number():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"), deal("7", "1"), erp_invoice("i", "a", InvoiceNumber="RM-7"))
    fact = desk.facts("xero/invoice/i")[0]
    assert fact.related["deal"] == desk.id_of("hubspot/deal/7")
    desk.take(erp_invoice("j", "a", InvoiceNumber="RM-9999"))
    assert "deal" not in desk.facts("xero/invoice/j")[0].related
