"""Who gets which place, asked of values alone."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.seating import Door, Guest, age, seated

ONE, TWO, NINE, TEN = "hubspot/company/1", "hubspot/company/2", "hubspot/company/9", "hubspot/company/10"
A, B, C = "company:a", "company:b", "company:c"
HERE = {A: Door(A), B: Door(B), C: Door(C)}


def test_each_has_the_place_that_it_claims():
    assert seated([Guest(ONE, (A,)), Guest(TWO, (B,))], HERE) == {A: ONE, B: TWO}


def test_a_claim_that_leads_nowhere_gives_no_place():
    assert seated([Guest(ONE, ("company:x",)), Guest(TWO, ())], HERE) == {}


def test_its_own_claim_comes_before_those_of_the_companies_in_it():
    assert seated([Guest(NINE, (B, A, B))], HERE) == {B: NINE}
    assert seated([Guest(NINE, ("company:x", A, B))], HERE) == {A: NINE}


def test_a_claim_follows_to_where_its_contact_lives_on():
    assert seated([Guest(ONE, (A,))], {A: Door(C, 1), C: Door(C)}) == {C: ONE}


@pytest.mark.parametrize(
    ("better", "other", "doors"),
    [
        (Guest(TWO, (A,)), Guest(ONE, (A,), gone=True), HERE),
        (Guest(TWO, (C,)), Guest(ONE, (A,)), {A: Door(C, 1), C: Door(C)}),
        (Guest(TWO, (A,)), Guest(ONE, (B,)), {A: Door(C, 1), B: Door(C, 2), C: Door(C)}),
        (Guest(TWO, (A,)), Guest(ONE, ("company:x", A)), HERE),
        (Guest(NINE, (A,)), Guest(TEN, (A,)), HERE),
    ],
    ids=["there before gone", "an id before a link", "the oldest contact", "its own word", "the oldest company"],
)
def test_of_two_the_one_with_the_better_right_has_it(better: Guest, other: Guest, doors: dict[str, Door]):
    for guests in ([better, other], [other, better]):
        assert set(seated(guests, doors).values()) == {better.ref}


def test_who_loses_a_place_asks_for_its_next_one():
    guests = [Guest(NINE, (A, B)), Guest(ONE, (C,))]
    doors = {A: Door(C, 1), B: Door(B), C: Door(C)}
    assert seated(guests, doors) == {C: ONE, B: NINE}


def test_an_older_record_has_the_shorter_id():
    assert age(NINE) < age(TEN)


CLAIMS = st.lists(st.sampled_from([A, B, C, "company:x"]), max_size=3, unique=True).map(tuple)
GUESTS = st.tuples(*(st.builds(Guest, st.just(ref), CLAIMS, gone=st.booleans()) for ref in (ONE, TWO, NINE)))
DOORS = st.fixed_dictionaries(
    {A: st.sampled_from([Door(A), Door(B, 1), Door(C, 1)]), B: st.just(Door(B)), C: st.just(Door(C))}
)


@given(GUESTS, DOORS)
def test_the_order_of_asking_counts_for_nothing_and_nobody_has_two_places(
    guests: tuple[Guest, ...], doors: dict[str, Door]
):
    found = seated(guests, doors)
    assert all(seated(order, doors) == found for order in permutations(guests))
    assert len(set(found.values())) == len(found)
    without = [guest for guest in guests if guest.ref not in found.values()]
    wanted = {doors[claim].seat for guest in without for claim in guest.claims if claim in doors}
    assert wanted <= set(found)  # no place stays empty while somebody without one may have it
