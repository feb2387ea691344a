"""People in any order: who is whom on both sides ends alike, and an erasure reaches both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.change import Change, Erasure
from schemas.names import Entity, Side
from tables import entities
from tables.identity import Identity
from tests.support.capturing import START, crm, crm_person, erp
from tests.support.merging import Town, drawn_with_people
from tests.support.shuffling import Office, interleaved
from tests.unit.agents.test_merge_orders import ended, told

MANY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def living(town: Town, news: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables after all of it; whose one was who is gone is where it was told last, and no link.

    So it is with those who live on in one that is gone: they are told of nowhere but where that one was.
    """
    links, standing = ended(news, town)
    gone = {row["crm_gone"] for key, row in links.items() if "|i|contact:" in key and "crm_gone" in row}
    told_last = {f"main|r|{each}" for ref in gone for each in (ref, *links.get(f"main|s|{ref}", ()))}
    return {key: row["id"] if key in told_last else row for key, row in links.items()}, standing


@given(st.randoms(use_true_random=False))
@MANY
def test_whatever_becomes_of_people_any_order_pairs_them_alike(lots: Any):
    town = drawn_with_people(lots)
    links, standing = living(town, told(town))
    for _ in range(2):
        assert living(town, interleaved(town.records(), lots)) == (links, standing)
    places = [(side, ref) for key, row in links.items() if "|i|" in key for side, ref in row.items()]
    assert len(places) == len(set(places))  # nobody stands in two places


def erasure(number: str) -> Erasure:
    """HubSpot has erased a person."""
    return Erasure(
        tenant="main", platform="hubspot", side=Side.CRM, kind="contact", record_id=number, seen_at=START
    )  # fmt: skip


def office(*news: Any, town: Town) -> Office:
    """Both steps after all of it."""
    found = Office()
    found.desk.ready()
    return found.take(*news).settle(town.records())


def kept(found: Office, references: set[str | None]) -> list[str]:
    """Where anything is kept of these records."""
    places = [key.split("|") for key in found.court.records.rows if "|contact:" in key]
    states = [entities.load(found.court.records, *place[:2], Entity.CONTACT, place[2]) for place in places]
    sides = [(state.id, state.side(side)) for state in states for side in Side]
    return [f"{name} {side.ref}" for name, side in sides if side.fields and side.ref in references]


@given(st.randoms(use_true_random=False))
@MANY
def test_an_erasure_reaches_both_sides_whenever_it_is_told(lots: Any):
    town = drawn_with_people(lots)
    number = lots.choice([*town.people.there, *town.people.away, *town.people.of])
    root = next(
        (one for one, within in town.people.within.items() if number in within and one in town.people.there), number
    )
    names: set[str | None] = {f"hubspot/contact/{each}" for each in (root, *town.people.within.get(root, []))}
    before = Identity(office(*told(town), town=town).desk.names, "main")
    names.add(before.reference(str(before.known(f"hubspot/contact/{root}")), Side.ERP))
    order = interleaved(town.records(), lots)
    order.insert(lots.randrange(len(order) + 1), erasure(number))
    assert kept(office(*order, town=town), names) == []


FIVE, SIX = crm_person("5", "1", email="ann@acme.example"), crm_person("6", "1", version=2, email="ann@acme.example")
BOOKS = [erp("a", version=3, EmailAddress="ann@acme.example"), crm("1", xero_contact_id="a")]

BOOK = erp("a", EmailAddress="ann@acme.example")
OTHERS = [erp("b"), crm("2", xero_contact_id="b")]
MERGED = erp(
    "a", version=4, EmailAddress="ann@acme.example", ContactStatus="ARCHIVED", MergedToContactID="b"
)  # into that of the others


def whom(*news: Change | Erasure, of: str = "a") -> str | None:
    """Who is paired with the person in the books, of a contact."""
    found = Office()
    found.desk.ready()
    found.take(*news)
    names = Identity(found.desk.names, "main")
    return names.reference(str(names.known(f"xero/person/{of}")), Side.CRM)


@pytest.mark.parametrize("order", [(FIVE, SIX), (SIX, FIVE)])
def test_of_two_with_one_address_the_first_is_in_the_books(order: tuple[Change, ...]):
    assert whom(*BOOKS, *order) == whom(*order, *BOOKS) == "hubspot/contact/5"


def test_one_who_was_merged_and_is_heard_of_late_brings_the_survivor_into_the_books():
    seven = crm_person("7", "1", version=5, email="new@acme.example", hs_merged_object_ids="5;6")
    assert whom(*BOOKS, seven) is None
    assert whom(*BOOKS, seven, FIVE) == whom(*BOOKS, FIVE, seven) == "hubspot/contact/7"


def test_an_older_version_that_is_heard_of_late_tells_who_had_the_address():
    six = crm_person("5", "1", version=7, email="new@acme.example")
    assert whom(*BOOKS, six, FIVE) == whom(*BOOKS, FIVE, six) == "hubspot/contact/5"


def test_who_is_in_a_contact_that_was_merged_is_found_there_while_the_company_stays():
    assert whom(*BOOKS, *OTHERS, MERGED, FIVE) == whom(*BOOKS, *OTHERS, FIVE, MERGED) == "hubspot/contact/5"


@pytest.mark.parametrize("order", [(FIVE, MERGED), (MERGED, FIVE)])
def test_who_goes_with_the_company_to_the_survivor_is_nobody_in_the_contact_that_was_merged(order: tuple[Change, ...]):
    found = Office()
    found.desk.ready()
    found.take(*BOOKS, *order).settle([[BOOKS[1]], [FIVE], [MERGED]])  # nobody else has the survivor
    names = Identity(found.desk.names, "main")
    assert names.reference(str(names.known("xero/person/a")), Side.CRM) is None
    told = found.desk.facts("hubspot/contact/5")[-1]
    assert (told.customer, told.alone) == (names.known("xero/contact/b"), True)


@pytest.mark.parametrize("books", [BOOKS, BOOKS[1:]], ids=["in the books", "alone"])
def test_one_who_was_deleted_and_restored_leaves_its_place_to_whom_it_was_merged_into(books: list[Change]):
    gone, back = crm_person("5", "1", version=2, deleted=True), FIVE.model_copy(update={"version": SIX.version + 1000})
    seven = crm_person("7", "1", version=5, email="ann@acme.example", hs_merged_object_ids="4;5")
    links = []
    for order in [(FIVE, gone, back, seven), (FIVE, gone, seven, back), (FIVE, gone, seven)]:
        found = Office()
        found.desk.ready()
        links.append(found.take(erp("a"), *books, *order).settle([[seven]]).links())
    assert links[0] == links[1] == links[2]


NEW = erp("c", version=6, EmailAddress="ann@acme.example", ContactNumber="1")


@pytest.mark.parametrize("order", [(MERGED, NEW, FIVE), (MERGED, FIVE, NEW), (FIVE, MERGED, NEW)])
def test_who_is_in_a_contact_that_was_merged_is_let_go_when_the_company_has_another(order: tuple[Change, ...]):
    assert whom(*BOOKS, *OTHERS, *order) is None
    assert whom(*BOOKS, *OTHERS, *order, of="c") == "hubspot/contact/5"


def test_one_who_was_erased_is_still_the_one_in_the_books():
    found = Office()
    found.desk.ready()
    found.take(SIX, *BOOKS, erasure("5"), FIVE)
    assert kept(found, {"xero/person/a"}) == []
    assert [fact.ended for fact in found.desk.facts("xero/person/a")][-1] == "erased"


def test_one_who_made_room_for_another_while_both_waited_is_erased_where_it_stands_now():
    found = Office()
    found.desk.ready()
    books = erp("a", EmailAddress="ann@acme.example")
    found.take(
        books, SIX, FIVE, crm("1", xero_contact_id="a")
    )  # the company places both: six is in the books, then five
    assert kept(found, {"hubspot/contact/6"}) != []
    found.take(erasure("6"))  # before the record is read again
    assert kept(found, {"hubspot/contact/6"}) == []


def test_one_who_comes_to_stand_in_the_books_after_the_erasure_is_erased_there_as_well():
    found = Office()
    found.desk.ready()
    found.take(*BOOKS, FIVE, SIX, erasure("6"))
    assert kept(found, {"xero/person/a"}) != []  # it is five
    found.take(crm_person("5", "1", version=7, deleted=True))
    assert kept(found, {"xero/person/a"}) == []


def test_one_who_was_not_taken_in_leaves_to_the_erased_who_else_is_theirs_in_the_books():
    found = Office()
    found.desk.ready()
    found.take(
        BOOK, crm("1", xero_contact_id="a"), SIX, erasure("6"), FIVE
    )  # five would be the one in the books, who is erased
    assert kept(found, {"hubspot/contact/5"}) == []
    found.take(crm_person("6", "2", version=9, email="ann@acme.example"), crm("2", xero_contact_id="b"))
    found.take(erp("b", version=6, EmailAddress="ann@acme.example"))
    assert kept(found, {"xero/person/b"}) == []
