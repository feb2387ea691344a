"""People one rule at a time: what is noted of a record, who lives on in whom, and whose news bear on whom."""

from __future__ import annotations

from typing import Any

from agents.rules.people import MADE, People
from agents.rules.succession import Succession
from schemas.names import CanonicalId, Side, digest
from tables.identity import Identity
from tables.view import MemoryView

ANN, OLD = "hubspot/contact/7", "hubspot/contact/5"
ONE, TWO = "hubspot/company/1", "hubspot/company/2"
ACME = CanonicalId("company:acme")
MAIL = "Ann@Acme.example"


def people(*, by_email: bool = True) -> People:
    """Nobody is known yet; company 1 is Acme."""
    identity = Identity(MemoryView(), "main")
    identity.bind(ONE, ACME, ACME, Side.CRM)
    return People(identity, Succession(identity, "main"), "main", by_email=by_email)


def row(**more: Any) -> dict[str, Any]:
    """What Ann's record shows."""
    shown = {"ref": ANN, "parents": {"company": ONE}, "keys": {"email": MAIL}, "version": 3, "deleted": False}
    return shown | more


def test_an_address_is_noted_as_a_digest_with_its_company_and_since_when():
    here = people()
    here.hear(row())
    assert here.identity.signs(ANN) == [[ONE, digest("ann@acme.example"), 3]]
    here.hear(row(version=2))
    assert here.identity.signs(ANN) == [[ONE, digest("ann@acme.example"), 2]], "the oldest version that showed it"


def test_nothing_is_noted_of_one_that_is_deleted_or_shows_nothing_or_where_addresses_do_not_link():
    here = people()
    for shown in (row(deleted=True), row(parents={"company": None}), row(keys={"email": None})):
        here.hear(shown)
    assert here.identity.signs(ANN) == []
    alone = people(by_email=False)
    alone.hear(row())
    assert alone.identity.signs(ANN) == []


def test_a_record_that_we_made_says_for_whom():
    here = people(by_email=False)
    here.hear(row(canonical="contact:x"))
    assert here.identity.signs(ANN) == [[MADE, "contact:x", 0]]


def test_what_was_known_already_pairs_nobody_anew():
    here = people()
    assert not here.heard(row()), "nobody has a place yet"
    here.place(ANN, ACME)
    assert not here.heard(row())
    assert here.heard(row(version=2, keys={"email": "ann@home.example"}))


def test_who_lives_on_in_another_is_that_one():
    here = people()
    here.hear(row())
    here.identity.merge(OLD, ANN)
    assert here.identity.known(OLD) is None
    known = here.place(ANN, ACME)
    assert (here.identity.known(OLD), here.identity.customer(OLD)) == (known, ACME)
    assert known == here.identity.known(ANN)


def test_news_of_companies_that_one_was_of_bear_on_it_and_those_of_its_present_one_do_not():
    here = people()
    here.hear(row(parents={"company": TWO}, version=1))
    here.hear(row())
    here.identity.bind(ANN, "contact:ann", ACME, Side.CRM, of=ONE)
    here.watch(ANN)
    assert (here.identity.watchers(TWO), here.identity.watchers(ONE)) == ([ANN], [])
    here.identity.end(ANN, over=True)
    here.watch(ANN)
    assert (here.identity.watchers(ONE), here.identity.watchers(ACME)) == ([ANN], [ANN]), "it is told no more itself"


def test_one_that_was_deleted_is_of_the_company_that_it_showed_last():
    here = people()
    here.hear(row(canonical="contact:x"))
    here.hear(row(parents={"company": TWO}, version=5))
    assert (here.whose(ANN), people().whose(ANN)) == (TWO, None)
