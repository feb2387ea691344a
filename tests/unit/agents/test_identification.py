"""Whose a record is, asked one sighting at a time: what is known of it, or what it waits for."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.identification import (
    FIRST_READINGS,
    Identification,
    Known,
    Waits,
    invoice_id,
    twin_of,
)
from schemas.contract import Contract
from schemas.names import CanonicalId, Entity, Side, canonical_id
from tables.identity import Identity
from tables.view import MemoryView
from tests.support.contracts import contract, shipped

ONE, TWO, A, B = "hubspot/company/1", "hubspot/company/2", "xero/contact/a", "xero/contact/b"
DEAL, BILL, PERSON = "hubspot/deal/7", "xero/invoice/i", "hubspot/contact/8"
ACME = canonical_id(Entity.COMPANY, "main", ONE)


def desk(rules: Contract | None = None, *, read: bool = True) -> Identification:
    """Rules over an empty table; `read`: the first readings are over."""
    found = Identification(Identity(MemoryView(), "main"), rules or shipped(), "main")
    for readings in FIRST_READINGS.values() if read else ():
        for side, kind in readings:
            found.identity.mark(side, kind)
    return found


KEYS = ("erp_ref", "crm_ref", "sku", "email", "domain", "name", "number")


def sighting(
    entity: Entity, side: Side, reference: str, *, parents: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """A record as it was seen."""
    keys = {name: more.pop(name) for name in KEYS if name in more}
    return {
        "entity": entity.value, "side": side.value, "ref": reference, "keys": keys, "parents": parents or {},
        "fields": more.pop("fields", {}), "deleted": False, "merged_from": [], **more,
    }  # fmt: skip


def company(reference: str = ONE, **more: Any) -> dict[str, Any]:
    """A company, on the side that the reference names."""
    return sighting(Entity.COMPANY, Side.CRM if reference.startswith("hubspot") else Side.ERP, reference, **more)


def known(rules: Identification, row: dict[str, Any]) -> Known:
    """Who the record is; it has to be somebody."""
    found = rules.resolve(row)
    assert isinstance(found, Known)
    return found


def acme() -> Identification:
    """A desk that knows Acme on both sides."""
    rules = desk()
    known(rules, company())
    known(rules, company(A, crm_ref=ONE))
    return rules


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


def person(reference: str = PERSON, of: str | None = ONE, **more: Any) -> dict[str, Any]:
    """A person of Acme."""
    side = Side.CRM if reference.startswith("hubspot") else Side.ERP
    fields = more.pop("fields", {"first_name": "Ann"})
    return sighting(Entity.CONTACT, side, reference, parents={"company": of} if of else {}, fields=fields, **more)


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
    ann = known(rules, person(email="Ann@acme.example"))
    assert (known(rules, person("xero/person/a", A, email="ann@acme.example")).id == ann.id) is same
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


def owned(entity: Entity, reference: str, role: str = "company", of: str = A, **more: Any) -> dict[str, Any]:
    """A record that belongs to another."""
    side = Side.CRM if reference.startswith("hubspot") else Side.ERP
    return sighting(entity, side, reference, parents={role: of}, **more)


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
    assert row["stays"] is False


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


# What is gone


@pytest.mark.parametrize(
    ("ended", "reference", "missed"),
    [("deleted", None, ONE), ("archived", ONE, None), ("merged", None, None), (None, None, ONE)],
)
def test_what_is_gone_leaves_its_place_unless_it_was_archived(
    ended: str | None, reference: str | None, missed: str | None
):
    rules = acme()
    assert known(rules, company(deleted=True, ended=ended)) == Known(ACME, ACME)
    assert rules.identity.reference(ACME, Side.CRM) == reference
    assert rules.identity.missed(ACME, Side.CRM) == missed
    assert rules.resolve(company(TWO, deleted=True)) == Waits("ignored")


def test_a_company_first_heard_of_after_its_merge_is_who_its_id_says():
    rules = desk(read=False)
    rules.identity.merge(ONE, TWO)
    assert rules.resolve(company(deleted=True, ended="deleted")) == Waits("ignored")
    assert rules.resolve(company(erp_ref=A)) == Waits("twin", (A,))
    row = company()
    assert known(rules, row) == Known(ACME, ACME)
    assert (row["deleted"], row["ended"]) == (True, "merged")
    assert rules.identity.reference(ACME, Side.CRM) is None
    assert rules.resolve(owned(Entity.DEAL, ONE)) == Known(ACME, ACME)
    said = desk()
    said.identity.merge(ONE, TWO)
    assert known(said, company(canonical="company:said")).id == "company:said"
    linked = desk()
    known(linked, company(A))
    linked.identity.merge(ONE, TWO)
    other = canonical_id(Entity.COMPANY, "main", A)
    assert known(linked, company(erp_ref=A, deleted=True)) == Known(other, other)


def test_other_records_first_heard_of_after_their_merge_are_ignored():
    rules = acme()
    rules.identity.merge(PERSON, "hubspot/contact/9")
    assert rules.resolve(person()) == Waits("ignored")
    rules.identity.merge(B, A)
    other = canonical_id(Entity.COMPANY, "main", B)
    assert known(rules, company(B, crm_ref=TWO)) == Known(other, other)  # no CRM record has that number


def test_a_person_who_survives_a_merge_is_who_was_known():
    rules = acme()
    ann = known(rules, person("xero/person/a", A, email="ann@acme.example"))
    assert known(rules, person(email="ann@acme.example")) == ann
    known(rules, person(deleted=True, ended="merged"))
    rules.identity.merge(PERSON, "hubspot/contact/9")
    assert known(rules, person("hubspot/contact/9")) == ann


def test_what_was_not_in_its_place_is_not_missed():
    rules = acme()
    rules.identity.bind(TWO, ACME, ACME, Side.CRM)
    assert known(rules, company(deleted=True, ended="deleted")).id == ACME
    assert (rules.identity.reference(ACME, Side.CRM), rules.identity.missed(ACME, Side.CRM)) == (TWO, None)


def test_a_record_whose_place_was_taken_is_a_conflict():
    rules = acme()
    rules.identity.bind(TWO, ACME, ACME, Side.CRM)
    assert rules.resolve(company()) == Waits("conflict", (TWO,))


def test_what_a_person_has_said_it_is_it_is():
    rules = desk(read=False)
    mine = CanonicalId("company:said")
    assert known(rules, company(canonical=mine)) == Known(mine, mine)
    row = person(canonical="contact:said", customer="company:said")
    assert known(rules, row) == Known(CanonicalId("contact:said"), mine)


# Questions about what is known


def test_alone_is_what_the_other_side_is_known_to_lack():
    rules = desk(read=False)
    mine = rules.settle(company())
    assert isinstance(mine, Known)
    assert not rules.alone(mine, Entity.COMPANY, Side.CRM)
    assert rules.undecided(mine, Entity.COMPANY, Side.CRM)
    for side, kind in FIRST_READINGS[Entity.COMPANY]:
        rules.identity.mark(side, kind)
    assert rules.alone(mine, Entity.COMPANY, Side.CRM)
    assert not rules.undecided(mine, Entity.COMPANY, Side.CRM)
    rules.identity.hold_apart(mine.id)
    assert not rules.alone(mine, Entity.COMPANY, Side.CRM)
    assert acme().alone(Known(ACME, ACME), Entity.COMPANY, Side.CRM) is False


@pytest.mark.parametrize("side", list(Side))
def test_who_stands_behind_another_is_not_alone(side: Side):
    rules = desk()
    mine = known(rules, company())
    rules.identity.stand_behind(mine.id, "company:heir", side)
    assert not rules.alone(mine, Entity.COMPANY, Side.CRM)


def test_what_only_one_side_keeps_is_never_undecided():
    rules = desk(read=False)
    mine = Known(CanonicalId("deal:1"), ACME)
    assert not rules.undecided(mine, Entity.DEAL, Side.CRM)
    assert rules.undecided(mine, Entity.INVOICE, Side.ERP)
    rules.identity.bind("hubspot/invoice/1", "deal:1", ACME, Side.CRM)
    assert not rules.undecided(mine, Entity.INVOICE, Side.ERP)


def test_a_customer_is_settled_once_all_invoices_are_read():
    rules = desk(read=False)
    assert rules.settled(Entity.DEAL)
    assert not rules.settled(Entity.COMPANY)
    for side, kind in FIRST_READINGS[Entity.INVOICE]:
        rules.identity.mark(side, kind)
    assert rules.settled(Entity.COMPANY)
