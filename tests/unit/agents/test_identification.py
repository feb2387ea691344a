"""Whose a record is, asked one sighting at a time: what is known of it, or what it waits for."""

from __future__ import annotations

import pytest

from agents.rules.identification import twin_of
from agents.rules.numbering import credit_id, invoice_id
from agents.rules.placing import FIRST_READINGS, Known, Waits
from schemas.names import Entity, Side, canonical_id
from tests.support.contracts import contract
from tests.unit.agents.sightings import (
    ACME,
    BILL,
    DEAL,
    ONE,
    PERSON,
    TWO,
    A,
    B,
    acme,
    company,
    desk,
    known,
    owned,
    person,
    sighting,
)

# Companies and products


def test_a_new_company_is_of_its_own_and_the_other_side_is_linked_by_id():
    rules = desk()
    assert known(rules, company()) == Known(ACME, ACME)
    assert known(rules, company(A, crm_ref=ONE)) == Known(ACME, ACME)
    assert (rules.identity.reference(ACME, Side.CRM), rules.identity.reference(ACME, Side.ERP)) == (ONE, A)
    assert known(rules, company()) == Known(ACME, ACME)


def test_before_both_sides_are_read_nothing_is_new():
    rules = desk(read=False)
    assert rules.resolve(company()) == Waits("readings")
    rules.identity.mark(Side.CRM, "company")
    assert rules.resolve(company()) == Waits("readings")
    rules.identity.mark(Side.ERP, "contact")
    assert known(rules, company()).id == ACME


def test_a_twin_that_was_not_seen_is_waited_for_and_a_waiting_twin_makes_it_new_at_once():
    rules = desk(read=False)
    assert rules.resolve(company(ONE, erp_ref=A)) == Waits("twin", (A,))
    rules.identity.waiters(twin_of(A)).put(ONE)
    assert known(rules, company(A)).id == canonical_id(Entity.COMPANY, "main", A)


def test_a_number_of_another_system_is_no_evidence_once_all_is_read():
    assert known(desk(), company(A, crm_ref=TWO)).id == canonical_id(Entity.COMPANY, "main", A)
    assert desk(read=False).resolve(company(A, crm_ref=TWO)) == Waits("twin", (TWO,))
    assert desk().resolve(company(ONE, erp_ref=A)) == Waits("twin", (A,))


def test_one_id_links_one_record():
    rules = acme()
    assert rules.resolve(company(B, crm_ref=ONE)) == Waits("conflict", (A, ONE))
    assert rules.resolve(company(TWO, erp_ref=A)) == Waits("conflict", (ONE, A))


@pytest.mark.parametrize(
    ("identity", "keys", "asks"),
    [
        ({}, {"domain": "acme.example"}, True),
        ({}, {"name": " ACME "}, True),
        ({}, {"name": "Other"}, False),
        ({"domain_proposes": False}, {"domain": "acme.example"}, False),
        ({"name_proposes": False}, {"name": "Acme"}, False),
    ],
)
def test_a_domain_or_a_name_only_proposes(identity: dict[str, bool], keys: dict[str, str], asks: bool):  # noqa: FBT001 - a column of the table
    rules = desk(contract({"identity": identity}))
    known(rules, company(ONE, domain="Acme.example", name="Acme"))
    found = rules.resolve(company(A, **keys))
    assert found == Waits("person", (ONE,)) if asks else isinstance(found, Known)


def test_nobody_is_proposed_who_is_linked_or_gone_or_was_said_to_be_another():
    rules = desk()
    known(rules, company(ONE, name="Acme"))
    rules.identity.part(ONE, A)
    assert isinstance(rules.resolve(company(A, name="Acme")), Known)
    linked = desk()
    known(linked, company(ONE, name="Acme"))
    known(linked, company(A, crm_ref=ONE))
    assert isinstance(linked.resolve(company(B, name="Acme")), Known)
    gone = desk()
    known(gone, company(ONE, name="Acme"))
    known(gone, company(ONE, deleted=True))
    assert isinstance(gone.resolve(company(A, name="Acme")), Known)


@pytest.mark.parametrize(("links", "same"), [(True, True), (False, False)])
def test_a_sku_links(links: bool, same: bool):  # noqa: FBT001 - a column of the table  # noqa: FBT001 - a column of the table
    rules = desk(contract({"identity": {"sku_links": links}}))
    item = known(rules, sighting(Entity.PRODUCT, Side.ERP, "xero/item/1", sku="W-1"))
    other = known(rules, sighting(Entity.PRODUCT, Side.CRM, "hubspot/product/1", sku="w-1"))
    assert (other.id == item.id) is same
    assert other.customer == other.id
    found = rules.resolve(sighting(Entity.PRODUCT, Side.CRM, "hubspot/product/2", sku="W-1"))
    assert found == Waits("conflict", ("hubspot/product/1",)) if same else isinstance(found, Known)


# People


def test_a_person_belongs_to_a_company_and_has_a_name():
    rules = acme()
    assert rules.resolve(person(of=None)) == Waits("unattached")
    assert rules.resolve(person(of=TWO)) == Waits("record", (TWO,))
    assert rules.resolve(person(fields={"phone": "5"})) == Waits("ignored")
    assert known(rules, person()) == Known(canonical_id(Entity.CONTACT, "main", PERSON), ACME)


@pytest.mark.parametrize("name", ["email", "first_name", "last_name"])
def test_any_of_a_persons_names_is_enough(name: str):
    assert isinstance(acme().resolve(person(fields={name: "x"})), Known)


@pytest.mark.parametrize(("links", "same"), [(True, True), (False, False)])
def test_an_email_links_within_a_company(links: bool, same: bool):  # noqa: FBT001 - a column of the table  # noqa: FBT001 - a column of the table
    rules = desk(contract({"identity": {"email_links": links}}))
    for row in (company(), company(A, crm_ref=ONE), company(TWO)):
        known(rules, row)
    ann = known(rules, person(email="Ann@acme.example", version=1))
    assert (known(rules, person("xero/person/a", A, email="ann@acme.example", version=2)).id == ann.id) is same
    assert known(rules, person("hubspot/contact/9", TWO, email="ann@acme.example")).id != ann.id
    assert known(rules, person("hubspot/contact/10", ONE, email="ann@acme.example")).id != ann.id  # the place is taken


def test_a_person_is_new_once_both_sides_are_read():
    fresh = desk(read=False)
    for side, kind in FIRST_READINGS[Entity.COMPANY]:
        fresh.identity.mark(side, kind)
    known(fresh, company())
    assert fresh.resolve(person()) == Waits("readings")
    fresh.identity.mark(Side.CRM, "contact")
    assert isinstance(fresh.resolve(person()), Known)


def test_an_erased_person_is_ignored_and_only_people_bring_one_back():
    rules = acme()
    ann = known(rules, person(email="ann@acme.example"))
    rules.identity.erase(ann.id)
    assert rules.resolve(person(email="ann@acme.example")) == Waits("ignored")
    assert rules.resolve(person("xero/person/a", A, email="ann@acme.example")) == Waits("ignored")
    assert known(rules, person("hubspot/contact/9", email="ann@acme.example")).id != ann.id


# Deals, invoices, payments


def test_a_document_is_of_whom_it_belongs_to():
    rules = acme()
    assert rules.resolve(sighting(Entity.PAYMENT, Side.ERP, "xero/payment/p")) == Waits("unattached")
    assert rules.resolve(owned(Entity.PAYMENT, "xero/payment/p", "invoice", BILL)) == Waits("record", (BILL,))
    bill = known(rules, owned(Entity.INVOICE, BILL))
    assert bill == Known(canonical_id(Entity.INVOICE, "main", BILL), ACME)
    paid = known(rules, owned(Entity.PAYMENT, "xero/payment/p", "invoice", BILL))
    assert paid == Known(canonical_id(Entity.PAYMENT, "main", "xero/payment/p"), ACME)
    row = owned(Entity.PAYMENT, "xero/payment/p", "invoice", BILL, number="RM-7")
    assert rules.related(row) == {"invoice": bill.id}
    note = owned(Entity.PAYMENT, "xero/payment/q", "credit_note", "xero/credit_note/c")
    assert rules.resolve(note) == Waits("record", ("xero/credit_note/c",))


def test_an_invoice_with_our_number_is_the_deals():
    rules = acme()
    deal = known(rules, owned(Entity.DEAL, DEAL, of=ONE))
    row = owned(Entity.INVOICE, BILL, number="RM-7")
    assert rules.related(row) == {"company": ACME, "deal": deal.id}
    assert known(rules, row).id == invoice_id("main", deal.id)
    for number in ("XX-7", "RM-8", None):
        assert "deal" not in rules.related(owned(Entity.INVOICE, BILL, number=number))


def test_a_credit_note_with_our_number_is_the_bills_and_a_second_one_is_its_own():
    rules = acme()
    deal = known(rules, owned(Entity.DEAL, DEAL, of=ONE))
    bill = invoice_id("main", deal.id, 2)
    row = owned(Entity.CREDIT_NOTE, "xero/credit_note/c", number="RM-7-2-CR")
    assert rules.related(row) == {"company": ACME, "deal": deal.id, "invoice": bill}
    assert known(rules, row).id == known(rules, row).id == credit_id("main", bill)
    second = owned(Entity.CREDIT_NOTE, "xero/credit_note/d", number="RM-7-2-CR")
    assert known(rules, second).id == canonical_id(Entity.CREDIT_NOTE, "main", "xero/credit_note/d")
    for number in ("RM-7-2", "RM-8-CR", "CN-1", None):
        assert rules.related(owned(Entity.CREDIT_NOTE, "xero/credit_note/e", number=number)) == {"company": ACME}


def test_an_invoice_is_new_once_the_books_and_their_mirrors_are_read():
    rules = desk(read=False)
    rules.identity.bind(A, ACME, ACME, Side.ERP)
    row = owned(Entity.INVOICE, BILL)
    assert rules.resolve(row) == Waits("readings")
    assert isinstance(rules.settle(row), Known)
    mirrored = desk(read=False)
    mirrored.identity.bind(A, ACME, ACME, Side.ERP)
    mirrored.identity.waiters(twin_of(BILL)).put("hubspot/invoice/1")
    assert isinstance(mirrored.resolve(owned(Entity.INVOICE, BILL)), Known)


def test_what_waited_for_evidence_is_settled_on_its_own():
    assert desk(read=False).settle(company()) == Known(ACME, ACME)


def test_a_mirror_is_its_invoice():
    rules = acme()
    assert rules.resolve(sighting(Entity.INVOICE, Side.CRM, "hubspot/invoice/1")) == Waits("ignored")
    mirror = sighting(Entity.INVOICE, Side.CRM, "hubspot/invoice/1", erp_ref=BILL)
    assert rules.resolve(mirror) == Waits("twin", (BILL,))
    bill = known(rules, owned(Entity.INVOICE, BILL))
    assert known(rules, mirror) == bill
    assert known(rules, sighting(Entity.INVOICE, Side.CRM, "hubspot/invoice/1")) == bill
    second = sighting(Entity.INVOICE, Side.CRM, "hubspot/invoice/2", erp_ref=BILL)
    assert rules.resolve(second) == Waits("conflict", ("hubspot/invoice/1", BILL))


@pytest.mark.parametrize("billed", [True, False])
def test_a_deal_that_changes_its_company_moves_unless_it_is_billed(billed: bool):  # noqa: FBT001 - a column of the table
    rules = acme()
    other = known(rules, company(TWO)).id
    deal = known(rules, owned(Entity.DEAL, DEAL, of=ONE))
    if billed:
        known(rules, owned(Entity.INVOICE, BILL, number="RM-7"))
    row = owned(Entity.DEAL, DEAL, of=TWO)
    assert known(rules, row) == Known(deal.id, ACME if billed else other)
    assert (row.get("stays"), row["moved_from"]) == ((True, None) if billed else (None, ACME))


def test_finances_own_records_do_not_move_unless_merges_lead_there():
    rules = acme()
    other = known(rules, company(B)).id
    bill = known(rules, owned(Entity.INVOICE, BILL))
    assert rules.resolve(owned(Entity.INVOICE, BILL, of=B)) == Waits("moved", (ACME,))
    rules.identity.stand_behind(ACME, other, Side.ERP)
    row = owned(Entity.INVOICE, BILL, of=B)
    assert known(rules, row) == bill
    assert "stays" not in row


@pytest.mark.parametrize(
    ("status", "side", "posted"), [("posted", A, 1), ("paid", A, 1), ("draft", A, 0), (None, A, 0)]
)
def test_invoices_in_the_books_are_counted(status: str | None, side: str, posted: int):
    rules = acme()
    known(rules, owned(Entity.INVOICE, BILL, of=side, fields={"status": status}))
    assert rules.identity.posted(ACME) == posted


def test_people_and_deals_follow_their_company():
    rules = acme()
    other = known(rules, company(TWO)).id
    known(rules, owned(Entity.DEAL, DEAL, of=ONE))
    known(rules, owned(Entity.INVOICE, BILL))
    assert not rules.identity.astray(DEAL)
    rules.identity.name(ONE, other, other)
    assert rules.identity.astray(DEAL)
    assert not rules.identity.astray(BILL)
