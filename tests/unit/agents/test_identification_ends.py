"""Whose a record is that is gone, merged or alone, asked one sighting at a time."""

from __future__ import annotations

import pytest

from agents.rules.placing import FIRST_READINGS, Known, Waits
from schemas.names import CanonicalId, Entity, Side, canonical_id
from tests.unit.agents.sightings import (
    ACME,
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
)


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


def test_what_we_made_and_nobody_has_read_before_it_ended_has_ended_for_whom_it_was_made():
    rules = desk()
    mine = known(rules, company(A))
    end = company(deleted=True, ended="deleted")
    assert rules.resolve(end) == Waits("ignored"), "nobody says whose it was"
    assert known(rules, {**end, "canonical": mine.id, "customer": mine.customer}) == mine
    assert rules.identity.reference(mine.id, Side.CRM) is None


def test_an_end_is_of_whom_the_record_is_known_to_be_whatever_a_write_was_meant_for():
    rules = acme()
    assert known(rules, company(deleted=True, ended="deleted", canonical="company:other")) == Known(ACME, ACME)


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
