from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from schemas.change import Change, Erasure
from schemas.names import Entity, Side
from tests.support.capturing import (
    START,
    Desk,
    crm,
    crm_person,
    deal,
    erp,
    erp_invoice,
    mark,
    payment,
    product,
)

A_CRM, A_ERP = "hubspot/company/1", "xero/contact/a"


# Persons and products


def test_an_email_links_persons_of_one_customer_only():
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a", EmailAddress="Ann@Acme.example", FirstName="Ann"))
    desk.take(crm("2", xero_contact_id="b"), erp("b", Name="B"))
    desk.take(crm_person("8", "1", email="ann@acme.example"), crm_person("9", "2", email="ann@acme.example"))
    assert desk.id_of("hubspot/contact/8") == desk.id_of("xero/person/a")
    assert desk.id_of("hubspot/contact/9") != desk.id_of("xero/person/a")


def test_a_contact_of_the_erp_without_a_person_gives_no_person():
    desk = Desk().ready()
    desk.take(erp("a"))
    assert [fact.entity for fact in desk.facts()] == [Entity.COMPANY]
    assert desk.counts["waits_ignored"] == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_sku_links_products_whatever_its_case(order: tuple[int, int]):
    desk = Desk().ready()
    pair = product(Side.CRM, "1", "w-1"), product(Side.ERP, "x", "W-1")
    desk.take(*(pair[index] for index in order))
    assert desk.id_of("hubspot/product/1") == desk.id_of("xero/item/x")


def test_a_second_product_with_the_same_sku_is_a_conflict_not_a_new_item():
    desk = Desk().ready()
    desk.take(product(Side.CRM, "1", "W-1"), product(Side.ERP, "x", "W-1"), product(Side.CRM, "2", "W-1"))
    assert desk.id_of("hubspot/product/2") is None
    assert "hubspot/product/1" in desk.verdicts("wait")[-1].reason


# Who is erased, and was merged


def erasure(number: str) -> Erasure:
    """HubSpot has erased a person."""
    said = {"platform": "hubspot", "side": Side.CRM, "kind": "contact", "record_id": number}
    return Erasure(tenant="main", seen_at=START, **said)


def erased(*told: Change | Erasure) -> tuple[set[str], list[str]]:
    """Of whom personal data was told after all of it, and which records are told to be erased."""
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"), *told)
    last = {fact.id: fact for fact in desk.facts() if fact.entity is Entity.CONTACT}
    kept = {fact.ref for fact in last.values() if fact.fields}
    return kept, sorted(fact.ended for fact in last.values())


FIVE, SIX = crm_person("5", "1", email="ann@acme.example"), crm_person("6", "1", email="ann.b@acme.example")
SEVEN = crm_person("7", "1", version=5, email="ann@acme.example", hs_merged_object_ids="5;6")


@pytest.mark.parametrize("number", ["5", "6", "7"])
def test_who_is_erased_is_so_under_every_id_that_was_merged_into_one(number: str):
    for order in permutations([FIVE, SIX, SEVEN, erasure(number)]):
        kept, ended = erased(*order)
        assert kept == set()
        assert set(ended) <= {"erased"}


def test_who_is_another_person_is_not_erased():
    assert erased(FIVE, SIX, erasure("5"))[0] == {"hubspot/contact/6"}


# What is gone


@pytest.mark.parametrize(
    ("shown", "gone", "reference"),
    [
        (deal("7", "1"), deal("7", "1", version=9, deleted=True), "hubspot/deal/7"),
        (payment("p", "i", "a"), payment("p", "i", "a", version=9, deleted=True), "xero/payment/p"),
        (
            crm_person("8", "1", email="x@y.example"), crm_person("8", "1", version=9, deleted=True),
            "hubspot/contact/8",
        ),
        (product(Side.CRM, "5", "W"), product(Side.CRM, "5", "W", version=9, deleted=True), "hubspot/product/5"),
    ],
)  # fmt: skip
def test_the_end_of_a_known_record_is_a_fact_of_its_customer(shown: Change, gone: Change, reference: str):
    desk = Desk().ready()
    desk.take(crm("1", xero_contact_id="a"), erp("a"), erp_invoice("i", "a"), shown)
    (before,) = desk.facts(reference)
    desk.take(gone)
    after = desk.facts(reference)[-1]
    assert (after.deleted, after.id, after.customer) == (True, before.id, before.customer)


@pytest.mark.parametrize("version", [1, 5, 7])
def test_what_a_write_did_not_find_has_ended_whatever_is_known_of_it_by_then(version: int):
    desk = Desk().ready()
    desk.take(crm("1", version=5))
    end = crm("1", version=version, deleted=True).model_copy(update={"seen_at": START + timedelta(seconds=7)})
    desk.take(end.model_copy(update={"gone": True}))
    ((_, told)) = desk.facts(A_CRM)
    assert (told.deleted, told.version) == (True, max(end.version, desk.facts(A_CRM)[0].version))
    desk.take(crm("1", version=8))
    assert [fact.deleted for fact in desk.facts(A_CRM)] == [False, True, False], "restored, or shown late"
    desk.take(end.model_copy(update={"gone": True}))
    assert len(desk.facts(A_CRM)) == 3, "delivered again, it says nothing new"


def test_a_record_that_ends_while_it_waits_is_never_told():
    desk = Desk()
    desk.take(crm("1"), crm("1", version=2, deleted=True))
    desk.ready()
    assert desk.facts() == []
    assert desk.id_of(A_CRM) is None


def test_a_supplier_is_ignored_and_counted():
    desk = Desk().ready()
    desk.take(erp("a", IsSupplier=True, IsCustomer=False))
    assert desk.outputs == []
    assert desk.counts == {"ignored": 1}


def test_our_own_creation_is_known_by_what_made_it():
    desk = Desk()
    ours = crm("1").model_copy(update={"canonical": "company:acme", "customer": "company:acme", "cause": "c1"})
    desk.take(ours)
    assert (desk.facts()[0].id, desk.facts()[0].customer) == ("company:acme", "company:acme")


def test_a_mark_told_twice_counts_once():
    desk = Desk()
    desk.take(mark(Side.CRM, "company"), mark(Side.CRM, "company"))
    assert desk.counts == {"marks": 1, "duplicate": 1}
