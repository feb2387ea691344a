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


def test_a_survivor_is_the_loser_with_a_counterpart_before_the_oldest():
    merged = ((ONE, NINE), (TWO, NINE))
    assert rules(merged=merged).adopted(COMPANY, Side.CRM, NINE) is None
    assert rules(CRM1, CRM2, ERP2, merged=merged).adopted(COMPANY, Side.CRM, NINE) == SECOND
    assert rules(CRM1, CRM2, merged=merged).adopted(COMPANY, Side.CRM, NINE) == FIRST
    assert rules(CRM2, merged=merged).adopted(COMPANY, Side.CRM, NINE) == canonical_id(COMPANY, "main", ONE)
    assert rules(ERP1, merged=((A, B),)).adopted(COMPANY, Side.ERP, B) is None


# What is left to the survivor


def test_a_contact_merged_into_one_without_a_company_hands_its_company_over():
    found = rules(CRM1, ERP1, ERP2, merged=((A, B),))
    found.identity.leave(A, FIRST, Side.ERP)
    found.inherit(COMPANY, B, FIRST, Side.ERP)
    assert (found.identity.known(ONE), found.identity.customer(ONE)) == (SECOND, SECOND)
    assert found.identity.reference(SECOND, Side.CRM) == ONE
    assert found.identity.reference(FIRST, Side.CRM) is None
    assert found.identity.heir(FIRST, Side.ERP) == SECOND
    assert found.identity.lent(ONE) == FIRST
    assert found.left == [Left(ONE, FIRST, COMPANY, Side.CRM)]
    assert (found.again, found.woken, found.stranded) == ([ONE], [FIRST, SECOND], [])


def test_a_company_that_was_deleted_hands_itself_over_as_one_that_is_missed():
    found = rules(CRM1, ERP2, merged=((A, B),))
    found.identity.leave(ONE, FIRST, Side.CRM)
    found.identity.miss(ONE, FIRST, Side.CRM)
    found.inherit(COMPANY, B, FIRST, Side.ERP)
    assert (found.identity.known(ONE), found.identity.customer(ONE)) == (SECOND, SECOND)
    assert (found.identity.reference(SECOND, Side.CRM), found.identity.missed(SECOND, Side.CRM)) == (None, ONE)


def test_a_survivor_of_the_erp_that_was_never_shown_is_made_and_woken():
    found = rules(CRM1, merged=((A, B),))
    found.inherit(COMPANY, B, FIRST, Side.ERP)
    heir = canonical_id(COMPANY, "main", B)
    assert (found.identity.known(B), found.identity.customer(B)) == (heir, heir)
    assert found.identity.reference(heir, Side.ERP) == B
    assert found.woken == [B, FIRST, heir]


def test_a_survivor_of_the_crm_that_was_never_shown_is_waited_for():
    found = rules(ERP1, merged=((ONE, NINE),))
    found.inherit(COMPANY, NINE, FIRST, Side.CRM)
    assert found.identity.known(NINE) is None
    assert (found.left, found.again, found.woken, found.stranded) == ([], [], [], [])


def test_a_company_merged_into_one_without_a_contact_leaves_it_its_contact():
    found = rules((NINE, SECOND, Side.CRM), ERP1, merged=((ONE, NINE),))
    found.inherit(COMPANY, NINE, FIRST, Side.CRM)
    assert (found.identity.known(NINE), found.identity.reference(FIRST, Side.CRM)) == (FIRST, NINE)
    assert (found.identity.lent(NINE), found.identity.heir(SECOND, Side.CRM)) == (SECOND, FIRST)
    assert found.left == [Left(NINE, SECOND, COMPANY, Side.CRM)]
    assert found.again == [NINE]


@pytest.mark.parametrize(
    ("bound", "root", "side", "stranded"),
    [
        ((ERP1, CRM2, ERP2), TWO, Side.CRM, Stranded(A, TWO, B, COMPANY, Side.ERP)),
        ((CRM1, CRM2, ERP2), B, Side.ERP, Stranded(ONE, B, TWO, COMPANY, Side.CRM)),
    ],
)
def test_where_the_survivor_has_a_link_of_its_own_a_person_says(
    bound: tuple[tuple[str, CanonicalId, Side], ...], root: str, side: Side, stranded: Stranded
):
    found = rules(*bound)
    found.inherit(COMPANY, root, FIRST, side)
    assert found.stranded == [stranded]
    assert found.identity.heir(FIRST, side) == SECOND
    assert (found.woken, found.left) == ([FIRST, SECOND], [])
    found.inherit(COMPANY, root, FIRST, side)
    assert found.woken == [FIRST, SECOND]  # told once


def test_a_loser_without_a_counterpart_only_stands_behind():
    found = rules(CRM2, ERP2)
    found.inherit(COMPANY, TWO, FIRST, Side.CRM)
    assert found.identity.heir(FIRST, Side.CRM) == SECOND
    assert found.stranded == []


def test_whose_place_is_taken_by_another_leaves_nothing():
    found = rules(CRM1, ERP1, ERP2)
    found.inherit(COMPANY, B, FIRST, Side.ERP)  # A is still there
    assert (found.left, found.woken, found.stranded) == ([], [], [])
    assert found.identity.heir(FIRST, Side.ERP) is None


def test_who_is_the_survivor_itself_stands_alone_again():
    found = rules(ERP1)
    found.identity.stand_behind(FIRST, SECOND, Side.ERP)
    found.inherit(COMPANY, A, FIRST, Side.ERP)
    assert found.identity.heir(FIRST, Side.ERP) is None
    assert found.woken == []


# What had followed, and is given back


def followed() -> Succession:
    """A company that has followed its contact's merge."""
    found = rules(CRM1, ERP2, merged=((A, B),))
    found.inherit(COMPANY, B, FIRST, Side.ERP)
    found.left.clear()
    found.again.clear()
    found.woken.clear()
    return found


def test_a_company_is_given_back_when_another_names_the_survivor():
    found = followed()
    assert found.reclaim(COMPANY, ONE) is True
    assert (found.identity.known(ONE), found.identity.reference(FIRST, Side.CRM)) == (FIRST, ONE)
    assert (found.identity.lent(ONE), found.identity.heir(FIRST, Side.ERP)) == (None, SECOND)
    assert found.identity.heir(SECOND, Side.ERP) is None
    assert found.left == [Left(ONE, SECOND, COMPANY, Side.CRM)]
    assert found.reclaim(COMPANY, ONE) is False
    assert rules(CRM1).reclaim(COMPANY, ONE) is False


def test_a_company_that_ends_after_it_had_followed_was_who_it_was_before():
    found = followed()
    found.own(ONE)
    assert (found.identity.known(ONE), found.identity.customer(ONE)) == (FIRST, FIRST)
    assert found.identity.lent(ONE) is None
    other = rules(CRM1)
    other.own(ONE)
    assert other.identity.known(ONE) == FIRST


@pytest.mark.parametrize(
    "order", [((A, "xero/contact/z"), (B, "xero/contact/z")), ((B, "xero/contact/z"), (A, "xero/contact/z"))]
)
def test_of_two_losers_the_older_ones_company_follows_in_either_order(order: tuple[tuple[str, str], ...]):
    root, third = "xero/contact/z", CanonicalId("company:third")
    found = rules(CRM1, ERP1, CRM2, ERP2, (root, third, Side.ERP))
    for loser, survivor in order:
        found.identity.merge(loser, survivor)
        found.identity.leave(loser, FIRST if loser == A else SECOND, Side.ERP)
        found.reckon(COMPANY, Side.ERP, root)
    assert (found.identity.known(ONE), found.identity.known(TWO)) == (third, SECOND)
    assert found.identity.lent(ONE) == FIRST
    assert found.identity.lent(TWO) is None
    assert found.stranded[-1] == Stranded(TWO, root, ONE, COMPANY, Side.CRM)
    assert {(each.entity, each.side) for each in found.left} == {(COMPANY, Side.CRM)}
