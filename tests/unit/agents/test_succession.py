"""What a merged record leaves to its survivor, asked one merge at a time."""

from __future__ import annotations

import pytest

from agents.rules.succession import Left, Stranded, Succession
from schemas.names import CanonicalId, Entity, Side, canonical_id
from tables.identity import Identity
from tables.view import MemoryView

ONE, TWO, NINE = "hubspot/company/1", "hubspot/company/2", "hubspot/company/9"
A, B = "xero/contact/a", "xero/contact/b"
FIRST, SECOND = CanonicalId("company:first"), CanonicalId("company:second")
COMPANY = Entity.COMPANY


def rules(*bound: tuple[str, CanonicalId, Side], merged: tuple[tuple[str, str], ...] = ()) -> Succession:
    """The rules over records that are bound and merged as told."""
    found = Succession(Identity(MemoryView(), "main"), "main")
    for reference, canonical, side in bound:
        found.identity.bind(reference, canonical, canonical, side)
    for loser, survivor in merged:
        found.identity.merge(loser, survivor)
    return found


CRM1, CRM2 = (ONE, FIRST, Side.CRM), (TWO, SECOND, Side.CRM)
ERP1, ERP2 = (A, FIRST, Side.ERP), (B, SECOND, Side.ERP)


def test_a_name_that_is_known_is_that_record():
    assert rules(ERP1).named(COMPANY, A, ONE, Side.CRM) == FIRST
    assert rules().named(COMPANY, A, ONE, Side.CRM) is None


@pytest.mark.parametrize(("side", "primary"), [(Side.CRM, A), (Side.ERP, ONE)])
def test_a_name_that_was_merged_away_unseen_is_who_it_would_be(side: Side, primary: str):
    found = rules(merged=((A, B),))
    expected = canonical_id(COMPANY, "main", primary)
    assert found.named(COMPANY, A, ONE, side) == expected
    assert (found.identity.known(A), found.identity.customer(A)) == (expected, expected)


def test_a_new_record_is_named_after_the_oldest_in_it():
    found = rules(merged=((TWO, NINE), (ONE, NINE), (A, B)))
    assert found.origin(Side.CRM, NINE) == ONE
    assert found.origin(Side.CRM, TWO) == TWO
    assert found.origin(Side.ERP, B) == B


# What is left to the survivor


def after(*bound: tuple[str, CanonicalId, Side], merged: tuple[tuple[str, str], ...]) -> Succession:
    """The same once the losers have ended and all is settled."""
    found = rules(*bound, merged=merged)
    for loser, survivor in merged:
        side = Side.CRM if loser.startswith("hubspot") else Side.ERP
        known = found.identity.known(loser)
        if known is not None:
            found.identity.leave(loser, known, side)
            found.ended(COMPANY, side, loser, found.identity.follow(survivor))
    return found


def places(found: Succession, *canonical: str) -> list[tuple[str | None, str | None]]:
    return [tuple(found.identity.reference(each, side) for side in Side) for each in canonical]


def test_a_contact_merged_into_one_without_a_company_hands_its_company_over():
    found = after(CRM1, ERP1, ERP2, merged=((A, B),))
    assert (found.identity.known(ONE), found.identity.customer(ONE)) == (SECOND, SECOND)
    assert places(found, FIRST, SECOND) == [(None, None), (ONE, B)]
    assert found.identity.heir(FIRST, Side.ERP) == SECOND
    assert (found.identity.lent(ONE), found.identity.claimants(FIRST)) == (FIRST, [ONE])
    assert found.left == [Left(ONE, FIRST, COMPANY, Side.CRM)]
    assert (found.again, set(found.woken), found.stranded) == ([ONE], {FIRST, SECOND}, [])


def test_what_is_settled_again_moves_nothing():
    found = after(CRM1, ERP1, ERP2, merged=((A, B),))
    for effects in (found.left, found.again, found.woken):
        effects.clear()
    found.settle(COMPANY, SECOND)
    found.settle(COMPANY, FIRST)
    assert (found.left, found.again, found.woken, found.stranded) == ([], [], [], [])


def test_a_company_that_was_deleted_hands_itself_over_as_one_that_is_missed():
    found = rules(CRM1, ERP1, ERP2)
    found.identity.end(ONE, over=True)
    found.settle(COMPANY, FIRST)
    found.identity.merge(A, B)
    assert (found.identity.reference(FIRST, Side.CRM), found.identity.missed(FIRST, Side.CRM)) == (None, ONE)
    found.identity.leave(A, FIRST, Side.ERP)
    found.ended(COMPANY, Side.ERP, A, B)
    assert (found.identity.known(ONE), found.identity.customer(ONE)) == (SECOND, SECOND)
    assert (found.identity.reference(SECOND, Side.CRM), found.identity.missed(SECOND, Side.CRM)) == (None, ONE)


def test_a_survivor_of_the_erp_that_was_never_shown_is_made_and_woken():
    found = after(CRM1, ERP1, merged=((A, B),))
    heir = canonical_id(COMPANY, "main", B)
    assert (found.identity.known(B), found.identity.customer(B)) == (heir, heir)
    assert places(found, heir) == [(ONE, B)]
    assert found.woken[0] == B


def test_a_survivor_of_the_crm_that_was_never_shown_is_waited_for():
    found = after(CRM1, ERP1, merged=((ONE, NINE),))
    assert found.identity.known(NINE) is None
    assert places(found, FIRST) == [(None, A)]
    assert (found.left, found.again, found.woken, found.stranded) == ([], [], [NINE], [])


def test_a_company_merged_into_one_without_a_contact_leaves_it_its_contact():
    nine = canonical_id(COMPANY, "main", NINE)
    found = after(CRM1, ERP1, (NINE, nine, Side.CRM), merged=((ONE, NINE),))
    assert places(found, FIRST, nine) == [(NINE, A), (None, None)]
    assert (found.identity.known(NINE), found.identity.lent(NINE)) == (FIRST, nine)
    assert found.identity.heir(nine, Side.CRM) == FIRST
    assert found.left == [Left(NINE, nine, COMPANY, Side.CRM)]
    assert found.again == [NINE]


@pytest.mark.parametrize(
    ("merged", "stranded"),
    [
        ((ONE, TWO), Stranded(A, TWO, B, COMPANY, Side.ERP)),
        ((A, B), Stranded(ONE, B, TWO, COMPANY, Side.CRM)),
    ],
)
def test_where_the_survivor_has_a_link_of_its_own_a_person_says(merged: tuple[str, str], stranded: Stranded):
    found = after(CRM1, ERP1, CRM2, ERP2, merged=(merged,))
    assert found.stranded == [stranded]
    assert found.identity.heir(FIRST, stranded.side.other) == SECOND
    assert found.left == []


def test_a_loser_without_a_counterpart_only_stands_behind():
    found = after(CRM1, CRM2, ERP2, merged=((ONE, TWO),))
    assert found.identity.heir(FIRST, Side.CRM) == SECOND
    assert found.stranded == []


def test_a_company_that_names_nobody_is_the_oldest_in_it():
    found = rules(merged=((ONE, NINE), (TWO, NINE)))
    found.claim(COMPANY, NINE, found.unnamed(COMPANY, NINE))
    assert found.identity.known(NINE) == canonical_id(COMPANY, "main", ONE)
    assert found.identity.own(NINE) == canonical_id(COMPANY, "main", NINE)
    linked = rules(CRM2, ERP2, merged=((ONE, NINE), (TWO, NINE)))
    linked.claim(COMPANY, NINE, linked.unnamed(COMPANY, NINE))
    assert places(linked, SECOND) == [(NINE, B)]


# What had followed, and gives way


def test_a_company_goes_back_when_another_claims_the_survivor():
    found = after(CRM1, ERP1, ERP2, merged=((A, B),))
    found.claim(COMPANY, TWO, SECOND)
    assert places(found, FIRST, SECOND) == [(ONE, None), (TWO, B)]
    assert (found.identity.lent(ONE), found.identity.lent(TWO)) == (None, None)
    assert found.left[1:] == [Left(ONE, SECOND, COMPANY, Side.CRM)]
    assert found.stranded == [Stranded(ONE, B, TWO, COMPANY, Side.CRM)]


def test_one_that_is_gone_gives_way_and_has_its_place_back_when_it_is_restored():
    found = after(CRM1, ERP1, CRM2, ERP2, merged=((A, B),))
    for gone, second in ((True, (ONE, B)), (False, (TWO, B))):
        found.identity.end(TWO, over=gone)
        found.settle(COMPANY, SECOND)
        assert places(found, SECOND) == [second]
    assert found.identity.known(ONE) == FIRST


def test_a_company_that_ends_after_it_had_followed_was_who_it_was_before():
    found = after(CRM1, ERP1, ERP2, merged=((A, B),))
    found.identity.merge(ONE, NINE)
    found.identity.leave(ONE, SECOND, Side.CRM)
    found.ended(COMPANY, Side.CRM, ONE, NINE)
    assert (found.identity.known(ONE), found.identity.lent(ONE)) == (FIRST, None)
    found.claim(COMPANY, NINE, FIRST)
    assert places(found, SECOND) == [(NINE, B)]


@pytest.mark.parametrize("word", ["apart", "parted"])
def test_a_persons_word_stands_against_the_claims_of_companies_merged_into_it(word: str):
    nine = canonical_id(COMPANY, "main", NINE)
    found = rules(ERP1, (ONE, FIRST, Side.CRM), (NINE, nine, Side.CRM), merged=((ONE, NINE),))
    found.identity.leave(ONE, FIRST, Side.CRM)
    if word == "apart":
        found.identity.hold_apart(nine)
    else:
        found.identity.part(NINE, A)
    found.ended(COMPANY, Side.CRM, ONE, NINE)
    assert places(found, FIRST, nine) == [(None, A), (NINE, None)]


@pytest.mark.parametrize(
    "order", [((A, "xero/contact/z"), (B, "xero/contact/z")), ((B, "xero/contact/z"), (A, "xero/contact/z"))]
)
def test_of_two_losers_the_older_ones_company_follows_in_either_order(order: tuple[tuple[str, str], ...]):
    root, third = "xero/contact/z", CanonicalId("company:third")
    found = after(CRM1, ERP1, CRM2, ERP2, (root, third, Side.ERP), merged=order)
    assert (found.identity.known(ONE), found.identity.known(TWO)) == (third, SECOND)
    assert (found.identity.lent(ONE), found.identity.lent(TWO)) == (FIRST, None)
    assert found.stranded[-1] == Stranded(TWO, root, ONE, COMPANY, Side.CRM)
    assert {(each.entity, each.side) for each in found.left} == {(COMPANY, Side.CRM)}
